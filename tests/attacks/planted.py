"""Marked secrets for every key that takes one, and a look for them in whatever left the program."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import requests
from requests.adapters import BaseAdapter

from bot import app, config
from bot.domain import Clock
from bot.platforms.registry import BOT
from tests.support.engine_server import Behaviour, Call, EngineServer, answer
from tests.support.mattermost import Mattermost
from tests.support.mattermost_rest import Answer
from tests.support.migrated import migrate_by_copy
from tests.support.program import Program
from tests.support.slack import RecordingSlack, recording_slack
from tests.support.slack_people import SlackPeople

# Characters that look different in an address and in base64.
SLACK_SIGNING = "Pl4nted/signing+1==~"
SLACK_OLD_SIGNING = "Pl4nted/signing+0==~"
SLACK_TOKEN = "xoxb-Pl4nted/bot+2==~"
ENGINE_TOKEN = "Pl4nted/engine+3==~"
WECOM_TOKEN = "Pl4ntedCallback4"
WECOM_KEY = "Pl4ntedAesKey5".ljust(43, "x")
WECOM_APP_SECRET = "Pl4nted/app+6==~"
WECOM_SOCKET_SECRET = "Pl4nted/socket+7==~"
WECOM_WEBHOOK_KEY = "Pl4nted-webhook-8"
SLACK_ADDRESS = "Pl4ntedSlackAddress9"
WECOM_ADDRESS = "Pl4ntedWecomAddress10"
DATABASE_PASSWORD = "Pl4nted/database+11"
SOURCE_PASSWORD = "Pl4nted-source-12"
SOURCE_HEADER = "Pl4nted/header+13=="

PROVIDER_SECRET = "Pl4nted/provider+14=="
PROXY_SECRET = "Pl4nted/proxy+15=="
MATTERMOST_TOKEN = "Pl4nted/mattermost+16==~"
MATTERMOST_COMMAND = "Pl4nted/command+17==~"
MATTERMOST_ACTION = "Pl4nted/action+18==~"
MATTERMOST_WEBHOOK = "Pl4nted/outgoing+20==~"
MATTERMOST_ADDRESS = "pl4ntedmattermostaddress19"

SECRETS = (
    SLACK_SIGNING, SLACK_OLD_SIGNING, SLACK_TOKEN, ENGINE_TOKEN, WECOM_TOKEN, WECOM_KEY, WECOM_APP_SECRET,
    WECOM_SOCKET_SECRET, WECOM_WEBHOOK_KEY, SLACK_ADDRESS, WECOM_ADDRESS, DATABASE_PASSWORD, SOURCE_PASSWORD,
    SOURCE_HEADER, PROVIDER_SECRET, PROXY_SECRET, MATTERMOST_TOKEN, MATTERMOST_COMMAND, MATTERMOST_ACTION,
    MATTERMOST_WEBHOOK, MATTERMOST_ADDRESS,
)  # fmt: skip
# Each has a channel of its own, so that none waits for another's next try.
WEBHOOKS = 6


def hits(*left: object) -> list[str]:
    """The secrets that can be read in these, plainly or in another form."""
    said = "\n".join(
        each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in left
    )
    assert said, "nothing to look through"
    return [secret for secret in SECRETS if any(form in said for form in _forms(secret))]


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    # Wherever it stands in what was encoded: three alignments, without the ends that depend on the rest.
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + secret.encode()).decode().rstrip("=")
            yield whole[(before * 8 + 5) // 6 : -1]


class TalkativeWecom(BaseAdapter):
    """Fails in every way there is, and repeats the address it was called at wherever it can."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._ways = cycle([self._refuse, self._break, self._fall_silent, self._page, self._no])

    def send(self, request: requests.PreparedRequest, *_given: Any, **_options: Any) -> requests.Response:
        url = str(request.url)
        self.asked.append(url)
        return next(self._ways)(url)

    def close(self) -> None:
        """Nothing is open."""

    def _refuse(self, url: str) -> requests.Response:
        raise requests.ConnectionError(f"Max retries exceeded with url: {url}")

    def _break(self, url: str) -> requests.Response:
        raise requests.exceptions.ChunkedEncodingError(f"broken off: {url}")

    def _fall_silent(self, url: str) -> requests.Response:
        raise requests.ReadTimeout(f"{url} is silent")

    def _page(self, url: str) -> requests.Response:
        return _made(url, 502, f"<html>{url}</html>".encode())

    def _no(self, url: str) -> requests.Response:
        return _made(url, 200, f'{{"errcode": 41001, "errmsg": "{url}"}}'.encode())


