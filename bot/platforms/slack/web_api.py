"""Slack's Web API and its response addresses, with every failure told apart.

The SDK builds the calls and judges the answers. Its own transport would follow
redirects, wait without end for a slow body and sleep in the worker when told to slow
down; ours does none of these.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.request import Request

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient

from bot.domain import Clock, PlatformError
from bot.platforms.http_post import (
    AnswerLost,
    HttpAnswer,
    NotReached,
    Outgoing,
)
from bot.platforms.kit import ResponseOrigins

OK, TOO_FAST, BROKEN = 200, 429, 500
DEFAULT_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 900.0
_RESPONSE_PATH = re.compile(r"/[A-Za-z0-9/_.~%?&=+:,-]*")
UPLOAD_SECONDS = 30.0

TOKEN_IS_DEAD = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required",
})  # fmt: skip
# An organisation took the workspace out; only its administrators can put it in again.
NO_ACCESS = "team_access_not_granted"
CANNOT_POST = frozenset({
    "channel_not_found", "is_archived", "not_in_channel", "posting_to_channel_denied", "restricted_action",
    "user_not_in_channel", "user_not_found",
})  # fmt: skip
TOO_MUCH = frozenset({
    "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format",
    "invalid_arguments",
})  # fmt: skip
CANNOT_EDIT = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
CANNOT_SHARE = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "file_upload_disabled"})
MAY_HAVE_HAPPENED = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})

log = logging.getLogger(__name__)


class SlackRefusal(PlatformError):
    """Slack said no, with a code of its own."""

    def __init__(self, code: str, reason: str, **kind: Any) -> None:
        super().__init__(reason, **kind)
        self.code = code


class WebApi:
    """Calls to the Web API with our token.

    Raises PlatformError from every call; a SlackRefusal where Slack itself answered.
    """

    def __init__(self, token: str, api_url: str, outgoing: Outgoing, clock: Clock) -> None:
        self.has_token = bool(token)
        self._client = _Client(token, api_url, outgoing)
        self._uploads = Outgoing(total_seconds=UPLOAD_SECONDS)
        self._clock = clock

    def call(self, method: Callable[[WebClient], SlackResponse]) -> SlackResponse:
        """Make one call, for example `call(lambda slack: slack.auth_test())`."""
        if not self.has_token:
            raise PlatformError(
                "[bot.slack] bot_token is not set, and the app is not installed in this workspace (any "
                "more), so nothing can be posted",
                permanent=True,
            )
        return self.call_openly(method)

    def call_openly(self, method: Callable[[WebClient], SlackResponse]) -> SlackResponse:
        """Make a call that proves itself otherwise than by our token."""
        try:
            return method(self._client)
        except SlackApiError as refused:
            raise self._refusal(refused.response) from None
        except NotReached as unreached:
            raise PlatformError(f"Slack was not reached: {unreached}") from None
        except AnswerLost as lost:
            raise PlatformError(f"Slack's answer was lost: {lost}", maybe_sent=True) from None
        except SlackClientError as unusable:
            raise PlatformError(
                f"the Slack SDK gave up: {type(unusable).__name__}", maybe_sent=True
            ) from None

    def share(self, content: bytes, *, name: str, comment: str, channel: str, thread_ts: str | None) -> None:
        """A file in a channel: ask where to put it, put it there, say where it belongs."""
        place = self.call(lambda slack: slack.files_getUploadURLExternal(filename=name, length=len(content)))
        try:
            put = self._uploads.post(
                str(place.get("upload_url")), content, {"Content-Type": "application/octet-stream"}
            )
        except (NotReached, AnswerLost) as failed:
            # Nobody sees a file before the last step.
            raise PlatformError(f"the file was not taken: {failed}") from None
        if put.status != OK:
            raise PlatformError(f"the file was not taken: {put.status}")
        self.call(
            lambda slack: slack.files_completeUploadExternal(
                files=[{"id": str(place.get("file_id")), "title": name}],
                channel_id=channel,
                thread_ts=thread_ts,
                initial_comment=comment,
            )
        )

    def _refusal(self, response: Any) -> PlatformError:
        status = int(response.status_code)
        error = response.get("error")
        if status == TOO_FAST or error == "ratelimited":
            return too_fast(response.headers, self._clock)
        if status >= BROKEN:
            return PlatformError(f"Slack answered {status}", maybe_sent=True)
        if status != OK:
            return PlatformError(f"Slack answered {status} instead of an answer")
        return refusal(str(error), response)


class ResponseAddresses:
    """The response URLs that come with commands and clicks, each good for 5 uses in 30 minutes."""

    def __init__(self, allowed_origins: Sequence[str], outgoing: Outgoing, clock: Clock) -> None:
        self._origins = ResponseOrigins(allowed_origins, path=_RESPONSE_PATH)
        self._outgoing = outgoing
        self._clock = clock

    def is_allowed(self, url: str) -> bool:
        return self._origins.allow(url)

    def post(self, url: str, message: Mapping[str, Any]) -> bool:
        """Post the message; False when this address does not take it (any more).

        Raises:
            PlatformError: for everything else that went wrong.
        """
        if not self.is_allowed(url):
            log.warning("response_url refused", extra={"platform": "slack"})
            return False
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
        try:
            answer = self._outgoing.post(url, json.dumps(message).encode(), headers)
        except NotReached as unreached:
            raise PlatformError(f"the response address was not reached: {unreached}") from None
        except AnswerLost as lost:
            raise PlatformError(f"the response address gave no answer: {lost}", maybe_sent=True) from None
        return self._was_taken(answer)

    def _was_taken(self, answer: HttpAnswer) -> bool:
        if answer.status == TOO_FAST:
            raise too_fast(answer.headers, self._clock)
        if answer.status >= BROKEN:
            raise PlatformError(f"the response address answered {answer.status}", maybe_sent=True)
        code = _code(answer.body)
        if code in TOO_MUCH:
            raise SlackRefusal(code, f"Slack does not take this message: {code}", permanent=True)
        # A redirect, a 404, an address used up: all of them mean another way must be found.
        return answer.status == OK and not code


def refusal(code: str, details: Mapping[str, Any] | SlackResponse) -> SlackRefusal:
    """The error for an `ok: false` answer, by its code."""
    if code in TOKEN_IS_DEAD:
        return SlackRefusal(code, f"the bot token is not valid any more: {code}", permanent=True)
    if code == NO_ACCESS:
        told = "the organisation does not let the app into this workspace"
        return SlackRefusal(code, f"{told}: {code}", permanent=True)
    if code == "missing_scope":
        needed = details.get("needed", "?")
        return SlackRefusal(code, f"the app's manifest lacks the scope {needed}", permanent=True)
    if code == "not_in_channel":
        return SlackRefusal(code, "the bot is not in this channel; invite it there", permanent=True)
    if code in CANNOT_POST | TOO_MUCH | CANNOT_EDIT:
        return SlackRefusal(code, f"Slack does not take this message: {code}", permanent=True)
    if code in MAY_HAVE_HAPPENED:
        return SlackRefusal(code, f"Slack failed: {code}", maybe_sent=True)
    return SlackRefusal(code, f"Slack refused for a reason we do not know: {code[:100]}")


def too_fast(headers: Mapping[str, Any], clock: Clock) -> PlatformError:
    """The error for 429: at least as long as Slack wishes, and no more than a quarter of an hour."""
    wish = {name.lower(): value for name, value in headers.items()}.get("retry-after")
    seconds = _seconds(str(wish), clock)
    return PlatformError(
        f"Slack asks to slow down for {seconds:.0f} s",
        retry_after_seconds=min(max(seconds, 1.0), LONGEST_WAIT_SECONDS),
    )


def _seconds(wish: str, clock: Clock) -> float:
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", wish.strip()):
        return float(wish)
    try:
        return (parsedate_to_datetime(wish) - clock.now()).total_seconds()
    except (TypeError, ValueError):
        return DEFAULT_WAIT_SECONDS


def _code(body: bytes) -> str:
    """The error of a response address: JSON with `ok: false`, or a bare word; empty when there is none."""
    text = body.decode("utf-8", "replace").strip()
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text if re.fullmatch(r"[a-z_]{1,60}", text) and text != "ok" else ""
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        return ""
    return str(answer.get("error") or "unknown")


class _Client(WebClient):
    """The SDK's client over our transport."""

    def __init__(self, token: str, api_url: str, outgoing: Outgoing) -> None:
        super().__init__(token=token, base_url=api_url.rstrip("/") + "/", retry_handlers=[])
        self._outgoing = outgoing

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        # The SDK's one place that touches the network; tests fail when a new release moves it.
        body = req.data if isinstance(req.data, bytes) else b""
        answer = self._outgoing.post(url, body, dict(req.header_items()))
        return {
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body.decode("utf-8", "replace"),
        }
