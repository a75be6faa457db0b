"""/teach: what votes would teach the knowledge base, and what a person makes of it.

Each helpful vote, choice, pointed gap and confirmed review proposes to teach its entry the
question as one more wording; a vote against a match that came by a taught wording proposes
to take that away. Somebody decides, unless the configuration lets enough votes do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from bot import texts
from bot.commands.base.attachments import CSV, Attachments
from bot.commands.base.context import MessageContext, name_of
from bot.commands.base.entry_ids import find_id
from bot.commands.base.family import Ports
from bot.commands.base.lessons import Lesson, Lessons, Outlook, opposite_of
from bot.commands.base.ports import Engine, History, Labels, Proposals
from bot.commands.base.refreshes import Refreshes, Settled
from bot.commands.teach.evidence import Votes, is_doubtful, proposals_of
from bot.commands.teach.grammar import (
    AcceptProposal,
    ExportTaught,
    ForgetWording,
    RefuseProposal,
    ShowProposals,
    ShowTaught,
    TeachCommand,
    TeachWording,
    UndoTeaching,
)
from bot.commands.teach.words import WORDS, Words
from bot.csv_table import as_csv
from bot.domain import Awaited, Button, KeptProposal, Outcome, Person, Proposal, ProposalDecision, Text
from bot.domain.spelling import fold
from bot.texts.refreshing import refresh_wording

SHOWN = 5
MOST_WAITING = 500
MOST_LOOKED_AT = 20  # at four calls of the engine each
PAST = 10
NAMED = 5
WORDING_SHOWN = 120
HEAD = (
    "number", "state", "kind", "origin", "at", "person", "wording", "knowledge_base", "entry_id",
    "helpful", "not_helpful", "decided_by", "decided_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shown:
    kept: KeptProposal
    outlook: Outlook
    is_doubtful: bool = False


class Teaching:
    """`after`: how many people's helpful votes teach by themselves; 0: none do."""

    def __init__(
        self,
        *,
        proposals: Proposals,
        labels: Labels,
        history: History,
        engine: Engine,
        refreshes: Refreshes,
        attachments: Attachments,
        after: int,
    ) -> None:
        self._proposals = proposals
        self._labels = labels
        self._history = history
        self._engine = engine
        self._lessons = Lessons(engine)
        self._refreshes = refreshes
        self._attachments = attachments
        self._after = after

    @classmethod
    def of(cls, ports: Ports) -> Teaching:
        return cls(
            proposals=ports.proposals,
            labels=ports.labels,
            history=ports.history,
            engine=ports.engine,
            refreshes=Refreshes.of(ports),
            attachments=ports.attachments,
            after=ports.bot.teaching.after,
        )

    def answer(self, context: MessageContext, command: TeachCommand) -> Outcome:
        """Raises EngineError."""
        match command:
            case ShowProposals():
                return self.show(context)
            case AcceptProposal(number):
                return self.accept(context, number)
            case RefuseProposal(number):
                return self.refuse(context, number)
            case TeachWording(typed, wording):
                entry_id = find_id(self._engine, context.knowledge_base, typed)
                return self._give(context, Proposal(context.knowledge_base, entry_id, wording, origin="hand"))
            case ForgetWording(typed, wording):
                entry_id = find_id(self._engine, context.knowledge_base, typed)
                taught = Proposal(context.knowledge_base, entry_id, wording, "take back", "hand")
                return self._give(context, taught)
            case UndoTeaching():
                return self.undo(context)
            case ShowTaught():
                return self.past(context)
            case ExportTaught():
                return self.export(context)
            case _:
                assert_never(command)

    def proposing(self, context: MessageContext, outcome: Outcome) -> Outcome:
        """The same outcome with what its labels would teach, which enough votes teach at once."""
        channel = context.message.channel
        found = list(proposals_of(self._history, channel, outcome, context.message.action))
        ruled = {_subject(decision.proposal) for decision in outcome.ruled}
        found = [(label, each) for label, each in found if _subject(each) not in ruled]
        outcome = replace(outcome, proposed=(*outcome.proposed, *(each for _, each in found)))
        if self._after:
            for label, proposal in found:
                votes = self._votes(context, proposal.knowledge_base)
                votes.add(label, context.message.person)
                outcome = self._teach_by_votes(context, outcome, proposal, votes)
        return outcome

    def show(self, context: MessageContext) -> Outcome:
        """The list, those that most people stand behind first, doubtful ones last.

        What is no longer there leaves it.
        """
        words, votes = WORDS[context.language], self._votes(context, context.knowledge_base)
        waiting = self._proposals.waiting(context.message.channel, context.knowledge_base, MOST_WAITING)
        backed = [
            one for one in waiting if one.proposal.kind == "take back" or votes.on(one.proposal).helpful
        ]
        backed.sort(key=lambda one: (-len(votes.on(one.proposal).helpful), one.id))
        shown, gone = self._look_at(backed[:MOST_LOOKED_AT], votes)
        if not shown:
            none = context.text(words.none.format(name=context.knowledge_base), verb="teach")
            return Outcome((none,), ruled=tuple(gone))
        count = len(backed) - len(gone)
        lines = [words.head.format(name=context.knowledge_base, count=count)]
        for one in shown:
            lines += _lines(words, one, votes)
        if count > len(shown):
            lines.append(words.more.format(count=count - len(shown)))
        if shown[-1].is_doubtful:
            lines.append(words.why_doubtful)
        lines.append(words.how.format(number=shown[0].kept.id))
        said = replace(context.text("\n".join(lines), verb="teach"), buttons=_buttons(words, shown))
        return Outcome((said,), ruled=tuple(gone))

    def _look_at(
        self, backed: Sequence[KeptProposal], votes: Votes
    ) -> tuple[list[_Shown], list[ProposalDecision]]:
        """The first that are to be shown, and those there is nothing left to decide about."""
        sure: list[_Shown] = []
        doubtful: list[_Shown] = []
        gone: list[ProposalDecision] = []
        for one in backed:
            if len(sure) == SHOWN:
                break
            outlook = self._lessons.outlook(one.proposal)
            if outlook is None:
                gone.append(ProposalDecision(one.proposal, "gone"))
            elif is_doubtful(votes.on(one.proposal), outlook):
                doubtful.append(_Shown(one, outlook, is_doubtful=True))
            else:
                sure.append(_Shown(one, outlook))
        return [*sure, *doubtful][:SHOWN], gone

    def accept(self, context: MessageContext, number: int) -> Outcome:
        kept = self._open(context, number)
        return Outcome((kept,)) if isinstance(kept, Text) else self._give(context, kept.proposal)

    def refuse(self, context: MessageContext, number: int) -> Outcome:
        kept = self._open(context, number)
        if isinstance(kept, Text):
            return Outcome((kept,))
        said = WORDS[context.language].refused.format(who=context.who, number=number, **_names(kept.proposal))
        decision = ProposalDecision(kept.proposal, "refused")
        return Outcome((context.announcement(said, verb="teach"),), ruled=(decision,))

    def undo(self, context: MessageContext) -> Outcome:
        """Undo what the last message taught or took away; again, and it is the one before."""
        words = WORDS[context.language]
        act = self._proposals.last_act(context.message.channel)
        if not act:
            return Outcome((context.aside(words.nothing_to_undo, verb="teach"),))
        lines: list[str] = []
        ruled: list[ProposalDecision] = []
        for kept in act:
            lesson = self._lessons.undo(kept.proposal, kept.wording_id, context.who)
            if lesson.decision is None:
                lines.append(_problem(words, kept.proposal, lesson))
                continue
            sentence = words.taught_again if kept.proposal.kind == "take back" else words.undone
            lines.append(sentence.format(who=context.who, **_names(kept.proposal)))
            ruled += [lesson.decision, *self._opposite(context, lesson.decision)]
        if ruled:
            lines.append(refresh_wording(context.language).holds_soon)
        return Outcome((context.announcement("\n".join(lines), verb="teach"),), ruled=tuple(ruled))

    def past(self, context: MessageContext) -> Outcome:
        words = WORDS[context.language]
        decided = self._proposals.decisions(context.message.channel, PAST)
        lines = [words.history, *(_past_line(context, words, kept) for kept in decided)]
        body = "\n".join(lines) if decided else words.history_none
        return Outcome((context.text(body, verb="teach"),))

    def export(self, context: MessageContext) -> Outcome:
        words = WORDS[context.language]
        everything = self._proposals.everything(context.message.channel)
        if not everything:
            return Outcome((context.aside(words.export_none, verb="teach"),))
        document, file = self._attachments.offer(
            context,
            as_csv(HEAD, self._rows(context, everything)),
            name="kbdial-teaching.csv",
            media_type=CSV,
            body=words.exported.format(count=len(everything)),
            verb="teach",
        )
        return Outcome((document,), files=(file,))

    def _open(self, context: MessageContext, number: int) -> KeptProposal | Text:
        """The proposal of this number, or why it cannot be decided any more."""
        words = WORDS[context.language]
        kept = self._proposals.get(context.message.channel, number)
        if kept is None:
            return context.aside(words.unknown.format(number=number), verb="teach")
        if kept.state == "open":
            return kept
        already = {
            "accepted": words.already_accepted,
            "refused": words.already_refused,
            "undone": words.already_undone,
            "gone": words.already_gone,
        }
        said = already[kept.state].format(
            number=number,
            who=kept.decided_by,
            when=context.moment(kept.decided_at) if kept.decided_at else "",
            entry=_one_line(kept.proposal.entry_id),
        )
        return context.aside(said, verb="teach")

    def _give(self, context: MessageContext, proposal: Proposal) -> Outcome:
        kept = self._proposals.find(context.message.channel, proposal)
        is_kept = kept is not None and kept.state == "accepted"
        words, lesson = WORDS[context.language], self._lessons.give(proposal, context.who, is_kept=is_kept)
        if lesson.decision is None or lesson.result != "done":
            # A slip of the hand is nothing to remember.
            gone = (lesson.decision,) if lesson.decision and kept and not is_kept else ()
            return Outcome((context.aside(_problem(words, proposal, lesson), verb="teach"),), ruled=gone)
        ruled = (lesson.decision, *self._opposite(context, lesson.decision))
        sentence = words.took_back if proposal.kind == "take back" else words.taught
        said = sentence.format(who=context.who, **_names(proposal))
        settled = self._settle(context, said, proposal, lesson)
        return Outcome((_news(context, said, settled),), ruled=ruled, awaits=settled.awaits)

    def _opposite(self, context: MessageContext, decision: ProposalDecision) -> tuple[ProposalDecision, ...]:
        """The decision on the proposal that taught the wording: undone by a removal, accepted by its undo."""
        if decision.proposal.kind == "teach":
            return ()
        taught = self._proposals.find(context.message.channel, opposite_of(decision.proposal))
        if taught is None:
            return ()
        if decision.state == "accepted" and taught.state == "accepted":
            return (ProposalDecision(taught.proposal, "undone"),)
        if decision.state == "undone" and decision.wording_id:
            return (ProposalDecision(taught.proposal, "accepted", decision.wording_id),)
        return ()

    def _teach_by_votes(
        self, context: MessageContext, outcome: Outcome, proposal: Proposal, votes: Votes
    ) -> Outcome:
        """Teach it where enough people found it helpful, nobody the contrary, and nobody refused it."""
        voices = votes.on(proposal)
        people = [person for person in voices.helpful if person.id]
        kept = self._proposals.find(context.message.channel, proposal)
        is_decided = kept is not None and kept.state not in {"open", "gone"}
        if proposal.kind != "teach" or len(people) < self._after or voices.not_helpful or is_decided:
            return outcome
        lesson = self._lessons.give(proposal, context.who)
        if lesson.decision is not None:
            outcome = replace(outcome, ruled=(*outcome.ruled, lesson.decision))
        if lesson.result != "done":
            return outcome
        said = WORDS[context.language].by_votes.format(count=len(people), **_names(proposal))
        settled = self._settle(context, said, proposal, lesson)
        awaits = _await_both(outcome.awaits, settled.awaits)
        return replace(outcome, replies=(*outcome.replies, _news(context, said, settled)), awaits=awaits)

    def _settle(self, context: MessageContext, said: str, proposal: Proposal, lesson: Lesson) -> Settled:
        return self._refreshes.settle(context, proposal.knowledge_base, lesson.refresh, said, verb="teach")

    def _votes(self, context: MessageContext, knowledge_base: str) -> Votes:
        return Votes(self._labels.of(context.message.channel, knowledge_base=knowledge_base))

    def _rows(
        self, context: MessageContext, everything: Sequence[KeptProposal]
    ) -> Iterable[tuple[str | int, ...]]:
        votes = {
            name: self._votes(context, name) for name in {one.proposal.knowledge_base for one in everything}
        }
        for one in everything:
            proposal = one.proposal
            said = votes[proposal.knowledge_base].on(proposal)
            yield (
                one.id, one.state, proposal.kind, proposal.origin, f"{one.made_at:%Y-%m-%dT%H:%M:%SZ}",
                name_of(one.person), proposal.wording, proposal.knowledge_base, proposal.entry_id,
                len(said.helpful), len(said.not_helpful), one.decided_by,
                f"{one.decided_at:%Y-%m-%dT%H:%M:%SZ}" if one.decided_at else "",
            )  # fmt: skip


