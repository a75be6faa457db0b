"""The double itself: what it does with integrations is what the protocol's sheet says."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.mattermost_requests import Answered
from tests.support.wecom_api import VirtualClock

ACTIONS = "https://kb.example.com/mattermost/actions"
COMMANDS = "https://kb.example.com/mattermost/commands"


class Integration:
    """Answers what it is told to, and remembers what it was sent."""

    def __init__(self) -> None:
        self.said: Any = {}
        self.status = 200
        self.content_type = "application/json"
        self.heard: list[tuple[str, Mapping[str, str], bytes]] = []

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.heard.append((url, headers, body))
        body = self.said if isinstance(self.said, bytes) else json.dumps(self.said).encode()
        return Answered(self.status, body, self.content_type)


class World:
    def __init__(self, server: IntegratedMattermost, integration: Integration, clock: VirtualClock) -> None:
        self.server = server
        self.integration = integration
        self.clock = clock
        self.lin = server.add_user("lin")
        self.room = server.add_channel("support", self.lin)

    def post(self, *actions: dict[str, Any], **props: Any) -> str:
        with self.server.lock:
            made = self.server.create(
                self.server.bot,
                {
                    "channel_id": self.room,
                    "message": "m",
                    "props": {"attachments": [{"text": "a", "actions": list(actions)}]} | props,
                },
            )
        return str(made["id"])

    def click(self, post_id: str, action_id: str = "up", chosen: str | None = None) -> tuple[int, str]:
        click = self.server.click(self.lin, post_id, action_id, chosen)
        return click.status, click.shown


def an_action(id_: str = "up", **more: Any) -> dict[str, Any]:
    integration = {"url": ACTIONS, "context": {"a": "secret"}}
    return {"id": id_, "type": "button", "name": "x", "integration": integration} | more


@pytest.fixture
def world() -> Iterator[World]:
    clock, integration = VirtualClock(), Integration()
    with IntegratedMattermost(now=lambda: clock.seconds, call=integration) as server:
        yield World(server, integration, clock)


def test_clients_never_see_what_a_button_carries(world: World) -> None:
    post_id = world.post(an_action())
    assert "secret" not in json.dumps(world.server.shown(world.server.posts[post_id]))
    assert world.click(post_id) == (200, "")
    assert json.loads(world.integration.heard[0][2])["context"] == {"a": "secret"}


def test_each_click_has_a_trigger_of_its_own_but_for_one_that_arrives_twice(world: World) -> None:
    post_id = world.post(an_action())
    world.click(post_id)
    world.server.repeat_clicks = 1
    world.click(post_id)
    triggers = [json.loads(body)["trigger_id"] for _, _, body in world.integration.heard]
    assert triggers[0] != triggers[1] == triggers[2]


def test_a_button_whose_id_is_not_letters_and_digits_is_dead(world: World) -> None:
    assert world.click(world.post(an_action("vote-up")), "vote-up") == (404, "dead")
    assert world.integration.heard == []


def test_a_menu_sends_what_was_picked(world: World) -> None:
    post_id = world.post(an_action(type="select", options=[{"text": "one", "value": "1"}]))
    world.click(post_id, chosen="1")
    assert json.loads(world.integration.heard[0][2])["context"]["selected_option"] == "1"
    with pytest.raises(AssertionError):
        world.click(post_id, chosen="2")


@pytest.mark.parametrize(
    ("props", "left"),
    [
        (None, {"attachments", "from_bot", "kept"}),
        ({}, {"from_bot"}),
        ({"attachments": []}, {"attachments", "from_bot"}),
    ],
)
def test_an_update_keeps_clears_or_replaces_the_props(
    props: dict[str, Any] | None, left: set[str], world: World
) -> None:
    post_id = world.post(an_action(), kept=1)
    world.integration.said = {"update": {"message": "new"} | ({} if props is None else {"props": props})}
    world.click(post_id)
    post = world.server.posts[post_id]
    assert (post["message"], set(post["props"])) == ("new", left)


def test_a_sentence_goes_to_who_pressed_and_is_read_as_slack_markup_unless_told_not_to(world: World) -> None:
    post_id = world.post(an_action())
    for skip, rung in ((True, []), (False, [("channel", "")])):
        world.integration.said = {"ephemeral_text": "<!channel>", "skip_slack_parsing": skip}
        world.click(post_id)
        assert [(name, "") for name, _ in world.server.rung] == rung
    assert {one.user_id for one in world.server.whispers} == {world.lin}


@pytest.mark.parametrize(
    ("version", "status", "told"),
    [
        ("11.9.0", 503, 400),
        ("11.10.0", 503, 503),
        ("11.10.0", 429, 429),
        ("11.10.0", 500, 502),
        ("11.10.0", 0, 502),
    ],
)
def test_a_status_is_passed_on_by_version(version: str, status: int, told: int, world: World) -> None:
    world.server.version, world.integration.status = version, status
    assert world.click(world.post(an_action())) == (told, "Action failed to execute")


def test_an_update_does_nothing_to_a_line_for_one_person(world: World) -> None:
    world.server.register(COMMANDS)
    world.integration.said = {"text": "mine", "attachments": [{"text": "a", "actions": [an_action()]}]}
    world.server.type_command(world.lin, "x", world.room)
    (whisper,) = world.server.whispers
    world.integration.said = {"update": {"message": "changed"}}
    world.click(whisper.id)
    assert [one.message for one in world.server.whispers] == ["mine"]


def test_a_commands_answer_is_for_the_asker_or_a_post_of_the_asker(world: World) -> None:
    world.server.register(COMMANDS)
    world.integration.said = {"text": "all", "response_type": "in_channel"}
    form = world.server.type_command(world.lin, "x", world.room)
    (post,) = world.server.posts.values()
    assert (post["user_id"], post["props"]["from_webhook"]) == (world.lin, "true")
    headers = world.integration.heard[0][1]
    assert headers["Authorization"] == f"Token {form['token']}"
    world.integration.said, world.integration.content_type = b"plain", "text/plain"
    world.server.type_command(world.lin, "x", world.room)
    assert [one.message for one in world.server.whispers] == ["plain"]


def test_a_response_address_takes_five_within_half_an_hour(world: World) -> None:
    world.server.register(COMMANDS)
    urls = [world.server.type_command(world.lin, "x", world.room)["response_url"] for _ in range(2)]
    path = urls[0].removeprefix(world.server.url)
    statuses = [world.server.answer("POST", path, {}, b'{"text":"x"}').status for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 200, 404]
    world.clock.wait(1801)
    assert world.server.answer("POST", urls[1].removeprefix(world.server.url), {}, b"{}").status == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.7", "192.168.1.2", "100.64.0.1", "[::1]"])
def test_a_reserved_address_is_not_called_unless_it_is_listed(host: str, world: World) -> None:
    world.server.allowed_internal = set()
    integration = {"url": f"http://{host}/mattermost/actions", "context": {}}
    assert world.click(world.post(an_action(integration=integration)))[0] == 502
    assert world.integration.heard == []


def test_an_integration_that_takes_too_long_is_cut_off() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        IntegratedMattermost(integration_seconds=0.05) as server,
    ):
        lin = server.add_user("lin")
        room = server.add_channel("support", lin)
        server.register(f"http://127.0.0.1:{silent.getsockname()[1]}/mattermost/commands")
        server.type_command(lin, "x", room)
        assert server.errors == [(lin, "Command with a trigger of 'kbdial' failed")]
