"""The votes of people as proposals of what to teach, and who stands behind each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.commands.base.lessons import Outlook
from bot.commands.base.ports import History
from bot.domain import Channel, Choose, Label, Outcome, Person, Proposal, ProposalOrigin, RecordedLabel
from bot.domain.messages import Action
from bot.domain.spelling import fold

# Longer questions are hardly asked again in other words; each is one more text to search.
LONGEST_WORDING = 300
# As many people see alike where another entry lies much nearer, and there is no doubt any more.
ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Voices:
    """The people who called an entry helpful for a question, and those who did not; each once."""

    helpful: tuple[Person, ...] = ()
    not_helpful: tuple[Person, ...] = ()


class Votes:
    """The labels of one knowledge base in a channel, oldest first; a person's last word counts."""

    def __init__(self, labels: Sequence[RecordedLabel]) -> None:
        self._said: dict[tuple[str, str], dict[str, tuple[Person, bool]]] = {}
        for past in labels:
            self.add(past.label, past.person)

    def add(self, label: Label, person: Person) -> None:
        place = (fold(label.question), label.entry_id)
        self._said.setdefault(place, {})[person.key] = (person, label.relevant)

    def on(self, proposal: Proposal) -> Voices:
        said = self._said.get((fold(proposal.wording), proposal.entry_id), {}).values()
        return Voices(
            tuple(person for person, relevant in said if relevant),
            tuple(person for person, relevant in said if not relevant),
        )


def is_doubtful(voices: Voices, outlook: Outlook) -> bool:
    """Whether a proposal to teach rests on one person's word against the scores."""
    return outlook.is_far and len(voices.helpful) < ENOUGH


def proposals_of(
    history: History, channel: Channel, outcome: Outcome, action: Action | None
) -> Iterable[tuple[Label, Proposal]]:
    """The proposals that the labels of an outcome make: each would teach something or take it back.

    Nothing that was asked privately: a proposal is for the whole channel to see. Nothing
    either of an answer that is forgotten.
    """
    for label in outcome.labels:
        asked = history.answer(channel, label.origin)
        if asked is None or asked.private:
            continue
        if label.relevant:
            if len(label.question) <= LONGEST_WORDING:
                yield label, _proposal(label, label.question, "teach", _origin(label, outcome, action))
            continue
        matched = next((one.wording for one in asked.matches if one.entry_id == label.entry_id), None)
        if matched:
            yield label, _proposal(label, matched, "take back", _origin(label, outcome, action))


def _proposal(label: Label, wording: str, kind: str, origin: ProposalOrigin) -> Proposal:
    return Proposal(
        label.knowledge_base,
        label.entry_id,
        wording,
        "teach" if kind == "teach" else "take back",
        origin,
    )


def _origin(label: Label, outcome: Outcome, action: Action | None) -> ProposalOrigin:
    if label.source == "review":
        return "review"
    if outcome.closed:
        return "gap"
    return "choice" if isinstance(action, Choose) else "vote"
