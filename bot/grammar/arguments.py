"""Arguments: the words after a verb, and the values they may hold.

Only ASCII digits count: Python's own readers also take `nan`, `1e-1`, `0_1` and the
digits of other scripts, none of which a person means as a threshold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.grammar.command import BadCommand

SENTENCE_END = ".。!?,;:…~"
MAX_DECIMALS = 4  # a score is shown with four, so a finer threshold could not be understood
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_WRAPPINGS = {*map(tuple, ("“”", "‘’", "「」", "『』", "《》", "【】", '""', "''", "``", "**", "__", "~~"))}
_CHINESE_DIGITS = dict(zip("零〇一二三四五六七八九两點", "00123456789" + "2点", strict=True))
_CHINESE_TENS = re.compile(r"(?P<tens>[一二两三四五六七八九]?)十(?P<ones>[一二三四五六七八九]?)")
_NUMBER_MARKS = re.compile(r"(?<=[0-9])[,，、·'‚点](?=[0-9])")
_CHINESE_POINT = re.compile(r"(?<=[0-9])。(?=[0-9])")


@dataclass(frozen=True, slots=True)
class Argument:
    """`text`: folded, trimmed, without sentence punctuation at its end. `written`: as typed."""

    text: str
    written: str

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def first(self) -> str:
        return self.words[0].lower() if self.words else ""

    def rest(self) -> Argument:
        """All that follows the first word."""
        parts = self.text.split(maxsplit=1)
        written = self.written.split(maxsplit=1)
        return Argument(parts[1] if len(parts) > 1 else "", written[1] if len(written) > 1 else "")


def argument(folded: str, written: str) -> Argument:
    return Argument(folded.strip().rstrip(SENTENCE_END + " "), written)


def without_wrapping(text: str) -> str:
    """A value without the quotes, code marks or emphasis that stand around it."""
    while len(text) > len("00") and (text[0], text[-1]) in _WRAPPINGS:
        text = text[1:-1].strip()
    return text


def likely_number(text: str) -> str:
    """The threshold that `0,65` or `零点六五` stands for, to be asked back; "" when there is none."""
    plain = without_wrapping(text)
    plain = _CHINESE_TENS.sub(_digits_of_tens, plain) if plain.startswith("百分之") else plain
    number = "".join(_CHINESE_DIGITS.get(character, character) for character in plain)
    number = _NUMBER_MARKS.sub(".", number)
    percent = number.removeprefix("百分之") if number.startswith("百分之") else ""
    if percent.isascii() and percent.isdigit():
        number = f"{percent}%"
    value = threshold_of(number, "threshold")
    return "" if isinstance(value, BadCommand) or number == text else number


def _digits_of_tens(tens: re.Match[str]) -> str:
    """The digits of 六十五, 十五 or 六十."""
    return f"{tens['tens'] or '1'}{tens['ones'] or '0'}"


def threshold_of(text: str, verb: str) -> Decimal | BadCommand:
    """A number from 0 to 1, or a percentage up to 100 %."""
    number = _CHINESE_POINT.sub(".", without_wrapping(text))
    percent = number.endswith("%")
    if percent:
        number = number[:-1].rstrip()
    if not _PLAIN.fullmatch(number):
        return BadCommand("not_a_number", verb, text)
    if Decimal(number) > (100 if percent else 1):
        return BadCommand("out_of_range", verb, text)
    whole, _, decimals = number.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) > MAX_DECIMALS - (2 if percent else 0):
        return BadCommand("too_precise", verb, text)
    value = Decimal(f"{whole.lstrip('0') or '0'}.{decimals or '0'}")
    return value / 100 if percent else value


def count_of(text: str, verb: str, *, lowest: int, highest: int) -> int | BadCommand:
    if not re.fullmatch(r"[0-9]+", text):
        return BadCommand("not_a_number", verb, text)
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(highest)) or not lowest <= int(digits) <= highest:
        return BadCommand("out_of_range", verb, text)
    return int(digits)
