"""Draws the README's picture: a real conversation in the terminal, with the bundled model.

    PYTHONPATH=. .venv/bin/python .ci/picture.py [FILE]

Rich's own drawing stretches every run of text to a width of its own, which squeezes Chinese.
Here a line flows as its font likes; only bars are drawn, so that they join in every font.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import ColorType
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from bot.cli.chat.screen import Colours
from engine.config import Model
from engine.encoder import load
from tests.support.program import a_program, samples

SILENT = ("/kb use shop",)
LINES = ("我的订单什么时候发货", "/threshold 0.7", "能开发票吗，抬头写公司")

COLUMNS = 100
CELL, LINE, SIZE = 9.6, 23, 16  # a column, a line and a letter, in units of the picture
LEFT, TOP = 20, 58
BAR = frozenset("█░")
DIM, TRACK = "#868887", "#4a4a4a"

FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
text {{ font: {size}px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono", \
"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", monospace; \
fill: #c5c8c6; white-space: pre }}
.bold {{ font-weight: bold }}
</style>
<rect width="{width}" height="{height}" rx="10" fill="#292929"/>
<circle cx="24" cy="22" r="6.5" fill="#ff5f57"/>
<circle cx="45" cy="22" r="6.5" fill="#febc2e"/>
<circle cx="66" cy="22" r="6.5" fill="#28c840"/>
<text x="{middle}" y="27" text-anchor="middle" fill-opacity="0.7">{title}</text>
{lines}
</svg>
"""


def main() -> None:
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    _converse(console)
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".github/chat.svg")
    file.write_text(
        _picture(console.export_text(styles=True).rstrip(), "python -m bot chat"), encoding="utf-8"
    )


def _converse(console: Console) -> None:
    # What is ahead of a screen's clock was just now; the engine of the tests has a clock of its own.
    screen = Colours(console, lambda: datetime.min.replace(tzinfo=UTC))
    with (
        tempfile.TemporaryDirectory() as folder,
        a_program(Path(folder), *samples(), encoder=lambda: load(Model())) as program,
    ):
        for line in SILENT:
            program.say(line)
        for line in LINES:
            console.print(Text.assemble(("›", "bold"), " ", line))
            for reply in program.say(line):
                screen.show(reply)


def _picture(ansi: str, title: str) -> str:
    lines = list(AnsiDecoder().decode(ansi))
    width = round(2 * LEFT + COLUMNS * CELL)
    drawn = [part for number, line in enumerate(lines) for part in _line(line, TOP + number * LINE)]
    return FRAME.format(
        title=title,
        size=SIZE,
        width=width,
        middle=width // 2,
        height=TOP + len(lines) * LINE,
        lines="\n".join(drawn),
    )


def _line(line: Text, y: float) -> Iterator[str]:
    """A text for all that flows together; a bar stands by itself, and what follows it starts anew."""
    column, start = 0, 0
    flowing: list[Segment] = []
    for segment in line.render(Console()):
        if segment.text and set(segment.text) <= BAR:
            yield from _flow(flowing, start, y)
            yield _bar(segment, column, y)
            flowing, start = [], column + cell_len(segment.text)
        else:
            flowing.append(segment)
        column += cell_len(segment.text)
    yield from _flow(flowing, start, y)


def _flow(segments: Iterable[Segment], column: int, y: float) -> Iterator[str]:
    """The indentation becomes a place, because blanks are as wide as a font makes them."""
    spans = []
    for written, style, _ in segments:
        text = written if spans else written.lstrip()
        column += len(written) - len(text)
        if text:
            spans.append(f"<tspan{_look(style or Style())}>{escape(text, quote=False)}</tspan>")
    if spans:
        yield f'<text x="{_x(column)}" y="{y:g}">{"".join(spans)}</text>'


def _bar(segment: Segment, column: int, y: float) -> str:
    width = cell_len(segment.text) * CELL
    colour = TRACK if "░" in segment.text else _colour(segment.style or Style())
    return f'<rect x="{_x(column)}" y="{y - 12:g}" width="{width:g}" height="13" fill="{colour}"/>'


def _look(style: Style) -> str:
    colour = DIM if style.dim else _colour(style)
    return (f' fill="{colour}"' if colour else "") + (' class="bold"' if style.bold else "")


def _colour(style: Style) -> str:
    if style.color is None or style.color.type is ColorType.DEFAULT:
        return ""
    return style.color.get_truecolor(SVG_EXPORT_THEME).hex


def _x(column: int) -> str:
    return f"{LEFT + column * CELL:g}"


if __name__ == "__main__":
    main()
