"""The routes of the double of Mattermost's REST API, version 4: who may ask what, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.mattermost import Mattermost

MOST_CHARACTERS = 16_383

JsonObject = dict[str, Any]


class Refused(Exception):
    """An answer that says no, with the server's own id of the error."""

    def __init__(self, status: int, id_: str = "api.context.invalid_param.app_error") -> None:
        super().__init__(id_)
        self.status = status
        self.id = id_


@dataclass(frozen=True)
class Answer:
    """Any answer at all. `status` 0: the connection ends without one."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request, by a user of ours. `parts`: what the pattern of its route found in the path."""

    user_id: str
    method: str
    path: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")


Function = Callable[["Mattermost", Asked], Any]


def _me(world: Mattermost, asked: Asked) -> JsonObject:
    return _find_user(world, asked.user_id)


def _user(world: Mattermost, asked: Asked) -> JsonObject:
    return _find_user(world, asked.parts[0])


def _users(world: Mattermost, asked: Asked) -> list[JsonObject]:
    return [world.users[id_] for id_ in asked.json if id_ in world.users]


def _settings(world: Mattermost, _: Asked) -> JsonObject:
    return {"Version": world.version, "SiteURL": world.site_url, "MaxPostSize": str(MOST_CHARACTERS)}


def _teams(world: Mattermost, _: Asked) -> list[JsonObject]:
    return list(world.teams.values())


def _channels(world: Mattermost, asked: Asked) -> list[JsonObject]:
    return [one for id_, one in world.channels.items() if asked.user_id in world.members[id_]]


def _channel(world: Mattermost, asked: Asked) -> JsonObject:
    """A public one may be seen by everybody in its team."""
    channel = world.channels.get(asked.parts[0])
    is_public = channel is not None and channel["type"] == "O"
    return channel if channel and is_public else _find_channel(world, asked, asked.parts[0])


def _members(world: Mattermost, asked: Asked) -> list[JsonObject]:
    channel_id = _find_channel(world, asked, asked.parts[0])["id"]
    page, size = int(asked.query.get("page", 0)), int(asked.query.get("per_page", 60))
    ids = sorted(world.members[channel_id])[page * size : (page + 1) * size]
    return [{"channel_id": channel_id, "user_id": id_} for id_ in ids]


def _member(world: Mattermost, asked: Asked) -> JsonObject:
    channel_id, user_id = _find_channel(world, asked, asked.parts[0])["id"], asked.parts[1]
    if user_id not in world.members[channel_id]:
        raise Refused(404, "app.channel.get_member.missing.app_error")
    return {"channel_id": channel_id, "user_id": user_id}


def _direct(world: Mattermost, asked: Asked) -> JsonObject:
    first, second = asked.json
    return world.channels[world.direct(first, second)]


def _create(world: Mattermost, asked: Asked) -> JsonObject:
    return world.create(asked.user_id, asked.json)


def _post(world: Mattermost, asked: Asked) -> JsonObject:
    return world.shown(_find_post(world, asked))


def _patch(world: Mattermost, asked: Asked) -> JsonObject:
    return world.patch(_own_post(world, asked), asked.json)


def _delete(world: Mattermost, asked: Asked) -> JsonObject:
    world.delete(_own_post(world, asked))
    return {"status": "OK"}


def _thread(world: Mattermost, asked: Asked) -> JsonObject:
    root = _find_post(world, asked)["root_id"] or asked.parts[0]
    found = [one for one in world.posts.values() if root in (one["id"], one["root_id"])]
    return _listing(world, [one for one in reversed(found) if not one["delete_at"]])


def _page(world: Mattermost, asked: Asked) -> JsonObject:
    """A channel's posts, the newest first. With `since` every third is missing: it has holes."""
    query, channel_id = asked.query, _find_channel(world, asked, asked.parts[0])["id"]
    here = [one for one in reversed(world.posts.values()) if one["channel_id"] == channel_id]
    if "since" in query:
        changed = [one for one in here if one["update_at"] > int(query["since"])]
        return _listing(world, [one for number, one in enumerate(changed) if number % 3 != 2])
    here = [one for one in here if not one["delete_at"]]
    if query.get("after"):
        after = world.posts.get(query["after"], {"create_at": float("inf")})["create_at"]
        here = [one for one in here if one["create_at"] > after]
    if query.get("before"):
        before = world.posts.get(query["before"], {"create_at": 0})["create_at"]
        here = [one for one in here if one["create_at"] < before]
    page, size = int(query.get("page", 0)), min(int(query.get("per_page", 60)), 200)
    return _listing(world, here[page * size : (page + 1) * size])


