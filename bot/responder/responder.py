"""The responder: parses a message, and dispatches it to the command family that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from bot.commands.admin.permissions import Permissions
from bot.commands.ask.grammar import Ask
from bot.commands.ask.reply import Questions
from bot.commands.base.attachments import Attachments
from bot.commands.base.context import KnowledgeBases, MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.labels import label_of
from bot.commands.base.ports import (
    Admins,
    Engine,
    EntryChanges,
    Gaps,
    History,
    Labels,
    Proposals,
    Reviews,
    Settings,
)
from bot.commands.base.rate_limit import Throttle
from bot.commands.base.refreshes import Refreshes
from bot.commands.gaps.reply import GapList
from bot.commands.kb.writing import Writing
from bot.commands.overview.grammar import Help
from bot.commands.parser import parse
from bot.commands.registry import FAMILIES, VERBS
from bot.commands.review.reply import Review
from bot.commands.teach.reply import Teaching
from bot.commands.threshold.reply import ThresholdCommands
from bot.config import Bot
from bot.domain import (
    Action,
    Answer,
    AnsweredQuestion,
    Channel,
    Choose,
    Clock,
    EngineError,
    InboxItem,
    IncomingMessage,
    Outcome,
    Person,
    RunCommand,
    ShowMore,
    Surface,
    Text,
    Traits,
    TurnDial,
    Vote,
    WriteEntry,
)
from bot.grammar.command import (
    AsksEngine,
    BadCommand,
    ChangesChannel,
    Command,
    MakesFile,
    NeedsRights,
    OpenToOutsiders,
    Parsed,
    Question,
)
from bot.responder.bad_command import correction
from bot.responder.model_change import ThresholdMigrator, with_migrated_thresholds, with_migration

# As many messages as may be between the intake and a worker before one is read anew.
MOST_PARSED = 256
# Files a minute: each is made of all that a channel asked, and kept for a day.
FILES_A_PERSON, FILES_A_CHANNEL = 3, 10


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
        proposals: Proposals,
        entry_changes: EntryChanges,
        admins: Admins,
        new_id: Callable[[], str],
        link_to: Callable[[str], str],
        console_link: Callable[[Person], str | None],
        traits: Mapping[str, Traits],
        waiting: Callable[[], int],
        speaks_first: Callable[[Channel], bool],
        wait: Callable[[float], None],
    ) -> None:
        ports = Ports(
            settings=settings,
            history=history,
            labels=labels,
            reviews=reviews,
            gaps=gaps,
            proposals=proposals,
            entry_changes=entry_changes,
            admins=admins,
            engine=engine,
            bases=KnowledgeBases(engine, clock),
            attachments=Attachments(new_id, link_to),
            clock=clock,
            bot=bot,
            new_id=new_id,
            console_link=console_link,
            waiting=waiting,
            speaks_first=speaks_first,
            wait=wait,
            verbs=VERBS,
            setting_names={
                setting: names for family in FAMILIES for setting, names in family.setting_names.items()
            },
        )
        self._settings = settings
        self._history = history
        self._bot = bot
        self._parsed = lru_cache(maxsize=MOST_PARSED)(self._parse)
        self._traits = traits
        rates = bot.questions_per_minute
        self._throttle = Throttle(clock, person=rates.person, channel=rates.channel)
        self._file_throttle = Throttle(clock, person=FILES_A_PERSON, channel=FILES_A_CHANNEL)
        self._permissions = Permissions(admins, bot)
        self._questions = Questions.of(ports)
        self._dial = ThresholdCommands.of(ports)
        self._refreshes = Refreshes.of(ports)
        self._writing = Writing(ports.engine, self._refreshes)
        self._review = Review.of(ports)
        self._gaps = GapList.of(ports)
        self._teaching = Teaching.of(ports)
        self._threshold_migrator = ThresholdMigrator(history, engine, ports.bases)
        self._carry_out: dict[type[Command], Callable[[MessageContext, Any], Outcome]] = {
            command: answer
            for family in FAMILIES
            if family.build is not None
            for answer in (family.build(ports),)
            for command in family.commands
        }

    def reply_to(self, item: InboxItem) -> Outcome:
        context = self._context(item.message)
        try:
            if item.message.awaits is not None:
                return self._refreshes.follow(context, item.message.awaits)
            if item.message.surface is Surface.CLOCK:
                return self._by_the_clock(context)
            if item.message.action is not None:
                outcome = self._click(context, item.message.action)
            else:
                outcome = self._answer(context, self._read(item.message))
            return self._teaching.proposing(context, outcome) if outcome.labels else outcome
        except EngineError as error:
            if error.code == "no_snapshot":
                told = context.words.no_snapshot.format(knowledge_base=context.knowledge_base)
                return Outcome((context.aside(told),))
            if error.code != "unknown_knowledge_base":
                raise
            return Outcome((self._questions.unknown_knowledge_base(context, context.knowledge_base),))

    def needs_engine(self, message: IncomingMessage) -> bool:
        """Whether the answer may take as long as the engine takes."""
        if message.action is not None and not isinstance(message.action, RunCommand):
            return self._bot.teaching.after > 0 or not isinstance(message.action, Vote | Choose)
        read = self._read_or_clicked(message)
        return isinstance(read, AsksEngine) or (isinstance(read, Question) and bool(read.text))

    def allows(self, item: InboxItem) -> bool:
        """Whether this is within the questions and the files a minute; counts it if so.

        Retries, votes and settings are free.
        """
        if item.message.surface is Surface.CLOCK or item.message.awaits is not None:
            return True
        is_free = item.attempt > 1 or item.told_waiting or isinstance(item.message.action, Vote | Choose)
        if is_free:
            return True
        if self._makes_file(item.message):
            return self._file_throttle.allows(item.message)
        return not self.needs_engine(item.message) or self._throttle.allows(item.message)

    def throttle_notice(self, item: InboxItem) -> Text | None:
        """The notice for the first question above the limit; None for those after it."""
        is_file = self._makes_file(item.message)
        scope = (self._file_throttle if is_file else self._throttle).first_refusal(item.message)
        if scope is None:
            return None
        context = self._context(item.message)
        if is_file:
            limit = FILES_A_PERSON if scope == "person" else FILES_A_CHANNEL
            return context.aside(context.words.too_many_files.format(limit=limit))
        rates = self._bot.questions_per_minute
        if scope == "person":
            return context.aside(context.words.too_many_questions.format(limit=rates.person))
        return context.aside(context.words.channel_too_busy.format(limit=rates.channel))

    def waiting_notice(self, item: InboxItem) -> Text:
        context = self._context(item.message)
        # A click is one person's; the room need not hear that it has to wait.
        say = context.text if item.message.action is None else context.aside
        return say(context.words.engine_away)

    def failure_notice(self, item: InboxItem) -> Text:
        context = self._context(item.message)
        return context.text(context.words.failed)

    def _context(self, message: IncomingMessage) -> MessageContext:
        own = self._settings.of(message.channel)
        timezone = ZoneInfo(own.timezone or self._bot.timezone)
        traits = self._traits.get(message.channel.platform, Traits())
        return MessageContext(message, own, self._bot.defaults, timezone, traits)

    def _makes_file(self, message: IncomingMessage) -> bool:
        return isinstance(self._read_or_clicked(message), MakesFile)

    def _read_or_clicked(self, message: IncomingMessage) -> Parsed:
        """Parse the text of the message, or the command that was clicked."""
        if isinstance(message.action, RunCommand):
            return self._read(replace(message, text=message.action.command))
        return self._read(message)

    def _read(self, message: IncomingMessage) -> Parsed:
        """The parsed text, parsed once a message: the intake and the worker need it one after the other."""
        return self._parsed(message.text, mentioned=message.mentioned, in_group=not message.is_direct)

    def _parse(self, text: str, *, mentioned: bool, in_group: bool) -> Parsed:
        return parse(_writable(text), names=self._bot.names, mentioned=mentioned, in_group=in_group)

    def _answer(self, context: MessageContext, read: Parsed) -> Outcome:
        if not _is_open(read) and (refusal := self._permissions.outside_refusal(context)):
            return Outcome((refusal,))
        is_change = isinstance(read, ChangesChannel)
        if isinstance(read, NeedsRights) and (
            refusal := self._permissions.refusal(context, is_change=is_change)
        ):
            return Outcome((refusal,))
        match read:
            case Question(""):
                return self._answer(context, Help())
            case Question():
                return self._ask(context, read)
            case Ask(question):
                return self._ask(context, Question(question))
            case BadCommand():
                return Outcome((correction(context, read),))
            case _:
                return self._carry_out[type(read)](context, read)

    def _ask(self, context: MessageContext, question: Question) -> Outcome:
        """The answer, with the threshold carried over to another model first, and marked for review."""
        migration = self._threshold_migrator.migration(context)
        if migration is None:
            return self._review.mark(context, self._questions.ask(context, question))
        context = replace(context, settings=with_migrated_thresholds(context.settings, migration))
        outcome = self._review.mark(context, self._questions.ask(context, question))
        return with_migration(outcome, migration)

    def _by_the_clock(self, context: MessageContext) -> Outcome:
        """The digest, the news of another model, or the first words to somebody, that are due."""
        if context.message.text == "digest":
            return self._gaps.digest(context)
        if context.message.text == "welcome":
            # Whoever has asked here knows us already.
            knows_us = bool(self._history.recent(context.message.channel, 1))
            return Outcome() if knows_us else Outcome((context.text(context.words.welcome),))
        return self._threshold_migrator.news(context)

    def _click(self, context: MessageContext, action: Action) -> Outcome:
        if isinstance(action, RunCommand):
            read = self._read(replace(context.message, text=action.command))
            return self._answer(context.beside(action.knowledge_base), read)
        is_open = isinstance(action, ShowMore | Choose)
        if not is_open and (refusal := self._permissions.outside_refusal(context)):
            return Outcome((refusal,))
        if isinstance(action, WriteEntry):
            refusal = self._permissions.refusal(context)
            return Outcome((refusal,)) if refusal else self._writing.write(context, action)
        asked = self._history.answered_question(context.message.channel, action.answer_id)
        if asked is None:
            return Outcome((context.aside(context.words.answer_gone),))
        answer = asked.answer
        match action:
            case TurnDial():
                return self._turn(context, answer, action)
            case Vote(verdict=verdict):
                words = context.words
                thanks = words.voted_helpful if verdict == "helpful" else words.voted_not_helpful
                label = label_of(asked, action.entry_id, relevant=verdict == "helpful")
                return Outcome((context.aside(thanks),), labels=(label,))
            case Choose(entry_id=entry_id):
                return _choose(context, asked, entry_id, counts=not self._permissions.may_only_ask(context))
            case ShowMore(offset=offset):
                return self._questions.more(context, answer, max(0, offset))
            case _:
                assert_never(action)

    def _turn(self, context: MessageContext, answer: Answer, turn: TurnDial) -> Outcome:
        if refusal := self._permissions.refusal(context):
            return Outcome((refusal,))
        if not (turn.threshold.is_finite() and 0 <= turn.threshold <= 1):
            return Outcome(
                (correction(context, BadCommand("out_of_range", "threshold", str(turn.threshold))),)
            )
        turned = self._questions.turn(context, answer, turn, self._dial)
        if turn.threshold == context.settings.threshold:
            return turned
        return replace(turned, changes=(self._dial.change_to(context, turn.threshold),))


def _is_open(read: Parsed) -> bool:
    """Whether this is for everybody who can write to us, and not for members alone."""
    return isinstance(read, Question | BadCommand | OpenToOutsiders)


def _choose(context: MessageContext, asked: AnsweredQuestion, entry_id: str, *, counts: bool) -> Outcome:
    """The entry that was meant, once more and alone; where it `counts`, choosing it says that it helped."""
    lines = [context.words.voted_helpful] if counts else []
    for match in asked.answer.matches:
        if match.entry_id == entry_id:
            lines += [match.text, *([match.answer] if match.answer else [])]
    labels = (label_of(asked, entry_id, relevant=True),) if counts else ()
    return Outcome((context.aside("\n".join(lines) or context.words.answer_gone),), labels=labels)


def _writable(text: str) -> str:
    """The text without what no database or JSON reader takes: halves of characters, and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
