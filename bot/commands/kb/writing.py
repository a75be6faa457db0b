"""One entry out of a form, written or changed: the console's `/kb add` and `/kb edit`."""

from __future__ import annotations

from bot import texts
from bot.commands.base.context import MessageContext
from bot.commands.base.ports import Engine
from bot.commands.base.refreshes import Addition, Refreshes
from bot.commands.kb.words import WORDS, WRITING
from bot.domain import EngineError, EntryChange, Outcome, WriteEntry
from bot.texts import sources


class Writing:
    def __init__(self, engine: Engine, refreshes: Refreshes) -> None:
        self._engine = engine
        self._refreshes = refreshes

    def write(self, context: MessageContext, form: WriteEntry) -> Outcome:
        """Raises EngineError for an engine that is away, and for a knowledge base that is not."""
        try:
            if form.entry_id is None:
                return self._add(context, form)
            return self._change(context, form, form.entry_id)
        except EngineError as error:
            told = self._problem(context, form, error)
            if told is None:
                raise
            return Outcome((context.aside(told, verb="kb"),))

    def _add(self, context: MessageContext, form: WriteEntry) -> Outcome:
        words = WRITING[context.language]
        addition = self._refreshes.addition(context, form.knowledge_base, form.text, form.answer)
        if not addition.added.added:
            return Outcome((context.aside(_why_not(context, addition), verb="kb"),))
        [entry] = addition.added.added
        said = words.added.format(
            who=context.who, entry=entry.id, text=texts.shorten(entry.text), name=form.knowledge_base
        )
        reply = context.announcement("\n".join((said, *addition.lines)), verb="kb")
        return Outcome((reply,), edits=addition.edits, awaits=addition.awaits)

    def _change(self, context: MessageContext, form: WriteEntry, entry_id: str) -> Outcome:
        # Only where it is still what was read is it changed, so this is what it said before.
        before = self._engine.show_entry(form.knowledge_base, entry_id)
        changed = self._engine.change_entry(
            form.knowledge_base, entry_id, hash_read=form.hash_read, text=form.text, answer=form.answer
        )
        said = WRITING[context.language].changed.format(
            who=context.who, entry=changed.id, text=texts.shorten(changed.text), name=form.knowledge_base
        )
        edit = EntryChange(form.knowledge_base, changed.id, "changed", changed.text, before.answer or "")
        return Outcome((context.announcement(said, verb="kb"),), edits=(edit,))

    def _problem(self, context: MessageContext, form: WriteEntry, error: EngineError) -> str | None:
        """The sentence for a refusal; with everything that was written, so that none of it is lost."""
        words, entry = WRITING[context.language], texts.shorten(form.entry_id or "")
        match error.code:
            case "entry_changed":
                theirs = "\n".join(part for name in ("text", "answer") if (part := error.details.get(name)))
                yours = "\n".join(filter(None, (form.text, form.answer)))
                return words.changed_since.format(entry=entry, theirs=theirs, yours=yours)
            case "unknown_entry":
                return WORDS[context.language].no_entry.format(entry=entry, name=form.knowledge_base)
            case "foreign_entry":
                return words.foreign.format(entry=entry, name=form.knowledge_base)
            case "refused":
                return words.refused.format(reason=error.reason)
            case _:
                return None


def _why_not(context: MessageContext, addition: Addition) -> str:
    """The reason why nothing was added: it is there, with this answer or another, or was refused."""
    words, added = WRITING[context.language], addition.added
    if added.contradicted:
        return "\n".join(addition.lines)
    if added.repeated:
        return words.known.format(entry=", ".join(texts.shorten(entry.id) for entry in added.repeated))
    reasons = "; ".join(sources.why_left_out(each, context.language) for each in added.dropped)
    return words.refused.format(reason=reasons)
