"""Bodies that are nearly right: a genuine one of the vectors with something else in up to three places."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.bot.platforms.wecom.vectors import vectors

# A number of JSON's may have more digits than a float can stand for.
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def messages(**changed: Any) -> list[dict[str, Any]]:
    """The vectors' bodies for AI bots, each with these fields changed."""
    plain = [one["plaintext"] for one in vectors("aibot")]
    return [json.loads(text) | changed for text in plain if text.startswith('{"msgid')]


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([path for path in _paths(body) if path]))
        target: Any = body
        for step in way:
            target = target[step]
        target[last] = draw(junk)
    return body


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, child in inner for path in _paths(child, (*at, key)))]
