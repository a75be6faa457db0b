from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain import Channel, IncomingMessage, Membership, MessageKey, Person, Surface
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.parser import (
    BotIdentity,
    Challenge,
    read_command,
    read_event,
    read_interaction,
    without_credentials,
)
from tests.bot.platforms.slack.parsing import OURS, command, event, text_of
from tests.support.slack_people import a_click, a_command, an_event


def test_a_mention_is_a_message_to_us() -> None:
    assert event(text="<@U0BOT> reset my password", number=7) == IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1"),
        keys=(MessageKey("event", "Ev0007"), MessageKey("message", "C1:1700000000.000007")),
        surface=Surface.MESSAGE,
        text="reset my password",
        mentioned=True,
        address={"user": "U1", "thread_ts": "1700000000.000007", "team": "T1"},
        thread="1700000000.000007",
    )


def test_both_events_of_one_mention_share_a_key() -> None:
    one = read_event(an_event(number=1), OURS)
    other = read_event(an_event(number=1, type="message", channel_type="channel") | {"event_id": "Ev9"}, OURS)
    assert isinstance(one, IncomingMessage)
    assert isinstance(other, IncomingMessage)
    assert set(one.keys) & set(other.keys) == {MessageKey("message", "C1:1700000000.000001")}
    assert other.mentioned


def test_the_answer_goes_to_the_parent_of_the_thread() -> None:
    reading = event(thread_ts="1600000000.000001")
    assert isinstance(reading, IncomingMessage)
    assert reading.address["thread_ts"] == reading.thread == "1600000000.000001"


def test_a_direct_message_needs_no_mention_and_no_thread() -> None:
    reading = event(type="message", channel_type="im", channel="D1", text="hello")
    assert isinstance(reading, IncomingMessage)
    assert (reading.is_direct, reading.mentioned, reading.address, reading.thread) == (
        True,
        False,
        {"user": "U1", "team": "T1"},
        "",
    )
    threaded = event(type="message", channel_type="im", channel="D1", text="x", thread_ts="1.1")
    assert isinstance(threaded, IncomingMessage)
    assert threaded.address == {"user": "U1", "thread_ts": "1.1", "team": "T1"}
    assert threaded.thread == "1.1"


def test_an_unknown_bot_is_still_not_part_of_the_question() -> None:
    envelope = an_event(text="<@U0BOT> 退款多久到账？ ask <@U2>")
    del envelope["authorizations"]
    assert text_of(read_event(envelope, OURS)) == "退款多久到账？ ask @U2"


def test_our_id_may_be_known_from_elsewhere() -> None:
    envelope = an_event(type="message", text="hi <@U0BOT>")
    del envelope["authorizations"]
    assert read_event(envelope, OURS) == Ignored("not addressed")
    assert text_of(read_event(envelope, BotIdentity(users=frozenset({"U0BOT"})))) == "hi"


def test_lines_stay_lines() -> None:
    assert text_of(event(text="<@U0BOT> /kb add a =&gt; b\nc  d")) == "/kb add a => b\nc d"


def test_an_empty_mention_is_passed_on_for_the_help_text() -> None:
    assert text_of(event(text="<@U0BOT>")) == ""
    assert (
        text_of(
            event(type="message", channel_type="im", text=None, files=[{"id": "F1"}], subtype="file_share")
        )
        == ""
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"bot_id": "B1"}, "a bot"),
        ({"bot_profile": {"id": "B1"}}, "a bot"),
        ({"subtype": "bot_message"}, "a bot"),
        ({"user": "U0BOT"}, "our own"),
        ({"hidden": True}, "hidden"),
        ({"user": None}, "nobody wrote it"),
        *[({"type": "message", "subtype": subtype}, "subtype") for subtype in (
            "message_changed", "message_deleted", "message_replied", "channel_join", "channel_leave",
            "channel_topic", "channel_purpose", "channel_name", "channel_archive", "channel_unarchive",
            "channel_posting_permissions", "ekm_access_denied", "thread_broadcast", "tomorrows_subtype")],
        ({"type": "message", "text": "hello"}, "not addressed"),
        ({"type": "message", "text": "<@U2> hello"}, "not addressed"),
        ({"type": "reaction_added"}, "unknown event type"),
    ],
)  # fmt: skip
def test_what_is_not_said_to_us_is_ignored(fields: dict[str, Any], reason: str) -> None:
    assert event(**fields) == Ignored(reason)


