from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bot import web
from bot.domain import Channel, Clock, Delivery, Document, IncomingMessage, Reply, Text, TurnDial, Vote
from bot.metrics import Metrics
from bot.platforms.kit import RejectedMessages
from bot.platforms.mattermost import routes
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.action_values import ActionValue
from bot.platforms.mattermost.http_parser import read_hook
from bot.platforms.mattermost.parser import post_key
from bot.platforms.mattermost.presenter import Presenter
from bot.platforms.mattermost.responses import Responses
from bot.store import Accepted, StoreError
from bot.web.clock_skew import ClockWatch
from tests.bot.platforms.mattermost.answers import (
    CHANNEL,
    HOST,
    LIN,
    NOW,
    POST,
    ROOT,
    SECRET,
    a_match,
    a_trigger,
    an_answer,
)
from tests.support.mattermost_requests import (
    COMMAND_TOKEN,
    FORM,
    WEBHOOK_TOKEN,
    click_payload,
    command_form,
    hook_payload,
    hook_request,
)

JSON = "application/json"
SIGNER = ActionSigner(SECRET)
MILLISECONDS = int(NOW.timestamp() * 1000)
DIAL = ActionValue("dial", "a-1", "0.60:0.65")


class FrozenClock(Clock):
    def now(self) -> Any:
        return NOW


