"""Questions and their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import texts
from bot.commands import VERBS, Question
from bot.domain import Answer, Asked, EngineError, Found, Outcome, Query, Text, TurnDial
from bot.responder.bold import bold_span
from bot.responder.needs import Engine
from bot.responder.room import Effective, KnowledgeBases, Room

LONGEST_QUESTION = 2_000


class Questions:
    def __init__(self, engine: Engine, bases: KnowledgeBases, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._bases = bases
        self._new_id = new_id

    def ask(self, room: Room, question: Question) -> Outcome:
        text = question.text[:LONGEST_QUESTION]
        name = room.knowledge_base
        try:
            threshold = self._bases.threshold(room, name)
            found = self._search(text, name, threshold, room.limit)
        except EngineError as error:
            if error.code != "unknown_knowledge_base":
                raise
            return Outcome((self.unknown_knowledge_base(room, name),))
        answer = replace(_answer(room, self._new_id(), text, found, threshold), private=room.is_private)
        return Outcome((answer, *_notes(room, question)), asked=Asked(answer, found.scores))

    def more(self, room: Room, answer: Answer, offset: int) -> Outcome:
        """The matches of an answer from `offset` on, at the threshold in force now."""
        threshold = self._bases.threshold(room, answer.knowledge_base)
        found = self._search(answer.question, answer.knowledge_base, threshold, room.limit, offset)
        page = _answer(room, answer.id, answer.question, found, threshold)
        return Outcome((replace(page, offset=offset, private=answer.private or room.is_private),))

    def turned(self, room: Room, answer: Answer, turn: TurnDial) -> Outcome:
        """The same answer at the new threshold, kept as what it is now. It says who turned the dial."""
        before = self._bases.threshold(room, answer.knowledge_base)
        now = Effective(turn.threshold, "channel")
        found = self._search(answer.question, answer.knowledge_base, now, room.limit)
        shown = replace(
            _answer(room, answer.id, answer.question, found, now),
            private=answer.private,
            in_place=True,
            turned_by=None if before.value == now.value else (room.message.person, before.value),
        )
        return Outcome((shown,), asked=Asked(shown, found.scores))

    def unknown_knowledge_base(self, room: Room, name: str) -> Text:
        names = ", ".join(known.name for known in self._engine.knowledge_bases())
        return room.aside(
            room.words.no_knowledge_base.format(name=texts.shortened(name), names=names or "–"), verb="kb"
        )

    def _search(
        self, text: str, knowledge_base: str, threshold: Effective, limit: int, offset: int = 0
    ) -> Found:
        return self._engine.search(Query(text, knowledge_base, float(threshold.value), limit, offset))


def _answer(room: Room, answer_id: str, text: str, found: Found, threshold: Effective) -> Answer:
    return Answer(
        id=answer_id,
        question=text,
        language=room.language,
        matches=tuple(replace(match, bold=bold_span(match.text, text)) for match in found.matches),
        total=found.total,
        best_score=found.best_score,
        threshold=threshold.value,
        threshold_source=threshold.source,
        limit=room.limit,
        knowledge_base=found.knowledge_base,
        snapshot=found.snapshot,
        snapshot_at=found.snapshot_at,
        model=found.model,
    )


def _notes(room: Room, question: Question) -> tuple[Text, ...]:
    """What else the asker should know: the text was cut, or looked like a command that does not exist."""
    notes: list[Text] = []
    if len(question.text) > LONGEST_QUESTION:
        notes.append(room.aside(room.words.question_cut.format(count=LONGEST_QUESTION)))
    if question.unknown_verb:
        notes.append(
            room.aside(texts.unknown_command(room.language, question.unknown_verb, VERBS), verb="help")
        )
    return tuple(notes)