def test_a_reply_sent_to_the_channel_too_is_answered_through_its_mention() -> None:
    assert isinstance(event(subtype="thread_broadcast", thread_ts="1.1"), IncomingMessage)
    assert isinstance(event(subtype="me_message"), IncomingMessage)


def test_a_channel_shared_with_another_company_has_to_be_allowed() -> None:
    envelope = an_event() | {"is_ext_shared_channel": True}
    assert read_event(envelope, OURS) == Ignored("shared with another company")
    allowed = read_event(envelope, BotIdentity(shared_channels=frozenset({"C1"})))
    assert isinstance(allowed, IncomingMessage)


@pytest.mark.parametrize(
    "fields",
    [{"channel": None}, {"channel": 5}, {"channel": "C1:C2"}, {"ts": None}, {"ts": 1.5}, {"ts": "soon"},
     {"text": 5}, {"text": None}, {"user": 5}, {"user": ["U1"]}, {"type": None},
     {"type": []}, {"thread_ts": []}],
)  # fmt: skip
def test_a_known_event_in_a_broken_shape_is_put_aside(fields: dict[str, Any]) -> None:
    assert isinstance(event(**fields), Quarantined)


def test_a_broken_envelope_is_put_aside_and_an_unknown_one_ignored() -> None:
    whole = an_event()
    assert isinstance(read_event(whole | {"event": []}, OURS), Quarantined)
    assert isinstance(read_event(whole | {"team_id": 7}, OURS), Quarantined)
    assert isinstance(read_event(whole | {"event_id": {}}, OURS), Quarantined)
    assert read_event({"type": "brand_new"}, OURS) == Ignored("unknown envelope type")
    assert read_event({"type": ["x"]}, OURS) == Ignored("unknown envelope type")
    assert read_event({"type": "app_rate_limited", "team_id": "T1"}, OURS) == Ignored("app_rate_limited")


def test_the_challenge_is_handed_back() -> None:
    assert read_event({"type": "url_verification", "challenge": "3eZb"}, OURS) == Challenge("3eZb")
    assert isinstance(read_event({"type": "url_verification"}, OURS), Quarantined)


def test_settings_belong_to_the_enterprise_where_there_is_one() -> None:
    envelope = an_event() | {"authorizations": [{"enterprise_id": "E1", "user_id": "U0BOT", "is_bot": True}]}
    by_event = read_event(envelope, OURS)
    (by_click,) = read_interaction(
        a_click({"action_id": "more", "value": "a:5", "action_ts": "1.1"}, team=None, enterprise={"id": "E1"})
    )
    assert isinstance(by_event, IncomingMessage)
    assert isinstance(by_click, IncomingMessage)
    assert {by_event.channel, command(enterprise_id="E1").channel, by_click.channel} == {
        Channel("slack", "E1", "C1")
    }


def test_a_slash_command_is_read_with_its_slash() -> None:
    assert command("/threshold", "0.65", response_url="https://hooks.slack.com/x") == IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1", "ann"),
        keys=(MessageKey("command", "trigger.1"),),
        surface=Surface.COMMAND,
        text="/threshold 0.65",
        address={"user": "U1", "response_url": "https://hooks.slack.com/x", "team": "T1"},
    )
    assert command("/threshold").text == "/threshold"
    assert command("/kb", "add a =&gt; b\n<https://a.test|a.test>").text == "/kb add a => b\na.test"
    assert command(channel_id="D1").is_direct


def test_the_prefix_of_command_names_is_the_operators_business() -> None:
    ours = BotIdentity(command_prefix="acme-")
    assert command("/acme-threshold", "0.5", ours).text == "/threshold 0.5"
    assert command("/kbdial", "threshold 0.5", ours).text == "/kbdial threshold 0.5"


def test_a_command_without_trigger_is_known_by_its_body_and_time() -> None:
    form = a_command(trigger_id="")
    keys = {
        reading.keys
        for body, at in [(b"a", "1"), (b"a", "1"), (b"b", "1"), (b"a", "2")]
        if isinstance(reading := read_command(form, body, at, OURS), IncomingMessage)
    }
    assert len(keys) == 3


