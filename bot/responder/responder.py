"""Reads a message and hands it to whoever can answer it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never
from zoneinfo import ZoneInfo

from bot import texts
from bot.commands import (
    VERBS,
    AddEntries,
    AddGap,
    Ask,
    BadCommand,
    ClaimAdmin,
    Command,
    Decide,
    DismissGap,
    Export,
    ExportQueue,
    Help,
    Inspect,
    JudgeMatch,
    ListKnowledgeBases,
    PointGap,
    Question,
    Refresh,
    RemoveEntry,
    ResetThreshold,
    ReviewOff,
    SetDigest,
    SetKeywords,
    SetLanguage,
    SetLimit,
    SetMargin,
    SetName,
    SetReview,
    SetStrategy,
    SetThreshold,
    ShowGaps,
    ShowKeywords,
    ShowKnowledgeBase,
    ShowLanguage,
    ShowLimit,
    ShowName,
    ShowQueue,
    ShowReview,
    ShowSettings,
    ShowStrategy,
    ShowThreshold,
    Status,
    StrategyOff,
    TryThreshold,
    Tune,
    UndoStrategy,
    UndoThreshold,
    UseKnowledgeBase,
    parse,
)
from bot.config import Bot
from bot.domain import (
    Action,
    Answer,
    Asked,
    Change,
    Choose,
    Clock,
    EngineError,
    InboxItem,
    IncomingMessage,
    Outcome,
    RunCommand,
    ShowMore,
    Surface,
    Text,
    TurnDial,
    Vote,
)
from bot.responder.carrying import Carrier, settings_after, with_carried
from bot.responder.dial import Dial
from bot.responder.enrolment import Enrolment
from bot.responder.export import Exporter
from bot.responder.feedback import label_of
from bot.responder.gaps import GapList
from bot.responder.inspection import Inspection
from bot.responder.knowledge import Knowledge
from bot.responder.needs import Admins, Engine, Gaps, History, Labels, Reviews, Settings
from bot.responder.overview import Overview
from bot.responder.questions import Questions
from bot.responder.review import Review
from bot.responder.room import KnowledgeBases, Room
from bot.responder.strategies import Strategies
from bot.responder.throttle import Throttle
from bot.responder.tuning import Tuning

NEEDS_ENGINE = (
    Ask,
    ShowKnowledgeBase,
    UseKnowledgeBase,
    ListKnowledgeBases,
    AddEntries,
    RemoveEntry,
    Refresh,
    Status,
    Tune,
    Inspect,
    ShowGaps,
    AddGap,
    PointGap,
    DismissGap,
)
Work = (
    Tune
    | JudgeMatch
    | ShowReview
    | SetReview
    | ReviewOff
    | ShowQueue
    | Decide
    | ExportQueue
    | ShowGaps
    | AddGap
    | PointGap
    | DismissGap
    | SetDigest
    | Inspect
)
CHANGES = (
    SetThreshold,
    ResetThreshold,
    UndoThreshold,
    SetMargin,
    SetStrategy,
    StrategyOff,
    UndoStrategy,
    SetKeywords,
    SetLimit,
    UseKnowledgeBase,
    AddEntries,
    RemoveEntry,
    SetLanguage,
    SetName,
    SetReview,
    ReviewOff,
    AddGap,
    PointGap,
    DismissGap,
    SetDigest,
)
PERCENTAGES = range(2, 101)


class Responder:
    """Safe to use from several threads. Remembers only what the engine said lately and who asked how often.

    Raises EngineError("away") where an answer needs an engine that gives none: the
    message is to be kept, and `waiting_notice` says so to the person.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        history: History,
        engine: Engine,
        clock: Clock,
        bot: Bot,
        labels: Labels,
        reviews: Reviews,
        gaps: Gaps,
        new_id: Callable[[], str],
        link_to: Callable[[str], str],
        admins: Admins | None = None,
        waiting: Callable[[], int] | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._history = history
        self._bot = bot
        self._timezone = ZoneInfo(bot.timezone)
        rates = bot.questions_per_minute
        self._throttle = Throttle(clock, person=rates.person, channel=rates.channel)
        bases = KnowledgeBases(engine, clock)
        self._enrolment = Enrolment(admins, bot, clock)
        self._questions = Questions(engine, bases, new_id)
        self._dial = Dial(settings, history, bases, clock)
        self._strategies = Strategies(settings, engine, bases, self._dial, bot.strategy)
        self._exporter = Exporter(
            settings=settings, history=history, labels=labels, clock=clock, new_id=new_id, link=link_to
        )
        self._tuning = Tuning(
            history=history, labels=labels, engine=engine, bases=bases, new_id=new_id, link=link_to
        )
        self._review = Review(
            reviews=reviews, engine=engine, bases=bases, clock=clock, new_id=new_id, link=link_to
        )
        self._gaps = GapList(history=history, labels=labels, gaps=gaps, engine=engine, clock=clock)
        self._carrier = Carrier(history, engine, bases)
        self._inspection = Inspection(engine=engine, new_id=new_id, link=link_to)
        self._knowledge = Knowledge(engine, bases, self._questions, wait)
        self._overview = Overview(settings, engine, bases, clock, waiting)

    def reply_to(self, item: InboxItem) -> Outcome:
        room = self._room(item.message)
        try:
            if item.message.surface is Surface.CLOCK:
                return self._by_the_clock(room)
            if item.message.action is not None:
                return self._click(room, item.message.action)
            return self._answer(room, self._read(item.message))
        except EngineError as error:
            if error.code == "no_snapshot":
                told = room.words.no_snapshot.format(knowledge_base=room.knowledge_base)
                return Outcome((room.aside(told),))
            if error.code != "unknown_knowledge_base":
                raise
            return Outcome((self._questions.unknown_knowledge_base(room, room.knowledge_base),))

    def needs_engine(self, message: IncomingMessage) -> bool:
        """Whether the answer may take as long as the engine takes."""
        if isinstance(message.action, RunCommand):
            message = replace(message, text=message.action.command)
        elif message.action is not None:
            return not isinstance(message.action, Vote | Choose)
        read = self._read(message)
        return isinstance(read, NEEDS_ENGINE) or (isinstance(read, Question) and bool(read.text))

    def allows(self, item: InboxItem) -> bool:
        """Whether this is within the questions a minute; counts it if so. Retries and settings are free."""
        if item.message.surface is Surface.CLOCK:
            return True
        is_retry = item.attempt > 1 or item.told_waiting
        return is_retry or not self.needs_engine(item.message) or self._throttle.allows(item.message)

    def throttle_notice(self, item: InboxItem) -> Text | None:
        """What to say to the first question above the limit; None for those after it."""
        scope = self._throttle.first_refusal(item.message)
        if scope is None:
            return None
        room = self._room(item.message)
        rates = self._bot.questions_per_minute
        if scope == "person":
            return room.aside(room.words.too_many_questions.format(limit=rates.person))
        return room.aside(room.words.channel_too_busy.format(limit=rates.channel))

    def waiting_notice(self, item: InboxItem) -> Text:
        room = self._room(item.message)
        # A click is one person's; the room need not hear that it has to wait.
        say = room.text if item.message.action is None else room.aside
        return say(room.words.engine_away)

    def failure_notice(self, item: InboxItem) -> Text:
        room = self._room(item.message)
        return room.text(room.words.failed)

    def _room(self, message: IncomingMessage) -> Room:
        return Room(message, self._settings.of(message.channel), self._bot.defaults, self._timezone)

    def _read(self, message: IncomingMessage) -> Command | BadCommand | Question:
        return parse(
            _writable(message.text),
            names=self._bot.names,
            mentioned=message.mentioned,
            in_group=not message.is_direct,
        )

    def _answer(self, room: Room, read: Command | BadCommand | Question) -> Outcome:
        if isinstance(read, CHANGES) and (refusal := self._enrolment.refusal(room)):
            return Outcome((refusal,))
        match read:
            case Question(""):
                return self._overview.help(room, None)
            case Question():
                return self._ask(room, read)
            case Ask(question):
                return self._ask(room, Question(question))
            case BadCommand():
                return Outcome((_correction(room, read),))
            case ShowThreshold():
                return self._dial.show(room)
            case SetThreshold(value):
                return self._dial.set(room, value)
            case TryThreshold(value):
                return self._dial.preview(room, value)
            case ResetThreshold():
                return self._dial.reset(room)
            case UndoThreshold():
                return self._dial.undo(room)
            case SetMargin(margin):
                return self._strategies.set_margin(room, margin)
            case ShowStrategy():
                return self._strategies.show(room)
            case SetStrategy(name):
                return self._strategies.choose(room, name)
            case StrategyOff():
                return self._strategies.off(room)
            case UndoStrategy():
                return self._strategies.undo(room)
            case ShowKeywords():
                return self._strategies.show_keywords(room)
            case SetKeywords(weight):
                return self._strategies.set_keywords(room, weight)
            case (
                Tune()
                | JudgeMatch()
                | ShowReview()
                | SetReview()
                | ReviewOff()
                | ShowQueue()
                | Decide()
                | ExportQueue()
                | ShowGaps()
                | AddGap()
                | PointGap()
                | DismissGap()
                | SetDigest()
                | Inspect()
            ):
                return self._work(room, read)
            case Export(start, end):
                return self._exporter.export(room, start, end)
            case ShowLimit():
                return Outcome((room.text(room.words.limit_shown.format(value=room.limit), verb="limit"),))
            case SetLimit(count):
                return _set_limit(room, count)
            case ShowKnowledgeBase():
                return self._knowledge.show(room)
            case UseKnowledgeBase(name):
                return self._knowledge.use(room, name)
            case ListKnowledgeBases():
                return self._knowledge.list_all(room)
            case AddEntries(lines):
                return self._knowledge.add(room, lines)
            case RemoveEntry(entry_id):
                return self._knowledge.remove(room, entry_id)
            case Refresh():
                return self._knowledge.refresh(room)
            case Status():
                return self._overview.status(room)
            case ShowSettings():
                return self._overview.settings(room)
            case ShowLanguage():
                return Outcome((room.text(room.words.language_shown, verb="language"),))
            case SetLanguage():
                return _set_language(room, read)
            case ShowName():
                return self._enrolment.show_name(room)
            case SetName(label):
                return self._enrolment.set_name(room, label)
            case ClaimAdmin(code):
                return self._enrolment.claim(room, code)
            case Help(verb):
                return self._overview.help(room, verb)
            case _:
                assert_never(read)

    def _work(self, room: Room, read: Work) -> Outcome:
        """The commands with which a team works on its own threshold."""
        match read:
            case Tune(precision):
                return self._tuning.tune(room, precision)
            case JudgeMatch():
                return self._tuning.judge(room, read)
            case ShowReview():
                return self._review.show(room)
            case SetReview(high, low):
                return self._review.set(room, high, low)
            case ReviewOff():
                return self._review.off(room)
            case ShowQueue(pool):
                return self._review.queue(room, pool=pool)
            case Decide(number, decision):
                return self._review.decide(room, number, decision)
            case ExportQueue():
                return self._review.export(room)
            case ShowGaps():
                return self._gaps.show(room)
            case AddGap():
                return self._gaps.add(room, read)
            case PointGap():
                return self._gaps.point(room, read)
            case DismissGap():
                return self._gaps.dismiss(room, read)
            case SetDigest():
                return self._gaps.set_digest(room, read)
            case Inspect(text):
                return self._inspection.inspect(room, text)
            case _:
                assert_never(read)

    def _ask(self, room: Room, question: Question) -> Outcome:
        """The answer, with the threshold carried over to another model first, and marked for review."""
        carried = self._carrier.carried(room)
        if carried is None:
            return self._review.marked(room, self._questions.ask(room, question))
        room = replace(room, settings=settings_after(room.settings, carried))
        outcome = self._review.marked(room, self._questions.ask(room, question))
        return with_carried(outcome, carried)

    def _by_the_clock(self, room: Room) -> Outcome:
        """What nobody asked for, and is due."""
        if room.message.text == "digest":
            return self._gaps.digest(room)
        return self._carrier.news(room)

    def _click(self, room: Room, action: Action) -> Outcome:
        if isinstance(action, RunCommand):
            return self._answer(room, self._read(replace(room.message, text=action.command)))
        asked = self._history.asked(room.message.channel, action.answer_id)
        if asked is None:
            return Outcome((room.aside(room.words.answer_gone),))
        answer = asked.answer
        match action:
            case TurnDial():
                return self._turn(room, answer, action)
            case Vote(verdict=verdict):
                words = room.words
                thanks = words.voted_helpful if verdict == "helpful" else words.voted_not_helpful
                label = label_of(asked, action.entry_id, relevant=verdict == "helpful")
                return Outcome((room.aside(thanks),), labels=(label,))
            case Choose(entry_id=entry_id):
                return _chosen(room, asked, entry_id)
            case ShowMore(offset=offset):
                return self._questions.more(room, answer, max(0, offset))
            case _:
                assert_never(action)

    def _turn(self, room: Room, answer: Answer, turn: TurnDial) -> Outcome:
        if refusal := self._enrolment.refusal(room):
            return Outcome((refusal,))
        if not (turn.threshold.is_finite() and 0 <= turn.threshold <= 1):
            return Outcome((_correction(room, BadCommand("out_of_range", "threshold", str(turn.threshold))),))
        turned = self._questions.turned(room, answer, turn, self._dial)
        if turn.threshold == room.settings.threshold:
            return turned
        return replace(turned, changes=(self._dial.change_to(room, turn.threshold),))


