"""Callbacks of WeCom as the platform signs them, and rows of the bot's database."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import create_engine, text

from tests.support import wecom_codec as codec
from tests.support.wecom import HttpAnswer
from tests.support.wecom_program import WecomProgram


def rows(program: WecomProgram, query: str) -> list[Any]:
    database = create_engine(program.settings.bot.database_url)
    with database.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    database.dispose()
    return found


def call(
    program: WecomProgram, encrypted: str, *, path: str = "/wecom/robot/support", **query: str
) -> HttpAnswer:
    signed = sign(program, encrypted) | query
    body = json.dumps({"encrypt": encrypted}).encode()
    return program.wecom.callback("POST", path, signed, body)


def sign(program: WecomProgram, encrypted: str, *, seconds_ago: float = 0) -> dict[str, str]:
    timestamp = str(int(program.clock.seconds - seconds_ago))
    signature = codec.signature("Tok3nOfTheDesk", timestamp, "n1", encrypted)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": "n1"}
