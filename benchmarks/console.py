"""The dial page against the engine: what it shows at each step, what sliding costs, how soon a list is there.

    python -m benchmarks.console [--sizes 6 5000 100000] [--questions 50] [--presses 170] [--clicks 20]

The encoder gives each text a direction of its own near that of its topic, in a millisecond, so that all
sizes are there in a minute; of each topic one entry has a cosine of exactly 0.50 to the question. Bot,
engine and a real Chromium run in this process's reach, as in the suite.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from bot.console import trial
from bot.console.trial import MOST_ROWS, STEPS
from bot.domain import Query
from engine.config import KnowledgeBase
from engine.encoder import Role
from engine.index.snapshot import ModelIdentity, Vectors
from tests.support.console import LIN, a_chromium, a_tab
from tests.support.engine import a_knowledge_base, an_engine, some_settings
from tests.support.processes import a_free_port
from tests.support.program import Program, a_program

DIMENSION = 512
TOPICS = 20
SLIDE = """
presses => {
  const slider = document.getElementById("t");
  const took = [];
  for (let at = 0; at < presses; at++) {
    slider.value = String(0.1 + 0.05 * (at % 17));
    const began = performance.now();
    slider.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    took.push(performance.now() - began);
  }
  return took;
}
"""


class TopicEncoder:
    """ "TOPIC number NAME": as far from its topic's axis as its name says; a question is the axis itself."""

    def __init__(self) -> None:
        self.identity = ModelIdentity(name="topics", dimension=DIMENSION, fingerprint="topics")
        self.device = "cpu"

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        return np.array([_vector(text) for text in texts], dtype=np.float32)


def _vector(text: str) -> Vectors:
    words = text.split()
    topic = int(words[0].removeprefix("topic")) if words[0].startswith("topic") else 0
    made = np.zeros(DIMENSION, np.float32)
    if len(words) == 1:
        made[topic] = 1
    elif words[-1] == "half":
        # Four halves: of length 1 and exactly 0.50 from the axis, in every precision.
        made[[topic, TOPICS, TOPICS + 1, TOPICS + 2]] = 0.5
    else:
        chance = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:12], 16))
        near = float(chance.uniform(-0.2, 1))
        made[:] = chance.standard_normal(DIMENSION)
        made[topic] = 0
        made *= np.sqrt(1 - near * near) / np.linalg.norm(made)
        made[topic] = near
    return made


def _texts(size: int) -> list[str]:
    topics = min(TOPICS, max(1, size // 3))
    halves = [f"topic{topic} text half" for topic in range(topics)]
    rest = [f"topic{number % topics} text {number}" for number in range(size - topics)]
    return halves + rest


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="*", default=[6, 5_000, 100_000])
    options.add_argument("--questions", type=int, default=50)
    options.add_argument("--presses", type=int, default=170)
    options.add_argument("--clicks", type=int, default=20)
    given = options.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        bases = [
            a_knowledge_base(Path(folder) / "kb", *_texts(size), name=f"of-{size}") for size in given.sizes
        ]
        _embed(Path(folder) / "bot" / "engine", bases)
        address = f"127.0.0.1:{a_free_port()}"
        with a_program(
            Path(folder) / "bot",
            *bases,
            encoder=TopicEncoder,
            with_web=True,
            listen=address,
            public_url=f"http://{address}",
        ) as program:
            for size in given.sizes:
                print(f"{size:>7} entries: {_differences(program, size, given.questions)}")
            with a_chromium() as browser:
                _slide(browser, program, given.sizes, given.presses)
                _click(browser, program, given.sizes[-1], given.clicks)


def _embed(folder: Path, bases: Sequence[KnowledgeBase]) -> None:
    """Refresh all of them once, so that the program finds their snapshots when it starts."""
    with an_engine(some_settings(folder, *bases), TopicEncoder) as engine:
        if not engine.app.knowledge.refresher.wait_until_idle():
            raise SystemExit("the engine stopped before it had read its sources")


def _differences(program: Program, size: int, questions: int) -> str:
    """The differences between the page's list and counts at each step and the engine's own search there."""
    engine, differences, on_a_step = program.app.engine, 0, 0
    for number in range(questions):
        question = f"topic{number % TOPICS}" if number % 2 else f"topic{number % TOPICS} question {number}"
        found = trial.search(engine, question, f"of-{size}", size, 0.0)
        for step in STEPS:
            there = engine.search(Query(question, f"of-{size}", float(step), MOST_ROWS), keep=0)
            shown = [row.match.entry_id for row in found.rows if row.match.score >= float(step)]
            differences += found.count_at(step) != there.total
            differences += shown != [match.entry_id for match in there.matches]
        on_a_step += sum(row.score == "0.5" for row in found.rows)
    return (
        f"{questions} questions x {len(STEPS)} steps, {differences} differences, {on_a_step} scores on a step"
    )


def _slide(browser: Browser, program: Program, sizes: Sequence[int], presses: int) -> None:
    with a_tab(browser, program, LIN) as tab:
        tab.open(f"/console/dial?kb=of-{sizes[-1]}&q=topic1&t=0.10")
        rows = len(tab.page.query_selector_all("#matches > li"))
        tab.page.wait_for_load_state("networkidle")
        asked = len(tab.requests)
        took = sorted(tab.page.evaluate(SLIDE, presses))
        middle, p95 = statistics.median(took), took[int(len(took) * 0.95)]
        print(f"sliding over {rows} rows: {len(tab.requests) - asked} requests, median {middle:.1f} ms,")
        print(f"    p95 {p95:.1f} ms, most {took[-1]:.1f} ms")


def _click(browser: Browser, program: Program, size: int, clicks: int) -> None:
    """Time a click to the drawn list, beside the engine's answer to the question alone."""
    over: list[float] = []
    engine: list[float] = []
    with a_tab(browser, program, LIN) as tab:
        tab.open(f"/console/dial?kb=of-{size}")
        for number in range(clicks):
            question = f"topic{number % TOPICS} question {number}"
            tab.page.fill("#q", question)
            began = time.perf_counter()
            with tab.page.expect_navigation(wait_until="load"):
                tab.page.click("#ask button.primary")
            took = time.perf_counter() - began
            began = time.perf_counter()
            trial.search(program.app.engine, question, f"of-{size}", size, 0.0)
            alone = time.perf_counter() - began
            engine.append(alone * 1000)
            over.append((took - alone) * 1000)
    over.sort()
    print(
        f"click to list at {size}: engine {statistics.median(engine):.0f} ms, the rest median "
        f"{statistics.median(over):.0f} ms, p95 {over[int(len(over) * 0.95)]:.0f} ms"
    )


if __name__ == "__main__":
    main()
