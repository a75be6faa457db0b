from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    Channel,
    IncomingMessage,
    Membership,
    MessageKey,
    Person,
    ShowMore,
    Surface,
    TurnDial,
    Vote,
    message_to_json,
)
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.parser import (
    BotIdentity,
    Challenge,
    Reading,
    read_command,
    read_event,
    read_interaction,
    without_credentials,
)
from tests.support.slack_people import a_click, a_command, a_shortcut, an_event

OURS = BotIdentity()


def event(**fields: Any) -> Reading:
    return read_event(an_event(**fields), OURS)


def command(
    command: str = "/threshold", text: str = "", ours: BotIdentity = OURS, **fields: str
) -> IncomingMessage:
    reading = read_command(a_command(command, text, **fields), b"body", "1700000000", ours)
    assert isinstance(reading, IncomingMessage)
    return reading


def click(action: dict[str, Any], **fields: Any) -> Reading:
    (reading,) = read_interaction(a_click({"action_ts": "1700000001.000001"} | action, **fields))
    return reading


def text_of(reading: Reading) -> str:
    assert isinstance(reading, IncomingMessage), reading
    return reading.text


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


def test_a_click_is_known_by_message_person_element_and_time() -> None:
    reading = click({"action_id": "dial:up", "value": "a1:0.45"}, response_url="https://hooks.slack.com/x")
    assert reading == IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1", "ann"),
        keys=(MessageKey("action", "1700000000.000009:U1:dial:up:1700000001.000001"),),
        surface=Surface.ACTION,
        action=TurnDial("a1", Decimal("0.45")),
        address={
            "user": "U1",
            "message_ts": "1700000000.000009",
            "response_url": "https://hooks.slack.com/x",
            "team": "T1",
        },
    )


def test_menus_are_read_by_what_was_picked() -> None:
    picked = {"text": {"type": "plain_text", "text": "Helpful"}, "value": "up:a1:e:1"}
    reading = click({"action_id": "vote", "type": "overflow", "selected_option": picked})
    assert isinstance(reading, IncomingMessage)
    assert reading.action == Vote("a1", "e:1", "helpful")
    assert click({"action_id": "dial:to", "selected_option": None}) == Ignored("nothing chosen")


def test_every_action_of_one_click_is_read() -> None:
    readings = read_interaction(
        a_click(
            {"action_id": "more", "value": "a:5", "action_ts": "1.1"},
            {"action_id": "somebody_elses", "value": "x", "action_ts": "1.1"},
        )
    )
    assert isinstance(readings[0], IncomingMessage)
    assert readings[0].action == ShowMore("a", 5)
    assert readings[1] == Ignored("not our button")


def test_an_answer_only_one_person_saw_is_remembered_as_such() -> None:
    container = {"message_ts": "1.1", "channel_id": "C1", "is_ephemeral": True, "thread_ts": "0.9"}
    reading = click({"action_id": "more", "value": "a:5"}, container=container)
    assert isinstance(reading, IncomingMessage)
    assert reading.address == {
        "user": "U1",
        "message_ts": "1.1",
        "thread_ts": "0.9",
        "ephemeral": "1",
        "team": "T1",
    }


def test_broken_clicks_are_put_aside_and_other_interactions_ignored() -> None:
    assert isinstance(click({"action_id": "more", "value": "a:-5"}), Quarantined)
    assert isinstance(click({"action_id": "more", "value": "a:5"}, user={}), Quarantined)
    assert isinstance(click({"action_id": "more", "value": "a:5"}, container=None), Quarantined)
    assert isinstance(read_interaction(a_click())[0], Quarantined)
    assert read_interaction({"type": "view_closed"}) == (Ignored("unknown interaction type"),)
    assert isinstance(read_interaction({"type": "view_submission"})[0], Quarantined)


def test_a_click_of_more_actions_than_slack_sends_is_put_aside_as_one() -> None:
    """Each action is a row, and Slack waits three seconds."""
    (reading,) = read_interaction(a_click(*[{"action_id": "more", "value": "a:5"}] * 21))
    assert reading == Quarantined("too many actions", "T1")


