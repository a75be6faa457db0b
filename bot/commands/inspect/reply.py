"""/inspect: what the engine sees in a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import texts
from bot.commands.base.attachments import Attachments
from bot.commands.base.context import MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine
from bot.commands.inspect.grammar import Inspect
from bot.commands.inspect.words import WORDS
from bot.domain import EngineError, Found, Match, Outcome, Query
from bot.engine_client import Inspected

LONGEST = 2_000
NEAREST = 5
ROW = 10
BAR = 30
# A weight so small that it hardly moves the ranking, and keywords are scored all the same.
PROBE = 0.01


class Inspection:
    def __init__(self, *, engine: Engine, attachments: Attachments) -> None:
        self._engine = engine
        self._attachments = attachments

    def answer(self, context: MessageContext, command: Inspect) -> Outcome:
        """Raises EngineError."""
        words, text = WORDS[context.language], command.text[:LONGEST]
        is_drawn = not context.traits.shows_pictures
        seen = self._engine.inspect(text, picture=None if is_drawn else context.language)
        found = self._nearest(text, context)
        lines = [
            words.head.format(
                model=seen.model,
                dimension=seen.dimension,
                norm=f"{seen.norm:.4f}",
                tokens=words.no_tokens if seen.tokens is None else seen.tokens,
            ),
            words.values.format(count=len(seen.values)),
            *_rows(seen),
        ]
        if is_drawn:
            lines += [words.histogram, *_histogram(seen)]
        lines.append(words.nearest.format(name=found.knowledge_base))
        lines += [_line(context, match) for match in found.matches]
        said = context.text("\n".join(lines), verb="inspect")
        if seen.picture is None:
            return Outcome((said,))
        document, file = self._attachments.offer(
            context,
            seen.picture,
            name="inspect.png",
            media_type="image/png",
            body=words.picture.format(dimension=seen.dimension),
            verb="inspect",
            private=said.private,
        )
        return Outcome((said, document), files=(file,))

    def _nearest(self, text: str, context: MessageContext) -> Found:
        """The best entries whatever the threshold, with both parts of their scores where there are two."""
        weight = float(context.keyword_weight) or PROBE
        query = Query(text, context.knowledge_base, -1.0, NEAREST, keyword_weight=weight)
        try:
            return self._engine.search(query)
        except EngineError as error:
            if error.code != "refused":
                raise
        return self._engine.search(replace(query, keyword_weight=0.0))


def build(ports: Ports) -> Callable[[MessageContext, Inspect], Outcome]:
    return Inspection(engine=ports.engine, attachments=ports.attachments).answer


def _rows(seen: Inspected) -> list[str]:
    shown = [f"{value:+.4f}" for value in seen.values]
    return [" ".join(shown[start : start + ROW]) for start in range(0, len(shown), ROW)]


def _histogram(seen: Inspected) -> list[str]:
    most = max(seen.counts, default=0) or 1
    return [
        f"{seen.edges[at]:+.3f} {'█' * round(count / most * BAR)} {count}"
        for at, count in enumerate(seen.counts)
    ]


def _line(context: MessageContext, match: Match) -> str:
    words = WORDS[context.language]
    cosine = match.score if match.cosine is None else match.cosine
    return words.line.format(
        rank=match.rank,
        score=texts.score(match.score),
        cosine=texts.score(cosine),
        keyword=words.no_keywords if match.keyword is None else texts.score(match.keyword),
        entry=texts.shorten(match.text),
        id=match.entry_id,
    )
