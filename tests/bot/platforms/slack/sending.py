"""Sending to a recording Slack: the platform, a delivery, and the failure of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain import Answer, Channel, Clock, Delivery, Match, PlatformError, Reply, Text
from bot.platforms.http_post import Outgoing
from bot.platforms.slack.sender import SlackPlatform
from tests.support.slack import RecordingSlack

NOW = 1_700_000_000.0
TOKEN = "xoxb-1"
HELLO = Text("hello", "en")
CHANNEL = Channel("slack", "T1", "C1")
# A busy machine is no Slack that hangs; whoever tries one that does is quick.
PATIENT = Outgoing(connect_seconds=10.0, total_seconds=10.0, limit_bytes=100_000)
QUICK = Outgoing(connect_seconds=1.0, total_seconds=0.5, limit_bytes=100_000)

ANSWER = Answer(
    id="a1", question="q?", language="en",
    matches=(Match(1, "e1", "<!channel> Oranges", 0.82),), total=1, best_score=0.82,
    threshold=Decimal("0.40"), threshold_source="default", limit=5, knowledge_base="default",
    snapshot="s", snapshot_at=datetime(2023, 11, 14, tzinfo=UTC), model="m",
)  # fmt: skip


def platform(
    slack: RecordingSlack, *, token: str = TOKEN, files: Mapping[str, bytes] = MappingProxyType({})
) -> SlackPlatform:
    return SlackPlatform(
        token=token,
        api_url=slack.api_url,
        response_hosts=[slack.origin],
        clock=Clock(wall=lambda: NOW, monotonic=lambda: 0.0),
        contents=files.get,
        outgoing=PATIENT,
    )


def a_delivery(reply: Reply = HELLO, /, **fields: Any) -> Delivery:
    address = fields.pop("address", {"user": "U1", "thread_ts": "5.5"})
    decided_at = datetime.fromtimestamp(NOW, UTC)
    whole: dict[str, Any] = {"id": 1, "channel": CHANNEL, "lease": 1, "attempt": 1, "decided_at": decided_at}
    return Delivery(reply=reply, address=address, **(whole | fields))


def failure(platform: SlackPlatform, delivery: Delivery) -> PlatformError:
    with pytest.raises(PlatformError) as failed:
        platform.send(delivery)
    return failed.value
