"""Messages and replies as JSON: the stored format."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from bot.domain.messages import IncomingMessage
from bot.domain.replies import Answer, Document, Reply, Text

_message = TypeAdapter(IncomingMessage)


_reply: TypeAdapter[Answer | Text | Document] = TypeAdapter(Reply)


def message_to_json(message: IncomingMessage) -> str:
    return _message.dump_json(message).decode()


def message_from_json(text: str) -> IncomingMessage:
    return _message.validate_json(text)


def reply_to_json(reply: Reply) -> str:
    return _reply.dump_json(reply).decode()


def reply_from_json(text: str) -> Reply:
    return _reply.validate_json(text)


def as_payload(value: Any) -> Any:
    """Any of these values as plain JSON types, for `--json` and for logs."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")
