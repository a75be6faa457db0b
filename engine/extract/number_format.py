"""A number as its sheet shows it: the format codes of spreadsheets, from 0.00% to yyyy"年"m"月"d"日".

No library that is alive does this (the port of the one for browsers is from 2020, and left
percent signs and Chinese dates out), so the grammar is here: sections by sign or condition, digits,
thousands, percent, powers of ten, dates, elapsed time and literal text. Colours, paddings and
fractions are not kept; a fraction is shown as a decimal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import lru_cache
from typing import Final

BUILT_IN: Final[Mapping[int, str]] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: '"¥"#,##0', 6: '"¥"#,##0', 7: '"¥"#,##0.00', 8: '"¥"#,##0.00',
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "General", 13: "General",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"',
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    41: "#,##0", 42: '"¥"#,##0', 43: "#,##0.00", 44: '"¥"#,##0.00',
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "0.0E+0", 49: "@",
    50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"',
    55: 'h"时"mm"分"', 56: 'h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
"""Codes by the number they are written with; where they depend on the country, dates are as in ISO 8601."""

_TOKEN = re.compile(
    r'"(?P<text>[^"]{0,255})"?|\\(?P<escaped>.)|[_*](?P<skipped>.)|\[\$(?P<currency>[^\]\[-]{0,50})(?:-[^\]\[]{0,50})?\]'
    r"|\[(?P<bracket>[^\]\[]{0,50})\]|(?P<general>General|G/通用格式)|(?P<noon>AM/PM|A/P|上午/下午)"
    r"|(?P<exponent>E[+-])|(?P<date>y+|m+|d+|h+|s+|a{3,4}|e+|b+)|(?P<digits>[0#?.,]+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_COMPARE: Final = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0), "=": (0,), "<>": (-1, 1)}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LAST_DAY: Final = 2_958_466
_LEAP_ERROR: Final = 60  # spreadsheets believe in a 29 February 1900; before it, days are one off
_EXACT: Final = 15
_SHOWN: Final = 10
_LONG_NAME, _LETTER = 4, 5
_DIGITS: Final = frozenset("123456789")

Token = tuple[str, str]


def format_number(value: str, code: str, *, since_1904: bool = False) -> str:
    """The number as the code shows it; the number itself where that is no number or no code we know."""
    try:
        number = Decimal(value)
        with localcontext() as context:
            context.prec = 60
            return _format(number, code, since_1904=since_1904)
    except (InvalidOperation, DivisionByZero, OverflowError, ValueError):
        return value


def general(number: Decimal) -> str:
    """Whole numbers whole, however long; others to ten digits, without what doubles add."""
    if number == number.to_integral_value():
        return f"{number.to_integral_value():f}" if number else "0"
    digits = _SHOWN if abs(number) < 10**_SHOWN else _EXACT
    text = f"{Decimal(f'{number:.{digits}g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _format(number: Decimal, code: str, *, since_1904: bool) -> str:
    tokens, is_negative_said = _section(number, code)
    kinds = {kind for kind, _ in tokens}
    if "general" in kinds or not tokens or (kinds == {"other"} and {text for _, text in tokens} == {"@"}):
        whole = general(abs(number) if is_negative_said else number)
        return (
            "".join(_literal(token) if token[0] != "general" else whole for token in tokens)
            if ("general" in kinds)
            else whole
        )
    if kinds & {"date", "noon", "elapsed"} and not _has_digit(tokens):
        return _date(number, tokens, since_1904=since_1904)
    if _is_fraction(tokens):
        return general(abs(number) if is_negative_said else number)
    sign = "-" if number < 0 and not is_negative_said else ""
    said = _number(abs(number), tokens)
    return said if _DIGITS.isdisjoint(said) else sign + said


def _section(number: Decimal, code: str) -> tuple[Sequence[Token], bool]:
    """The part of the code for this number, and whether that part says by itself that it is negative."""
    sections = _sections(code)
    conditions = [condition for _, condition in sections]
    if any(conditions):
        for place, (tokens, condition) in enumerate(sections):
            if condition is None or number.compare(condition[1]) in _COMPARE[condition[0]]:
                return tokens, number < 0 and place > 0
        return sections[-1][0], number < 0
    given = len([tokens for tokens, _ in sections[:3]])
    if number < 0 and given > 1:
        return sections[1][0], True
    if not number and given > 2:  # noqa: PLR2004 - positive, negative, zero
        return sections[2][0], True
    return sections[0][0], False


@lru_cache(maxsize=512)
def _sections(code: str) -> list[tuple[tuple[Token, ...], tuple[str, Decimal] | None]]:
    found: list[tuple[tuple[Token, ...], tuple[str, Decimal] | None]] = []
    tokens: list[Token] = []
    condition: tuple[str, Decimal] | None = None
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "other"
        text = match[kind]
        if kind == "bracket":
            if said := _CONDITION.fullmatch(text):
                condition = (said[1], Decimal(said[2]))
            elif text and set(text.lower()) <= set("hms") and len(set(text.lower())) == 1:
                tokens.append(("elapsed", text.lower()))
        elif kind == "other" and text == ";":
            found.append((tuple(tokens), condition))
            tokens, condition = [], None
        elif kind in {"text", "escaped", "currency"}:
            tokens.append(("text", text))
        elif kind != "skipped":
            tokens.append((kind, text))
    return [*found, (tuple(tokens), condition)]


def _has_digit(tokens: Sequence[Token]) -> bool:
    """Whether there are digits of a number; .0 behind seconds are parts of one."""
    return any(kind == "digits" and text.strip(".,") and not text.startswith(".") for kind, text in tokens)


def _is_fraction(tokens: Sequence[Token]) -> bool:
    """Whether a stroke stands between digits, as in # ?/? and # ??/100, and not as in 0.00元/kg."""
    dense = [token for token in tokens if token != ("other", " ")]
    return any(
        before == "digits" and stroke == ("other", "/") and (kind == "digits" or text in _DIGITS)
        for (before, _), stroke, (kind, text) in zip(dense, dense[1:], dense[2:], strict=False)
    )


