"""What `python -m bot check` and `python -m bot mattermost` say, beside a server that is right or wrong."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from bot.domain import PlatformError
from bot.platforms.mattermost import check, registration
from bot.platforms.mattermost.config import Mattermost as Table
from bot.platforms.mattermost.web_api import WebApi
from bot.platforms.websocket import WebSocketWire, Wire
from tests.support.mattermost import BOT_TOKEN, Fault
from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.mattermost_requests import COMMAND_TOKEN, WEBHOOK_TOKEN
from tests.support.wecom_api import VirtualClock

PUBLIC_URL = "https://kb.example.com"
SECRET = "k3Jq9vXw2LmN8pRt5sYb7cDf"


@pytest.fixture
def server() -> Iterator[IntegratedMattermost]:
    with IntegratedMattermost() as mattermost:
        mattermost.add_channel("help")
        mattermost.register(registration.address(PUBLIC_URL))
        yield mattermost


def a_table(server: IntegratedMattermost, **more: Any) -> Table:
    keys = {
        "url": server.url,
        "bot_token": BOT_TOKEN,
        "command_tokens": [COMMAND_TOKEN],
        "action_secret": SECRET,
    }
    return Table.model_validate(keys | more)


def open_wire(url: str, headers: Mapping[str, str]) -> Wire:
    return WebSocketWire(url, headers=headers)


def look(table: Table, name: str, *, public_url: str = PUBLIC_URL, state: str | None = None) -> str:
    looks = dict(check.looks(table, public_url, open_wire, state=state))
    return looks[f"mattermost {name}"]()


def complaint(act: Callable[[], object]) -> str:
    with pytest.raises(PlatformError) as caught:
        act()
    return caught.value.reason


def test_what_is_right_is_told(server: IntegratedMattermost) -> None:
    table = a_table(server)
    assert look(table, "account") == "we are @kbdial in Acme, in 1 channels"
    assert look(table, "server").startswith("Mattermost 11.10.0 at http://127.0.0.1")
    assert look(table, "connection") == "a WebSocket opens and knows us (version 11.10.0)"
    assert look(table, "connection", state="live") == "the running bot is connected"
    assert look(table, "requests") == f"clicks and commands come to {PUBLIC_URL}/mattermost/…"
    assert look(table, "command") == "Acme: /kbdial is registered"


def test_webhooks_are_told_with_what_they_do_not_bring(server: IntegratedMattermost) -> None:
    table = a_table(server, webhook_tokens=[WEBHOOK_TOKEN])
    assert look(table, "webhook").startswith(
        "Acme: we may not see its outgoing webhooks; they bring posts of public"
    )
    server.managers.add(server.bot)
    assert "no outgoing webhook has the callback URL" in complaint(lambda: look(table, "webhook"))
    server.add_hook(server.bot, f"{PUBLIC_URL}/mattermost/webhook", "kbdial")
    assert look(table, "webhook").startswith("Acme: 1 outgoing webhooks lead here")
    server.add_hook(server.bot, f"{PUBLIC_URL}/mattermost/webhook", "ask", token=SECRET)
    assert "is not in webhook_tokens" in complaint(lambda: look(table, "webhook"))


def test_only_what_is_used_is_looked_at(server: IntegratedMattermost) -> None:
    assert check.looks(Table(), PUBLIC_URL, open_wire, state=None) == []
    bare = a_table(server, command_tokens=[], action_secret="")
    names = [name for name, _ in check.looks(bare, PUBLIC_URL, open_wire, state=None)]
    assert names == ["mattermost account", "mattermost server", "mattermost connection"]
    assert look(bare, "account").endswith("without action_secret no buttons")


def test_an_account_that_is_wrong_is_told(server: IntegratedMattermost) -> None:
    assert "bot_token is not valid" in complaint(lambda: look(a_table(server, bot_token=SECRET), "account"))
    server.users[server.bot]["is_bot"] = False
    assert "a person's account" in complaint(lambda: look(a_table(server), "account"))
    server.users[server.bot]["is_bot"] = True
    server.teams.clear()
    assert "in no team" in complaint(lambda: look(a_table(server), "account"))


def test_an_address_of_the_server_that_is_wrong_is_told(server: IntegratedMattermost) -> None:
    server.site_url = "https://chat.example.com"
    assert "calls itself https://chat.example.com" in complaint(lambda: look(a_table(server), "server"))
    server.site_url = ""
    server.route("GET", "config/client", lambda _: {"SiteURL": "", "Version": "11.10.0"})
    assert "SiteURL is not set" in complaint(lambda: look(a_table(server), "server"))


def test_short_posts_are_told(server: IntegratedMattermost) -> None:
    said = {"SiteURL": server.url + "/", "Version": "5.0.0", "MaxPostSize": "4000"}
    server.route("GET", "config/client", lambda _: said)
    assert "posts hold 4000 characters only" in look(a_table(server), "server")


def test_a_socket_that_does_not_open_or_does_not_know_us_is_told(server: IntegratedMattermost) -> None:
    table = a_table(server)
    elsewhere = table.model_copy(update={"url": "http://127.0.0.1:9"})
    assert "is not reached: nothing listens there" in complaint(lambda: look(elsewhere, "connection"))
    wrong = a_table(server, bot_token=SECRET)
    assert "not" in complaint(lambda: look(wrong, "connection"))


@pytest.mark.parametrize("public_url", ["http://127.0.0.1:8000", "http://localhost:8000"])
def test_an_address_of_ours_that_nobody_reaches_is_told(
    server: IntegratedMattermost, public_url: str
) -> None:
    far = a_table(server).model_copy(update={"url": "https://chat.example.com"})
    assert "which only this machine reaches" in complaint(
        lambda: look(far, "requests", public_url=public_url)
    )
    assert "reserved address" in look(a_table(server), "requests", public_url=public_url)


@pytest.mark.parametrize(
    "public_url", ["http://10.1.2.3:8000", "http://kbdial:8000", "http://[fd00::1]:8000"]
)
def test_an_address_that_the_server_refuses_to_call_is_told(
    server: IntegratedMattermost, public_url: str
) -> None:
    assert "untrusted internal connections" in look(a_table(server), "requests", public_url=public_url)


def test_a_command_that_is_wrong_is_told(server: IntegratedMattermost) -> None:
    table = a_table(server)
    (command,) = server.commands.values()
    command["token"] = "another"
    assert "is not in command_tokens" in complaint(lambda: look(table, "command"))
    command["url"] = "https://old.example.com/mattermost/commands"
    assert "goes to https://old.example.com" in complaint(lambda: look(table, "command"))
    server.commands.clear()
    assert "is not registered" in complaint(lambda: look(table, "command"))
    server.will("GET", "commands", Fault(403, "api.context.permissions.app_error"))
    assert "we may not see its commands" in look(table, "command")


def an_api(server: IntegratedMattermost) -> WebApi:
    return WebApi(server.url, BOT_TOKEN, clock=VirtualClock())


def test_the_command_is_registered_once_and_its_token_told(server: IntegratedMattermost) -> None:
    server.users[server.bot]["roles"] = "system_user system_admin"
    server.commands.clear()
    problems, said = registration.register(an_api(server), PUBLIC_URL)
    (command,) = server.commands.values()
    assert (problems, command["trigger"], command["method"]) == ([], "kbdial", "P")
    assert command["url"] == "https://kb.example.com/mattermost/commands"
    assert f'command_tokens = ["{command["token"]}"]' in said
    assert registration.register(an_api(server), PUBLIC_URL) == (problems, said)
    moved = registration.register(an_api(server), "https://new.example.com")
    assert moved == (problems, said)
    assert [one["url"] for one in server.commands.values()] == ["https://new.example.com/mattermost/commands"]


def test_who_may_not_register_is_told_what_to_run(server: IntegratedMattermost) -> None:
    server.commands.clear()
    problems, said = registration.register(an_api(server), PUBLIC_URL)
    assert not problems
    words = shlex.split(said.partition("curl")[2].partition("\n\nPut")[0])
    body = json.loads(words[words.index("-d") + 1])
    assert (body["trigger"], body["team_id"]) == ("kbdial", server.team)
    assert f"{server.url}/api/v4/commands" in words


def test_a_server_in_trouble_and_no_team_are_told(server: IntegratedMattermost) -> None:
    server.will("GET", "users/me/teams", Fault(500))
    assert registration.register(an_api(server), PUBLIC_URL)[0] == ["Mattermost answered 500"]
    server.will("POST", "commands", Fault(500))
    server.commands.clear()
    assert registration.register(an_api(server), PUBLIC_URL)[0] == ["Acme: Mattermost answered 500"]
    server.teams.clear()
    assert "in no team" in registration.register(an_api(server), PUBLIC_URL)[0][0]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"url": "https://chat.example.com"}, "needs bot_token"),
        ({"bot_token": SECRET}, "url is missing"),
        ({"command_tokens": [COMMAND_TOKEN]}, "url is missing"),
        ({"url": "chat.example.com", "bot_token": SECRET}, "url"),
        ({"url": "https://u:p@chat.example.com", "bot_token": SECRET}, "without user and password"),
        ({"url": "https://chat.example.com", "bot_token": SECRET, "ca_file": "ca.pem"}, "the whole path"),
        ({"url": "https://chat.example.com", "bot_token": "changeme"}, "placeholder"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Table.model_validate(keys)


def test_the_tenant_is_the_servers_host() -> None:
    def tenant(url: str) -> str:
        return Table.model_validate({"url": url, "bot_token": SECRET}).tenant

    assert tenant("https://Chat.Example.com:8443/mm/") == "chat.example.com"
    assert ":" not in tenant("https://[fd00::1]")
    assert Table.model_validate({"url": "", "ca_file": "", "command_tokens": []}) == Table()