class TalkativeMattermost(Mattermost):
    """Fails in every way there is, and repeats what it was shown wherever it can."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self._statuses = cycle([500, 302, 403, 0, 404, 401, 400, 503])

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.heard.append(f"{method} {target} {dict(headers)}")
        shown = f"{target} {headers.get('authorization', '')}"
        said = {"id": shown, "message": shown, "detailed_error": body.decode(errors="replace")}
        return Answer(next(self._statuses), json.dumps(said).encode(), {"Location": f"/{shown}"})


def _made(url: str, status: int, body: bytes) -> requests.Response:
    made = requests.Response()
    made.status_code, made.url = status, url
    made._content = body
    return made


def repeats_the_token(status: int) -> Behaviour:
    """An engine that tells everybody what it was told."""

    def behave(call: Call) -> None:
        given = call.heard.headers.get("Authorization", "")
        answer(status, {"error": {"code": given, "message": given}})(call)

    return behave


@dataclass(frozen=True)
class Planted:
    program: Program
    engine: EngineServer
    wecom: TalkativeWecom
    mattermost: TalkativeMattermost
    old: SlackPeople


@contextmanager
def a_planted_program(folder: Path) -> Iterator[Planted]:
    """A bot with every table in use, among servers that fail and tell."""
    with ExitStack() as closing:
        slack = closing.enter_context(recording_slack())
        engine = closing.enter_context(EngineServer(repeats_the_token(500)))
        wecom = TalkativeWecom()
        mattermost = closing.enter_context(TalkativeMattermost())
        settings = _settings(folder, slack, engine.url, mattermost.url)
        migrate_by_copy(settings.bot.database_url)
        edges = app.Edges(clock=Clock(), platform_transport=wecom, jitter=lambda: 0.5)
        program = Program(settings, edges, slack)
        program.people = _people(program, SLACK_SIGNING)
        old = _people(program, SLACK_OLD_SIGNING)
        yield Planted(closing.enter_context(program), engine, wecom, mattermost, old)


def _people(program: Program, secret: str) -> SlackPeople:
    def now() -> float:
        return program.edges.clock.now().timestamp()

    address = program.slack.response_url(SLACK_ADDRESS)
    return SlackPeople(program.client, now=now, secret=secret, response_url=address)


def _settings(folder: Path, slack: RecordingSlack, engine_url: str, mattermost_url: str) -> config.Config:
    bot = {
        "data_dir": folder,
        "database_url": f"sqlite:///{folder}/bot.db",
        "engine_url": engine_url,
        "engine_token": ENGINE_TOKEN,
        "slack": {
            "signing_secrets": [SLACK_SIGNING, SLACK_OLD_SIGNING],
            "bot_token": SLACK_TOKEN,
            "api_url": slack.api_url,
            "response_hosts": [slack.origin],
        },
        "wecom": _wecom(),
        "mattermost": {
            "url": mattermost_url,
            "bot_token": MATTERMOST_TOKEN,
            "command_tokens": [MATTERMOST_COMMAND],
            "webhook_tokens": [MATTERMOST_WEBHOOK],
            "action_secret": MATTERMOST_ACTION,
        },
        "console": {
            "oidc": {
                "issuer": "http://127.0.0.1:9",
                "client_id": "kbdial",
                "client_secret": PROVIDER_SECRET,
            },
            "proxy": {"header": "X-Remote-User", "addresses": ["10.0.0.0/8"], "secret": PROXY_SECRET},
        },
    }
    return config.Config(bot=BOT.model_validate(bot))


def _wecom() -> dict[str, Any]:
    webhook = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={WECOM_WEBHOOK_KEY}"
    called = {"token": WECOM_TOKEN, "encoding_aes_key": WECOM_KEY}
    return {
        "robot": {"support": {"bot_id": "AIBOT1", **called}},
        "app": {"support": {"corp_id": "ww1", "agent_id": 1000002, "secret": WECOM_APP_SECRET, **called}},
        "webhook": {f"alerts{number}": {"url": webhook} for number in range(WEBHOOKS)},
    }