class OpenDesk:
    """Takes every message once, and answers what it was told to."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.taken: list[IncomingMessage] = []
        self.aside: list[tuple[str, str, str, str]] = []
        self.reply = reply

    def accept(self, message: IncomingMessage) -> Accepted:
        known = [i for i, one in enumerate(self.taken) if set(one.keys) & set(message.keys)]
        if known:
            return Accepted(known[0], is_new=False)
        self.taken.append(message)
        return Accepted(len(self.taken) - 1, is_new=True)

    def answer_within(
        self, message: IncomingMessage, *, accepts: Callable[[Delivery], bool] = lambda _: True, **_: object
    ) -> tuple[Accepted, Delivery | None]:
        accepted = self.accept(message)
        if self.reply is None or not accepted.is_new:
            return accepted, None
        delivery = Delivery(
            1, message.channel, message.address, self.reply, lease=1, attempt=1, decided_at=NOW
        )
        return accepted, delivery if accepts(delivery) else None

    def take_hook(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        reading = read_hook(payload, tenant=HOST)
        if isinstance(reading, IncomingMessage):
            self.accept(reading)
        return {}

    def quarantine(self, platform: str, tenant: str, reason: str, body: str) -> None:
        self.aside.append((platform, tenant, reason, body))


class ClosedDesk(OpenDesk):
    """Its store is full, locked or gone."""

    def accept(self, message: IncomingMessage) -> Accepted:
        raise StoreError("disk full")


def a_client(
    desk: OpenDesk,
    *,
    tokens: tuple[str, ...] = (COMMAND_TOKEN,),
    webhook_tokens: tuple[str, ...] = (WEBHOOK_TOKEN,),
    secret: str = SECRET,
) -> FlaskClient:
    signer = ActionSigner(secret)
    blueprint = routes.blueprint(
        command_tokens=tokens,
        webhook_tokens=webhook_tokens,
        signer=signer,
        tenant=HOST,
        intake=desk,
        take_hook=desk.take_hook,
        rejected=RejectedMessages(
            "mattermost", quarantine=desk.quarantine, clock_watch=ClockWatch(), metrics=Metrics()
        ),
        responses=Responses(Presenter(signer, "https://kb.example.com/mattermost/actions")),
        clock=FrozenClock(),
    )
    return web.create([blueprint]).test_client()


def command(desk: OpenDesk, headers: dict[str, str] | None = None, **changed: str) -> TestResponse:
    form = command_form(**({"trigger_id": a_trigger(), "text": "threshold 0.65"} | changed))
    body = urlencode(form)
    return a_client(desk).post("/mattermost/commands", data=body, content_type=FORM, headers=headers)


def click(desk: OpenDesk, context: dict[str, Any] | None = None, **changed: Any) -> TestResponse:
    context = SIGNER.context(DIAL, CHANNEL) if context is None else context
    payload = click_payload(**({"trigger_id": a_trigger(), "context": context} | changed))
    return a_client(desk).post("/mattermost/actions", json=payload)


def hook(desk: OpenDesk, content_type: str = JSON, **changed: Any) -> TestResponse:
    payload = hook_payload(
        **({"timestamp": MILLISECONDS, "text": "kbdial how", "trigger_word": "kbdial"} | changed)
    )
    headers, body = hook_request(payload, content_type)
    return a_client(desk).post("/mattermost/webhook", data=body, headers=dict(headers))


@pytest.fixture
def desk() -> OpenDesk:
    return OpenDesk()


def test_a_command_is_taken_with_where_its_answer_goes(desk: OpenDesk) -> None:
    url = f"https://{HOST}/hooks/commands/x"
    answer = command(desk, root_id=ROOT, response_url=url)
    assert (answer.status_code, answer.json, answer.mimetype) == (200, {}, JSON)
    (message,) = desk.taken
    assert message.channel == Channel("mattermost", HOST, CHANNEL)
    assert (message.person.id, message.person.name) == (LIN, "lin")
    assert message.text == "/kbdial threshold 0.65"
    assert message.keys[0].kind == "command"
    assert message.address == {"user": LIN, "root_id": ROOT, "response_url": url}
    assert not message.is_direct


@pytest.mark.parametrize("text", ["a+b", "100%", "two\nlines", "👍 ok", "@li ~town-square"])
def test_a_commands_text_stays_as_it_was_typed(text: str, desk: OpenDesk) -> None:
    command(desk, text=text, user_mentions="li")
    assert desk.taken[0].text == f"/kbdial {text}"


def test_fields_that_come_twice_are_no_mistake(desk: OpenDesk) -> None:
    form = urlencode(command_form(trigger_id=a_trigger(), text="x")) + "&user_mentions=a&user_mentions=b"
    assert a_client(desk).post("/mattermost/commands", data=form, content_type=FORM).status_code == 200
    assert len(desk.taken) == 1


@pytest.mark.parametrize("field", ["token", "text", "user_id", "trigger_id"])
def test_a_field_that_is_read_and_comes_twice_is_refused(field: str, desk: OpenDesk) -> None:
    fields = command_form(trigger_id=a_trigger(), text="x")
    form = f"{urlencode({field: fields[field]})}&{urlencode(fields)}"
    assert a_client(desk).post("/mattermost/commands", data=form, content_type=FORM).status_code == 400
    assert desk.taken == []


def test_a_channel_between_two_is_known_by_its_name(desk: OpenDesk) -> None:
    command(desk, channel_name=f"{LIN}__{ROOT}")
    assert desk.taken[0].is_direct
    assert desk.taken[0].address["direct"] == "1"


@pytest.mark.parametrize(
    ("form_token", "header", "status"),
    [
        (COMMAND_TOKEN, None, 200),
        (COMMAND_TOKEN, f"Token {COMMAND_TOKEN}", 200),
        (COMMAND_TOKEN, "Bearer of-an-outgoing-connection", 200),
        (COMMAND_TOKEN, "Token other", 401),
        ("other", f"Token {COMMAND_TOKEN}", 401),
        ("", None, 401),
        (COMMAND_TOKEN + "x", None, 401),
        ("\ud7ff钥", None, 401),
    ],
)
def test_a_command_is_proved_by_its_token(
    form_token: str, header: str | None, status: int, desk: OpenDesk
) -> None:
    headers = {"Authorization": header} if header else None
    assert command(desk, headers, token=form_token).status_code == status
    assert len(desk.taken) == (1 if status == 200 else 0)


def test_without_a_token_of_ours_nobody_is_believed(desk: OpenDesk) -> None:
    form = urlencode(command_form(trigger_id=a_trigger(), token=""))
    client = a_client(desk, tokens=("",))
    assert client.post("/mattermost/commands", data=form, content_type=FORM).status_code == 401


@pytest.mark.parametrize(
    "trigger",
    [
        "",
        "no base64",
        a_trigger(user=ROOT),
        a_trigger(at=NOW.timestamp() - 360),
        a_trigger(at=NOW.timestamp() + 360),
    ],
)
def test_a_request_is_of_its_person_and_of_now(trigger: str, desk: OpenDesk) -> None:
    assert command(desk, trigger_id=trigger).status_code == 401
    assert click(desk, trigger_id=trigger).status_code == 401
    assert (desk.taken, desk.aside) == ([], [])


def test_a_repeat_is_taken_once(desk: OpenDesk) -> None:
    desk.reply = Text("thanks", "en", private=True)
    first, second = command(desk), command(desk)
    assert (first.json or {})["text"] == "thanks"
    assert second.json == {}
    assert len(desk.taken) == 1
    click(desk), click(desk)
    assert len(desk.taken) == 2


def test_what_is_for_the_asker_is_the_answer_itself(desk: OpenDesk) -> None:
    desk.reply = an_answer(a_match(), private=True)
    said = command(desk).json or {}
    assert said["response_type"] == "ephemeral"
    assert said["skip_slack_parsing"] is True
    context = said["attachments"][-1]["actions"][0]["integration"]["context"]
    assert SIGNER.read(context, CHANNEL).is_private


@pytest.mark.parametrize(
    "reply", [Text("Threshold is now 0.65.", "en"), Text("字" * 20_000, "zh", private=True), an_answer()]
)
def test_what_the_team_shall_see_or_is_too_long_follows_as_a_post(reply: Reply, desk: OpenDesk) -> None:
    desk.reply = reply
    assert command(desk).json == {}


def test_a_click_is_taken_with_the_post_it_was_on(desk: OpenDesk) -> None:
    assert click(desk).json == {}
    (message,) = desk.taken
    assert message.action == TurnDial("a-1", Decimal("0.60"), Decimal("0.65"))
    assert message.address == {"user": LIN, "post_id": POST}
    assert message.keys[0].kind == "click"


def test_a_turned_dial_is_the_pressed_post_as_it_is_now(desk: OpenDesk) -> None:
    desk.reply = an_answer(in_place=True)
    update = (click(desk).json or {})["update"]
    assert update["message"].startswith("找到 1 条")
    assert update["props"]["attachments"][-1]["actions"]


def test_a_thank_you_is_for_who_pressed(desk: OpenDesk) -> None:
    desk.reply = Text("Thank you, @all.", "en", private=True)
    said = click(desk, SIGNER.context(ActionValue("vote", "a-1", "e7:up"), CHANNEL)).json
    assert said == {"ephemeral_text": "Thank you, @\u200ball\\.", "skip_slack_parsing": True}
    assert desk.taken[0].action == Vote("a-1", "e7", "helpful")


def test_in_a_post_for_one_person_everything_stays_with_that_person(desk: OpenDesk) -> None:
    desk.reply = an_answer(in_place=True)
    said = click(desk, SIGNER.context(DIAL, CHANNEL, is_private=True)).json or {}
    assert set(said) == {"ephemeral_text", "skip_slack_parsing"}
    assert "/kbdial threshold" in said["ephemeral_text"]
    assert desk.taken[0].address["ephemeral"] == "1"


def test_a_file_does_not_fit_into_a_sentence(desk: OpenDesk) -> None:
    desk.reply = Document("d", "a.csv", "text/csv", "3", "en", private=True)
    assert click(desk).json == {}


def test_a_menus_choice_must_have_been_on_offer(desk: OpenDesk) -> None:
    menu = ActionValue("rate", "a-1", "up")
    context = SIGNER.context(menu, CHANNEL)
    offered = SIGNER.offer(menu, "e7", CHANNEL)
    assert click(desk, context | {"selected_option": offered}).status_code == 200
    assert desk.taken[0].action == Vote("a-1", "e7", "helpful")
    for forged in ("e7", "e8" + offered[2:], f"e8:{offered[-32:]}"):
        assert click(desk, context | {"selected_option": forged}).status_code == 401
    assert click(desk, context | {"selected_option": 7}).status_code == 200  # put aside
    assert len(desk.taken) == 1


@pytest.mark.parametrize("part", ["v", "a", "i", "x", "m"])
def test_an_altered_context_is_refused(part: str, desk: OpenDesk) -> None:
    context = {**SIGNER.context(DIAL, CHANNEL), part: "0.10"}
    assert click(desk, context).status_code == 401
    assert (desk.taken, desk.aside) == ([], [])


@pytest.mark.parametrize(
    "changed", [{"channel_id": ROOT}, {"context": {}}, {"context": None}, {"context": "x"}, {"channel_id": 7}]
)
def test_a_button_of_another_channel_or_of_nobody_is_refused(changed: dict[str, Any], desk: OpenDesk) -> None:
    payload = click_payload(trigger_id=a_trigger(), context=SIGNER.context(DIAL, CHANNEL)) | changed
    assert a_client(desk).post("/mattermost/actions", json=payload).status_code == 401
    assert (desk.taken, desk.aside) == ([], [])


def test_without_a_secret_no_click_is_believed(desk: OpenDesk) -> None:
    payload = click_payload(trigger_id=a_trigger(), context=ActionSigner("").context(DIAL, CHANNEL))
    assert a_client(desk, secret="").post("/mattermost/actions", json=payload).status_code == 401


@pytest.mark.parametrize("changed", [{"channel_id": "x"}, {"command": "kbdial"}, {"root_id": "no id"}])
def test_an_authentic_command_of_another_shape_is_kept_without_its_secrets(
    changed: dict[str, str], desk: OpenDesk
) -> None:
    assert command(desk, None, response_url="https://secret", **changed).json == {}
    ((platform, tenant, _, body),) = desk.aside
    assert (platform, tenant) == ("mattermost", HOST)
    assert not any(secret in body for secret in (COMMAND_TOKEN, "https://secret", a_trigger()))


def test_an_authentic_click_of_another_shape_is_kept_without_its_proof(desk: OpenDesk) -> None:
    context = SIGNER.context(DIAL, CHANNEL)
    assert click(desk, context, post_id="x").json == {}
    ((_, _, reason, body),) = desk.aside
    assert reason == "post_id is not an id"
    assert context["m"] not in body


@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_a_webhook_is_taken_by_its_post_without_the_word_that_woke_it(
    content_type: str, desk: OpenDesk
) -> None:
    answer = hook(desk, content_type, text="kbdial: 退款 a+b %")
    assert (answer.status_code, answer.json) == (200, {})
    (message,) = desk.taken
    assert message.channel == Channel("mattermost", HOST, CHANNEL)
    assert (message.person.id, message.person.name) == (LIN, "lin")
    assert (message.text, message.mentioned, message.is_direct) == ("退款 a+b %", True, False)
    assert message.keys == (post_key(POST),)
    assert message.address == {"user": LIN, "question": POST}


@pytest.mark.parametrize("token", ["", "x", COMMAND_TOKEN, WEBHOOK_TOKEN + "x", None, 7, [WEBHOOK_TOKEN]])
def test_a_webhook_is_proved_by_its_own_token(token: object, desk: OpenDesk) -> None:
    assert hook(desk, token=token).status_code == 401
    assert command(desk, token=WEBHOOK_TOKEN).status_code == 401
    assert desk.taken == []


def test_without_a_token_of_a_webhook_none_is_believed(desk: OpenDesk) -> None:
    headers, body = hook_request(hook_payload(token="", timestamp=MILLISECONDS), JSON)
    client = a_client(desk, webhook_tokens=("",))
    assert client.post("/mattermost/webhook", data=body, headers=dict(headers)).status_code == 401


@pytest.mark.parametrize("seconds", [-301, 301, -90_000])
@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_a_copied_webhook_does_not_stay_good(seconds: int, content_type: str, desk: OpenDesk) -> None:
    assert hook(desk, content_type, timestamp=MILLISECONDS + seconds * 1000).status_code == 401
    assert hook(desk, content_type, timestamp=MILLISECONDS - 200_000).status_code == 200


@pytest.mark.parametrize(
    "timestamp", [None, "", "x", True, -1, 10**400, 1.5, [], "12345678901", "１７９００００００0"]
)
def test_a_webhook_without_a_time_is_refused(timestamp: object, desk: OpenDesk) -> None:
    assert hook(desk, timestamp=timestamp).status_code == 401
    assert desk.taken == []


@given(
    st.dictionaries(
        st.sampled_from(sorted(set(hook_payload()) - {"token", "timestamp"})),
        st.recursive(st.none() | st.text(max_size=5), st.lists),
    )
)
@settings(max_examples=30)
def test_whatever_an_authentic_webhook_says_it_ends_in_a_status(changed: dict[str, Any]) -> None:
    assert hook(OpenDesk(), **changed).status_code == 200


def test_what_is_not_stored_is_503_so_that_nobody_believes_it_was_done() -> None:
    answers = (command(ClosedDesk()), click(ClosedDesk()), hook(ClosedDesk()))
    assert [(answer.status_code, answer.data) for answer in answers] == [(503, b"")] * 3


@pytest.mark.parametrize("path", ["/mattermost/commands", "/mattermost/actions", "/mattermost/webhook"])
def test_what_no_server_sends_is_turned_away(path: str, desk: OpenDesk) -> None:
    client = a_client(desk)
    mine = FORM if path == "/mattermost/commands" else JSON
    assert client.get(path).status_code == 405
    assert client.post(path, data=b"x", content_type="text/plain").status_code == 415
    packed = client.post(
        path, data=gzip.compress(b"{}"), content_type=mine, headers={"Content-Encoding": "gzip"}
    )
    assert packed.status_code == 415
    assert client.post(path, data=b"x" * 300_000, content_type=mine).status_code == 413
    assert client.post(path, data=b"\xff", content_type=mine).status_code in {400, 401}
    assert desk.taken == []


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"[" * 100_000, b'{"a":' * 20_000])
def test_a_click_that_is_no_object_is_turned_away(body: bytes, desk: OpenDesk) -> None:
    assert a_client(desk).post("/mattermost/actions", data=body, content_type=JSON).status_code == 400


@given(
    st.dictionaries(
        st.sampled_from(sorted(click_payload())), st.recursive(st.none() | st.text(max_size=5), st.lists)
    )
)
@settings(max_examples=30)
def test_whatever_an_authentic_click_says_it_ends_in_a_status(changed: dict[str, Any]) -> None:
    payload = click_payload(trigger_id=a_trigger(), context=SIGNER.context(DIAL, CHANNEL)) | changed
    status = a_client(OpenDesk()).post("/mattermost/actions", data=json.dumps(payload), content_type=JSON)
    assert status.status_code in {200, 400, 401}


@given(st.dictionaries(st.sampled_from(sorted(command_form())), st.text(max_size=5)))
@settings(max_examples=30)
def test_whatever_an_authentic_command_says_it_ends_in_a_status(changed: dict[str, str]) -> None:
    form = command_form(trigger_id=a_trigger()) | changed
    answer = a_client(OpenDesk()).post(
        "/mattermost/commands", data=urlencode(form, errors="replace"), content_type=FORM
    )
    assert answer.status_code in {200, 401}


def test_a_reply_that_was_turned_and_found_nothing_takes_the_post_too(desk: OpenDesk) -> None:
    desk.reply = replace(an_answer(in_place=True), matches=(), total=0, best_score=0.2)
    assert "0\\.2000" in (click(desk).json or {})["update"]["message"]