def _literal(token: Token) -> str:
    kind, text = token
    return text if kind in {"text", "other", "date"} else ""


def _number(number: Decimal, tokens: Sequence[Token]) -> str:
    number *= Decimal(100) ** sum(text == "%" for kind, text in tokens if kind == "other")
    places = [place for place, (kind, _) in enumerate(tokens) if kind == "digits"]
    if not places:
        return "".join(map(_literal, tokens))
    exponents = [place for place, (kind, _) in enumerate(tokens) if kind == "exponent"]
    first = places[0]
    pattern = (
        "".join(text for kind, text in tokens[: exponents[0]] if kind == "digits")
        if exponents
        else ("".join(tokens[place][1] for place in places))
    )
    power = ""
    if exponents:
        exponent = number.adjusted() if number else 0
        number = number.scaleb(-exponent)
        width = sum(len(text) for kind, text in tokens[exponents[0] :] if kind == "digits")
        is_plus = tokens[exponents[0]][1].endswith("+")
        power = f"E{'-' if exponent < 0 else '+' if is_plus else ''}{abs(exponent):0{width}d}"
    if not exponents and len(places) > 1 and set(pattern) <= {"0", "#", "?"}:
        return _spread(number, tokens, places)
    parts = []
    for place, token in enumerate(tokens):
        if place == first:
            parts.append(_digits(number, pattern) + power)
        elif token[0] not in {"digits", "exponent"}:
            parts.append(_literal(token))
    return "".join(parts).strip()


def _spread(number: Decimal, tokens: Sequence[Token], places: Sequence[int]) -> str:
    """Digits in groups with text between, as telephone numbers are written."""
    left = f"{number.quantize(Decimal(1), ROUND_HALF_UP):f}"
    said = {place: token[1] for place, token in enumerate(tokens) if token[0] in {"text", "other"}}
    for place in reversed(places):
        width = len(tokens[place][1])
        cut = 0 if place == places[0] else max(0, len(left) - width)
        said[place] = left[cut:].rjust(tokens[place][1].count("0"), "0")
        left = left[:cut]
    return "".join(said[place] for place in sorted(said))


