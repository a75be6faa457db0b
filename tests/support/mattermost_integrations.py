"""The double of Mattermost with integrations: slash commands, clicks, outgoing webhooks, files.

A command's answer, at once or through its response address, becomes a post of who typed it or a line
for them alone; a click's answer changes the pressed post. An integration that takes too long is cut off,
one at a reserved address is not called at all, and a button whose id the server would not route is dead.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.mattermost import Mattermost
from tests.support.mattermost_integration_rest import (
    change_command,
    download,
    list_commands,
    list_hooks,
    refuse,
    register_command,
    upload,
)
from tests.support.mattermost_mentions import rings
from tests.support.mattermost_requests import (
    COMMAND_TOKEN,
    FORM,
    WEBHOOK_TOKEN,
    Answered,
    Call,
    click_payload,
    command_form,
    hook_payload,
    hook_request,
    trigger_id,
)
from tests.support.mattermost_rest import Answer, JsonObject

MOST_ANSWER_BYTES = 1024 * 1024
RESPONSE_USES, RESPONSE_SECONDS = 5, 1800.0
_SLACK_EVERYBODY = re.compile(r"<!(channel|here|all)>")
_ACTION_ID = re.compile(r"[A-Za-z0-9]+")
_HOOK = re.compile(r"/hooks/commands/([a-z0-9]+)")


@dataclass
class ResponseAddress:
    user_id: str
    channel_id: str
    root_id: str
    made_at: float
    uses: int = 0


@dataclass(frozen=True)
class Whisper:
    """A post that one person alone sees; `id` is in no store, so nothing can change it."""

    id: str
    user_id: str
    channel_id: str
    root_id: str
    message: str
    attachments: list[JsonObject] = field(default_factory=list)


@dataclass
class Click:
    """One press: as the integration is told, and what became of it for the person ("": nothing)."""

    status: int = 200
    shown: str = ""


class IntegratedMattermost(Mattermost):
    """`call` reaches an integration; by default over HTTP, within `integration_seconds`."""

    def __init__(self, *, call: Call | None = None, integration_seconds: float = 5.0, **options: Any) -> None:
        super().__init__(**options)
        self.integration_seconds = integration_seconds
        self.call: Call = call or self._call_over_http
        self.allowed_internal = {"127.0.0.1", "localhost"}
        self.commands: dict[str, JsonObject] = {}
        self.managers: set[str] = set()  # who may see outgoing webhooks
        self.hooks: dict[str, JsonObject] = {}
        self.whispers: list[Whisper] = []
        self.errors: list[tuple[str, str]] = []  # (user, what the server showed them instead)
        self.files: dict[str, JsonObject] = {}
        self.hook_answers: list[Answered] = []  # to outgoing webhooks
        self.hook_headers: list[Mapping[str, str]] = []  # of what came to response addresses
        self.repeat_clicks = 0  # how many of the next clicks arrive twice
        self._addresses: dict[str, ResponseAddress] = {}
        self.route("POST", r"files", partial(upload, self))
        self.route("GET", r"files/([a-z0-9]{26})", partial(download, self))
        self.route("POST", r"posts/ephemeral", refuse)
        self.route("GET", r"hooks/outgoing", partial(list_hooks, self))
        self.route("GET", r"commands", partial(list_commands, self))
        self.route("POST", r"commands", partial(register_command, self))
        self.route("PUT", r"commands/([a-z0-9]{26})", partial(change_command, self))

    def register(self, url: str, *, trigger: str = "kbdial", token: str = COMMAND_TOKEN) -> None:
        """Register a slash command, as an administrator does."""
        id_ = self.new_id("command")
        self.commands[id_] = {
            "id": id_, "team_id": self.team, "trigger": trigger, "url": url, "token": token, "method": "P",
        }  # fmt: skip

    def add_hook(
        self,
        creator: str,
        url: str,
        *words: str,
        channel_id: str = "",
        token: str = WEBHOOK_TOKEN,
        content_type: str = "application/json",
    ) -> str:
        """Posts in public channels go there from now on: those that begin with one of the words, or all."""
        id_ = self.new_id("hook")
        self.hooks[id_] = {
            "id": id_, "creator_id": creator, "team_id": self.team, "channel_id": channel_id, "token": token,
            "trigger_words": list(words), "callback_urls": [url], "content_type": content_type,
        }  # fmt: skip
        return id_

    def say(self, user_id: str, text: str, channel_id: str, *, root_id: str = "", **more: Any) -> JsonObject:
        post = super().say(user_id, text, channel_id, root_id=root_id, **more)
        self.call_hooks(post["id"])
        return post

    def call_hooks(self, post_id: str) -> None:
        """Tell those of a post whom it wakes; what comes back is a comment by who made the hook."""
        post = self.posts[post_id]
        if self.channels[post["channel_id"]]["type"] != "O" or post["props"].get("from_webhook"):
            return
        first_word = post["message"].split(maxsplit=1)[0] if post["message"].strip() else ""
        for hook in self.hooks.values():
            is_there = hook["channel_id"] in {"", post["channel_id"]}
            is_woken = first_word in hook["trigger_words"] or not hook["trigger_words"]
            if is_there and is_woken:
                self._call_hook(hook, post, first_word if hook["trigger_words"] else "")

    def _call_hook(self, hook: JsonObject, post: JsonObject, word: str) -> None:
        payload = hook_payload(
            token=hook["token"],
            channel_id=post["channel_id"],
            channel_name=str(self.channels[post["channel_id"]]["name"]),
            team_id=self.team,
            timestamp=post["create_at"],
            user_id=post["user_id"],
            user_name=str(self.users[post["user_id"]]["username"]),
            post_id=post["id"],
            text=post["message"],
            trigger_word=word,
        )
        answered = self._reach(hook["callback_urls"][0], *hook_request(payload, hook["content_type"]))
        self.hook_answers.append(answered)
        said = json.loads(answered.body or b"{}") if answered.status == 200 else {}
        text, attachments = said.get("text") or "", said.get("attachments") or []
        if not text and not attachments:
            return
        text = _SLACK_EVERYBODY.sub(r"@\1", text)  # nothing switches this off
        is_comment = said.get("response_type") == "comment"
        with self.changed:
            made = self.create(
                hook["creator_id"],
                {
                    "channel_id": post["channel_id"],
                    "root_id": (post["root_id"] or post["id"]) if is_comment else "",
                    "message": text,
                    "props": {"from_webhook": "true", "attachments": attachments},
                    "type": "slack_attachment" if attachments else "",
                },
            )
            self._note_rings(made["id"], text, attachments)

    def type_command(
        self, user_id: str, text: str, channel_id: str, *, trigger: str = "kbdial", root_id: str = ""
    ) -> JsonObject:
        """Somebody sends `/trigger text`; the fields that the integration was sent."""
        (command,) = [one for one in self.commands.values() if one["trigger"] == trigger]
        name = self.new_id("hook")
        with self.lock:
            self._addresses[name] = ResponseAddress(user_id, channel_id, root_id, self.now())
        form = command_form(
            user_id=user_id,
            user_name=str(self.users[user_id]["username"]),
            channel_id=channel_id,
            channel_name=str(self.channels[channel_id]["name"]),
            team_id=self.team,
            token=str(command["token"]),
            command=f"/{trigger}",
            text=text,
            trigger_id=self.new_trigger(user_id),
            root_id=root_id,
            response_url=f"{self.site_url}/hooks/commands/{name}",
        )
        headers = {
            "Content-Type": FORM, "Accept": "application/json", "Authorization": f"Token {command['token']}",
        }  # fmt: skip
        answered = self._reach(str(command["url"]), headers, urlencode(form).encode())
        with self.changed:
            if answered.status != 200 or len(answered.body) > MOST_ANSWER_BYTES:
                self.errors.append((user_id, f"Command with a trigger of '{trigger}' failed"))
            elif answered.content_type.startswith("application/json"):
                self._take_command_answer(self._addresses[name], json.loads(answered.body or b"{}"))
            elif answered.body:
                self._take_command_answer(self._addresses[name], {"text": answered.body.decode()})
            self.changed.notify_all()
        return form

    def click(self, user_id: str, post_id: str, action_id: str, chosen: str | None = None) -> Click:
        """Somebody presses a button, or picks the option whose value is `chosen`."""
        post = self._clickable(post_id)
        action = self._action(post, action_id)
        if action is None or not _ACTION_ID.fullmatch(action_id):
            return Click(404, "dead")
        context = dict(action["integration"]["context"])
        if action["type"] == "select":
            assert chosen in {option["value"] for option in action["options"]}, "not on offer"
            context["selected_option"] = chosen
        payload = click_payload(
            user_id=user_id,
            user_name=str(self.users[user_id]["username"]),
            channel_id=post["channel_id"],
            channel_name=str(self.channels[post["channel_id"]]["name"]),
            team_id=self.team,
            post_id=post_id,
            trigger_id=self.new_trigger(user_id),
            type=action["type"],
            context=context,
        )
        click = Click()
        for _ in range(1 + min(self.repeat_clicks, 1)):
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            answered = self._reach(action["integration"]["url"], headers, json.dumps(payload).encode())
            click = self._take_click_answer(answered, user_id, post)
        self.repeat_clicks = max(0, self.repeat_clicks - 1)
        return click

    def new_trigger(self, user_id: str) -> str:
        return trigger_id(user_id, self.now(), client=self.new_id("client"))

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        found = _HOOK.fullmatch(urlsplit(target).path)
        if found is None:
            return super().answer(method, target, headers, body)
        self.hook_headers.append(headers)
        return self._answer_hook(found[1], body)

    # Whom it calls, and what it makes of what they say.

    def _reach(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        host = urlsplit(url).hostname or ""
        if _is_reserved(host) and host not in self.allowed_internal:
            return Answered(
                500, b"address forbidden, you may need to set AllowedUntrustedInternalConnections"
            )
        return self.call(url, headers, body)

    def _call_over_http(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        parts = urlsplit(url)
        seconds = self.integration_seconds
        with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)) as line:
            try:
                line.request("POST", parts.path, body, dict(headers))
                answer = line.getresponse()
                content_type = answer.headers.get("Content-Type", "")
                return Answered(answer.status, answer.read(MOST_ANSWER_BYTES + 1), content_type)
            except (OSError, http.client.HTTPException):
                return Answered(0)

    def _take_command_answer(self, address: ResponseAddress, said: JsonObject) -> None:
        text, attachments = said.get("text") or "", said.get("attachments") or []
        if not said.get("skip_slack_parsing"):
            text = _SLACK_EVERYBODY.sub(r"@\1", text)
        if said.get("response_type") != "in_channel":
            if text or attachments:
                self._whisper(address.user_id, address.channel_id, address.root_id, text, attachments)
            return
        post = {
            "channel_id": address.channel_id,
            "root_id": address.root_id,
            "message": text,
            "props": {"from_webhook": "true", "attachments": attachments},
            "type": "slack_attachment" if attachments else "",
        }
        made = self.create(address.user_id, post)
        self._note_rings(made["id"], text, attachments)

    def _take_click_answer(self, answered: Answered, user_id: str, post: JsonObject) -> Click:
        with self.changed:
            self.changed.notify_all()
            if answered.status != 200 or len(answered.body) > MOST_ANSWER_BYTES:
                click = Click(self._passed_on(answered.status), "Action failed to execute")
                self.errors.append((user_id, click.shown))
                return click
            said = json.loads(answered.body or b"{}")
            if said.get("error"):
                return Click(200, str(said["error"].get("message")))
            if said.get("update") and post["id"] in self.posts:
                self._update(self.posts[post["id"]], said["update"])
            text = said.get("ephemeral_text") or ""
            if text and not said.get("skip_slack_parsing"):
                text = _SLACK_EVERYBODY.sub(r"@\1", text)
            if text:
                root_id = post.get("root_id") or post["id"]
                self._whisper(user_id, post["channel_id"], root_id, text, [])
            return Click(200, text)

    def _update(self, post: JsonObject, update: JsonObject) -> None:
        props = update.get("props")
        if props is not None:
            kept = {name: post["props"][name] for name in ("from_webhook",) if name in post["props"]}
            props = {**props, **kept}
        message = update.get("message")
        self.patch(post, {"message": post["message"] if message is None else message, "props": props})

    def _passed_on(self, status: int) -> int:
        """The status that the person's client gets for an integration's, by version of the server."""
        if tuple(map(int, self.version.split(".")[:2])) < (11, 10):
            return 400
        if status in {429, 503}:
            return status
        return 502 if status >= 500 or not status else 400

    def _whisper(
        self, user_id: str, channel_id: str, root_id: str, text: str, attachments: list[JsonObject]
    ) -> None:
        made = Whisper(self.new_id("whisper"), user_id, channel_id, root_id, text, attachments)
        self.whispers.append(made)
        self._note_rings(made.id, text, attachments)

    def _note_rings(self, post_id: str, text: str, attachments: list[JsonObject]) -> None:
        names = frozenset(str(user["username"]) for user in self.users.values())
        texts = [text, *(one.get(part) or "" for one in attachments for part in ("pretext", "text"))]
        self.rung += [(name, post_id) for written in texts for name in rings(written, names=names)]

    def _answer_hook(self, name: str, body: bytes) -> Answer:
        with self.changed:
            address = self._addresses.get(name)
            self.calls.append(("POST", "hooks/commands"))
            fault = self._fault("POST", "hooks/commands")
            if fault and not fault.stores:
                return Answer(fault.status)
            is_over = address is None or self.now() - address.made_at > RESPONSE_SECONDS
            if address is None or is_over or address.uses >= RESPONSE_USES:
                return Answer(404)
            address.uses += 1
            self._take_command_answer(address, json.loads(body))
            self.changed.notify_all()
            return Answer(fault.status if fault else 200)

    def _clickable(self, post_id: str) -> JsonObject:
        with self.lock:
            for one in self.whispers:
                if one.id == post_id:
                    return {
                        "id": one.id, "channel_id": one.channel_id, "root_id": one.root_id,
                        "props": {"attachments": one.attachments},
                    }  # fmt: skip
            return self.posts[post_id]

    def _action(self, post: JsonObject, action_id: str) -> JsonObject | None:
        attachments = post["props"].get("attachments") or []
        actions = [action for one in attachments for action in one.get("actions") or []]
        ids = [action["id"] for action in actions]
        assert len(ids) == len(set(ids)), "an id of an action twice in a post"
        return next((action for action in actions if action["id"] == action_id), None)


def _is_reserved(host: str) -> bool:
    """Whether the server takes it for a machine of its own net."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"
