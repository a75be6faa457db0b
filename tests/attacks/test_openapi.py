"""Both programs keep to their own OpenAPI documents, whatever is sent: the requests are made from these.

Before the bot stand the vendors: they sign what was made, as it is, so that it gets past the door.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import schemathesis

from bot.domain import Clock
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.action_values import ActionValue
from bot.platforms.registry import PATHS
from bot.platforms.wecom.envelope import Envelope
from bot.web import openapi as of_the_bot
from engine.app import build
from engine.config import Engine
from engine.web import openapi as of_the_engine
from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings
from tests.support.mattermost_requests import (
    COMMAND_TOKEN,
    WEBHOOK_TOKEN,
    click_payload,
    command_form,
    hook_payload,
    trigger_id,
)
from tests.support.openapi import a_few, keep_to_it, many, operations
from tests.support.program import Program, a_program
from tests.support.slack_people import signature
from tests.support.wecom_program import KEY

TOKEN = "k7Qm-of-the-engine-2Vx9"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
SIGNED, UNSIGNED = {"X-Signed": "yes"}, {"X-Signed": "no"}
OF_THE_ENGINE = operations(of_the_engine.describe(build(Engine()).web, token_needed=True))
OF_THE_BOT = operations(of_the_bot.document(PATHS))
WECOM = {
    "robot": {"support": {"bot_id": "AIBOT1", "token": "Tok3nOfTheDesk", "encoding_aes_key": KEY}},
    "app": {
        "support": {
            "corp_id": "corp",
            "agent_id": 1,
            "secret": "S1k7Qm2xRz",
            "token": "Tok3nOfTheDesk",
            "encoding_aes_key": KEY,
        }
    },
}
SECRET = "k7Qm-of-the-buttons-2Vx9"
# Nobody listens there; what is said to it waits for another try.
MATTERMOST = {
    "url": "http://127.0.0.1:9",
    "bot_token": "b0t7oken9w3x5y8z1a2c4d6e8f",
    "command_tokens": [COMMAND_TOKEN],
    "webhook_tokens": [WEBHOOK_TOKEN],
    "action_secret": SECRET,
}
Wsgi = Callable[..., Iterable[bytes]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder = tmp_path_factory.mktemp("engine")
    base = a_knowledge_base(folder, "apple", "pear")
    settings_in_use = some_settings(folder, base, token=TOKEN)
    with an_engine(settings_in_use) as running:
        running.headers = AUTHORISED
        yield running.is_settled()


@pytest.fixture(scope="module")
def engine_described(engine: RunningEngine) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", engine.wsgi)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("bot")
    with a_program(folder, a_knowledge_base(folder, "apple"), wecom=WECOM, mattermost=MATTERMOST) as program:
        yield program


@pytest.fixture(scope="module")
def bot_described(bot: Program) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", _vendors(bot.app.flask))


def _vendors(wsgi: Wsgi) -> Wsgi:
    """The request signed on its way to the bot, as Slack, WeCom and Mattermost would."""

    def signing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        platform, _, kind = environ["PATH_INFO"].strip("/").partition("/")
        if environ.get("HTTP_X_SIGNED") == "yes" and environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if platform == "slack":
                at = str(int(time.time()))
                environ |= {
                    "HTTP_X_SLACK_REQUEST_TIMESTAMP": at,
                    "HTTP_X_SLACK_SIGNATURE": signature(body, at),
                }
            elif platform == "wecom":
                body, environ["QUERY_STRING"] = _sealed(body, is_robot=kind.startswith("robot"))
            elif platform == "mattermost":
                body = _hooked(body) if kind == "webhook" else _proved(body, is_command=kind == "commands")
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return wsgi(environ, start_response)

    return signing


def _proved(body: bytes, *, is_command: bool) -> bytes:
    """With the token of the command, or around a button of ours, and the id of a person's request."""
    user = "lin".ljust(26, "0")
    known = {"user_id": user, "trigger_id": trigger_id(user, time.time())}
    if is_command:
        made = dict(parse_qsl(body.decode(errors="replace")))
        return urlencode(command_form() | made | known | {"token": COMMAND_TOKEN}, errors="replace").encode()
    try:
        value = json.loads(body)
    except ValueError:
        return body
    channel = "channel".ljust(26, "0")
    context = ActionSigner(SECRET).context(ActionValue("dial", "a", "0.6"), channel)
    proof = {"channel_id": channel, "context": context}
    return json.dumps(click_payload() | value | known | proof).encode() if isinstance(value, dict) else body