def test_what_is_put_aside_holds_no_credentials() -> None:
    kept = without_credentials(a_command(response_url="https://hooks.slack.com/secret"))
    assert "secret" not in kept
    assert "token" not in json.loads(kept)
    assert json.loads(kept)["command"] == "/threshold"


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("D1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def damaged(whole: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The payload with any of its values, at any depth, replaced by anything."""

    def of(value: Any) -> st.SearchStrategy[Any]:
        if isinstance(value, dict):
            return junk | st.fixed_dictionaries({name: of(one) for name, one in value.items()})
        if isinstance(value, list):
            return junk | st.tuples(*map(of, value)).map(list)
        return st.just(value) | junk

    return st.fixed_dictionaries({}, optional={name: of(one) for name, one in whole.items()})


def storable(reading: Reading) -> bool:
    if isinstance(reading, IncomingMessage):
        message_to_json(reading).encode()
        return bool(reading.keys and reading.person.id and reading.channel.tenant)
    return isinstance(reading, Ignored | Quarantined | Challenge)


@given(damaged(an_event(thread_ts="1.1", channel_type="im", subtype="file_share", files=[])))
def test_no_event_makes_reading_raise(envelope: dict[str, Any]) -> None:
    assert storable(read_event({"type": "event_callback"} | envelope, OURS))
    without_credentials(envelope).encode()


@given(
    damaged(
        a_click(
            {"action_id": "more", "value": "a:5", "action_ts": "1.1", "selected_option": {"value": "a:5"}}
        )
    )
)
def test_no_click_makes_reading_raise(payload: dict[str, Any]) -> None:
    assert all(storable(reading) for reading in read_interaction({"type": "block_actions"} | payload))


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.just(value) | st.text() for name, value in a_command().items()}
    )
)
def test_no_command_makes_reading_raise(form: dict[str, str]) -> None:
    assert storable(read_command(form, b"", "1", OURS))


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


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"team_id": "T1"}, Membership.UNKNOWN),
        ({"team_id": "T2"}, Membership.OUTSIDER),
        ({}, Membership.UNKNOWN),
    ],
)
def test_a_click_of_somebody_elses_workspace_says_so(user: dict[str, str], said: Membership) -> None:
    turn = {"action_id": "dial:up", "value": "a1:0.40:0.75", "action_ts": "1700000001.000001"}
    (reading,) = read_interaction(a_click(turn, user={"id": "U1"} | user))
    assert isinstance(reading, IncomingMessage), reading
    assert reading.membership is said


def test_no_payload_says_of_anybody_that_they_are_a_member() -> None:
    reading = read_command(a_command(), b"", "1", OURS)
    assert isinstance(reading, IncomingMessage)
    assert reading.membership is Membership.UNKNOWN


def shortcut(*given: Any, **fields: Any) -> Reading:
    (reading,) = read_interaction(a_shortcut(*given, **fields), BotIdentity(users=frozenset({"U0BOT"})))
    return reading


def test_the_shortcut_of_a_message_asks_it_for_one_person_alone() -> None:
    url = "https://hooks.slack.com/actions/x"
    assert shortcut("<@U0BOT> reset my &lt;password&gt;", response_url=url) == IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1", "ann"),
        keys=(MessageKey("shortcut", "13345224609.738474920.8088930838d88f008e0"),),
        surface=Surface.COMMAND,
        text="/ask reset my <password>",
        private=True,
        address={"user": "U1", "response_url": url, "team": "T1"},
        membership=Membership.UNKNOWN,
    )


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"message": {"text": "/threshold 0"}}, "/ask /threshold 0"),
        ({"message": {"text": "", "files": [{}]}}, "/ask"),
        (
            {"message": {"text": "", "attachments": [{"is_share": True, "text": "old words"}]}},
            "/ask old words",
        ),
    ],
)
def test_whatever_the_message_says_the_shortcut_asks(fields: dict[str, Any], read: str) -> None:
    assert text_of(shortcut(**fields)) == read


@pytest.mark.parametrize(
    ("fields", "reading"),
    [
        ({"callback_id": "other"}, Ignored("not our shortcut")),
        ({"message": None}, Quarantined("message is not an object", "T1")),
        ({"channel": {}}, Quarantined("id is not an id", "T1")),
        ({"trigger_id": None}, Quarantined("trigger_id is not a text", "T1")),
    ],
)
def test_another_shortcut_is_ignored_and_a_broken_one_put_aside(
    fields: dict[str, Any], reading: Reading
) -> None:
    assert shortcut(**fields) == reading


def test_in_a_group_direct_message_who_mentions_us_asks_and_nobody_else() -> None:
    group: dict[str, Any] = {"type": "message", "channel_type": "mpim", "channel": "G1"}
    asked = read_event(an_event(text="<@U0BOT> fig", **group), BotIdentity(users=frozenset({"U0BOT"})))
    assert isinstance(asked, IncomingMessage)
    assert (asked.text, asked.mentioned, asked.is_direct) == ("fig", True, False)
    assert asked.address["thread_ts"]
    unasked = read_event(an_event(text="fig", **group), BotIdentity(users=frozenset({"U0BOT"})))
    assert unasked == Ignored("not addressed")
