"""Which sentence of an entry carries the words of the question."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^。！？!?；;\n.]+(?:\.(?!\s|$)[^。！？!?；;\n.]*)*[。！？!?；;.]*")
_LATIN = re.compile(r"[a-z0-9]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def bold_span(text: str, query: str) -> tuple[int, int] | None:
    """The span, in characters, of the sentence with most of the query's words; the first of equals.

    Words are Latin words and pairs of neighbouring Chinese, Japanese or Korean
    characters. None when there is nothing to single out: the text is one sentence, or
    no sentence shares a word with the query.
    """
    sentences = [span for span in map(_trimmed, _SENTENCE.finditer(text)) if span[0] < span[1]]
    wanted = _words(query)
    if len(sentences) < 2:  # noqa: PLR2004 - one sentence needs no singling out
        return None
    shared, best = max(
        ((len(wanted & _words(text[start:end])), (start, end)) for start, end in sentences),
        key=lambda found: found[0],
    )
    return best if shared else None


def _trimmed(sentence: re.Match[str]) -> tuple[int, int]:
    written = sentence.group()
    start = sentence.start() + len(written) - len(written.lstrip())
    return start, start + len(written.strip())


def _words(text: str) -> set[str]:
    lower = text.lower()
    pairs = {run[at : at + 2] for run in _CJK.findall(lower) for at in range(max(1, len(run) - 1))}
    return pairs | set(_LATIN.findall(lower))
