"""The sentences that only Slack needs."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language

HELP_HINT: Mapping[Language, str] = {
    "en": "In threads, write it after a mention of me. /status is Slack's own: write /kbdial status.",
    "zh": "在话题串里请先 @我 再写指令。/status 是 Slack 自己的命令，请写 /kbdial status。",
}
