"""`TEXT => ANSWER`, as people write and as their keyboards make of it."""

from __future__ import annotations

import re

_STRONG = re.compile(r"[=＝]{1,2} ?[>＞》〉]|⇒|⟹")
_WEAK = re.compile(r"→|➜|➔|⟶|[-－—–]{1,2}[>＞》]")
_ASKS = ("?", "？", "?”", "？”", "吗", "呢")


def split_pair(line: str, *, eager: bool) -> tuple[str, str]:
    """The text and its answer, which is empty where the line has no arrow.

    An arrow of an equals sign always parts. → and -> also stand in paths such as Settings → Account,
    so they part only behind a question, or, where `eager`, when the line has but one.

    >>> split_pair("怎么退？ =》 设置→退货", eager=False)
    ('怎么退？', '设置→退货')
    >>> split_pair("Settings -> Account", eager=False)
    ('Settings -> Account', '')
    """
    if "=" in line or "＝" in line or "⇒" in line or "⟹" in line:
        text, *rest = _STRONG.split(line, maxsplit=1)
        if rest:
            return text.rstrip(), rest[0].lstrip()
    arrows = list(_WEAK.finditer(line))
    if arrows:
        text, answer = line[: arrows[0].start()].rstrip(), line[arrows[0].end() :].lstrip()
        if text.endswith(_ASKS) or (eager and len(arrows) == 1):
            return text, answer
    return line, ""
