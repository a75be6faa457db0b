"""The sentences that only Mattermost needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language

# For operators, whose language nobody has set: both, a line each.
REFUSED = (
    "⚠️ Mattermost 不再接受机器人的令牌，收不到也发不出消息：运行 python -m bot check 查看原因。\n"
    "Mattermost does not accept the bot's token any more, so nothing comes or goes: "
    "python -m bot check says why."
)
ACCEPTED_AGAIN = "✅ Mattermost 重新接受机器人的令牌。\nMattermost accepts the bot's token again."

HELP_HINT: Mapping[Language, str] = {
    "en": "Write it after a mention of me, or after /kbdial. /status, /settings, /search and /help are "
    "Mattermost's own: write /kbdial status.",
    "zh": "请先 @我 再写指令，或写在 /kbdial 之后。/status、/settings、/search、/help 是 Mattermost 自己的，"
    "请写 /kbdial status。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostWording:
    # The sentence that phones notify: no foreign text.
    one_match: str
    matches: str
    more_matches: str
    which_helped: str
    which_did_not: str
    turn: str
    either: str
    shortened: str
    from_elsewhere: str
    not_a_member: str
    too_slow: str


_EN = MattermostWording(
    one_match="1 match, {score}",
    matches="{count} matches, the best {score}",
    more_matches="{count} matches, from number {first} on",
    which_helped="Helpful: which?",
    which_did_not="Not helpful: which?",
    turn="To turn the dial: {commands}",
    either=" or ",
    shortened="(too long, cut here; /limit shows fewer matches)",
    from_elsewhere="About what you wrote or pressed in another channel:",
    not_a_member="I am not in this channel: invite me, and answers come into their threads.",
    too_slow="This takes longer than Mattermost waits for me here, and I am not in this channel to answer "
    "later: ask again, or invite me.",
)

_ZH = MattermostWording(
    one_match="找到 1 条，{score}",
    matches="找到 {count} 条，最高 {score}",
    more_matches="共 {count} 条，从第 {first} 条起",
    which_helped="有用：哪一条？",
    which_did_not="没用：哪一条？",
    turn="调整阈值：{commands}",
    either=" 或 ",
    shortened="（太长，到此为止；/limit 可以减少条数）",
    from_elsewhere="关于您在另一个频道里写的或点的：",
    not_a_member="我不在这个频道里：邀请我加入，回答就会出现在各自的话题串里。",
    too_slow="这次查得太久，Mattermost 不等了；我不在这个频道里，之后没法回答：请再问一次，或者邀请我加入。",
)


def mattermost_wording(language: Language) -> MattermostWording:
    return _ZH if language == "zh" else _EN
