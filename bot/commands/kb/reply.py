"""The knowledge base of a channel: choosing it, adding to it, bringing it up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from bot import texts
from bot.commands.ask.reply import Questions
from bot.commands.base.context import KnowledgeBases, MessageContext
from bot.commands.base.entry_ids import find_id
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine
from bot.commands.base.refreshes import Refreshes
from bot.commands.kb.entries import Entries
from bot.commands.kb.grammar import (
    AddEntries,
    AddEntry,
    EditEntry,
    FindEntries,
    KnowledgeCommand,
    ListKnowledgeBases,
    Refresh,
    RemoveEntry,
    ShowEntry,
    ShowKnowledgeBase,
    UseKnowledgeBase,
)
from bot.commands.kb.words import WORDS
from bot.domain import Change, EngineError, EntryChange, KnowledgeBase, Outcome
from bot.grammar.arrows import with_plain_arrows


class KnowledgeBaseCommands:
    def __init__(
        self,
        engine: Engine,
        bases: KnowledgeBases,
        questions: Questions,
        refreshes: Refreshes,
        entries: Entries,
    ) -> None:
        self._engine = engine
        self._bases = bases
        self._questions = questions
        self._refreshes = refreshes
        self._entries = entries

    def answer(self, context: MessageContext, command: KnowledgeCommand) -> Outcome:
        """Raises EngineError."""
        match command:
            case ShowKnowledgeBase():
                return self.show(context)
            case UseKnowledgeBase(name):
                return self.use(context, name)
            case ListKnowledgeBases():
                return self.list_all(context)
            case AddEntries(lines):
                return self.add(context, with_plain_arrows(lines))
            case AddEntry(text, answer):
                return self.add(context, text, answer)
            case RemoveEntry(typed):
                return self.remove(context, typed)
            case Refresh():
                return self.refresh(context)
            case ShowEntry() | FindEntries() | EditEntry():
                return self.one_entry(context, command)
            case _:
                assert_never(command)

    def show(self, context: MessageContext) -> Outcome:
        name = context.knowledge_base
        try:
            known = self._bases.get_anew(name)
        except EngineError as error:
            return self._problem(context, error, name)
        body = WORDS[context.language].shown.format(
            name=name,
            size=_size(context, known),
            threshold=context.describe_threshold(self._bases.threshold(context, name)),
        )
        return Outcome((context.text(body, verb="kb"),))

    def use(self, context: MessageContext, name: str) -> Outcome:
        if name == context.settings.knowledge_base:
            return self.show(context)
        try:
            known = self._bases.get_anew(name)
        except EngineError as error:
            return self._problem(context, error, name)
        after = replace(context, settings=replace(context.settings, knowledge_base=name))
        body = WORDS[context.language].set.format(
            who=context.who,
            old=context.knowledge_base,
            new=name,
            size=_size(context, known),
            threshold=context.describe_threshold(self._bases.threshold(after, name)),
        )
        change = Change("knowledge_base", context.settings.knowledge_base, name)
        return Outcome((context.announcement(body, verb="kb"),), (change,))

    def list_all(self, context: MessageContext) -> Outcome:
        words = WORDS[context.language]
        lines = [
            words.line.format(
                mark="▸" if known.name == context.knowledge_base else "·",
                name=known.name,
                size=_size(context, known),
            )
            for known in self._engine.knowledge_bases()
        ]
        body = "\n".join([words.list, *lines]) if lines else words.none
        return Outcome((context.text(body, verb="kb"),))

    def add(self, context: MessageContext, lines: str, answer: str | None = None) -> Outcome:
        name = context.knowledge_base
        try:
            return self._refreshes.add(context, name, lines, answer)
        except EngineError as error:
            return self._problem(context, error, name)

    def remove(self, context: MessageContext, typed: str) -> Outcome:
        name = context.knowledge_base
        words = WORDS[context.language]
        entry = texts.shorten(typed)
        try:
            entry_id = find_id(self._engine, name, typed)
            entry = texts.shorten(entry_id)
            self._engine.remove_entry(name, entry_id)
        except EngineError as error:
            sentences = {"unknown_entry": words.no_entry, "foreign_entry": words.foreign}
            if error.code in sentences:
                body = sentences[error.code].format(entry=entry, name=name)
                return Outcome((context.aside(body, verb="kb"),))
            return self._problem(context, error, name)
        body = words.removed.format(who=context.who, entry=entry, name=name)
        removed = EntryChange(name, entry_id, "removed", "")
        return Outcome((context.announcement(body, verb="kb"),), edits=(removed,))

    def refresh(self, context: MessageContext) -> Outcome:
        name = context.knowledge_base
        try:
            return self._refreshes.begin(context, name)
        except EngineError as error:
            return self._problem(context, error, name)

    def one_entry(self, context: MessageContext, command: ShowEntry | FindEntries | EditEntry) -> Outcome:
        try:
            return self._entries.answer(context, command)
        except EngineError as error:
            return self._problem(context, error, context.knowledge_base)

    def _problem(self, context: MessageContext, error: EngineError, name: str) -> Outcome:
        """The sentence for a refusal; an engine that is away is the worker's business."""
        if error.code == "unknown_knowledge_base":
            return Outcome((self._questions.unknown_knowledge_base(context, name),))
        if error.code == "refused":
            return Outcome((context.aside(context.words.refused, verb="kb"),))
        raise error


def build(ports: Ports) -> Callable[[MessageContext, KnowledgeCommand], Outcome]:
    refreshes = Refreshes.of(ports)
    entries = Entries(ports.engine, ports.entry_changes, refreshes)
    return KnowledgeBaseCommands(ports.engine, ports.bases, Questions.of(ports), refreshes, entries).answer


def _size(context: MessageContext, known: KnowledgeBase) -> str:
    return WORDS[context.language].size.format(count=known.size)
