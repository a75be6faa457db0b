"""The HTTP routes for Mattermost: slash commands, clicks, and outgoing webhooks beside the WebSocket.

Each does the same in the same order: size, raw bytes, proof and freshness, shape, store, answer. A
command is proved by the token of its team's registration, a click by our own signature in its button;
both by the id that the server made for this person just now. A webhook is proved by its own token and the
time of its post. Nothing here knows what a message means.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.domain import Clock, PlatformError
from bot.platforms.constant_time import is_one_of
from bot.platforms.host import Intake
from bot.platforms.kit import RejectedMessages
from bot.platforms.mattermost.action_signature import ActionSigner, Forged, Pressed
from bot.platforms.mattermost.config import NAME
from bot.platforms.mattermost.http_parser import read_click, read_command, without_credentials
from bot.platforms.mattermost.responses import Responses
from bot.platforms.mattermost.trigger import FRESH_SECONDS, Untrusted, check_trigger
from bot.platforms.payload import Quarantined
from bot.store import StoreError
from bot.web import BODY_LIMIT_BYTES
from bot.web.bodies import Unacceptable, raw_body, read_form, read_object, refuse_packed

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_SCHEME = "Token "
# What is read of a form: given twice it may be read in two ways. Lists of who is mentioned may be longer.
_ONCE = frozenset({
    "channel_id", "channel_name", "command", "post_id", "response_url", "root_id", "team_id", "text",
    "timestamp", "token", "trigger_id", "trigger_word", "user_id", "user_name",
})  # fmt: skip
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_END_OF_TIME = 10**14  # milliseconds: JSON's numbers may be too large to be divided

log = logging.getLogger(__name__)


def blueprint(
    *,
    command_tokens: Sequence[str],
    webhook_tokens: Sequence[str],
    signer: ActionSigner,
    tenant: str,
    intake: Intake,
    take_hook: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    rejected: RejectedMessages,
    responses: Responses,
    clock: Clock,
) -> Blueprint:
    """The routes under /mattermost. `take_hook`: see `OutgoingHooks.take`."""
    routes = Blueprint("mattermost", __name__, url_prefix="/mattermost")
    gate = _Gate(command_tokens, webhook_tokens, rejected, clock)

    @routes.post("/commands")
    def commands() -> Response:
        form = gate.command()
        reading = read_command(form, tenant=tenant)
        if isinstance(reading, Quarantined):
            rejected.put_aside(reading, without_credentials(form))
            return jsonify({})
        _, delivery = intake.answer_within(reading, accepts=responses.fits_command)
        return jsonify(responses.to_command(delivery) if delivery else {})

    @routes.post("/actions")
    def actions() -> Response:
        payload, pressed = gate.click(signer)
        try:
            reading = read_click(payload, pressed, signer, tenant=tenant)
        except Forged as forged:
            raise gate.refusal(str(forged)) from None
        if isinstance(reading, Quarantined):
            rejected.put_aside(reading, without_credentials(payload))
            return jsonify({})
        _, delivery = intake.answer_within(reading, accepts=responses.fits_click)
        return jsonify(responses.to_click(delivery) if delivery else {})

    @routes.post("/webhook")
    def webhook() -> Response:
        return jsonify(take_hook(gate.webhook()))

    @routes.errorhandler(StoreError)
    def not_stored(failed: StoreError) -> Response:
        """Answer 503: nothing is sent again, so whoever typed or pressed has to see that it failed.

        Every status but 200 is shown to them as an error, and leaves what they typed where they typed it.
        """
        rejected.not_stored(failed)
        return Response(status=503)

    @routes.errorhandler(PlatformError)
    def not_judged(failed: PlatformError) -> Response:
        """Whether it may be answered at all is the server's to say, which says nothing just now."""
        log.warning("not_taken", extra={"platform": NAME, "reason": failed.reason})
        return Response(status=503)

    @routes.errorhandler(Unacceptable)
    def refuse(refused: Unacceptable) -> Response:
        """Answer with the status alone; the reason is told to nobody."""
        return Response(status=refused.status)

    return routes


