"""The time of a preview over a channel's last 200 questions, from the database to the words.

    python -m benchmarks.preview [--runs 200]

A room with 2,000 questions, each with five matches as they are stored and the best 200
scores; the same reply that `/threshold try 0.65` gives, without the chat around it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.commands.base.context import KnowledgeBases, MessageContext
from bot.commands.threshold.preview import (
    QUESTIONS,
    SCORES,
    in_words,
    preview,
)
from bot.commands.threshold.reply import ThresholdCommands
from bot.commands.threshold.words import WORDS
from bot.config import Bot
from bot.domain import (
    Answer,
    AnsweredQuestion,
    Channel,
    Clock,
    IncomingMessage,
    KnowledgeBase,
    Match,
    MessageKey,
    Outcome,
    Person,
    Surface,
    Traits,
)
from bot.store import Database, History, Inbox, Settings, schema

ROOM, ANN = Channel("slack", "T1", "C1"), Person("slack", "T1", "U1", "Ann")
TEXT = "下单以后多久发货？每天16点前付款的现货订单当天发出，之后的第二天发出。"
ASKED = 2_000


class _Engine:
    """Says what a knowledge base is; nothing is searched."""

    def knowledge_base(self, name: str) -> KnowledgeBase:
        return KnowledgeBase(name, 100_000, None, "s1", None, "bundled", 512, refreshing=False)


def a_message(number: int) -> IncomingMessage:
    return IncomingMessage(ROOM, ANN, (MessageKey("event", str(number)),), Surface.MESSAGE, "q")


def a_question(number: int, chance: random.Random) -> AnsweredQuestion:
    scores = sorted((chance.betavariate(3, 5) for _ in range(SCORES)), reverse=True)
    kept = tuple((f"entry-{at:06d}", score) for at, score in enumerate(scores))
    matches = tuple(Match(at + 1, kept[at][0], TEXT, kept[at][1], answer=TEXT * 2) for at in range(5))
    return AnsweredQuestion(
        Answer(
            id=f"a{number}",
            question=f"{TEXT} {number}",
            language="zh",
            matches=matches,
            total=sum(score >= 0.4 for score in scores),
            best_score=scores[0],
            threshold=Decimal("0.40"),
            threshold_source="default",
            limit=5,
            knowledge_base="default",
            snapshot="s1",
            snapshot_at=None,
            model="bundled",
        ),
        kept,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bot.db'}"
        schema.migrate(url)
        database, clock = Database(url), Clock()
        database.start()
        inbox = Inbox(database, clock, on_work=lambda: None)
        chance = random.Random(1)
        for number in range(ASKED):
            inbox.accept(a_message(number))
            item = inbox.claim()
            assert item is not None
            inbox.complete(item, Outcome(asked=a_question(number, chance)))
        history, settings = History(database), Settings(database)
        dial = ThresholdCommands(settings, history, KnowledgeBases(_Engine(), clock), clock)  # type: ignore[arg-type]  # of an engine a preview asks only this
        room = MessageContext(
            a_message(0), settings.of(ROOM), Bot().defaults, ZoneInfo("UTC"), Traits(default_language="zh")
        )
        measured("read 200 questions", runs, lambda: history.question_scores(ROOM, QUESTIONS, "default"))
        asked = history.question_scores(ROOM, QUESTIONS, "default")

        def count() -> None:
            seen = preview(asked, Decimal("0.40"), Decimal("0.65"))
            assert seen is not None
            in_words(WORDS["zh"], seen)

        measured("count and say", runs, count)
        measured("the whole reply", runs, lambda: dial.preview(room, Decimal("0.65")))
        database.stop()


def measured(name: str, runs: int, work: object) -> None:
    assert callable(work)
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    seconds.sort()
    median, slow = statistics.median(seconds), seconds[int(0.99 * len(seconds))]
    times = f"best {seconds[0] * 1000:6.2f}   median {median * 1000:6.2f}   p99 {slow * 1000:6.2f}"
    print(f"{name:20} {times} ms")


if __name__ == "__main__":
    main()
