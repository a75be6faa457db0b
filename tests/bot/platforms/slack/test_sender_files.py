"""Documents in Slack: shared as files, or told as links."""

from __future__ import annotations

import pytest

from bot.domain import Document
from tests.bot.platforms.slack.sending import a_delivery, failure, platform
from tests.support.slack import LOST, RecordingSlack, error

TABLE = Document(
    "d1", "a.csv", "text/csv", "3 rows <!here>", "en", link="To download: https://kb.example.com/x"
)

FILES = {"d1": b"\xef\xbb\xbfa,b\r\n\xff"}


def test_a_file_is_shared_in_three_steps_where_it_was_asked_for(slack: RecordingSlack) -> None:
    platform(slack, files=FILES).send(a_delivery(TABLE))
    ((shared, content),) = slack.files
    assert content == FILES["d1"]
    assert slack.methods() == ["files.getUploadURLExternal", "files.completeUploadExternal"]
    assert slack.calls[0][1] == {"filename": "a.csv", "length": str(len(content))}
    assert (shared["channel_id"], shared["thread_ts"]) == ("C1", "5.5")
    assert shared["initial_comment"] == "3 rows &lt;!here&gt;"
    assert slack.posted == []


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel"])
def test_where_files_are_not_allowed_the_link_is_given(slack: RecordingSlack, code: str) -> None:
    slack.will("files.completeUploadExternal", error(code))
    platform(slack, files=FILES).send(a_delivery(TABLE))
    assert slack.texts() == ["3 rows &lt;!here&gt;\nTo download: https://kb.example.com/x"]


def test_a_file_that_is_gone_and_a_platform_without_a_token_give_the_link(slack: RecordingSlack) -> None:
    platform(slack).send(a_delivery(TABLE))
    address = {"user": "U1", "response_url": slack.response_url()}
    platform(slack, token="", files=FILES).send(a_delivery(TABLE, address=address))
    assert len(slack.texts()) == 2
    assert slack.files == []


def test_a_file_that_may_have_been_shared_is_shared_twice_at_most(slack: RecordingSlack) -> None:
    slack.will("files.completeUploadExternal", LOST, LOST)
    sender = platform(slack, files=FILES)
    first = failure(sender, a_delivery(TABLE))
    assert (first.maybe_sent, first.permanent) == (True, False)
    assert failure(sender, a_delivery(TABLE, uncertain=True)).permanent
