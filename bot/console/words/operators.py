"""The page for operators."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_operators": ("Operators", "运维"),
    "health": ("Health", "运行状况"),
    "bot_ready": ("The bot is ready.", "机器人运行正常。"),
    "bot_not_ready": ("The bot is not ready: {reasons}", "机器人未就绪：{reasons}"),
    "engine_ready": ("The engine is ready: {model} on {device}.", "引擎运行正常：{model}，运行于 {device}。"),
    "engine_not_ready": ("The engine does not answer, or loads its model.", "引擎无响应，或正在加载模型。"),
    "is_refreshing": ("is being refreshed", "正在更新"),
    "queue_title": ("Messages and replies by state", "各状态的消息与回复"),
    "queue_oldest": (
        "The oldest message that is not answered waits for {seconds} s.",
        "最早未回复的消息已等待 {seconds} 秒。",
    ),
    "state": ("State", "状态"),
    "number_of": ("Count", "数量"),
    "queue_empty": ("Nothing waits.", "没有等待中的内容。"),
    "letters_title": ("Given up", "死信"),
    "letters_none": ("Nothing was given up.", "没有死信。"),
    "letter_kind": ("Kind", "类型"),
    "letter_message": ("message", "消息"),
    "letter_delivery": ("reply", "回复"),
    "reason": ("Reason", "原因"),
    "attempts": ("Attempts", "尝试次数"),
    "replay": ("Try again", "重试"),
    "replay_all": ("Try all of them again", "全部重试"),
    "put_aside_title": ("Put aside", "隔离区"),
    "put_aside_none": ("Nothing was put aside.", "隔离区为空。"),
    "put_aside_hint": ("Authentic requests that could not be understood.", "真实但无法理解的请求。"),
    "from_where": ("From", "来自"),
    "request_text": ("Request", "请求"),
    "admins_title": ("Admins", "管理员"),
    "admins_none": ("Nobody is an admin by a code.", "还没有通过验证码成为管理员的人。"),
    "admins_named": ("Named in the configuration: {names}", "配置文件指定：{names}"),
    "since": ("Since", "自"),
    "take_away": ("Take away", "撤销权限"),
    "new_code": ("A code for a new admin", "生成管理员验证码"),
    "code_is": (
        "{code}: good once and for 15 minutes. Its user sends /admin claim {code} to the bot.",
        "{code}：15 分钟内有效，只能使用一次。向机器人发送 /admin claim {code}。",
    ),
}
