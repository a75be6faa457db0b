"""The words of /admin, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "admin": {
        "en": Page(
            "become an admin with a one-time code; the operator prints one with python -m bot admin-code",
            "claim and a code",
            {},
        ),
        "zh": Page(
            "用一次性代码成为管理员；代码由运维人员运行 python -m bot admin-code 得到", "claim 和一个代码", {}
        ),
    },
}
