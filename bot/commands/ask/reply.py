"""Questions and their answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from bot import texts
from bot.commands.ask.follow_up import MOST_ROWS, join_questions, keep_brought_nearer
from bot.commands.ask.highlight import bold_spans
from bot.commands.ask.words import WORDS
from bot.commands.base.context import Effective, KnowledgeBases, MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine, History
from bot.commands.threshold.reply import ThresholdCommands
from bot.domain import Answer, AnsweredQuestion, EngineError, Found, Match, Outcome, Query, Text, TurnDial
from bot.grammar.command import Question
from bot.texts.sources import footer

LONGEST_QUESTION = 2_000


class Questions:
    def __init__(
        self,
        engine: Engine,
        bases: KnowledgeBases,
        new_id: Callable[[], str],
        verbs: Collection[str],
        history: History | None,
    ) -> None:
        """`verbs` are the names that an unknown one may have been meant for.

        Without `history` no question follows another.
        """
        self._engine = engine
        self._bases = bases
        self._new_id = new_id
        self._verbs = verbs
        self._history = history

    @classmethod
    def of(cls, ports: Ports) -> Questions:
        history = ports.history if ports.bot.follow_ups else None
        return cls(ports.engine, ports.bases, ports.new_id, ports.verbs, history)

    def ask(self, context: MessageContext, question: Question) -> Outcome:
        text = question.text[:LONGEST_QUESTION]
        if not any(map(str.isalnum, text)):
            # No match, no suggestion and no gap: there is nothing to search for.
            return Outcome((context.aside(WORDS[context.language].no_words),))
        name = context.knowledge_base
        try:
            threshold = self._bases.threshold(context, name)
            query = _query(context, text, name, threshold)
            searched = self._search(context, query)
            if not searched.found.total and not question.unknown_verb:
                searched = self._search_in_thread(context, query) or searched
        except EngineError as error:
            if error.code != "unknown_knowledge_base":
                raise
            return Outcome((self.unknown_knowledge_base(context, name),))
        answer = replace(_answer(context, self._new_id(), searched, threshold), private=context.is_private)
        notes = _notes(context, question, self._verbs)
        if question.unknown_verb and not answer.matches:
            # A slip over a command's name is no gap in the knowledge base.
            return Outcome(notes)
        return Outcome((answer, *notes), asked=AnsweredQuestion(answer, searched.found.scores))

    def more(self, context: MessageContext, answer: Answer, offset: int) -> Outcome:
        """The matches of an answer from `offset` on, at the threshold in force now."""
        threshold = self._bases.threshold(context, answer.knowledge_base)
        searched = self._search_again(context, answer, threshold, offset)
        page = _answer(context, answer.id, searched, threshold)
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
        searched = self._search_again(context, answer, now)
        plain = _answer(context, answer.id, searched, now)
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

    def _search_again(
        self, context: MessageContext, answer: Answer, threshold: Effective, offset: int = 0
    ) -> _Searched:
        """Search for what an answer was about, in the way that it was found, and in its snapshot.

        Where that is gone it is searched for anew, and the answer says so.
        """
        query = replace(_query(context, answer.question, answer.knowledge_base, threshold), offset=offset)
        try:
            return self._search(context, replace(query, snapshot=answer.snapshot), answer.thread_question)
        except EngineError as error:
            if error.code != "snapshot_gone":
                raise
        found = self._search(context, query, answer.thread_question)
        return replace(found, notes=(*found.notes, WORDS[context.language].has_changed))

    def _search_in_thread(self, context: MessageContext, query: Query) -> _Searched | None:
        """Search together with the first question of the thread; None where that brings nothing."""
        thread = context.message.thread
        if not thread or self._history is None:
            return None
        first = self._history.thread_question(context.message.channel, thread)
        both = join_questions(first, query.text, LONGEST_QUESTION) if first else None
        if first is None or both is None:
            return None
        searched = self._search(context, replace(query, text=both), first)
        return searched if searched.found.total else None

    def _search(self, context: MessageContext, query: Query, thread_question: str = "") -> _Searched:
        if not thread_question:
            return self._find(context, query)
        alone = self._find(context, replace(query, text=thread_question, limit=1, offset=0))
        together = self._find(context, replace(query, limit=MOST_ROWS, offset=0))
        found = keep_brought_nearer(together.found, alone.found, query.offset, query.limit)
        return replace(together, found=found, thread_question=thread_question)

    def _find(self, context: MessageContext, query: Query) -> _Searched:
        """An engine that does not rank by keywords is asked again without, and the answer says so."""
        try:
            return self._with_notes(context, query, self._engine.search(query))
        except EngineError as error:
            if not query.keyword_weight or error.code != "refused":
                raise
        plain = replace(query, keyword_weight=0.0)
        return self._with_notes(context, plain, self._engine.search(plain))

    def _with_notes(self, context: MessageContext, query: Query, found: Found) -> _Searched:
        """The answer with a line on failing sources, as far as the engine told of them lately."""
        known = self._bases.last_known(found.knowledge_base)
        note = footer(known.failed, context.moment, context.language) if known else ""
        return _Searched(query, found, (note,) if note else ())


@dataclass(frozen=True, slots=True)
class _Searched:
    """The result of a search as it was carried out, and the notes under it.

    `thread_question` is the part of its text that was asked in the thread before, "" where none is.
    """

    query: Query
    found: Found
    notes: tuple[str, ...] = ()
    thread_question: str = ""


def _query(context: MessageContext, text: str, name: str, threshold: Effective) -> Query:
    weight = float(context.keyword_weight)
    return Query(text, name, float(threshold.value), context.limit, keyword_weight=weight, collapse=True)


def _answer(context: MessageContext, answer_id: str, searched: _Searched, threshold: Effective) -> Answer:
    found, text = searched.found, searched.query.text
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
        keyword_weight=context.keyword_weight if searched.query.keyword_weight else None,
        notes=tuple(_notes_under(context, searched)),
        groups=found.groups,
        thread_question=searched.thread_question,
    )


def _notes_under(context: MessageContext, searched: _Searched) -> Iterator[str]:
    words = WORDS[context.language]
    if searched.thread_question:
        yield words.asked_together.format(question=texts.shorten(searched.thread_question))
    yield from searched.notes
    if context.keyword_weight and not searched.query.keyword_weight:
        yield words.keywords_ignored


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
