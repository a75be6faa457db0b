"""Hit@1 by the number of an entry's wordings, by the parts that are searched, and as a channel teaches.

    python -m benchmarks.teaching SET_FOLDER --wordings 1 3 5 --draws 3
    python -m benchmarks.teaching SET_FOLDER --answers
    python -m benchmarks.teaching SET_FOLDER --channel
    python -m benchmarks.teaching --refresh 265590 --taught 1000
    python -m benchmarks.teaching --scan 100000

A set is a folder with `kb.jsonl` (id, text, answer, group) and `queries.jsonl` (text, in_scope, group or
relevant). With `--wordings` and `--channel` the texts of a group become one entry; which it has is drawn
with `--seed`. Every question, and every wording taught, goes through the engine's own route.

`--channel` simulates one: entries begin with one wording; the first half of the people's questions comes
in random order, and an agent clicks the right one of the five matches shown with 90 %, a wrong one with
10 %. After 1, 3 and 5 questions an entry a lead accepts (a) every click that `/teach` does not call doubtful,
(b) every right one, (c) those and points each question whose right match was not shown to its entry, or
(d) every click; and the other half is asked. `benchmarks.teaching_draws` has many draws of it.

`--refresh` teaches wordings to a base of many entries and refreshes it; `--scan` compares a question at
entries with five wordings each with exact search of as many rows, on random vectors.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from werkzeug.test import Client

from benchmarks.refresh import FastEncoder, first_refresh, opened, refreshed, sentences, write
from bot.commands.base.lessons import FAR
from engine import app, config
from engine.index.keywords import Keywords
from engine.index.passage_max import BestPassage, Passages
from engine.index.scan import Scan
from engine.index.scoring import Question, Scoring, score_questions
from engine.source import TaughtWordings
from tests.support.asgi_bridge import AsgiBridge

WAIT_SECONDS = 3600
SHOWN, THRESHOLD = 5, 0.40
RIGHT_CLICKS = 0.9
STAGES = (0, 1, 3, 5)
ACCEPTS = (
    "(a) what is not doubtful",
    "(b) what is right",
    "(c) what is right, and points gaps",
    "(d) everything",
)
WIDTH = 512
_WORDINGS = 5

Row = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("--queries", type=Path)
    options.add_argument("--wordings", type=int, nargs="*", default=[])
    options.add_argument("--draws", type=int, default=1)
    options.add_argument("--answers", action="store_true")
    options.add_argument("--channel", action="store_true")
    options.add_argument("--accepts", default="abc", help="which of (a) to (d) for --channel")
    options.add_argument("--refresh", type=int, default=0)
    options.add_argument("--taught", type=int, default=1000)
    options.add_argument("--scan", type=int, default=0)
    options.add_argument("--scoring", choices=["auto", "cosine", "either"], default="auto")
    options.add_argument("--most", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    if given.folder:
        _measure_set(given)
    if given.refresh:
        _measure_refresh(given.refresh, given.taught)
    if given.scan:
        _measure_scan(given.scan)


def _measure_set(given: argparse.Namespace) -> None:
    kb = _lines(given.folder / "kb.jsonl" if given.folder.is_dir() else given.folder)
    queries = [each for each in _lines(given.queries or given.folder / "queries.jsonl") if each["in_scope"]]
    random.Random(given.seed).shuffle(queries)
    for count in given.wordings:
        for seed in range(given.seed, given.seed + given.draws):
            entries = _grouped(kb, count, random.Random(seed))
            _report(f"{count} wordings, draw {seed}", entries, queries[: given.most], scoring=given.scoring)
    if given.answers:
        for parts in (("text",), ("text", "answer")):
            name = " and ".join(parts)
            _report(name, kb, queries[: given.most], scoring=given.scoring, search=parts)
    if given.channel:
        half = len(queries) // 2
        for accepts in (each for each in ACCEPTS if each[1] in given.accepts):
            entries = _grouped(kb, 1, random.Random(given.seed))
            _Channel(accepts, random.Random(given.seed)).measure(
                entries, queries[:half], queries[half : half + given.most], given.scoring
            )


def _grouped(kb: list[Row], count: int, draw: random.Random) -> list[Row]:
    groups: dict[str, list[str]] = {}
    for row in kb:
        groups.setdefault(row["group"], []).append(row["text"])
    entries = []
    for group, texts in sorted(groups.items()):
        draw.shuffle(texts)
        entries.append({"id": group, "text": texts[0], "wordings": texts[1:count], "group": group})
    return entries


@contextmanager
def _served(entries: list[Row], **keys: Any) -> Iterator[app.App]:
    """An engine that serves these."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kb.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in entries), encoding="utf-8")
        base = config.KnowledgeBase(
            name="default", source=(path.name,), base=path.parent, refresh="manual", **keys
        )
        built = app.build(config.Engine(data_dir=path.parent / "data", knowledge_base=(base,)))
        built.open()
        try:
            built.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
            _refresh(built)
            yield built
        finally:
            built.stop()


