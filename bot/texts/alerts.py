"""Sentences for operators, whose language nobody has set: both, a line each."""

from __future__ import annotations

ENGINE_AWAY = "⚠️ 检索服务没有响应，提问会在恢复后回答。\nThe engine does not answer; questions wait for it."
ENGINE_BACK = "✅ 检索服务已恢复。\nThe engine answers again."
GIVEN_UP = (
    "⚠️ 有 {count} 条消息或回答被放弃：运行 python -m bot letters 查看。\n"
    "Given up, messages or replies: {count}. python -m bot letters lists them."
)
