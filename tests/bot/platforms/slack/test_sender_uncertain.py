"""Replies that may have arrived: looked for first, and never posted three times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import Text
from tests.bot.platforms.slack.sending import ANSWER, a_delivery, failure, platform
from tests.support.slack import BROKEN_AFTER_STORING, HTML, LOST, Fault, RecordingSlack, error, too_fast


@pytest.mark.parametrize("fault", [LOST, BROKEN_AFTER_STORING])
@pytest.mark.parametrize("address", [{"thread_ts": "5.5"}, {}])
def test_what_may_have_arrived_is_looked_for_before_it_is_posted_again(
    slack: RecordingSlack, fault: Fault, address: dict[str, str]
) -> None:
    slack.will("chat.postMessage", fault)
    sender = platform(slack)
    delivery = a_delivery(ANSWER, address=address)
    assert failure(sender, delivery).maybe_sent
    again = replace(delivery, attempt=2, lease=2, uncertain=True)
    assert sender.send(again) == slack.posted[0]["ts"]
    assert len(slack.posted) == 1
    other = replace(again, id=2)
    sender.send(other)
    assert len(slack.posted) == 2


def test_a_parted_text_goes_on_where_it_was_broken_off(slack: RecordingSlack) -> None:
    long = Text("\n".join(f"line {number} " + "x" * 60 for number in range(200)), "en")
    slack.will("chat.postMessage", Fault(body='{"ok":true,"ts":"1.1"}', stores=True), too_fast("3"))
    sender = platform(slack)
    failed = failure(sender, a_delivery(long))
    assert (failed.retry_after_seconds, failed.maybe_sent) == (3, True)
    sender.send(a_delivery(long, uncertain=True, attempt=2))
    assert "\n".join(slack.texts()) == long.body.replace(" \n", "\n")


def test_where_nothing_can_be_looked_for_it_is_sent_twice_at_most(slack: RecordingSlack) -> None:
    sender = platform(slack)
    private = a_delivery(
        Text("x", "en", private=True), address={"user": "U1", "response_url": slack.response_url()}
    )
    slack.will("response_url", LOST, LOST)
    assert failure(sender, private).maybe_sent
    last = failure(sender, replace(private, uncertain=True, attempt=2))
    assert (last.permanent, last.maybe_sent) == (True, True)
    slack.will("conversations.replies", error("missing_scope", needed="channels:history"))
    slack.will("chat.postMessage", LOST)
    assert failure(sender, a_delivery(uncertain=True)).permanent
    assert len(slack.posted) == 3


def test_a_search_that_fails_leaves_it_as_uncertain_as_before(slack: RecordingSlack) -> None:
    slack.will("conversations.replies", HTML)
    failed = failure(platform(slack), a_delivery(uncertain=True))
    assert (failed.permanent, failed.maybe_sent, slack.posted) == (False, True, [])


def test_an_uncertain_answer_to_a_command_is_sent_where_it_can_be_found(slack: RecordingSlack) -> None:
    address = {"user": "U1", "response_url": slack.response_url()}
    platform(slack).send(a_delivery(address=address, uncertain=True))
    assert (slack.responses, slack.methods()) == ([], ["conversations.history", "chat.postMessage"])