def _refresh(built: app.App) -> float:
    """Refresh, and say for how many seconds."""
    began = time.perf_counter()
    refresher = built.knowledge.refresher
    refresher.wait_for("default", refresher.request("default"), WAIT_SECONDS)
    return time.perf_counter() - began


def _report(name: str, entries: list[Row], queries: list[Row], **keys: Any) -> None:
    with _served(entries, **keys) as built:
        client = Client(AsgiBridge(built.web))
        right = sum(_is_right(_first(client, each), each) for each in queries)
    share = right / len(queries)
    print(f"{name}: first right {share:.3f} of {len(queries)} ({len(entries)} entries)", flush=True)


def _ask(client: Client, query: Row, threshold: float, limit: int) -> list[Row]:
    asked = {"query": query["text"], "threshold": threshold, "limit": limit}
    matches: list[Row] = client.post("/v1/search", json=asked).get_json()["matches"]
    return matches


def _first(client: Client, query: Row) -> Row:
    [match] = _ask(client, query, -1, 1)
    return match


def _is_right(match: Row, query: Row) -> bool:
    if query.get("relevant"):
        return match["id"] in query["relevant"]
    return bool(match["fields"].get("group") == query["group"])


def _is_doubtful(client: Client, question: Row, match: Row) -> bool:
    asked = {"query": question["text"], "threshold": -1, "limit": 1, "keep": 200}
    found = client.post("/v1/search", json=asked).get_json()["scores"]
    scores = {each["id"]: each["score"] for each in found}
    own = scores.pop(match["id"], 0.0)
    return bool(max(scores.values()) - own >= FAR)


@dataclass
class _Channel:
    """A channel that teaches what is clicked in it."""

    accepts: str
    draw: random.Random
    taught: int = 0
    wrong: int = 0
    refused: int = 0
    asked: dict[str, int] = field(default_factory=dict)

    def measure(self, entries: list[Row], first: list[Row], second: list[Row], scoring: str) -> None:
        with _served(entries, scoring=scoring) as built:
            client = Client(AsgiBridge(built.web))
            waiting = list(first)
            for stage in STAGES:
                waiting = self._hear(client, waiting, stage)
                _refresh(built)
                self._tell(stage, [_ask(client, each, -1, SHOWN) for each in second], second)

    def _hear(self, client: Client, questions: Sequence[Row], most: int) -> list[Row]:
        """Ask until each entry was asked for that often; what was not asked is left."""
        left, clicked = [], []
        for question in questions:
            group = question["group"]
            if self.asked.get(group, 0) >= most:
                left.append(question)
                continue
            self.asked[group] = self.asked.get(group, 0) + 1
            if match := self._click(_ask(client, question, THRESHOLD, SHOWN), question):
                clicked.append((question, match))
        for question, match in clicked:
            self._decide(client, question, match)
        return left

    def _click(self, shown: list[Row], question: Row) -> Row | None:
        """One that is shown, if what the agent wants is there, or what the lead points to."""
        right = [match for match in shown if _is_right(match, question)]
        others = [match for match in shown if not _is_right(match, question)]
        if not right and self.accepts == ACCEPTS[2]:
            return {"id": question["group"], "fields": {"group": question["group"]}}
        wanted = right if self.draw.random() < RIGHT_CLICKS else others
        return self.draw.choice(wanted) if wanted else None

    def _decide(self, client: Client, question: Row, match: Row) -> None:
        is_right = _is_right(match, question)
        if self.accepts in ACCEPTS[1:3] and not is_right:
            return
        if self.accepts == ACCEPTS[0] and _is_doubtful(client, question, match):
            return
        body = {"text": question["text"], "by": "simulated", "because": "clicked"}
        answer = client.post(f"/v1/knowledge-bases/default/entries/{match['id']}/wordings", json=body)
        if answer.status_code == 201:
            self.taught += 1
            self.wrong += not is_right
        else:  # an entry has it already
            self.refused += 1

    def _tell(self, stage: int, shown: list[list[Row]], questions: list[Row]) -> None:
        pairs = list(zip(shown, questions, strict=True))
        first = statistics.mean(_is_right(matches[0], one) for matches, one in pairs)
        passing = [
            ([match for match in matches if match["score"] >= THRESHOLD], one) for matches, one in pairs
        ]
        found = statistics.mean(any(_is_right(match, one) for match in matches) for matches, one in passing)
        wrong = statistics.mean(
            sum(not _is_right(match, one) for match in matches) for matches, one in passing
        )
        figures = f"{first:.3f} | {found:.3f} | {wrong:.2f} | {self.taught} | {self.wrong}"
        print(f"| {self.accepts} | {stage} | {figures} |", flush=True)