class _Gate:
    """Lets in what proves to come from the server, and from its person just now."""

    def __init__(
        self,
        command_tokens: Sequence[str],
        webhook_tokens: Sequence[str],
        rejected: RejectedMessages,
        clock: Clock,
    ) -> None:
        # An empty token is one that everybody knows.
        self._tokens = tuple(token.encode() for token in command_tokens if token)
        self._webhook_tokens = tuple(token.encode() for token in webhook_tokens if token)
        self._rejected = rejected
        self._clock = clock

    def command(self) -> Mapping[str, str]:
        """The form of this request, which carries one of our tokens."""
        form = read_form(_body(FORM), once=_ONCE)
        if not _is_known(form.get("token"), self._tokens) or not _agrees(form["token"]):
            raise self.refusal("forged")
        self.check_trigger(form.get("trigger_id"), form.get("user_id"))
        return form

    def webhook(self) -> Mapping[str, Any]:
        """The payload of this request, which carries the token of a webhook of ours and is of now."""
        payload = read_object(_body(JSON)) if request.mimetype == JSON else read_form(_body(FORM), once=_ONCE)
        if not _is_known(payload.get("token"), self._webhook_tokens):
            raise self.refusal("forged")
        seconds = _seconds(payload.get("timestamp"))
        if seconds is None or abs(self._clock.now().timestamp() - seconds) > FRESH_SECONDS:
            raise self.refusal("malformed" if seconds is None else "stale")
        self._rejected.note_authentic()
        return payload

    def click(self, signer: ActionSigner) -> tuple[Mapping[str, Any], Pressed]:
        """The payload of this request, and the button of ours that it names."""
        payload = read_object(_body(JSON))
        try:
            pressed = signer.read(payload.get("context"), payload.get("channel_id"))
        except Forged as forged:
            raise self.refusal(str(forged)) from None
        self.check_trigger(payload.get("trigger_id"), payload.get("user_id"))
        return payload, pressed

    def check_trigger(self, trigger_id: object, user_id: object) -> None:
        """Refuse what was made for somebody else, or is old: a copied request is no way in."""
        try:
            if not isinstance(trigger_id, str) or not isinstance(user_id, str):
                raise Untrusted("malformed")  # noqa: TRY301 - the same way out as the others
            check_trigger(trigger_id, user_id, self._clock.now().timestamp())
        except Untrusted as no:
            raise self.refusal(str(no)) from None
        self._rejected.note_authentic()

    def refusal(self, verdict: str) -> Unacceptable:
        """The end of a request that fails its proof, which is counted and logged."""
        self._rejected.refuse(verdict)
        return Unacceptable(401)


def _is_known(token: object, tokens: Sequence[bytes]) -> bool:
    given = token.encode(errors="replace") if isinstance(token, str) else b""
    return is_one_of(given, tokens)


def _seconds(timestamp: object) -> float | None:
    """The time of a post in seconds since 1970; the server writes milliseconds in JSON, seconds in forms."""
    if type(timestamp) is int:
        return timestamp / 1000 if 0 <= timestamp < _END_OF_TIME else None
    return float(timestamp) if isinstance(timestamp, str) and _TEN_DIGITS.fullmatch(timestamp) else None


def _agrees(token: str) -> bool:
    """Whether the header, where it names a token too, names the same one.

    With an outgoing connection of its own the header belongs to that, and only the form has our token.
    """
    header = request.headers.get("Authorization", "")
    if not header.startswith(_SCHEME):
        return True
    given = header.removeprefix(_SCHEME).strip()
    return hmac.compare_digest(given.encode(errors="replace"), token.encode(errors="replace"))


def _body(content_type: str) -> bytes:
    body = raw_body(BODY_LIMIT_BYTES)
    refuse_packed()
    if request.mimetype != content_type:
        raise Unacceptable(415)
    return body
