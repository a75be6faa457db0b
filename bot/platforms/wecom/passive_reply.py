"""Passive replies, the answers in the response to a callback: their JSON, and nothing of the wording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]


def continue_stream(stream: str, content: str) -> Message:
    """The platform comes again for the rest."""
    return {"msgtype": "stream", "stream": {"id": stream, "finish": False, "content": content}}


def finish_stream(stream: str, content: str, card: Mapping[str, Any] | None = None) -> Message:
    shown = {"id": stream, "finish": True, "content": content}
    if card is None:
        return {"msgtype": "stream", "stream": shown}
    return {"msgtype": "stream_with_template_card", "stream": shown, "template_card": dict(card)}


def rateable(message: Message) -> Message:
    """The first answer of a stream, with the thumbs under it; they will name the stream."""
    stream = message["stream"]
    return {**message, "stream": {**stream, "feedback": {"id": stream["id"]}}}


def text(content: str) -> Message:
    return {"msgtype": "text", "text": {"content": content}}


def markdown(content: str) -> Message:
    return {"msgtype": "markdown", "markdown": {"content": content}}


def file(media_id: str) -> Message:
    return {"msgtype": "file", "file": {"media_id": media_id}}


def card(made: Mapping[str, Any]) -> Message:
    return {"msgtype": "template_card", "template_card": dict(made)}