def _measure_refresh(entries: int, taught: int) -> None:
    """A base of many entries, with the stand-in for a model of `benchmarks.refresh`, and questions to it."""
    texts = list(enumerate(sentences(entries)))
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), texts)
        with opened(Path(folder)) as built:
            first_refresh(built)
            print(f"{entries} entries: question {_question_ms(built, texts)}", flush=True)
            wordings = TaughtWordings(built.folder / "managed", now=lambda: datetime.now(UTC))
            numbers = random.Random(1).sample(range(entries), taught)
            known = [
                wordings.teach("default", f"{n:07d}", f"{texts[n][1]} 换句话", by="", because="")
                for n in numbers
            ]
            _tell_refresh(built, f"{taught} wordings taught at once")
            _tell_refresh(built, "nothing changed")
            wordings.teach("default", f"{numbers[0]:07d}", "完全不同的说法", by="", because="")
            _tell_refresh(built, "one more")
            wordings.take_back("default", known[-1].entry, known[-1].id)
            _tell_refresh(built, "one taken back")
            print(f"question {_question_ms(built, texts)}", flush=True)


def _tell_refresh(built: app.App, name: str) -> None:
    seconds, processor, ended = refreshed(built)
    print(f"| {name} | {ended.embedded} | {seconds:.2f} | {processor:.2f} |", flush=True)


def _question_ms(built: app.App, texts: Sequence[tuple[int, str]]) -> str:
    snapshot = built.knowledge.snapshot_stores["default"].current
    if snapshot is None:
        raise AssertionError("nothing was published")
    asked = [text[:14] for _, text in random.Random(2).sample(texts, 40)]
    pairs = [(text, FastEncoder().encode([text], "query")[0]) for text in asked]

    def median_of(scoring: Scoring) -> float:
        questions = [Question(text, vector, 0.6, limit=5, scoring=scoring) for text, vector in pairs]
        return _median_ms(lambda question: snapshot.answers([question]), questions)

    scorings: tuple[Scoring, ...] = ("cosine", "either", "auto")
    return ", ".join(f"{each} {median_of(each):.1f} ms" for each in scorings)


def _measure_scan(entries: int) -> None:
    """A question at entries with five other wordings each, and exact search of as many rows."""
    rows = np.random.default_rng(1).standard_normal((entries * (1 + _WORDINGS), WIDTH), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    starts = np.append(np.zeros(entries, np.int64), np.arange(entries * _WORDINGS + 1, dtype=np.int64))
    extra_starts = np.arange(entries + 1, dtype=np.int64) * _WORDINGS
    passages = Passages.of(starts, Scan.over(rows[entries:]), extra_starts)
    many = BestPassage(Scan.over(rows[:entries]), passages)
    flat = Scan.over(rows)
    none = Keywords.of([""] * len(rows))
    questions = rows[:40] + 0.5 * rows[40:80]
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)

    def by_entries(one: Any) -> object:
        return score_questions(many, none, [Question("?", one, 0.6, 5)], entry_of=passages.entry_of)

    def by_rows(one: Any) -> object:
        return score_questions(flat, none, [Question("?", one, 0.6, 5)])

    for name, work in (
        (f"{entries} entries with {_WORDINGS} wordings", by_entries),
        (f"{len(rows)} rows", by_rows),
    ):
        print(f"{name}: {_median_ms(work, questions):.1f} ms a question", flush=True)


def _median_ms(work: Callable[[Any], object], questions: Any) -> float:
    times = []
    for one in questions:
        began = time.perf_counter()
        work(one)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
