"""A WeCom of our own: people with phones on one side, our callback address on the other.

It behaves as the protocol sheet says: it encrypts, gives an answer five seconds, calls
three times, polls an unfinished stream about once a second for six minutes, sends a
press once, and shows people only what it accepts. What the real one would refuse
fails the test at once.

Time is virtual. While it waits it calls `meanwhile`, so that a test's worker gets its turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from defusedxml.ElementTree import fromstring

from tests.support import wecom_codec as codec
from tests.support.wecom_api import RUNG, VirtualClock, WeComApi

ANSWER_SECONDS, VERIFY_SECONDS, POLL_SECONDS, STREAM_SECONDS = 5, 1, 1, 360
TRIES = 3
ALLOWED = {
    "message": {"stream", "template_card", "stream_with_template_card"},
    "poll": {"stream", "stream_with_template_card"},
    "enter": {"text", "template_card"},
    "press": {"update_template_card"},
    "feedback": set[str](),
}


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: bytes
    content_type: str = ""


# Method, path, query and body to what our server answers.
Callback = Callable[[str, str, Mapping[str, str], bytes], HttpAnswer]


@dataclass
class Bubble:
    """One answer as it stands on the phone. `stream` names it; `texts` is all that it ever said."""

    chat: str
    to: str
    stream: str = ""
    texts: list[str] = field(default_factory=list)
    is_finished: bool = False
    card: dict[str, Any] | None = None
    polls: int = 0
    calls: int = 0

    @property
    def text(self) -> str:
        return self.texts[-1] if self.texts else ""


@dataclass
class WeCom:
    """One AI bot and the chats it is in."""

    clock: VirtualClock
    callback: Callback
    path: str = "/wecom/robot/support"
    bot_id: str = "AIBOT1"
    token: str = "Tok3nOfTheDesk"
    encoding_aes_key: str = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0"
    receive_id: str = ""
    meanwhile: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.api = WeComApi(self.clock)
        self.bubbles: list[Bubble] = []
        self.rung: list[str] = []
        self.statuses: list[int] = []
        self._lost_answers = 0
        self._count = 0
        self._streams: dict[str, str] = {}
        self._tasks: dict[str, Bubble] = {}

    def lose_answers(self, count: int) -> None:
        """The next answers never arrive: the connection breaks after we were called."""
        self._lost_answers = count

    def verify(self) -> HttpAnswer:
        """Somebody presses save in the admin page."""
        echo = codec.encrypt(self.encoding_aes_key, "1616140317555161061", self.receive_id)
        started = self.clock.seconds
        answer = self.callback("GET", self.path, self._signed(echo) | {"echostr": echo}, b"")
        assert self.clock.seconds - started <= VERIFY_SECONDS, "the admin page gives one second"
        return answer

    def say(
        self, text: str, *, chat: str = "G1", user: str = "zhangsan", msgid: str = "", **more: Any
    ) -> Bubble:
        """Somebody writes to the bot, and reads until the answer is finished or the time is up.

        `chat` "" is the direct chat of the user.
        """
        body = {"msgtype": "text", "text": {"content": text}} | more
        return self._converse(self._message(body, chat, user, msgid))

    def message(
        self, text: str, *, chat: str = "G1", user: str = "zhangsan", msgid: str = ""
    ) -> dict[str, Any]:
        """The body of a message, to be sent by `post` alone: without repeats and polls."""
        return self._message({"msgtype": "text", "text": {"content": text}}, chat, user, msgid)

    def post(self, body: dict[str, Any], occasion: str = "message") -> dict[str, Any] | None:
        """One callback with its answer, decrypted; None where that is empty, late or no success."""
        encrypted = codec.encrypt(
            self.encoding_aes_key, json.dumps(body, ensure_ascii=False), self.receive_id
        )
        query = self._signed(encrypted)
        started = self.clock.seconds
        answer = self.callback("POST", self.path, query, json.dumps({"encrypt": encrypted}).encode())
        self.statuses.append(answer.status)
        if self._lost_answers:
            self._lost_answers -= 1
            raise AnswerLostError
        if answer.status != 200 or self.clock.seconds - started > ANSWER_SECONDS:
            raise AnswerLostError
        return self._opened(answer.body, query["nonce"], occasion)

    def enter(self, user: str = "zhangsan") -> str:
        """Somebody opens the direct chat; the greeting they see, "" for none."""
        body = self._event({"eventtype": "enter_chat"}, "", user)
        answer = self.post({key: value for key, value in body.items() if key != "chattype"}, "enter")
        return answer["text"]["content"] if answer else ""

    def press(
        self, bubble: Bubble, key: str, *, user: str = "lisi", chosen: str = "", msgid: str = ""
    ) -> dict[str, Any] | None:
        """Somebody presses a button: sent once, and dropped when we are late. The card that is seen then."""
        assert bubble.card is not None
        assert key in {button["key"] for button in bubble.card["button_list"]}, "there is no such button"
        event: dict[str, Any] = {
            "card_type": bubble.card["card_type"],
            "event_key": key,
            "task_id": bubble.card["task_id"],
        }
        selection = bubble.card.get("button_selection")
        if selection:
            options = {"option_id": [chosen or selection["selected_id"]]}
            event["selected_items"] = {
                "selected_item": [{"question_key": selection["question_key"], "option_ids": options}]
            }
        body = self._event(
            {"eventtype": "template_card_event", "template_card_event": event}, bubble.chat, user
        )
        body |= {"msgid": msgid} if msgid else {}
        body["response_url"] = self.api.response_url(self._name(bubble.chat, user))
        try:
            answer = self.post(body, "press")
        except AnswerLostError:
            return bubble.card
        if answer is not None:
            card = answer["template_card"]
            assert card["task_id"] == bubble.card["task_id"], "an update must name the card that was pressed"
            bubble.card = card
        return bubble.card

    def rate(self, name: str, *, accurate: bool = True, user: str = "lisi") -> None:
        feedback = {"id": name, "type": 1 if accurate else 2}
        answer = self.post(
            self._event({"eventtype": "feedback_event", "feedback_event": feedback}, "G1", user), "feedback"
        )
        assert answer is None, "feedback takes an empty answer only"

    def _converse(self, body: dict[str, Any]) -> Bubble:
        bubble = Bubble(chat=body.get("chatid", ""), to=body["from"]["userid"])
        asked_at = self.clock.seconds
        answer = self._call_until_answered(body, bubble)
        if answer is None:
            return bubble
        self.bubbles.append(bubble)
        self._show(bubble, answer, body["msgid"])
        while bubble.stream and not bubble.is_finished:
            self.clock.wait(POLL_SECONDS)
            self.meanwhile()
            if self.clock.seconds - asked_at > STREAM_SECONDS:
                break
            self._poll(bubble, body)
        return bubble

    def _call_until_answered(self, body: dict[str, Any], bubble: Bubble) -> dict[str, Any] | None:
        for _ in range(TRIES):
            bubble.calls += 1
            try:
                return self.post(body)
            except AnswerLostError:
                self.meanwhile()
        return None

    def _poll(self, bubble: Bubble, asked: dict[str, Any]) -> None:
        bubble.polls += 1
        poll: dict[str, Any] = {
            key: asked[key] for key in ("aibotid", "chatid", "chattype", "from") if key in asked
        }
        poll |= {"msgid": self._next("m"), "msgtype": "stream", "stream": {"id": bubble.stream}}
        try:
            answer = self.post(poll, "poll")
        except AnswerLostError:
            return
        if answer is not None:
            self._show(bubble, answer, asked["msgid"])

    def _show(self, bubble: Bubble, answer: dict[str, Any], message: str) -> None:
        stream = answer.get("stream")
        if stream is not None:
            assert 0 < len(stream["id"]) <= 256, "a stream needs an id"
            assert self._streams.setdefault(stream["id"], message) == message, "a stream of another message"
            assert bubble.stream in {"", stream["id"]}, "the stream changed its name"
            assert not bubble.is_finished, "a finished stream went on"
            assert len(stream.get("content", "").encode()) <= 20480, "too long: it would be cut somewhere"
            assert stream["finish"] or "msg_item" not in stream
            bubble.stream = stream["id"]
            bubble.is_finished = stream["finish"]
            bubble.texts.append(stream.get("content", ""))
            self.rung += RUNG.findall(bubble.text)
        card = answer.get("template_card")
        if card is not None:
            assert bubble.card is None, "a card comes once"
            assert re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", card["task_id"])
            assert card["task_id"] not in self._tasks, "a task id is never used again"
            assert 1 <= len(card["button_list"]) <= 6
            self._tasks[card["task_id"]] = bubble
            bubble.card = card

    def _opened(self, body: bytes, nonce: str, occasion: str) -> dict[str, Any] | None:
        if not body:
            return None
        sent = json.loads(body)
        assert sent["nonce"] == nonce, "an answer carries the nonce of its request"
        signature = codec.signature(self.token, str(sent["timestamp"]), nonce, sent["encrypt"])
        assert sent["msgsignature"] == signature
        answer: dict[str, Any] = json.loads(
            codec.decrypt(self.encoding_aes_key, sent["encrypt"], self.receive_id)
        )
        kind = answer.get("msgtype") or answer.get("response_type")
        assert kind in ALLOWED[occasion], f"{kind} is no answer to a {occasion}"
        return answer

    def _message(self, body: dict[str, Any], chat: str, user: str, msgid: str) -> dict[str, Any]:
        place = {"chatid": chat, "chattype": "group"} if chat else {"chattype": "single"}
        return {
            "msgid": msgid or self._next("m"),
            "aibotid": self.bot_id,
            **place,
            "from": {"userid": user},
            "response_url": self.api.response_url(self._name(chat, user)),
            **body,
        }

    def _event(self, event: dict[str, Any], chat: str, user: str) -> dict[str, Any]:
        body = self._message({"msgtype": "event", "event": event}, chat, user, "")
        del body["response_url"]
        return body | {"create_time": int(self.clock.seconds)}

    def _signed(self, encrypted: str) -> dict[str, str]:
        timestamp, nonce = str(int(self.clock.seconds)), self._next("nonce")
        signature = codec.signature(self.token, timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _name(self, chat: str, user: str) -> str:
        return f"group:{chat}" if chat else f"single:{user}"

    def _next(self, name: str) -> str:
        self._count += 1
        return f"{name}-{self._count}"


@dataclass
class WeComApp:
    """A self-built application: direct chats by XML; its answers come back through the API."""

    clock: VirtualClock
    callback: Callback
    api: WeComApi
    path: str = "/wecom/app/support"
    corp_id: str = "ww1"
    agent_id: int = 1000002
    token: str = "Tok3nOfTheDesk"
    encoding_aes_key: str = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0"

    def __post_init__(self) -> None:
        self.calls = 0
        self._count = 0
        self._lost_answers = 0

    def lose_answers(self, count: int) -> None:
        self._lost_answers = count

    def say(self, text: str, *, user: str = "zhangsan") -> None:
        """Somebody writes to the application; called three times where the answer is lost."""
        self._count += 1
        inner = self._xml(
            FromUserName=user, MsgType="text", Content=text, MsgId=str(7_000_000_000 + self._count)
        )
        self._deliver(inner)

    def press(self, key: str, task: str, *, user: str = "zhangsan", response_code: str = "") -> None:
        self._deliver(
            self._xml(
                FromUserName=user,
                MsgType="event",
                Event="template_card_event",
                EventKey=key,
                TaskId=task,
                CardType="button_interaction",
                ResponseCode=response_code,
            )
        )

    def _deliver(self, inner: str) -> None:
        encrypted = codec.encrypt(self.encoding_aes_key, inner, self.corp_id)
        timestamp = str(int(self.clock.seconds))
        query = {"timestamp": timestamp, "nonce": f"n{self._count}"}
        query["msg_signature"] = codec.signature(self.token, timestamp, query["nonce"], encrypted)
        outer = (
            f"<xml><ToUserName>{self.corp_id}</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        for _ in range(TRIES):
            self.calls += 1
            started = self.clock.seconds
            answer = self.callback("POST", self.path, query, outer.encode())
            in_time = self.clock.seconds - started <= ANSWER_SECONDS
            if self._lost_answers:
                self._lost_answers -= 1
            elif answer.status == 200 and in_time:
                assert not answer.body or fromstring(answer.body).find("Encrypt") is not None
                return

    def _xml(self, **fields: str) -> str:
        common = {"ToUserName": self.corp_id, "CreateTime": str(int(self.clock.seconds))}
        both = common | fields | {"AgentID": str(self.agent_id)}
        cdata = {key: value.replace("]]>", "]]]]><![CDATA[>") for key, value in both.items()}
        return f"<xml>{''.join(f'<{key}><![CDATA[{value}]]></{key}>' for key, value in cdata.items())}</xml>"


class AnswerLostError(Exception):
    """Our answer did not arrive, or was none: the platform calls again where it does that."""