def build(ports: Ports) -> Callable[[MessageContext, TeachCommand], Outcome]:
    return Teaching.of(ports).answer


def _news(context: MessageContext, said: str, settled: Settled) -> Text:
    holds = settled.beside(WORDS[context.language].undo_hint)
    return context.announcement(f"{said}\n{holds}", verb="teach")


def _await_both(first: Awaited | None, second: Awaited | None) -> Awaited | None:
    """The refresh to await for both: a later change is taken up by the same refresh or a later one."""
    if first is None or second is None:
        return first or second
    return replace(second, change=f"{first.change}\n{second.change}".strip(), entries=first.entries)


def _lines(words: Words, shown: _Shown, votes: Votes) -> list[str]:
    kept, outlook = shown.kept, shown.outlook
    said, names = votes.on(kept.proposal), _names(kept.proposal)
    text = texts.shorten(outlook.entry.text)
    if kept.proposal.kind == "take back":
        return [words.line_take_back.format(number=kept.id, text=text, who=name_of(kept.person), **names)]
    lines = [
        words.line.format(
            number=kept.id,
            text=text,
            who=_people(said.helpful),
            today=_score(words, outlook.today),
            then=_score(words, outlook.then),
            **names,
        )
    ]
    if outlook.rival is not None:
        sentence = words.doubtful if shown.is_doubtful else words.nearer
        lines.append(
            sentence.format(
                entry=_one_line(outlook.rival.entry_id),
                text=texts.shorten(outlook.rival.text),
                other=texts.score(outlook.rival.score),
                score=_score(words, outlook.today),
            )
        )
    if said.not_helpful:
        lines.append(words.against.format(who=_people(said.not_helpful)))
    return lines


