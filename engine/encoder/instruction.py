"""The instruction in front of a question, for models that are prompted with the task."""

from __future__ import annotations

from engine.index.snapshot import ModelIdentity

_SHAPE = "Instruct: {instruction}\nQuery:"


def add_instruction(model: ModelIdentity, instruction: str, text: str) -> str:
    r"""The question under this instruction, in the shape that the model was trained on.

    A model whose own prompt begins "Instruct:", as Qwen3-Embedding's does, gets the
    instruction in that shape; every other gets it as it is, since "query: " is one too.
    An empty instruction leaves the question bare.

    >>> qwen = ModelIdentity("q", 4, "f", {"prompts": {"query": "Instruct: Given a web search …\nQuery:"}})
    >>> add_instruction(qwen, "Retrieve semantically similar text.", "where is it")
    'Instruct: Retrieve semantically similar text.\nQuery:where is it'
    >>> add_instruction(ModelIdentity("e5", 4, "f"), "query: ", "where is it")
    'query: where is it'
    """
    if not instruction:
        return text
    own = model.settings.get("prompts", {}).get("query", "")
    prompt = _SHAPE.format(instruction=instruction) if own.startswith("Instruct:") else instruction
    return prompt + text
