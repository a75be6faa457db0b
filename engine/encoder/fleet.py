"""The fleet check: all servers behind one address must serve the same model.

Behind a balancer may be many servers. If one of them has other weights, another number format or another kind
of card, a text has one vector here and another there, and the same question has two answers. No single
vector looks wrong, so some texts are embedded several times, each over a connection of its own, for a
balancer may send a connection to one server for good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.index.snapshot import Vectors

TEXTS = (
    "password",
    "快递还没有到",
    "the parcel has not arrived",
    "How do I change the address of an order that has been sent?",
    "发票抬头写错了，可以重新开吗？",
    "error E-1042 at step 7",
    "Opening hours on public holidays, and whom to call when the shop is closed",
    "这个型号的充电器能不能在国外用，需要转换插头吗？请说明电压和保修。",
)
TIMES = 8
# The same card rounds the same way; single precision in another order of summing stays below this.
TOLERANCE = 1e-5


def find_farthest(embed: Callable[[Sequence[str]], Vectors]) -> tuple[str, float]:
    """The text whose vectors differ most over TIMES answers, and their distance."""
    first = _unit(embed(TEXTS))
    away = np.zeros(len(TEXTS))
    for _ in range(TIMES - 1):
        np.maximum(away, np.linalg.norm(_unit(embed(TEXTS)) - first, axis=1), out=away)
    farthest = int(away.argmax())
    return TEXTS[farthest], float(away[farthest])


def _unit(vectors: Vectors) -> Vectors:
    wide = vectors.astype(np.float64)
    unit: Vectors = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return unit
