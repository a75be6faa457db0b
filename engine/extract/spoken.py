"""Questions and answers as people write them one below the other: 问：… 答：… and Q: … A: … alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_ASKED = re.compile(
    r"\s*+(?:(?:问题?|提问|Q(?:uestion)?)\s*+\d{0,3}+\s*+[:：.、]|Q\d{1,3}\s)\s*+(?=\S)", re.IGNORECASE
)
_ANSWERED = re.compile(
    r"\s*+(?:(?:答案?|回答|A(?:nswer)?)\s*+\d{0,3}+\s*+[:：.、]|A\d{1,3}\s)\s*+", re.IGNORECASE
)


def question_of_line(line: str) -> str:
    """The question of a line that is marked as one; empty otherwise.

    >>> question_of_line("Q2: Where is it?")
    'Where is it?'
    """
    mark = _ASKED.match(line)
    return line[mark.end() :].strip() if mark else ""


def answer_of_line(line: str) -> str | None:
    """The text of a line that is marked as an answer; None when it is not marked."""
    mark = _ANSWERED.match(line)
    return line[mark.end() :].strip() if mark else None


def spoken_pairs(lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Each line with its number and no answer; a marked question takes the marked answer below it along.

    An answer goes on until a blank line or the next question. Without a marked answer
    right below it, a question is a line like any other.
    """
    place = 0
    while place < len(lines):
        question, below = question_of_line(lines[place]), place + 1
        first = answer_of_line(lines[below]) if question and below < len(lines) else None
        if first is None:
            yield place + 1, lines[place], ""
            place += 1
            continue
        answer, number = [first], place + 1
        place = below + 1
        while place < len(lines) and lines[place].strip() and not question_of_line(lines[place]):
            answer.append(lines[place].strip())
            place += 1
        yield number, question, "\n".join(filter(None, answer))
