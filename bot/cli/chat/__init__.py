"""`python -m bot chat`: a room in the terminal, through the real inbox, responder and engine.

    lines (a person's, or a pipe's) ─► room: the running bot's, or a bot of our own ─► screen

A bot of our own has the data folder's lock, so one chat is enough; a second one talks to
the first. An engine is started when none answers, and stopped at the end.
"""

from __future__ import annotations

import getpass
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime

from rich.console import Console

from bot import app
from bot.cli.chat.connection import OwnBotsRoom, Room, RunningBotsRoom
from bot.cli.chat.conversation import Left, converse, recite
from bot.cli.chat.prompt import Prompt, piped_lines
from bot.cli.chat.screen import (
    Colours,
    JsonLines,
    Plain,
    Screen,
)
from bot.cli.serve import migrate, secrets_of
from bot.config import Bot, Config
from bot.platforms.registry import QUIET_LOGGERS
from bot.process import control_socket, logs
from bot.process.engine_process import (
    EngineProcess,
    EngineReadiness,
    EngineTrouble,
    is_local_engine,
    is_port_open,
)
from bot.process.lock import CannotStart


def run(config: Config, config_path: str | None, *, room: str, as_json: bool) -> int:
    """Returns 0 when the person or the pipe had nothing more to say, 1 when the bot went away.

    Raises:
        CannotStart: there is no bot to talk to, and none could be started.
    """
    with ExitStack() as closing:
        child = _engine(config.bot, config_path, closing)
        there = _room(config, room, closing)
        screen = _screen(as_json=as_json)
        try:
            if sys.stdin.isatty() and sys.stdout.isatty() and not as_json:
                _welcome(room)
                converse(Prompt(room, config.bot.data_dir / "chat_history"), there, screen, _complain)
            else:
                _until_listening(config.bot, child)
                recite(piped_lines(sys.stdin), there, screen)
        except Left as reason:
            _complain(str(reason))
            return 1
    return 0


def _engine(bot: Bot, config_path: str | None, closing: ExitStack) -> EngineProcess | None:
    if is_port_open(bot.engine_url) or not is_local_engine(bot.engine_url):
        return None
    child = EngineProcess(bot, config_path)
    closing.callback(child.stop)
    child.start()
    return child


def _room(config: Config, name: str, closing: ExitStack) -> Room:
    person = getpass.getuser()
    if control_socket.who(config.bot.data_dir) is not None:
        return RunningBotsRoom(config.bot.data_dir, name, person)
    log = closing.enter_context(logs.open_log(config.bot.data_dir / "bot.log"))
    logs.set_up(secrets_of(config.bot), stream=log, quiet=QUIET_LOGGERS)
    migrate(config)
    own = app.build(config, with_web=False)
    closing.callback(own.stop)
    own.start()
    return OwnBotsRoom(own.operations["say"], name, person)


def _until_listening(bot: Bot, child: EngineProcess | None) -> None:
    """Wait until an engine of our own can answer: a pipe wants one reply a line, and no notice before it."""
    if child is None:
        return
    engine = EngineReadiness(bot, child, threading.Event())
    try:
        engine.until_ready()
        engine.until_embedded()
    except EngineTrouble as trouble:
        raise CannotStart(str(trouble)) from trouble


def _screen(*, as_json: bool) -> Screen:
    if as_json:
        return JsonLines(sys.stdout, _now)
    return Colours(Console(highlight=False), _now) if sys.stdout.isatty() else Plain(sys.stdout, _now)


def _welcome(room: str) -> None:
    sys.stdout.write(f"The room {room}. Ask a question, or /help for the commands; Ctrl-D leaves.\n\n")


def _complain(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _now() -> datetime:
    return datetime.now(UTC)
