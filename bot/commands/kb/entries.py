"""Single entries of a knowledge base: shown whole, found, and changed by whoever has read them."""

from __future__ import annotations

from bot import texts
from bot.commands.base.context import MessageContext, name_of
from bot.commands.base.entry_ids import find_id
from bot.commands.base.ports import Engine, EntryChanges
from bot.commands.base.refreshes import Refreshes
from bot.commands.kb.entry_words import WORDS, Words
from bot.commands.kb.grammar import EditEntry, FindEntries, ShowEntry
from bot.domain import EngineError, EntryChange, Outcome
from bot.engine_client import ShownEntry, Wording
from bot.texts import sources

MOST_FOUND = 10
MOST_WORDINGS = 30
MANAGED = "managed"  # the source of what was added in chat
VERSION = 8  # hexadecimal digits of the hash of what was read


class Entries:
    def __init__(self, engine: Engine, changes: EntryChanges, refreshes: Refreshes) -> None:
        self._engine = engine
        self._changes = changes
        self._refreshes = refreshes

    def answer(self, context: MessageContext, command: ShowEntry | FindEntries | EditEntry) -> Outcome:
        """Raises EngineError."""
        match command:
            case ShowEntry(typed):
                return self.show(context, find_id(self._engine, context.knowledge_base, typed))
            case FindEntries(text):
                return self.find(context, text)
            case EditEntry():
                return self.edit(context, command)

    def show(self, context: MessageContext, entry_id: str) -> Outcome:
        words = WORDS[context.language]
        entry = self._read(context, entry_id)
        if entry is None:
            return self._say_unknown(context, entry_id)
        lines = [
            *_content(words, context, entry),
            *_wordings(words, context, entry),
            *self._past(words, context, entry_id),
            *_what_to_do(words, entry),
        ]
        return Outcome((context.text("\n".join(lines), verb="kb"),))

    def find(self, context: MessageContext, text: str) -> Outcome:
        words, name = WORDS[context.language], context.knowledge_base
        found, total = self._engine.find_entries(name, text, limit=MOST_FOUND)
        if not found:
            none = words.none_found.format(text=texts.shorten(text), name=name)
            return Outcome((context.text(none, verb="kb"),))
        lines = [words.found.format(text=texts.shorten(text), name=name, count=total)]
        lines += [
            words.found_line.format(entry=one_line(each.id), text=texts.shorten(each.text)) for each in found
        ]
        if total > len(found):
            lines.append(words.more.format(count=total - len(found)))
        lines.append(words.how_to_show.format(entry=one_line(found[0].id)))
        return Outcome((context.text("\n".join(lines), verb="kb"),))

    def edit(self, context: MessageContext, wanted: EditEntry) -> Outcome:
        """Replace an entry's answer. With the version that was read, nobody's change since is overwritten."""
        words, name = WORDS[context.language], context.knowledge_base
        entry_id = find_id(self._engine, name, wanted.entry_id)
        entry = self._read(context, entry_id)
        if entry is None:
            return self._say_unknown(context, entry_id)
        shown = {"entry": one_line(entry.id), "version": entry.hash[:VERSION], "before": entry.answer or "–"}
        if wanted.version and not entry.hash.startswith(wanted.version):
            return Outcome((context.aside(words.changed_since.format(**shown), verb="kb"),))
        try:
            changed = self._engine.change_entry(name, entry.id, hash_read=entry.hash, answer=wanted.answer)
        except EngineError as error:
            sentences = {
                "foreign_entry": words.foreign,
                "entry_changed": words.changed_meanwhile,
                "refused": words.refused,
            }
            if error.code not in sentences:
                raise
            now = error.details.get("answer") or shown["before"]
            said = sentences[error.code].format(**(shown | {"before": now, "name": name}))
            return Outcome((context.aside(said, verb="kb"),))
        said = words.edited.format(who=context.who, name=name, text=texts.shorten(entry.text), **shown)
        change = EntryChange(name, entry.id, "changed", entry.text, entry.answer or "")
        settled = self._refreshes.settle(context, name, changed.refresh, said, verb="kb")
        reply = context.announcement("\n".join((said, *settled.lines)), verb="kb")
        return Outcome((reply,), edits=(change,), awaits=settled.awaits)

    def _read(self, context: MessageContext, entry_id: str) -> ShownEntry | None:
        try:
            return self._engine.show_entry(context.knowledge_base, entry_id)
        except EngineError as error:
            if error.code != "unknown_entry":
                raise
            return None

    def _say_unknown(self, context: MessageContext, entry_id: str) -> Outcome:
        shown = texts.shorten(entry_id)
        said = WORDS[context.language].unknown.format(entry=shown, name=context.knowledge_base)
        return Outcome((context.aside(said, verb="kb"),))

    def _past(self, words: Words, context: MessageContext, entry_id: str) -> list[str]:
        """Lines on who added the entry in this channel, and who changed it last."""
        past = self._changes.of(context.message.channel, context.knowledge_base, entry_id)
        sentences = {"added": words.added_by, "changed": words.changed_by}
        newest = {each.change.act: each for each in past if each.change.act in sentences}
        return [
            sentences[act].format(who=name_of(each.person), when=context.moment(each.made_at))
            for act, each in newest.items()
        ]


def one_line(text: str) -> str:
    """An id whole, for it is typed again."""
    return " ".join(text.split())


def _what_to_do(words: Words, entry: ShownEntry) -> list[str]:
    """The commands that this entry can be changed by."""
    shown = {"entry": one_line(entry.id), "version": entry.hash[:VERSION]}
    sentences = (
        *([words.how_to_edit] if entry.source == MANAGED else []),
        words.how_to_teach,
        *([words.how_to_forget] if any(each.id for each in entry.wordings) else []),
    )
    return [sentence.format(**shown) for sentence in sentences]


def _content(words: Words, context: MessageContext, entry: ShownEntry) -> list[str]:
    lines = [words.entry.format(entry=one_line(entry.id), text=entry.text)]
    if entry.title and entry.title != entry.text:
        lines.append(entry.title)
    if entry.answer:
        lines.append(words.answer.format(answer=entry.answer))
    if entry.url:
        lines.append(entry.url)
    if entry.source and entry.source != MANAGED:
        lines.append(words.source.format(source=sources.place(entry.source, context.language)))
    return lines


def _wordings(words: Words, context: MessageContext, entry: ShownEntry) -> list[str]:
    if not entry.wordings:
        return []
    lines = [words.wordings.format(count=len(entry.wordings))]
    lines += [_wording(words, context, each) for each in entry.wordings[:MOST_WORDINGS]]
    if len(entry.wordings) > MOST_WORDINGS:
        lines.append(words.more.format(count=len(entry.wordings) - MOST_WORDINGS))
    return lines


def _wording(words: Words, context: MessageContext, wording: Wording) -> str:
    if wording.id is None or wording.at is None:
        return words.wording.format(text=one_line(wording.text))
    return words.taught_wording.format(
        text=one_line(wording.text), who=wording.by or "–", when=context.moment(wording.at)
    )
