"""`python -m bot check`: reaches everything the configuration names, and says what to mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TextIO

from bot.app import slack_platform
from bot.config import Bot, Config
from bot.domain import Clock, EngineError, PlatformError
from bot.engine_client import EngineClient
from bot.platforms.wecom import check as wecom_check
from bot.platforms.wecom import install
from bot.process import control_socket
from bot.process.lock import CannotStart
from bot.store import SchemaError, StoreError, schema


def check(config: Config, out: TextIO) -> int:
    """Reach everything the configuration names, a line each; 0 when all is well, else 1."""
    bot = config.bot
    checks: list[tuple[str, Callable[[], str]]] = [
        ("database", partial(_check_database, bot)),
        ("engine", partial(_check_engine, bot)),
    ]
    if bot.slack.is_used or bot.slack.bot_token.get_secret_value():
        checks.append(("slack", partial(_check_slack, bot)))
    checks += wecom_check.looks(bot, install.session_over(None), connections=_connections(bot))
    failed = 0
    for name, look in checks:
        try:
            out.write(f"ok      {name}: {look()}\n")
        except (CannotStart, PlatformError) as problem:
            failed = 1
            out.write(f"FAILED  {name}: {problem}\n")
    return failed


def _connections(bot: Bot) -> Mapping[str, str]:
    """What the running bot says of its long connections; nothing where none runs."""
    try:
        told: dict[str, str] = control_socket.call(bot.data_dir, "connections", {}, lambda _: None)
    except (control_socket.NotRunning, control_socket.LocalError):
        return {}
    return told


def _check_database(bot: Bot) -> str:
    try:
        schema.check(bot.database_url)
        return schema.notice(bot.database_url) or "known and up to date"
    except (SchemaError, StoreError) as problem:
        raise CannotStart(str(problem)) from problem


def _check_engine(bot: Bot) -> str:
    client = EngineClient(bot.engine_url, clock=Clock(), token=bot.engine_token.get_secret_value())
    try:
        ready = client.ready()
        bases = client.knowledge_bases()
    except EngineError as problem:
        raise CannotStart(f"{bot.engine_url}: {problem.reason}") from problem
    finally:
        client.stop()
    sizes = ", ".join(f"{base.name} ({base.size})" for base in bases)
    return f"{ready.model} on {ready.device} at {bot.engine_url}, knowledge bases {sizes}"


def _check_slack(bot: Bot) -> str:
    if not bot.slack.is_used:
        raise CannotStart("[bot.slack] signing_secrets is missing, so nothing from Slack can be believed")
    if not bot.slack.bot_token.get_secret_value():
        raise CannotStart("[bot.slack] bot_token is missing: only slash commands and clicks can be answered")
    try:
        return f"we are {slack_platform(bot, Clock()).introduce()}"
    except PlatformError as problem:
        raise CannotStart(problem.reason) from problem
