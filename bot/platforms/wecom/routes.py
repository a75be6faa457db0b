"""The HTTP routes for WeCom: AI bots (JSON) and self-built applications (XML).

Each does the same in the same order: size, envelope, signature and freshness, decryption,
shape, store, answer. Only then does WeCom hear 200. Nothing here knows what a message
means, and the check of the address (GET) touches neither store nor engine.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from flask import Blueprint, Response, request

from bot.domain import Clock, IncomingMessage
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.wecom import passive_reply
from bot.platforms.wecom.app_parser import Alarm, App, read_app
from bot.platforms.wecom.envelope import BODY_LIMIT_BYTES, Envelope, Opened, Refused, Signed
from bot.platforms.wecom.inbound import WecomInbound
from bot.platforms.wecom.parsed import (
    Declined,
    Feedback,
    Malformed,
    Poll,
    Robot,
    Welcome,
)
from bot.platforms.wecom.passive_xml import text_reply
from bot.platforms.wecom.robot_parser import read_robot
from bot.platforms.wecom.streams import Streams
from bot.store import StoreError
from bot.web.bodies import Unacceptable, raw_body, refuse_packed

log = logging.getLogger(__name__)

# For an operator's browser, and for `python -m bot check`: whoever reads it has reached us.
HERE = "kbdial listens here for WeCom; the admin page of WeCom will find it.\n"


@dataclass(frozen=True)
class RobotDoor:
    robot: Robot
    envelope: Envelope


@dataclass(frozen=True)
class AppDoor:
    app: App
    envelope: Envelope


def blueprint(
    *,
    robots: Mapping[str, RobotDoor],
    apps: Mapping[str, AppDoor],
    inbound: WecomInbound,
    streams: Streams,
    clock: Clock,
) -> Blueprint:
    """The routes under /wecom, one for each robot that is called back and each application."""
    routes = Blueprint("wecom", __name__, url_prefix="/wecom")

    @routes.get("/robot/<name>")
    def verify_robot(name: str) -> Response:
        return _verify(robots, name, inbound)

    @routes.get("/app/<name>")
    def verify_app(name: str) -> Response:
        return _verify(apps, name, inbound)

    @routes.post("/robot/<name>")
    def robot_called(name: str) -> Response:
        door = _door(robots, name)
        refuse_packed()
        signed, body = _read_query(), raw_body(BODY_LIMIT_BYTES)
        opened = door.envelope.open_json(signed, body)
        inbound.rejected.note_authentic()
        try:
            message = _robot_answer(opened, door.robot, clock.now().timestamp(), inbound, streams)
        except StoreError as failed:
            return _again(failed, inbound)
        if message is None:
            return Response()
        sealed = door.envelope.seal_json(json.dumps(message, ensure_ascii=False).encode(), signed.nonce)
        return Response(sealed, content_type="application/json; charset=utf-8")

    @routes.post("/app/<name>")
    def app_called(name: str) -> Response:
        door = _door(apps, name)
        refuse_packed()
        signed, body = _read_query(), raw_body(BODY_LIMIT_BYTES)
        opened = door.envelope.open_xml(signed, body)
        inbound.rejected.note_authentic()
        try:
            said = _app_answer(opened, door.app, clock.now().timestamp(), inbound)
        except StoreError as failed:
            return _again(failed, inbound)
        if not said:
            return Response()
        sealed = door.envelope.seal_xml(said, signed.nonce)
        return Response(sealed, content_type="application/xml; charset=utf-8")

    @routes.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        """Refuse without a word: which step failed is for the log alone."""
        inbound.rejected.refuse(refused.step, is_authentic=refused.is_malformed)
        return Response(status=400 if refused.is_malformed else 401)

    @routes.errorhandler(Unacceptable)
    def turn_away(unacceptable: Unacceptable) -> Response:
        return Response(status=unacceptable.status)

    return routes


def _robot_answer(
    opened: Opened, robot: Robot, now: float, inbound: WecomInbound, streams: Streams
) -> passive_reply.Message | None:
    match read_robot(opened.body, robot, now=now):
        case IncomingMessage(action=None) as message:
            return streams.answer(message)
        case IncomingMessage() as press:
            return streams.press(press)
        case Poll() as poll:
            return streams.poll(poll)
        case Welcome() as welcome:
            return passive_reply.text(inbound.welcome(welcome))
        case Declined() as declined:
            return streams.decline(declined.stream, inbound.decline(declined))
        case Feedback() as feedback:
            inbound.rate(feedback)
            return None
        case Malformed():
            raise Unacceptable(400)
        case Ignored() | Quarantined() as other:
            _put_aside(other, opened, inbound)
            return None


def _app_answer(opened: Opened, app: App, now: float, inbound: WecomInbound) -> bytes:
    match read_app(opened.body, app, now=now):
        case IncomingMessage() as message:
            # An empty 200: the answer goes out through the API when it is ready.
            inbound.intake.accept(message)
        case Welcome() as welcome:
            return text_reply(app.corp_id, welcome.person.id, inbound.welcome(welcome), now)
        case Declined() as declined:
            return text_reply(app.corp_id, declined.person.id, inbound.decline(declined), now)
        case Alarm(event):
            log.error("wecom_suspends_the_application", extra={"app": app.name, "event": event})
            inbound.rejected.ignore("inactivity")
        case Malformed():
            raise Unacceptable(400)
        case Ignored() | Quarantined() as other:
            _put_aside(other, opened, inbound)
        case Poll() | Feedback():
            raise AssertionError("applications have no streams; this is a bug")
    return b""


def _put_aside(reading: Ignored | Quarantined, opened: Opened, inbound: WecomInbound) -> None:
    """Once, however often the same bytes come. Messages need no such care: the store knows them again."""
    if opened.is_replay:
        inbound.rejected.ignore("replay")
    else:
        inbound.put_aside(reading, opened.body)


def _verify(
    doors: Mapping[str, RobotDoor] | Mapping[str, AppDoor], name: str, inbound: WecomInbound
) -> Response:
    """Answer the admin page's URL verification with its decrypted echo; without parameters, a plain line."""
    door = doors.get(name)
    if door is None:
        raise Unacceptable(404)
    if not request.args:
        return Response(HERE, content_type="text/plain; charset=utf-8")
    try:
        echo = door.envelope.open_echo(_read_query())
    except Refused as refused:
        inbound.rejected.refuse(refused.step)
        return Response(status=401)
    return Response(echo, content_type="text/plain; charset=utf-8")


def _read_query() -> Signed:
    """The query of this request. What is in it twice may be read in two ways, so it proves nothing.

    Raises:
        Refused
    """
    if any(len(values) > 1 for values in request.args.listvalues()):
        raise Refused("parameters")
    return Signed.of(request.args)


T = TypeVar("T")


def _door(doors: Mapping[str, T], name: str) -> T:
    if name not in doors:
        raise Unacceptable(404)
    return doors[name]


def _again(failed: StoreError, inbound: WecomInbound) -> Response:
    inbound.rejected.not_stored(failed)
    return Response(status=503, headers={"Retry-After": "5"})