def _hooked(body: bytes) -> bytes:
    """With the token of a webhook, and of now."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    proof = {"token": WEBHOOK_TOKEN, "timestamp": int(time.time() * 1000)}
    return json.dumps(hook_payload() | value | proof).encode() if isinstance(value, dict) else body


def _sealed(body: bytes, *, is_robot: bool) -> tuple[bytes, str]:
    receive_id = "" if is_robot else "corp"
    envelope = Envelope(token="Tok3nOfTheDesk", encoding_aes_key=KEY, receive_id=receive_id, clock=Clock())
    encrypted, at = envelope.encrypt(body), str(int(time.time()))
    query = {"msg_signature": envelope.sign(at, "n", encrypted), "timestamp": at, "nonce": "n"}
    outer = (
        f'{{"encrypt": "{encrypted}"}}'
        if is_robot
        else f"<xml><ToUserName>corp</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
    )
    return outer.encode(), urlencode(query)


def test_the_bot_describes_every_route_it_has_and_no_other(bot: Program) -> None:
    has = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in bot.app.flask.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    # The console is pages for people; tests/bot/console/test_routes.py knows each of its routes.
    pages = {route for route in has if route[0].startswith("/console") and route not in OF_THE_BOT}
    assert has - pages == set(OF_THE_BOT)


@pytest.mark.parametrize("headers", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@pytest.mark.parametrize(("path", "method"), OF_THE_BOT)
def test_every_answer_of_the_bot_is_one_that_its_document_describes(
    bot_described: Any, path: str, method: str, headers: dict[str, str]
) -> None:
    # What nobody signed is refused at the door, whatever it is.
    few = a_few(10 if headers is SIGNED else 4)
    keep_to_it(bot_described, path, method, few, headers=headers, name="support")


@pytest.mark.soak
@pytest.mark.parametrize("headers", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@pytest.mark.parametrize(("path", "method"), OF_THE_BOT)
def test_every_answer_of_the_bot_is_one_that_its_document_describes_for_long(
    bot_described: Any, path: str, method: str, headers: dict[str, str]
) -> None:
    keep_to_it(bot_described, path, method, many(), headers=headers, name="support")


def test_what_the_vendors_signed_gets_past_the_door(bot_described: Any, bot: Program) -> None:
    """Or else the tests above would see nothing but refusals."""
    before = bot.app.metrics.text()
    for path in ("/slack/events", "/wecom/robot/{name}", "/wecom/app/{name}", "/mattermost/actions"):
        case = bot_described[path]["POST"].Case(
            path_parameters={"name": "support"} if "{" in path else {}, body={}, media_type="application/json"
        )
        assert case.call(headers=SIGNED).status_code in {200, 400}
    assert bot.app.metrics.text().count(b"auth_failed") == before.count(b"auth_failed")


@pytest.mark.parametrize(("path", "method"), OF_THE_ENGINE)
def test_every_answer_is_one_that_the_document_describes(
    engine_described: Any, path: str, method: str
) -> None:
    """SEC20: right requests and wrong ones; 5xx only where the document says so, and 500 never."""
    keep_to_it(engine_described, path, method, a_few(), headers=AUTHORISED, name="default")


@pytest.mark.soak
@pytest.mark.parametrize(("path", "method"), OF_THE_ENGINE)
def test_every_answer_is_one_that_the_document_describes_for_long(
    engine_described: Any, path: str, method: str
) -> None:
    """SEC20, the long form."""
    keep_to_it(engine_described, path, method, many(), headers=AUTHORISED, name="default")