def _digits(number: Decimal, pattern: str) -> str:
    """The digits in the pattern's places, such as 0, #,##0 or 0.0#."""
    whole, dot, decimals = pattern.partition(".")
    bare = whole.rstrip(",")
    ends = decimals if dot else whole
    number = number.scaleb(-3 * (len(ends) - len(ends.rstrip(","))))
    decimals = re.sub(r"[^0#?]", "", decimals)
    rounded = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    integer, _, fraction = f"{rounded:f}".partition(".")
    needed = sum(character == "0" for character in bare)
    integer = integer.lstrip("0").rjust(needed, "0")
    if "," in bare:
        integer = f"{int(integer or 0):,}" if len(integer.lstrip("0")) == len(integer) else integer
    least = max((place for place, character in enumerate(decimals, 1) if character == "0"), default=0)
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    if not dot or not fraction:
        return integer or ("" if dot and least else "0" if not bare.replace("#", "") and not rounded else "")
    return f"{integer or '0'}.{fraction}"


def _date(number: Decimal, tokens: Sequence[Token], *, since_1904: bool) -> str:
    if not 0 <= number < _LAST_DAY:
        return general(number)
    days = float(number) + (1462 if since_1904 else 0)
    if not since_1904 and days < _LEAP_ERROR:
        days += 1
    parts_of_second = max((len(text) - 1 for kind, text in tokens if kind == "digits"), default=0)
    seconds = round(days * 86400, parts_of_second)
    at = datetime(1899, 12, 30) + timedelta(seconds=seconds)  # noqa: DTZ001 - a sheet has no time zone
    is_half = any(kind == "noon" for kind, _ in tokens)
    said: list[str] = []
    for place, (kind, text) in enumerate(tokens):
        if kind == "date":
            said.append(_date_part(at, _meant(tokens, place), is_half=is_half))
        elif kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0]]
            said.append(f"{int(float(number) * 86400 + 0.5) // unit:0{len(text)}d}")
        elif kind == "noon":
            morning, evening = text.split("/")
            said.append(morning if at.hour < 12 else evening)  # noqa: PLR2004 - noon
        elif kind == "digits":
            said.append(f"{at.microsecond / 1e6:.{parts_of_second}f}"[1:] if text.startswith(".") else text)
        else:
            said.append(text)
    return "".join(said).strip()


def _meant(tokens: Sequence[Token], place: int) -> str:
    """The letters of a part of a date; those of minutes, which look like a month, as n."""
    letters = tokens[place][1].lower()
    if letters[0] != "m" or len(letters) > 2:  # noqa: PLR2004 - mmm is a month
        return letters
    units = [text[0].lower() if kind in {"date", "elapsed"} else "" for kind, text in tokens]
    before = next((unit for unit in reversed(units[:place]) if unit), "")
    after = next((unit for unit in units[place + 1 :] if unit), "")
    return letters.replace("m", "n") if before == "h" or after == "s" else letters


def _date_part(at: datetime, letters: str, *, is_half: bool) -> str:
    count = len(letters)
    hour = at.hour % 12 or 12 if is_half else at.hour
    match letters[0]:
        case "y" | "e" | "b":
            return f"{at.year % 100:02d}" if count <= 2 and letters[0] == "y" else str(at.year)  # noqa: PLR2004 - yy
        case "m" if count > 2:  # noqa: PLR2004 - a name
            name = _MONTHS[at.month - 1]
            return name[0] if count == _LETTER else name if count >= _LONG_NAME else name[:3]
        case "d" if count > 2:  # noqa: PLR2004 - a name
            name = _DAYS[at.weekday()]
            return name if count >= _LONG_NAME else name[:3]
        case "a":
            return ("星期" if count == _LONG_NAME else "") + "一二三四五六日"[at.weekday()]
        case unit:
            value = {"m": at.month, "d": at.day, "h": hour, "n": at.minute, "s": at.second}[unit]
            return f"{value:02d}" if count > 1 else str(value)