def _preferences(world: Mattermost, asked: Asked) -> list[JsonObject]:
    found = [
        {"user_id": asked.user_id, "category": category, "name": name, "value": value}
        for (user_id, category, name), value in world.preferences.items()
        if (user_id, category) == (asked.user_id, asked.parts[0])
    ]
    if not found:
        raise Refused(404, "api.preference.preferences_category.get.app_error")
    return found


def _keep_preferences(world: Mattermost, asked: Asked) -> JsonObject:
    for row in asked.json:
        if row["user_id"] != asked.user_id:
            raise Refused(403, "api.context.permissions.app_error")
        if len(row["name"]) > 32 or len(row["category"]) > 32 or len(row["value"]) > 2000:
            raise Refused(400, "model.preference.is_valid.value.app_error")
        world.preferences[asked.user_id, row["category"], row["name"]] = row["value"]
    return {"status": "OK"}


ROUTES: tuple[tuple[str, str, Function], ...] = (
    ("GET", r"users/([a-z0-9]{26})", _user),
    ("GET", r"users/me", _me),
    ("POST", r"users/ids", _users),
    ("GET", r"config/client", _settings),
    ("GET", r"users/(?:me|[a-z0-9]{26})/teams", _teams),
    ("GET", r"users/(?:me|[a-z0-9]{26})/channels", _channels),
    ("GET", r"users/(?:me|[a-z0-9]{26})/teams/[a-z0-9]{26}/channels", _channels),
    ("GET", r"channels/([a-z0-9]{26})", _channel),
    ("GET", r"channels/([a-z0-9]{26})/members", _members),
    ("GET", r"channels/([a-z0-9]{26})/members/([a-z0-9]{26})", _member),
    ("GET", r"channels/([a-z0-9]{26})/posts", _page),
    ("POST", r"channels/direct", _direct),
    ("POST", r"posts", _create),
    ("GET", r"posts/([a-z0-9]{26})", _post),
    ("PUT", r"posts/([a-z0-9]{26})/patch", _patch),
    ("DELETE", r"posts/([a-z0-9]{26})", _delete),
    ("GET", r"posts/([a-z0-9]{26})/thread", _thread),
    ("GET", r"users/(?:me|[a-z0-9]{26})/preferences/([A-Za-z0-9_]+)", _preferences),
    ("PUT", r"users/(?:me|[a-z0-9]{26})/preferences", _keep_preferences),
)


def _find_user(world: Mattermost, user_id: str) -> JsonObject:
    if user_id not in world.users:
        raise Refused(404, "app.user.missing_account.const")
    return world.users[user_id]


def _find_channel(world: Mattermost, asked: Asked, channel_id: str) -> JsonObject:
    channel = world.channels.get(channel_id)
    if channel is None:
        raise Refused(404, "app.channel.get.existing.app_error")
    if asked.user_id not in world.members[channel_id]:
        raise Refused(403, "api.context.permissions.app_error")
    return channel


def _find_post(world: Mattermost, asked: Asked) -> JsonObject:
    post = world.posts.get(asked.parts[0])
    if post is None or post["delete_at"]:
        raise Refused(404, "app.post.get.app_error")
    _find_channel(world, asked, post["channel_id"])
    return post


def _own_post(world: Mattermost, asked: Asked) -> JsonObject:
    post = _find_post(world, asked)
    if post["user_id"] != asked.user_id:
        raise Refused(403, "api.context.permissions.app_error")
    return post


def _listing(world: Mattermost, posts: list[JsonObject]) -> JsonObject:
    return {
        "order": [one["id"] for one in posts],
        "posts": {one["id"]: world.shown(one) for one in posts},
        "next_post_id": "",
        "prev_post_id": "",
    }
