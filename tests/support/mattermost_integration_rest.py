"""The REST routes of the double for integrations: files, slash commands, outgoing webhooks."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP
from typing import TYPE_CHECKING

from tests.support.mattermost_rest import Answer, Asked, JsonObject, Refused

if TYPE_CHECKING:
    from tests.support.mattermost_integrations import IntegratedMattermost

MOST_FILE_BYTES = 10 * 1024 * 1024


def upload(world: IntegratedMattermost, asked: Asked) -> JsonObject:
    """A file: multipart with fields `files` and `channel_id`, or raw; a query may say where and its name."""
    content_type = asked.headers.get("content-type", "")
    name, content, channel_id = asked.query.get("filename"), asked.body, asked.query.get("channel_id")
    if content_type.startswith("multipart/"):
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        parts = message_from_bytes(head + asked.body, policy=HTTP)
        named = {part.get_param("name", header="content-disposition"): part for part in parts.iter_parts()}
        if "channel_id" in named:
            channel_id = str(named["channel_id"].get_content()).strip()
        name, body = named["files"].get_filename(), named["files"].get_payload(decode=True)
        content = body if isinstance(body, bytes) else b""
    if asked.user_id not in world.members[str(channel_id)]:
        raise Refused(403, "api.context.permissions.app_error")
    if len(content) > MOST_FILE_BYTES:
        raise Refused(413, "api.file.upload_file.too_large.app_error")
    id_ = world.new_id("file")
    world.files[id_] = {"id": id_, "name": name, "content": content}
    return {"file_infos": [{"id": id_, "name": name, "size": len(content)}]}


def download(world: IntegratedMattermost, asked: Asked) -> Answer:
    if asked.parts[0] not in world.files:
        raise Refused(404, "app.file_info.get.app_error")
    return Answer(200, world.files[asked.parts[0]]["content"])


def refuse(_: Asked) -> JsonObject:
    """Refuse what only system administrators may do."""
    raise Refused(403, "api.context.permissions.app_error")


def list_commands(world: IntegratedMattermost, asked: Asked) -> list[JsonObject]:
    return [one for one in world.commands.values() if one["team_id"] == asked.query.get("team_id")]


def register_command(world: IntegratedMattermost, asked: Asked) -> JsonObject:
    command = asked.json
    if "system_admin" not in str(world.users[asked.user_id]["roles"]):
        raise Refused(403, "api.context.permissions.app_error")
    if any(
        (one["team_id"], one["trigger"]) == (command["team_id"], command["trigger"])
        for one in world.commands.values()
    ):
        raise Refused(400, "api.command.duplicate_trigger.app_error")
    id_ = world.new_id("command")
    world.commands[id_] = command | {"id": id_, "token": world.new_id("token")}
    return world.commands[id_]


def change_command(world: IntegratedMattermost, asked: Asked) -> JsonObject:
    if asked.parts[0] not in world.commands:
        raise Refused(404, "store.sql_command.get.missing.app_error")
    world.commands[asked.parts[0]] |= asked.json
    return world.commands[asked.parts[0]]


def list_hooks(world: IntegratedMattermost, asked: Asked) -> list[JsonObject]:
    """Only who may manage them sees them."""
    if asked.user_id not in world.managers:
        raise Refused(403, "api.context.permissions.app_error")
    return [one for one in world.hooks.values() if one["team_id"] == asked.query.get("team_id")]
