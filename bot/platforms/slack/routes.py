"""Slack's three ways in: events, slash commands, clicks.

Each does the same in the same order: size, raw bytes, signature and freshness, shape,
store, answer. Only then does Slack hear 200. Nothing here knows what a message means.

There is no `/slack/install` yet: one workspace is connected by pasting the manifest and
two secrets, and a route that is not built is 404.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from bot.domain import Delivery, Document, IncomingMessage, Reply
from bot.metrics import Metrics
from bot.platforms.slack.parser import (
    Challenge,
    Ignored,
    Ours,
    Quarantined,
    Reading,
    read_command,
    read_event,
    read_interaction,
    without_credentials,
)
from bot.platforms.slack.signature import Verdict, Verifier
from bot.store import Accepted, StoreError
from bot.web import BODY_LIMIT_BYTES
from bot.web.clock_skew import ClockWatch

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MOST_FIELDS = 200

# The language of the channel is kept in the store, which is what has just failed.
NOT_SAVED = "This could not be saved, please repeat it. 没有保存成功，请再发一次。"

log = logging.getLogger(__name__)


class Desk(Protocol):
    """Where messages are handed in. Both raise StoreError when a message could not be stored."""

    def accept(self, message: IncomingMessage) -> Accepted: ...
    def answer_within(
        self, message: IncomingMessage, *, takes: Callable[[Delivery], bool]
    ) -> tuple[Accepted, Delivery | None]: ...


class _Refused(Exception):
    """The request ends here, with this status. Sending it again cannot help."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def blueprint(
    *,
    verifier: Verifier,
    desk: Desk,
    quarantine: Callable[[str, str, str, str], None],
    in_response: Callable[[Reply], dict[str, Any]],
    ours: Callable[[], Ours],
    clock: ClockWatch,
    metrics: Metrics,
) -> Blueprint:
    """The routes under /slack.

    `quarantine(platform, tenant, reason, body)` keeps what could not be understood;
    `in_response` makes the body of a slash command's answer; `ours` is asked anew for
    every request, because our user id may be learned late.
    """
    routes = Blueprint("slack", __name__, url_prefix="/slack")
    gate, aside = _Gate(verifier, clock, metrics), _Aside(quarantine, metrics)

    @routes.post("/events")
    def events() -> Response:
        envelope = _json_object(gate.body(JSON))
        reading = read_event(envelope, ours())
        if isinstance(reading, Challenge):
            headers = {"X-Content-Type-Options": "nosniff"}
            return Response(reading.text, headers=headers, content_type="text/plain; charset=utf-8")
        try:
            if isinstance(reading, IncomingMessage):
                desk.accept(reading)
            else:
                aside.put(reading, envelope)
        except StoreError as failed:
            aside.not_stored(failed)
            # Slack comes again, at once and after 1 and 5 minutes.
            return Response(status=503, headers={"Retry-After": "5"})
        return Response()

    @routes.post("/commands")
    def commands() -> Response:
        if b"ssl_check=1" in _raw_body().split(b"&"):
            return Response()  # Slack looks at our certificate, signed or not; nothing is done
        body = gate.body(FORM)
        form = _form(body)
        if not form.keys() & {"command", "team_id", "user_id"}:
            raise _Refused(400)
        reading = read_command(form, body, request.headers.get("X-Slack-Request-Timestamp", ""), ours())
        try:
            if isinstance(reading, IncomingMessage):
                _, delivery = desk.answer_within(reading, takes=_fits_a_response)
                return jsonify(in_response(delivery.reply)) if delivery else Response()
            aside.put(reading, form)
        except StoreError as failed:
            aside.not_stored(failed)
            return _not_saved()
        return Response()

    @routes.post("/interactions")
    def interactions() -> Response:
        payload = _json_object(_form(gate.body(FORM)).get("payload", "").encode())
        try:
            for reading in read_interaction(payload):
                if isinstance(reading, IncomingMessage):
                    desk.accept(reading)
                else:
                    aside.put(reading, payload)
        except StoreError as failed:
            aside.not_stored(failed)
            return _not_saved()
        return Response()

    @routes.errorhandler(_Refused)
    def refuse(refused: _Refused) -> Response:
        # Nothing is said about why. A wrong signature may be a wrong clock, soon put right:
        # that may be sent again; a wrong shape never helps.
        headers = {} if refused.status == 401 else {"X-Slack-No-Retry": "1"}  # noqa: PLR2004 - not authentic
        return Response(status=refused.status, headers=headers)

    return routes


class _Gate:
    """Lets in what Slack signed, byte by byte as it was signed."""

    def __init__(self, verifier: Verifier, clock: ClockWatch, metrics: Metrics) -> None:
        self._verifier = verifier
        self._clock = clock
        self._metrics = metrics

    def body(self, content_type: str) -> bytes:
        """The raw body of this request, which is authentic, fresh and of this type."""
        body = _raw_body()
        headers = request.headers
        verdict = self._verifier.verdict(
            body, headers.get("X-Slack-Request-Timestamp"), headers.get("X-Slack-Signature")
        )
        if verdict in {Verdict.AUTHENTIC, Verdict.STALE}:
            self._clock.saw(is_stale=verdict is Verdict.STALE)
        if verdict is not Verdict.AUTHENTIC:
            self._metrics.auth_failed.labels("slack").inc()
            log.warning("auth_failed", extra={"platform": "slack", "verdict": verdict.value})
            raise _Refused(401)
        if headers.get("Content-Encoding", "identity") != "identity" or request.mimetype != content_type:
            raise _Refused(415)
        return body


class _Aside:
    """Takes what is not for the inbox."""

    def __init__(self, quarantine: Callable[[str, str, str, str], None], metrics: Metrics) -> None:
        self._quarantine = quarantine
        self._metrics = metrics

    def put(self, reading: Reading, payload: Mapping[str, Any]) -> None:
        if isinstance(reading, Ignored):
            self._metrics.ignored.labels("slack", reading.reason).inc()
            if reading.reason == "app_rate_limited":
                log.error("slack holds back events", extra={"platform": "slack"})
        elif isinstance(reading, Quarantined):
            self._metrics.quarantined.labels("slack").inc()
            log.warning("quarantined", extra={"platform": "slack", "reason": reading.reason})
            self._quarantine("slack", reading.tenant, reading.reason, without_credentials(payload))

    def not_stored(self, failed: StoreError) -> None:
        self._metrics.refused.labels("slack").inc()
        log.error("not stored", extra={"platform": "slack", "reason": str(failed)})


def _raw_body() -> bytes:
    # One more than the limit, because a stream that is longer ends there without a word.
    request.max_content_length = BODY_LIMIT_BYTES + 1
    try:
        body = request.get_data() if (request.content_length or 0) <= BODY_LIMIT_BYTES else None
    except RequestEntityTooLarge:
        body = None
    except ClientDisconnected:
        raise _Refused(400) from None
    if body is None or len(body) > BODY_LIMIT_BYTES:
        raise _Refused(413)
    return body


def _fits_a_response(delivery: Delivery) -> bool:
    """A file takes calls of its own."""
    return not isinstance(delivery.reply, Document)


def _not_saved() -> Response:
    """Commands and clicks are never sent again, so the person has to hear it."""
    return jsonify({"response_type": "ephemeral", "replace_original": False, "text": NOT_SAVED})


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body.decode())
    # Deep nesting ends in a RecursionError, all else wrong in a ValueError.
    except (ValueError, RecursionError):
        raise _Refused(400) from None
    if not isinstance(value, dict):
        raise _Refused(400)
    return value


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
        )
    except ValueError:
        raise _Refused(400) from None