def _chosen(room: Room, asked: Asked, entry_id: str) -> Outcome:
    """The entry that was meant, once more and alone; choosing it says that it helped."""
    words = room.words
    lines = [words.voted_helpful]
    for match in asked.answer.matches:
        if match.entry_id == entry_id:
            lines += [match.text, *([match.answer] if match.answer else [])]
    return Outcome((room.aside("\n".join(lines)),), labels=(label_of(asked, entry_id, relevant=True),))


def _set_limit(room: Room, count: int) -> Outcome:
    words = room.words
    if count == room.settings.limit:
        return Outcome((room.text(words.limit_shown.format(value=count), verb="limit"),))
    old = room.settings.limit
    body = words.limit_set.format(who=room.who, old=room.limit, new=count)
    change = Change("limit", None if old is None else str(old), str(count))
    return Outcome((room.announcement(body, verb="limit"),), (change,))


def _set_language(room: Room, wanted: SetLanguage) -> Outcome:
    """Answered in the new language: who wanted it can read that."""
    words = texts.wording(wanted.language)
    if wanted.language == room.settings.language:
        return Outcome((room.text(words.language_shown, verb="language"),))
    said = Text(words.language_set.format(who=room.who), wanted.language, verb="language")
    return Outcome((said,), (Change("language", room.settings.language, wanted.language),))


def _correction(room: Room, bad: BadCommand) -> Text:
    """A wrong value changes nothing and is answered with what was wanted, an example, and what was given."""
    if bad.code == "unknown_command":
        return room.aside(texts.unknown_command(room.language, bad.given, VERBS), verb=bad.verb)
    verb = VERBS[bad.verb]
    body = texts.bad_command(
        room.language,
        verb=verb.name,
        takes=verb.page(room.language).takes,
        example=verb.example,
        given=bad.given,
        may_be_percent=bad.verb == "threshold" and bad.code == "out_of_range" and _is_percentage(bad.given),
    )
    return room.aside(body, verb=bad.verb)


def _is_percentage(given: str) -> bool:
    return given.isascii() and given.isdigit() and len(given) <= len("100") and int(given) in PERCENTAGES


def _writable(text: str) -> str:
    """The text without what no database or JSON reader takes: halves of characters, and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
