"""The words of /admin, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    not_allowed: str
    not_allowed_here: str
    no_admins: str
    only_members: str
    membership_unknown: str
    now: str
    wrong_code: str
    too_often: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        not_allowed="Only admins may change settings here: {admins}.",
        not_allowed_here="Only admins may do this here: {admins}.",
        no_admins="nobody yet",
        only_members="Guests and people of other organisations may ask here, and no more; "
        "nothing was changed.",
        membership_unknown="I could not find out whether you belong to this organisation, so for now you may "
        "only ask; nothing was changed. If that stays so, tell whoever runs me (python -m bot check).",
        now="{who} is now an admin.",
        wrong_code="That code is wrong, used or expired; nothing has changed. "
        "The operator prints a new one with python -m bot admin-code.",
        too_often="Too many wrong codes. Please try again in a minute.",
    ),
    "zh": Words(
        not_allowed="这里只有管理员可以改设置：{admins}。",
        not_allowed_here="这里只有管理员可以这样做：{admins}。",
        no_admins="还没有指定",
        only_members="访客和其他组织的成员在这里只能提问；没有作任何更改。",
        membership_unknown="我没能确认你是不是本组织的成员，所以目前只能提问；没有作任何更改。"
        "如果一直这样，请告诉运维人员（python -m bot check）。",
        now="{who} 现在是管理员。",
        wrong_code="代码不对、已经用过或已经过期，什么都没有改变。"
        "新的代码由运维人员运行 python -m bot admin-code 得到。",
        too_often="错误的代码太多了，请一分钟后再试。",
    ),
}
