"""The sentences that only Slack needs."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language

HELP_HINT: Mapping[Language, str] = {
    "en": "In threads, write it after a mention of me. /status is Slack's own: write /kbdial status.",
    "zh": "在话题串里请先 @我 再写指令。/status 是 Slack 自己的命令，请写 /kbdial status。",
}

# For operators, whose language nobody has set: both, a line each.
CONNECTION_OVER = (
    "⚠️ Slack's Socket Mode is over for good: python -m bot check says why.\n"
    "Slack 的 Socket Mode 已断开，不会自动恢复：运行 python -m bot check 查看原因。"
)
CONNECTION_BACK = "✅ Slack's Socket Mode is there again.\nSlack 的 Socket Mode 已恢复。"
