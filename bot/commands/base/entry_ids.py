"""The entry that somebody means by the id they typed."""

from __future__ import annotations

from bot.commands.base.ports import Engine
from bot.domain import EngineError
from bot.grammar.arguments import SENTENCE_END
from bot.grammar.fold import fold


def find_id(engine: Engine, knowledge_base: str, typed: str) -> str:
    """The id as it was typed where an entry has it, else what folding makes of that.

    A chat shows some ids with full-width characters, which are typed back, and some ids have such
    characters, or end in a mark. Nothing is asked where folding changes nothing. Raises EngineError.
    """
    folded = fold(typed).text.strip()
    plain = folded.rstrip(SENTENCE_END + " ") or folded
    if plain == typed:
        return typed
    try:
        return engine.show_entry(knowledge_base, typed).id
    except EngineError as error:
        if error.code != "unknown_entry":
            raise
        return plain
