"""Questions and their answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from bot import texts
from bot.commands.ask.highlight import bold_spans
from bot.commands.ask.words import WORDS
from bot.commands.base.context import Effective, KnowledgeBases, MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine
from bot.commands.threshold.reply import ThresholdCommands
from bot.domain import Answer, AnsweredQuestion, EngineError, Found, Match, Outcome, Query, Text, TurnDial
from bot.grammar.command import Question
from bot.texts.sources import footer

LONGEST_QUESTION = 2_000


class Questions:
    def __init__(
        self, engine: Engine, bases: KnowledgeBases, new_id: Callable[[], str], verbs: Collection[str]
    ) -> None:
        """`verbs` are the names that an unknown one may have been meant for."""
        self._engine = engine
        self._bases = bases
        self._new_id = new_id
        self._verbs = verbs

    @classmethod
    def of(cls, ports: Ports) -> Questions:
        return cls(ports.engine, ports.bases, ports.new_id, ports.verbs)

    def ask(self, context: MessageContext, question: Question) -> Outcome:
        text = question.text[:LONGEST_QUESTION]
        if not any(map(str.isalnum, text)):
            # No match, no suggestion and no gap: there is nothing to search for.
            return Outcome((context.aside(WORDS[context.language].no_words),))
        name = context.knowledge_base
        try:
            threshold = self._bases.threshold(context, name)
            searched = self._search(context, text, name, threshold)
        except EngineError as error:
            if error.code != "unknown_knowledge_base":
                raise
            return Outcome((self.unknown_knowledge_base(context, name),))
        answer = replace(
            _answer(context, self._new_id(), text, searched, threshold), private=context.is_private
        )
        notes = _notes(context, question, self._verbs)
        if question.unknown_verb and not answer.matches:
            # A slip over a command's name is no gap in the knowledge base.
            return Outcome(notes)
        return Outcome((answer, *notes), asked=AnsweredQuestion(answer, searched.found.scores))

    def more(self, context: MessageContext, answer: Answer, offset: int) -> Outcome:
        """The matches of an answer from `offset` on, at the threshold in force now."""
        threshold = self._bases.threshold(context, answer.knowledge_base)
        searched = self._search(context, answer.question, answer.knowledge_base, threshold, offset)
        page = _answer(context, answer.id, answer.question, searched, threshold)
        return Outcome((replace(page, offset=offset, private=answer.private or context.is_private),))

    def turn(
        self, context: MessageContext, answer: Answer, turn: TurnDial, dial: ThresholdCommands
    ) -> Outcome:
        """The same answer at the new threshold, kept as what it is now.

        It says who turned the dial, what that does to the last questions, and whether the
        dial that was clicked showed an old value.
        """
        before = self._bases.threshold(context, answer.knowledge_base)
        now = Effective(turn.threshold, "channel")
        searched = self._search(context, answer.question, answer.knowledge_base, now)
        plain = _answer(context, answer.id, answer.question, searched, now)
        shown = replace(
            plain,
            private=answer.private,
            in_place=True,
            turned_by=None if before.value == now.value else (context.message.person, before.value),
            notes=(*plain.notes, *dial.notes_on(context, answer, turn, before.value)),
        )
        return Outcome((shown,), asked=AnsweredQuestion(shown, searched.found.scores))

    def unknown_knowledge_base(self, context: MessageContext, name: str) -> Text:
        names = ", ".join(known.name for known in self._engine.knowledge_bases())
        unknown = WORDS[context.language].no_knowledge_base
        return context.aside(unknown.format(name=texts.shorten(name), names=names or "–"), verb="kb")

    def _search(
        self, context: MessageContext, text: str, name: str, threshold: Effective, offset: int = 0
    ) -> _Searched:
        """An engine that does not rank by keywords is asked again without, and the answer says so."""
        weight = context.keyword_weight
        query = Query(text, name, float(threshold.value), context.limit, offset, float(weight), collapse=True)
        try:
            return self._with_notes(context, self._engine.search(query), weight)
        except EngineError as error:
            if not weight or error.code != "refused":
                raise
        return self._with_notes(context, self._engine.search(replace(query, keyword_weight=0.0)), Decimal(0))

    def _with_notes(self, context: MessageContext, found: Found, weight: Decimal) -> _Searched:
        """With the line that says which sources fail, as far as the engine said so lately."""
        known = self._bases.last_known(found.knowledge_base)
        note = footer(known.failed, context.moment, context.language) if known else ""
        return _Searched(found, weight, (note,) if note else ())


@dataclass(frozen=True, slots=True)
class _Searched:
    """The result of a search, the share of keywords it was ranked with, and the notes under it."""

    found: Found
    keyword_weight: Decimal
    notes: tuple[str, ...] = ()


def _answer(
    context: MessageContext, answer_id: str, text: str, searched: _Searched, threshold: Effective
) -> Answer:
    found = searched.found
    matches = tuple(_with_bold(match, text) for match in found.matches)
    return Answer(
        id=answer_id,
        question=text,
        language=context.language,
        matches=matches,
        total=found.total,
        best_score=found.best_score,
        threshold=threshold.value,
        threshold_source=threshold.source,
        limit=context.limit,
        knowledge_base=found.knowledge_base,
        snapshot=found.snapshot,
        snapshot_at=found.snapshot_at,
        model=found.model,
        fingerprint=found.fingerprint,
        margin=context.margin if texts.is_near_tie(matches, context.margin) else None,
        keyword_weight=searched.keyword_weight or None,
        notes=searched.notes
        if searched.keyword_weight == context.keyword_weight
        else (*searched.notes, WORDS[context.language].keywords_ignored),
        groups=found.groups,
    )


def _with_bold(match: Match, question: str) -> Match:
    in_text, in_answer = bold_spans(match.text, match.answer, question)
    return replace(match, bold=in_text, bold_answer=in_answer)


def _notes(context: MessageContext, question: Question, verbs: Collection[str]) -> tuple[Text, ...]:
    """Notes for the asker: the text was cut, or looked like a command that does not exist."""
    notes: list[Text] = []
    if len(question.text) > LONGEST_QUESTION:
        notes.append(context.aside(WORDS[context.language].question_cut.format(count=LONGEST_QUESTION)))
    if question.unknown_verb:
        notes.append(
            context.aside(texts.unknown_command(context.language, question.unknown_verb, verbs), verb="help")
        )
    return tuple(notes)
