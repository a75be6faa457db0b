"""The HTTP routes for Slack: events, slash commands, clicks.

Each does the same in the same order: size, raw bytes, signature and freshness, shape,
store, answer. Only then does Slack hear 200. Nothing here knows what a message means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.domain import Answer, Delivery, Document, IncomingMessage, Reply
from bot.platforms.kit import RejectedMessages
from bot.platforms.slack import workspace
from bot.platforms.slack.blocks import continuations
from bot.platforms.slack.inbound import Inbound, say_not_saved
from bot.platforms.slack.parser import (
    BotIdentity,
    Challenge,
    read_command,
    read_event,
    read_interaction,
)
from bot.platforms.slack.signature import Verdict, Verifier
from bot.platforms.slack.workspace import Workspace
from bot.store import StoreError
from bot.web import BODY_LIMIT_BYTES
from bot.web.bodies import Unacceptable, raw_body, read_form, read_object, refuse_packed

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def blueprint(
    *,
    verifier: Verifier,
    inbound: Inbound,
    in_response: Callable[[Reply], dict[str, Any]],
    identity: Callable[[Workspace], BotIdentity],
) -> Blueprint:
    """The routes under /slack.

    `in_response` makes the body of a slash command's answer; `identity` is asked anew for
    every request, because our user id may be learned late. It raises StoreError.
    """
    routes = Blueprint("slack", __name__, url_prefix="/slack")
    rejected = inbound.rejected
    gate = _Gate(verifier, rejected)

    @routes.post("/events")
    def events() -> Response:
        envelope = read_object(gate.body(JSON))
        try:
            reading = read_event(envelope, identity(workspace.of_event(envelope)))
            inbound.take(reading, envelope)
        except StoreError as failed:
            rejected.not_stored(failed)
            # Slack comes again, at once and after 1 and 5 minutes.
            return Response(status=503, headers={"Retry-After": "5"})
        if isinstance(reading, Challenge):
            headers = {"X-Content-Type-Options": "nosniff"}
            return Response(reading.text, headers=headers, content_type="text/plain; charset=utf-8")
        return Response()

    @routes.post("/commands")
    def commands() -> Response:
        if b"ssl_check=1" in raw_body(BODY_LIMIT_BYTES).split(b"&"):
            return Response()  # Slack looks at our certificate, signed or not; nothing is done
        body = gate.body(FORM)
        form = read_form(body)
        if not form.keys() & {"command", "team_id", "user_id"}:
            raise Unacceptable(400)
        sent_at = request.headers.get("X-Slack-Request-Timestamp", "")
        try:
            reading = read_command(form, body, sent_at, identity(workspace.of_command(form)))
            if isinstance(reading, IncomingMessage):
                _, delivery = inbound.intake.answer_within(reading, accepts=_fits_a_response)
                return jsonify(in_response(delivery.reply)) if delivery else Response()
            inbound.take(reading, form)
        except StoreError as failed:
            rejected.not_stored(failed)
            return jsonify(say_not_saved(form))
        return Response()

    @routes.post("/interactions")
    def interactions() -> Response:
        payload = read_object(read_form(gate.body(FORM)).get("payload", "").encode())
        try:
            for reading in read_interaction(payload, identity(workspace.of_interaction(payload))):
                inbound.take(reading, payload)
        except StoreError as failed:
            rejected.not_stored(failed)
            return jsonify(say_not_saved(payload))
        return Response()

    @routes.errorhandler(Unacceptable)
    def refuse(refused: Unacceptable) -> Response:
        # Nothing is said about why. A wrong signature may be a wrong clock, soon put right:
        # that may be sent again; a wrong shape never helps.
        headers = {} if refused.status == 401 else {"X-Slack-No-Retry": "1"}  # noqa: PLR2004 - not authentic
        return Response(status=refused.status, headers=headers)

    return routes


class _Gate:
    """Lets in what Slack signed, byte by byte as it was signed."""

    def __init__(self, verifier: Verifier, rejected: RejectedMessages) -> None:
        self._verifier = verifier
        self._rejected = rejected

    def body(self, content_type: str) -> bytes:
        """The raw body of this request, which is authentic, fresh and of this type."""
        body = raw_body(BODY_LIMIT_BYTES)
        headers = request.headers
        verdict = self._verifier.verdict(
            body, headers.get("X-Slack-Request-Timestamp"), headers.get("X-Slack-Signature")
        )
        if verdict is not Verdict.AUTHENTIC:
            self._rejected.refuse(verdict.value)
            raise Unacceptable(401)
        self._rejected.note_authentic()
        refuse_packed()
        if request.mimetype != content_type:
            raise Unacceptable(415)
        return body


def _fits_a_response(delivery: Delivery) -> bool:
    """A file takes calls of its own, and a very long answer several messages."""
    reply = delivery.reply
    return not isinstance(reply, Document) and not (isinstance(reply, Answer) and continuations(reply))
