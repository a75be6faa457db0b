"""`python -m bot check`: reaches everything the configuration names, and says what to mend."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bot.config import Bot, Config
from bot.domain import Clock, EngineError, KnowledgeBase, PlatformError
from bot.engine_client import EngineClient
from bot.platforms.host import Check, Deployment
from bot.platforms.registry import ADAPTERS
from bot.process import control_socket
from bot.process.engine_process import is_port_open
from bot.process.lock import CannotStart
from bot.store import SchemaError, StoreError, schema
from bot.texts.sources import failing


def check(config: Config, out: TextIO) -> int:
    """Reach everything the configuration names, a line each; 0 when all is well, else 1."""
    bot = config.bot
    engine = EngineClient(bot.engine_url, clock=Clock(), token=bot.engine_token.get_secret_value())
    checks: list[Check] = [
        ("database", partial(_check_database, bot)),
        ("engine", partial(_check_engine, bot, engine)),
        ("knowledge bases", partial(_check_knowledge_bases, bot, engine)),
        *((f"follower {url}", partial(_check_follower, bot, url)) for url in bot.engine_followers),
    ]
    for adapter in ADAPTERS:
        section = adapter.section_of(bot)
        if adapter.is_used(section):
            checks += adapter.checks(section, Deployment.of(bot), partial(_ask_running, bot))
    failed = 0
    for name, look in checks:
        try:
            out.write(f"ok      {name}: {look()}\n")
        except (CannotStart, PlatformError) as problem:
            failed = 1
            out.write(f"FAILED  {name}: {problem}\n")
    engine.stop()
    return failed


def _ask_running(bot: Bot, operation: str) -> Any:
    """Ask the running bot for an operation; None where none runs, or it knows no such one."""
    try:
        return control_socket.call(bot.data_dir, operation, {}, lambda _: None)
    except (control_socket.NotRunning, control_socket.LocalError):
        return None


def _check_database(bot: Bot) -> str:
    try:
        schema.check(bot.database_url)
        return schema.notice(bot.database_url) or "known and up to date"
    except (SchemaError, StoreError) as problem:
        raise CannotStart(str(problem)) from problem


def _check_engine(bot: Bot, engine: EngineClient) -> str:
    try:
        return f"{_describe(engine, bot.engine_url, 'engine_url')} at {bot.engine_url}"
    except CannotStart as problem:
        raise CannotStart(f"{bot.engine_url}: {problem}") from problem


def _check_follower(bot: Bot, url: str) -> str:
    follower = EngineClient(url, clock=Clock(), token=bot.engine_token.get_secret_value())
    try:
        return _describe(follower, url, "engine_followers")
    finally:
        follower.stop()


def _describe(engine: EngineClient, url: str, key: str) -> str:
    """Its model and where that runs; `key` of [bot] says where the engine is."""
    try:
        ready = engine.ready()
    except EngineError as problem:
        mend = "" if is_port_open(url) else f"; start it (python -m engine serve), or correct [bot] {key}"
        raise CannotStart(f"{problem.reason}{mend}") from problem
    if ready.warnings:
        raise CannotStart(f"it answers, but: {'; '.join(ready.warnings)}")
    return f"{ready.model} on {ready.device}"


def _check_knowledge_bases(bot: Bot, engine: EngineClient) -> str:
    """Their sizes; those that cannot be asked as they should, with what to do."""
    try:
        bases = engine.knowledge_bases()
    except EngineError as problem:
        raise CannotStart(f"not known: {problem.reason}") from problem
    sizes = ", ".join(f"{base.name} ({base.size})" for base in bases)
    default = bot.defaults.knowledge_base
    troubles = [f"{base.name}: {_what_fails(base, bot)}" for base in bases if base.failed]
    if default not in {base.name for base in bases}:
        troubles.append(
            f'[bot.defaults] knowledge_base is "{default}", and the engine has no such one: it has {sizes}'
        )
    if troubles:
        raise CannotStart("; ".join(troubles))
    return sizes


def _what_fails(base: KnowledgeBase, bot: Bot) -> str:
    timezone = ZoneInfo(bot.timezone)

    def show(moment: datetime) -> str:
        return f"{moment.astimezone(timezone):%Y-%m-%d %H:%M}"

    return " ".join(failing(each, show, "en") for each in base.failed)
