"""Teaching the engine one wording, or taking one back, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.commands.base.ports import Engine
from bot.domain import EngineError, Match, Proposal, ProposalDecision, Query
from bot.domain.spelling import fold
from bot.engine_client import ShownEntry, Wording

LONGEST_NAME = 200  # of a teacher, as the engine keeps it
# Of single clicks on matches that lie this far behind another, 54 to 68 in 100 were wrong on three labelled
# sets where one click in ten is (benchmarks/teaching.md).
FAR = 0.15
Result = Literal["done", "has_it", "other_has_it", "no_entry", "refused", "no_wording"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The result of a lesson, and the decision to keep; None where the proposal may stay as it is.

    `other` is the entry that has the wording; `refresh` makes it live.
    """

    result: Result
    decision: ProposalDecision | None = None
    other: str = ""
    refresh: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """An entry and its score for a wording today (None: not among the best 200), and once it is taught.

    `rival`: the best entry with another answer, where it is as near or nearer.
    """

    entry: ShownEntry
    today: float | None = None
    then: float | None = None
    rival: Match | None = None

    @property
    def is_far(self) -> bool:
        """Whether the rival is so much nearer that a click on this entry is more often wrong than right."""
        return self.rival is not None and self.rival.score - (self.today or 0.0) >= FAR


class Lessons:
    """Each may be repeated after a crash: what is done already counts as done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def give(self, proposal: Proposal, who: str, *, is_kept: bool = False) -> Lesson:
        """Carry the proposal out. `is_kept`: it was carried out before, and that is stored.

        Raises EngineError.
        """
        by = who[:LONGEST_NAME]
        try:
            if proposal.kind == "take back":
                return self._take_away(proposal)
            taught = self._engine.teach(
                proposal.knowledge_base,
                proposal.entry_id,
                proposal.wording,
                by=by,
                because=proposal.origin,
            )
        except EngineError as error:
            return self._not_given(proposal, "" if is_kept else by, error)
        return Lesson("done", ProposalDecision(proposal, "accepted", taught.id), refresh=taught.refresh)

    def undo(self, proposal: Proposal, wording_id: str | None, who: str) -> Lesson:
        """Take back what was taught, or teach again what was taken away.

        The decision has the new name of what is taught again. Raises EngineError.
        """
        undone = ProposalDecision(proposal, "undone")
        if proposal.kind == "take back":
            again = self.give(opposite_of(proposal), who, is_kept=True)
            is_there = again.result in {"done", "has_it"}
            taught = again.decision.wording_id if again.decision else None
            return replace(again, decision=replace(undone, wording_id=taught) if is_there else None)
        try:
            self._engine.take_back(proposal.knowledge_base, proposal.entry_id, wording_id or "")
        except EngineError as error:
            if error.code != "unknown_wording":
                raise
        return Lesson("done", undone)

    def outlook(self, proposal: Proposal) -> Outlook | None:
        """The entry and its scores; None where there is nothing left to decide. Raises EngineError."""
        try:
            entry = self._engine.show_entry(proposal.knowledge_base, proposal.entry_id)
        except EngineError as error:
            if error.code != "unknown_entry":
                raise
            return None
        if proposal.kind == "take back":
            return Outlook(entry) if _taught(entry, proposal.wording) else None
        if fold(proposal.wording) in {
            fold(text) for text in (entry.text, *(each.text for each in entry.wordings))
        }:
            return None
        wording = proposal.wording
        found = self._engine.search(Query(wording, proposal.knowledge_base, -1.0, 2, collapse=True))
        today = dict(found.scores).get(proposal.entry_id)
        rival = next(
            (
                match
                for match in found.matches
                if match.entry_id != entry.id and (entry.answer is None or match.answer != entry.answer)
            ),
            None,
        )
        if rival is not None and today is not None and rival.score < today:
            rival = None
        then = self._engine.try_texts([wording], wording, steps=(), limit=1).best_score
        return Outlook(entry, today, then, rival)

    def _take_away(self, proposal: Proposal) -> Lesson:
        entry = self._engine.show_entry(proposal.knowledge_base, proposal.entry_id)
        wording = _taught(entry, proposal.wording)
        if wording is None or wording.id is None:
            return Lesson("no_wording", ProposalDecision(proposal, "gone"))
        self._engine.take_back(proposal.knowledge_base, proposal.entry_id, wording.id)
        return Lesson("done", ProposalDecision(proposal, "accepted", wording.id))

    def _not_given(self, proposal: Proposal, by: str, error: EngineError) -> Lesson:
        match error.code:
            case "unknown_entry":
                return Lesson("no_entry", ProposalDecision(proposal, "gone"))
            case "unknown_wording":
                return Lesson("no_wording", ProposalDecision(proposal, "gone"))
            case "refused":
                return Lesson("refused")
            case "wording_taken" if error.details.get("entry") != proposal.entry_id:
                return Lesson("other_has_it", other=error.details.get("entry") or "")
            case "wording_taken":
                entry = self._engine.show_entry(proposal.knowledge_base, proposal.entry_id)
                taught = _taught(entry, proposal.wording)
                if taught is not None and by and (taught.by, taught.because) == (by, proposal.origin):
                    # Ours: it was taught, and then we stopped before that was stored.
                    return Lesson("done", ProposalDecision(proposal, "accepted", taught.id))
                return Lesson("has_it", ProposalDecision(proposal, "gone"))
            case _:
                raise error


def opposite_of(proposal: Proposal) -> Proposal:
    """The proposal that gives back what this one takes away, or the other way round."""
    return replace(proposal, kind="take back" if proposal.kind == "teach" else "teach")


def _taught(entry: ShownEntry, wording: str) -> Wording | None:
    """The wording of that spelling, where it was taught."""
    same = fold(wording)
    return next((each for each in entry.wordings if each.id and fold(each.text) == same), None)
