"""Nothing of one channel appears in another: each is as if it had the desk for itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.commands.base.context import digest_of
from bot.config import Bot
from bot.domain import (
    Action,
    Channel,
    Choose,
    IncomingMessage,
    Label,
    Person,
    RunCommand,
    ShowMore,
    Surface,
    TurnDial,
    Vote,
)
from bot.domain.spelling import fold
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    ANN,
    BOB,
    NEXT_DOOR,
    ROOM,
    WECOM,
    ResponderRig,
)

CHANNELS = (ROOM, NEXT_DOOR, WECOM)
BASES = ("default", "shop")
# What is typed in every channel alike: only the store can tell them apart.
COMMANDS = (
    *(f"/threshold {value}" for value in ("0.3", "0.6", "0.95", "undo", "reset", "try 0.5", "margin 0.2")),
    *(f"/strategy {name}" for name in ("precise", "recall", "moderation", "off", "undo")),
    *("/limit 1", "/limit 3", "/language zh", "/language en", "/kb use shop", "/kb use default"),
    *("/name Returns desk", "/name Front desk", "/name off"),
    *("/review 0.70 0.45", "/review 0.80 0.30", "/review off"),
    *("/gaps digest daily 09:00 Asia/Shanghai", "/gaps digest weekly 17:00", "/gaps digest off"),
)
SHOWN = (
    *("/settings", "/threshold", "/strategy", "/limit", "/name", "/review", "/queue", "/queue pool", "/gaps"),
    *("/tune", "/export", "/queue export", "/teach history", "/teach export"),
)
QUESTIONS = ("sour fruit", "sour berries", "late parcels", "late refund")


_COUNTED = re.compile(
    r"#\d+|(?<=/queue confirm )\d+|(?<=/queue dismiss )\d+|(?<=/queue clear )\d+"
    r"|(?<=/teach )\d+|(?<=/teach no )\d+|(?<=\\n)\d+(?=,)|id='a\d+'|(?<=/export/)a\d+"
)


@dataclass(frozen=True)
class Command:
    text: str


@dataclass(frozen=True)
class Ask:
    """Its best match has this score; privately in some cases."""

    question: str
    best: float
    private: bool


@dataclass(frozen=True)
class Judge:
    """A word on a match of the `at`th answer of this channel."""

    at: int
    entry: str
    how: str


@dataclass(frozen=True)
class Decide:
    at: int
    how: str


@dataclass(frozen=True)
class Close:
    at: int
    how: str


@dataclass(frozen=True)
class Refuse:
    """The `at`th of what votes here would teach."""

    at: int


@dataclass(frozen=True)
class Import:
    question: str
    relevant: bool


@dataclass(frozen=True)
class Step:
    channel: Channel
    person: Person
    action: Command | Ask | Judge | Decide | Close | Refuse | Import


places = st.integers(0, 3)
asks = st.builds(Ask, st.sampled_from(QUESTIONS), st.sampled_from((0.2, 0.5, 0.75)), st.booleans())
actions = st.one_of(
    asks,
    asks,
    st.builds(Command, st.sampled_from(COMMANDS)),
    st.builds(
        Judge,
        places,
        st.sampled_from(("e1", "e2")),
        st.sampled_from(("helpful", "not helpful", "dial", "more", "did you mean")),
    ),
    st.builds(Decide, places, st.sampled_from(("confirm", "dismiss", "clear"))),
    st.builds(Close, places, st.sampled_from(("add", "point", "dismiss"))),
    st.builds(Refuse, places),
    st.builds(Import, st.sampled_from(QUESTIONS), st.booleans()),
)
steps = st.builds(Step, st.sampled_from(CHANNELS), st.sampled_from((ANN, BOB)), actions)


class Played:
    """A desk at which steps are taken, and what each channel heard there."""

    def __init__(self, rig: ResponderRig, clock: HandClock) -> None:
        self.rig = rig
        self.clock = clock
        self.heard: dict[Channel, list[Any]] = {channel: [] for channel in CHANNELS}
        self._best = 0.0

    def play(self, steps: Sequence[Step], *, only: Channel | None = None) -> Played:
        """One channel alone takes its steps when, and under the numbers, that it does among others."""
        for step in steps:
            self.clock.go_on(7)
            if isinstance(step.action, Ask):
                self._best = step.action.best
            message = self.rig.message(channel=step.channel, person=step.person)
            if only in {None, step.channel} and (meant := self._meant(step, message)):
                self.heard[step.channel] += self.hear(meant)
        return self

    def hear(self, message: IncomingMessage) -> list[Any]:
        # The knowledge base is everybody's: what a channel adds and teaches is found in all of them. Here
        # nothing of it lasts.
        self.rig.engine.entries = {"e1": ("lemon", self._best), "e2": ("lime", self._best - 0.1)}
        self.rig.engine.taught.clear()
        outcome = self.rig.hear(message)
        return [*outcome.replies, *(file.content for file in outcome.files)]

    def belongings(self, channel: Channel) -> list[Any]:
        """All that a channel can see of itself, and all that is kept of it."""
        store, span = self.rig.store, (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        numbers = self._review_numbers(channel)
        kept = [
            store.settings.of(channel),
            [(past.change, past.person, past.made_at) for past in store.settings.between(channel, *span)],
            store.history.recent(channel, 100),
            store.history.question_scores(channel, 100, "default"),
            store.history.between(channel, *span, 100),
            store.labels.of(channel),
            store.labels.between(channel, *span),
            store.reviews.counts(channel),
            [replace(item, id=numbers.index(item.id)) for item in store.reviews.everything(channel)],
            [store.gaps.closed_gaps(channel, base) for base in BASES],
            [replace(one, id=at, act=0) for at, one in enumerate(store.proposals.everything(channel))],
        ]
        seen = [self.hear(self.rig.message(text, channel=channel)) for text in SHOWN]
        return [*kept, *map(self._plain, [*self.heard[channel], *seen])]

    def trespass(self, intruder: Channel, owner: Channel) -> None:
        """Act on everything of another channel, by its real names."""
        store = self.rig.store
        names = [past.answer.id for past in store.history.recent(owner, 100)]
        clicks: list[Action] = [ShowMore(name, 0) for name in names]
        clicks += [Vote(name, "e1", "not helpful") for name in names]
        clicks += [Choose(name, "e2") for name in names]
        clicks += [RunCommand(f"/tune no {name} 1") for name in names]
        clicks += [RunCommand(f"/queue confirm {number}") for number in self._review_numbers(owner)]
        proposed = [one.id for one in store.proposals.everything(owner)]
        clicks += [RunCommand(f"/teach {how}{number}") for number in proposed for how in ("", "no ")]
        for click in clicks:
            self.hear(self.rig.message(surface=Surface.ACTION, action=click, channel=intruder))

    def _meant(self, step: Step, message: IncomingMessage) -> IncomingMessage | None:
        """The message of this step; None when there is nothing yet to act on."""
        match step.action:
            case Command(text):
                return replace(message, text=text)
            case Ask(question, _, private):
                return replace(message, text=question, private=private)
            case Judge(at, entry, how):
                click = self._click(step.channel, at, entry, how)
                return replace(message, surface=Surface.ACTION, action=click) if click else None
            case Decide(at, how):
                numbers = self._review_numbers(step.channel)
                return replace(message, text=f"/queue {how} {numbers[at]}") if at < len(numbers) else None
            case Close(at, how):
                question = fold(QUESTIONS[at])
                end = {"add": " => Soon.", "point": " e1", "dismiss": ""}[how]
                return replace(message, text=f"/gaps {how} {digest_of(question, 8)}{end}")
            case Refuse(at):
                proposed = [one.id for one in self.rig.store.proposals.everything(step.channel)]
                return replace(message, text=f"/teach no {proposed[at]}") if at < len(proposed) else None
            case Import(question, relevant):
                label = Label(
                    question, "e1", relevant, "import", "default", f"import:{question}", 0.5, "paper"
                )
                self.rig.store.labels.take_in(step.channel, [(step.person, label)])
                return None

    def _click(self, channel: Channel, at: int, entry: str, how: str) -> Action | None:
        answers = self.rig.store.history.recent(channel, 100)
        if at >= len(answers):
            return None
        name = answers[at].answer.id
        clicks: dict[str, Action] = {
            "helpful": Vote(name, entry, "helpful"),
            "not helpful": Vote(name, entry, "not helpful"),
            "dial": TurnDial(name, Decimal("0.45"), Decimal("0.40")),
            "more": ShowMore(name, 0),
            "did you mean": Choose(name, entry),
        }
        return clicks[how]

    def _review_numbers(self, channel: Channel) -> list[int]:
        return [item.id for item in self.rig.store.reviews.everything(channel)]

    @staticmethod
    def _plain(heard: object) -> str:
        """Without the numbers of reviews and the ids of files: they are counted over all channels."""
        return _COUNTED.sub("#", str(heard))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "bot.db"
    with a_store(path, HandClock()):
        pass
    return path


@contextmanager
def a_desk(empty: Path) -> Iterator[Played]:
    with TemporaryDirectory() as folder:
        path, clock = Path(folder) / "bot.db", HandClock()
        shutil.copy(empty, path)
        with a_store(path, clock) as store:
            yield Played(ResponderRig(store, clock, Bot()), clock)


def all_are_as_if_alone(empty: Path, steps: Sequence[Step]) -> None:
    with a_desk(empty) as together:
        together.play(steps)
        for intruder, owner in permutations(CHANNELS, 2):
            together.trespass(intruder, owner)
        seen = {channel: together.belongings(channel) for channel in CHANNELS}
    for channel in CHANNELS:
        with a_desk(empty) as alone:
            assert alone.play(steps, only=channel).belongings(channel) == seen[channel]


# Something to act on, in every channel alike.
BEGINNING = [
    Step(channel, ANN, action)
    for action in (
        Command("/review 0.70 0.45"),
        Ask("sour fruit", 0.75, False),
        Ask("late parcels", 0.2, False),
    )
    for channel in CHANNELS
]
# A failure is told at once: making 30 steps fewer takes minutes, and is left to the long test.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
LONG = st.lists(steps, min_size=9, max_size=24).map(lambda more: [*BEGINNING, *more])


@settings(max_examples=4, phases=QUICK)
@given(LONG)
def test_a_channel_is_as_if_it_had_the_desk_for_itself(empty: Path, steps: list[Step]) -> None:
    all_are_as_if_alone(empty, steps)


@pytest.mark.soak
@settings(max_examples=300)
@given(LONG)
def test_a_channel_is_as_if_it_had_the_desk_for_itself_for_long(empty: Path, steps: list[Step]) -> None:
    all_are_as_if_alone(empty, steps)