@pytest.mark.parametrize("field", ["team_id", "channel_id", "user_id", "command"])
def test_a_command_without_its_fields_is_put_aside(field: str) -> None:
    assert isinstance(read_command(a_command(**{field: ""}), b"", "1", OURS), Quarantined)


def test_what_is_put_aside_holds_no_credentials() -> None:
    kept = without_credentials(a_command(response_url="https://hooks.slack.com/secret"))
    assert "secret" not in kept
    assert "token" not in json.loads(kept)
    assert json.loads(kept)["command"] == "/threshold"


def test_a_mention_of_nobody_or_of_somebody_else_is_not_answered() -> None:
    for text in ("how do I return it?", "怎么申请退货？", "<@U9> knows", "ask <@U8|eve>, please"):
        assert event(text=text) == Ignored("mentions somebody else")


def a_share(text: str, **fields: Any) -> dict[str, Any]:
    return {"is_share": True, "is_msg_unfurl": True, "channel_id": "C8", "text": text} | fields


@pytest.mark.parametrize(
    ("text", "attachments", "read"),
    [
        ("<@U0BOT>", [a_share("怎么申请退货？")], "/ask 怎么申请退货？"),
        ("<@U0BOT> ", [a_share("/threshold 0.1")], "/ask /threshold 0.1"),
        ("<@U0BOT>: ", [a_share("", fallback="a &amp; b")], "/ask a & b"),
        ("<@U0BOT> mine", [a_share("theirs")], "mine"),
        ("<@U0BOT>", [{"text": "a link's picture"}], ""),
        ("<@U0BOT>", [a_share("one"), a_share("two")], "/ask one\ntwo"),
        ("<@U0BOT>", ["broken", None, a_share(""), {"is_share": True, "text": 5}], ""),
    ],
)
def test_who_forwards_a_message_asks_what_it_asks(text: str, attachments: list[Any], read: str) -> None:
    assert text_of(event(text=text, attachments=attachments)) == read


@pytest.mark.parametrize(
    ("envelope", "said"),
    [
        ({}, Membership.UNKNOWN),
        ({"user_team": "T1"}, Membership.UNKNOWN),
        ({"user_team": "T2"}, Membership.OUTSIDER),
        ({"source_team": "T2", "team": "T1"}, Membership.OUTSIDER),
        ({"team": "T2"}, Membership.OUTSIDER),
        ({"user_team": ["T1"]}, Membership.UNKNOWN),
    ],
)
def test_an_event_of_somebody_elses_workspace_says_so(envelope: dict[str, Any], said: Membership) -> None:
    shared = BotIdentity(shared_channels=frozenset({"C1"}))
    for more in ({}, {"is_ext_shared_channel": True}, {"context_team_id": "T1", "authorizations": []}):
        reading = read_event(an_event(**envelope) | more, shared)
        assert isinstance(reading, IncomingMessage)
        assert reading.membership is said


def test_in_an_enterprise_another_workspace_says_nothing_yet() -> None:
    envelope = an_event(user_team="T7") | {"context_enterprise_id": "E1"}
    reading = read_event(envelope, OURS)
    assert isinstance(reading, IncomingMessage)
    assert reading.membership is Membership.UNKNOWN


def test_no_payload_says_of_anybody_that_they_are_a_member() -> None:
    reading = read_command(a_command(), b"", "1", OURS)
    assert isinstance(reading, IncomingMessage)
    assert reading.membership is Membership.UNKNOWN


def test_in_a_group_direct_message_who_mentions_us_asks_and_nobody_else() -> None:
    group: dict[str, Any] = {"type": "message", "channel_type": "mpim", "channel": "G1"}
    asked = read_event(an_event(text="<@U0BOT> fig", **group), BotIdentity(users=frozenset({"U0BOT"})))
    assert isinstance(asked, IncomingMessage)
    assert (asked.text, asked.mentioned, asked.is_direct) == ("fig", True, False)
    assert asked.address["thread_ts"]
    unasked = read_event(an_event(text="fig", **group), BotIdentity(users=frozenset({"U0BOT"})))
    assert unasked == Ignored("not addressed")
