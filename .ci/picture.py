"""Draws the README's picture: a real conversation in the terminal, with the bundled model.

python .ci/picture.py [FILE]
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bot.chat.screen import Colours
from engine.config import Model
from engine.encoder import load
from tests.support.program import a_program, samples

SILENT = "/kb use shop"
LINES = ("我的订单什么时候发货", "/threshold 0.7", "能开发票吗，抬头写公司")
# Rich names a font on somebody else's server; a picture should ask nobody for anything.
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    console = Console(
        record=True, width=100, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    screen = Colours(console, lambda: datetime.now(UTC))
    with (
        tempfile.TemporaryDirectory() as folder,
        a_program(Path(folder), *samples(), encoder=lambda: load(Model())) as program,
    ):
        program.say(SILENT)
        for line in LINES:
            console.print(f"[bold]›[/] {line}")
            for reply in program.say(line):
                screen.show(reply)
    picture = FONT.sub("", console.export_svg(title="python -m bot chat"))
    Path(sys.argv[1] if len(sys.argv) > 1 else ".github/chat.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
