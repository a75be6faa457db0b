"""Text normalisation before a model reads a text.

Steps are applied to entries and to questions alike, for the encoder only: what people
see, and what ids are made of, stays as it was written. `prepare` is what the bundled model
and the keywords get, nothing the eye would call a change of wording. Which steps help
which model is measured in `benchmarks/answer_quality.md`; a model that brings prompts or a
tokenizer of its own gets its texts bare unless `[engine.model] prepare` says otherwise. The
name of the steps belongs into the model's fingerprint, so that vectors made in another way
are never compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.index.invisible import visible

_VERSION = 2  # to be raised with every change of what a step returns
_SHORT = 6  # characters; what the frame is meant for

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3000-\u303f"
_END_MARKS = " 。．.！!？?~～…"
# Blanks are looked at from the beginning of their run only: from each of them, a run of 20,000
# with nothing behind it would take seconds.
_MARK = re.compile(r"(?:(?<!\s)\s+)?([，。！？、；：])\s*")
_NUMBER = re.compile(r"(?:(?<!\s)\s+)?(\d+(?:[.,:/-]\d+)*)\s*")
# Written out of OpenCC's table of characters (Apache-2.0): the traditional ones, and below them theirs.
_FROM, _TO = (Path(__file__).parent / "traditional.txt").read_text(encoding="utf-8").split()
_SIMPLIFIED = str.maketrans(_FROM, _TO)
_TRADITIONAL = re.compile(f"[{_FROM}]")
_KANA = re.compile("[\u3041-\u30ff]")
_IS_CHINESE = re.compile(rf"[{_CHINESE}]")
_GAP = re.compile(rf"(?<=[{_CHINESE}])\s+(?=[{_CHINESE}])")


def prepare(text: str) -> str:
    """Fold width, case, traditional characters and stray blanks.

    >>> prepare("Ｔｒａｃｋ  My  CARD")
    'track my card'
    >>> prepare("我的 快递 到哪了 SF 123")
    '我的快递到哪了 sf 123'

    Preparing twice is the same as preparing once.
    """
    return join_lines(simplify(fold_case(text)))


def fold_case(text: str) -> str:
    """NFKC and lower case, without what nobody sees.

    Lowering can undo NFKC (ϔ and the like), so it is applied once more.
    """
    seen = visible(text)
    folded = unicodedata.normalize("NFKC", seen if seen.strip() else text).lower()
    folded = unicodedata.normalize("NFKC", folded)
    return visible(folded) if seen.strip() else folded


def join_lines(text: str) -> str:
    """One blank for each run of white space, and none between Chinese characters.

    >>> join_lines("退 货  要 多久 ?")
    '退货要多久 ?'
    """
    return _GAP.sub("", " ".join(text.split()))


def simplify(text: str) -> str:
    """Traditional Chinese characters as simplified ones, one by one; Japanese is left as it is.

    >>> simplify("怎麼申請退貨")
    '怎么申请退货'
    """
    if text.isascii() or not _TRADITIONAL.search(text) or _KANA.search(text):
        return text
    return text.translate(_SIMPLIFIED)


def strip_end_punctuation(text: str) -> str:
    """Without the marks at the end, if anything is left.

    >>> strip_end_punctuation("怎么退货？？")
    '怎么退货'
    """
    return text.rstrip(_END_MARKS) or text


def add_frame(text: str) -> str:
    """Six Chinese characters or fewer in a frame sentence.

    >>> add_frame("咋办？")
    '请问咋办？'
    """
    short = strip_end_punctuation(text)
    is_short = len(short) <= _SHORT and _IS_CHINESE.search(short)
    return f"请问{short}？" if is_short and not short.startswith("请问") else text


def separate_marks(text: str) -> str:
    """Blanks around Chinese punctuation.

    >>> separate_marks("你好，退货")
    '你好 ， 退货'
    """
    return _MARK.sub(r" \1 ", text).strip()


def numbers_apart(text: str) -> str:
    """Blanks around numbers.

    >>> numbers_apart("满99元减10.5元")
    '满 99 元减 10.5 元'
    """
    return _NUMBER.sub(r" \1 ", text).strip()


STEPS: Mapping[str, Callable[[str], str]] = {
    "fold": fold_case,
    "simplify": simplify,
    "join": join_lines,
    "unend": strip_end_punctuation,
    "frame": add_frame,
    "marks": separate_marks,
    "numbers": numbers_apart,
}
"""By name, in the order in which they are taken whatever the order they are named in."""

FOR_THE_BUNDLED_MODEL = ("fold", "simplify", "join")


def of(names: Sequence[str]) -> Callable[[str], str]:
    """These steps one after the other."""
    steps = [step for name, step in STEPS.items() if name in names]

    def apply(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return apply


def name_of(names: Sequence[str]) -> str:
    """A name that tells these steps, and their version, from others.

    >>> name_of(("join", "fold"))
    'fold+join-2'
    """
    return f"{'+'.join(name for name in STEPS if name in names) or 'bare'}-{_VERSION}"
