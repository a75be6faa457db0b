"""The sentences that only WeCom needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language

# For operators, whose language nobody has set: both, a line each.
CONNECTION_OVER = (
    "⚠️ 企业微信长连接已断开，不会自动恢复：运行 python -m bot check 查看原因。\n"
    "A long connection to WeCom is over for good: python -m bot check says why."
)
CONNECTION_BACK = "✅ 企业微信长连接已恢复。\nThe long connections to WeCom are there again."


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomWording:
    looking: str
    later: str
    unknown_stream: str
    failed: str
    too_busy: str
    welcome: str
    declined: str
    media: Mapping[str, str]
    continued: str
    cut_short: str
    turn: str
    either: str
    # On a card: about thirty characters, and about ten on a button.
    dial_hint: str
    helpful: str
    not_helpful: str
    more: str


_ZH = WecomWording(
    looking="正在查询…",
    later="仍在处理，稍后回复。",
    unknown_stream="这条回答已经过期，请重新提问。",
    failed="我这边出错了，这条消息没能处理。请再发一次。",
    too_busy="现在问题太多，这一条没有回答。请稍后再问。",
    welcome="您好，直接提问即可；发送 /help 查看指令。",
    declined="我只看得懂文字，还看不懂{media}。请把问题打成文字发给我。",
    media={
        "image": "图片",
        "file": "文件",
        "video": "视频",
        "voice": "语音",
        "location": "位置",
        "link": "链接",
        "message": "这种消息（聊天记录、卡片等）",
    },
    continued="（未完，见下一条）",
    cut_short="（太长，到此为止；发送 /limit 可以减少条数）",
    turn="调整阈值：发送 {commands}",
    either=" 或 ",
    dial_hint="调低多显示，调高少显示",
    helpful="有用",
    not_helpful="没用",
    more="更多",
)

_EN = WecomWording(
    looking="Looking it up…",
    later="Still working on it; the answer follows.",
    unknown_stream="This answer is no longer available. Please ask again.",
    failed="Something went wrong on my side and this message was not handled. Please send it again.",
    too_busy="There are too many questions just now, so this one was not answered. Please ask again later.",
    welcome="Hello! Just ask your question; send /help for the commands.",
    declined="I can only read text, not {media}. Please type your question.",
    media={
        "image": "pictures",
        "file": "files",
        "video": "videos",
        "voice": "voice messages",
        "location": "places",
        "link": "links",
        "message": "messages of this kind (chat records, cards)",
    },
    continued="(continued in the next message)",
    cut_short="(too long, cut here; /limit shows fewer matches)",
    turn="To turn the dial, send {commands}",
    either=" or ",
    dial_hint="Lower shows more, higher less",
    helpful="Useful",
    not_helpful="Not useful",
    more="More",
)


def wecom_wording(language: Language) -> WecomWording:
    return _ZH if language == "zh" else _EN