def _buttons(words: Words, shown: Sequence[_Shown]) -> tuple[Button, ...]:
    """A doubtful one is not taken by a click too many."""
    buttons: list[Button] = []
    for one in shown:
        number = one.kept.id
        if not one.is_doubtful:
            take = words.take if one.kept.proposal.kind == "teach" else words.take_it_back
            buttons.append(Button(take.format(number=number), f"/teach {number}", is_explained=True))
        buttons.append(Button(words.refuse.format(number=number), f"/teach no {number}", is_explained=True))
    return tuple(buttons)


def _problem(words: Words, proposal: Proposal, lesson: Lesson) -> str:
    sentences = {
        "has_it": words.has_it,
        "other_has_it": words.other_has_it,
        "no_entry": words.no_entry,
        "refused": words.not_taken,
        "no_wording": words.wording_gone,
    }
    return sentences[lesson.result].format(other=_one_line(lesson.other), **_names(proposal))


def _past_line(context: MessageContext, words: Words, kept: KeptProposal) -> str:
    sentences = {
        "accepted": words.history_taught if kept.proposal.kind == "teach" else words.history_took_back,
        "refused": words.history_refused,
        "undone": words.history_undone,
    }
    return sentences[kept.state].format(
        when=context.moment(kept.decided_at) if kept.decided_at else "",
        who=kept.decided_by,
        number=kept.id,
        **_names(kept.proposal),
    )


def _subject(proposal: Proposal) -> tuple[str, str]:
    return proposal.entry_id, fold(proposal.wording)


def _names(proposal: Proposal) -> dict[str, str]:
    return {
        "name": proposal.knowledge_base,
        "entry": _one_line(proposal.entry_id),
        "wording": texts.shorten(proposal.wording, WORDING_SHOWN),
    }


def _people(people: Sequence[Person]) -> str:
    named = ", ".join(map(name_of, people[:NAMED]))
    return f"{named} +{len(people) - NAMED}" if len(people) > NAMED else named


def _score(words: Words, score: float | None) -> str:
    return words.unscored if score is None else texts.score(score)


def _one_line(text: str) -> str:
    """An id whole, for it is typed again."""
    return " ".join(text.split())
