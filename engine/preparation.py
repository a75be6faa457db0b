"""What is done to a text before the bundled model reads it; nothing the eye would call a change of wording.

`prepare` is applied to entries and to questions alike, for the encoder only: what people
see, and what ids are made of, stays as it was written. `NAME` belongs into the model's
fingerprint, so that vectors made under another preparation are never compared with these.
Why these steps and no others is measured in `benchmarks/answer_quality.md`. A model that
brings prompts or a tokenizer of its own is given its texts bare.
"""

from __future__ import annotations

import re
import unicodedata

NAME = "folded-1"
"""Name and version of `prepare`; to be raised with every change of what it returns."""

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3000-\u303f"
_GAP = re.compile(rf"(?<=[{_CHINESE}])\s+(?=[{_CHINESE}])")


def prepare(text: str) -> str:
    """Fold width, case and stray blanks.

    >>> prepare("Ｔｒａｃｋ  My  CARD")
    'track my card'
    >>> prepare("我的 快递 到哪了 SF 123")
    '我的快递到哪了 sf 123'

    Preparing twice is the same as preparing once.
    """
    return joined(lowered(text))


def lowered(text: str) -> str:
    """NFKC and lower case. Lowering can undo NFKC (ϔ and the like), so it is applied once more."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def joined(text: str) -> str:
    """One blank for each run of white space, and none between Chinese characters.

    >>> joined("退 货  要 多久 ?")
    '退货要多久 ?'
    """
    return _GAP.sub("", " ".join(text.split()))
