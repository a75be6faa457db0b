"""The pictures of the console's pages in README.md, out of a real browser over the shop's sample.

    make pictures        (or: python -m benchmarks.pictures [--to .github/console])

A few people ask, vote and miss something first, so that each page has something to show. The
pictures are small: one screen each, in few colours.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from pathlib import Path

from PIL import Image

from engine.config import Model
from engine.encoder import load
from tests.support.console import LIN, Tab, Visitor, a_chromium, a_tab, a_visitor
from tests.support.processes import a_free_port
from tests.support.program import Program, a_program, samples

ROOM = "support"
CHANNEL = f"terminal:local:{ROOM}"
QUESTIONS = (
    "How do I cancel my order?",
    "When does my parcel arrive?",
    "Can you wrap it as a present?",
    "How long until it is delivered?",
    "May I pay by invoice?",
)
MISSED = ("Do you have a shop in Lyon?", "Is there a shop in Lyon", "Who designs your chairs?")
PAGES = {
    "dial": "/console/dial?kb=shop&q=When+does+my+parcel+arrive%3F&t=0.60&compare=1&u=0.75",
    "knowledge": "/console/knowledge/shop?find=parcel",
    "gaps": f"/console/gaps?channel={CHANNEL}",
    "teach": f"/console/teach?channel={CHANNEL}",
    "channels": "/console/channels",
    "channel": f"/console/channel?channel={CHANNEL}",
    "questions": "/console/questions",
    "week": "/console/week",
    "operators": "/console/operators",
}
WIDTH, HEIGHT = 1120, 760
COLOURS = 48


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--to", type=Path, default=Path(".github/console"))
    folder = options.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{a_free_port()}"
    with (
        tempfile.TemporaryDirectory() as data,
        a_program(
            Path(data),
            *samples(),
            encoder=lambda: load(Model()),
            with_web=True,
            listen=address,
            public_url=f"http://{address}",
        ) as program,
    ):
        _live_a_little(program)
        with a_chromium() as browser:
            screen = {"width": WIDTH, "height": HEIGHT}
            with a_tab(browser, program, LIN, viewport=screen, reduced_motion="reduce") as tab:
                for name, path in PAGES.items():
                    _take(tab, path, folder / f"{name}.png")


def _live_a_little(program: Program) -> None:
    for command in ("/kb use shop", "/name Support", "/threshold 0.60", "/review 0.9 0.7"):
        program.say(command, room=ROOM)
    for question in (*QUESTIONS, *MISSED):
        program.say(question, room=ROOM)
    lin = a_visitor(program, LIN, program.app.url)
    for number, question in enumerate(QUESTIONS[1:4]):
        _mark_first(lin, question, number)


def _mark_first(visitor: Visitor, question: str, number: int) -> None:
    query = {"kb": "shop", "q": question, "t": "0.10"}
    page = visitor.client.get("/console/dial", query_string=query, base_url=visitor.origin).text
    answers = re.findall(r'name="answer" value="([^"]+)"', page)
    matches = re.findall(r'name="right" value="(1 [^"]+)"', page)
    for answer, match in zip(answers, matches, strict=False):
        visitor.get("/console/logins")
        visitor.post("/console/mark", channel=CHANNEL, answer=answer, right=match, once=f"m{number}")


def _take(tab: Tab, path: str, file: Path) -> None:
    tab.open(path)
    tab.page.wait_for_load_state("networkidle")
    taken = Image.open(io.BytesIO(tab.page.screenshot()))
    taken.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
