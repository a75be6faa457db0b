"""`python -m bot run`, what `make run` calls: the bot and an engine together, ready, in the foreground.

    migrate ─► bot starts ─► engine answers? ─ no ─► an engine of ours ─► ready, samples embedded ─► wait

Ctrl-C, SIGTERM or the end of the terminal or of `make` stops all of it, in reverse.
"""

from __future__ import annotations

import getpass
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from bot import app
from bot.cli.serve import migrate, require_resources, secrets_of
from bot.config import Bot, Config
from bot.domain import KnowledgeBase
from bot.engine_client import Ready
from bot.platforms.registry import QUIET_LOGGERS
from bot.process import control_socket, logs
from bot.process.engine_process import (
    EngineProcess,
    EngineReadiness,
    EngineTrouble,
    Stopped,
    is_local_engine,
    is_port_open,
)
from bot.process.foreground import own_foreground, stop_signal
from bot.process.lock import CannotStart

LOOK_SECONDS = 0.25
EXAMPLES = ("哪种水果维C含量高？", "夏天吃什么水果能补水？", "/threshold 0.5", "/kb use shop", "/help")


def run(config: Config, config_path: str | None) -> int:
    """Returns 0 once it was asked to stop, 1 when the engine died under it.

    Raises:
        CannotStart: it runs already, or something it needs is not there.
    """
    bot = config.bot
    process = control_socket.who(bot.data_dir)
    if process is not None:
        raise CannotStart(
            f"kbdial is already running here (process {process}). {in_words('chat')} talks to it."
        )
    require_resources(bot)
    console = Console(highlight=False)
    child = EngineProcess(bot, config_path)
    with ExitStack() as closing:
        closing.enter_context(own_foreground())
        stopping = closing.enter_context(stop_signal(last_resort=child.kill))
        log = closing.enter_context(logs.open_log(bot.data_dir / "bot.log"))
        logs.set_up(secrets_of(bot), stream=log, quiet=QUIET_LOGGERS)
        try:
            _start(config, child, stopping, console, closing)
        except Stopped:
            return 0
        except EngineTrouble as trouble:
            raise CannotStart(str(trouble)) from trouble
        while not stopping.wait(LOOK_SECONDS):
            if words := child.exit_reason():
                sys.stderr.write(words + "\n")
                return 1
        console.print("Stopping …", style="dim")
    return 0


def _start(
    config: Config, child: EngineProcess, stopping: threading.Event, console: Console, closing: ExitStack
) -> None:
    bot = config.bot
    migrate(config)
    running = app.build(config)
    closing.callback(running.stop)
    running.start()
    if not is_port_open(bot.engine_url):
        if not is_local_engine(bot.engine_url):
            raise CannotStart(f"No engine answers at {bot.engine_url}. Start it there, then run this again.")
        closing.callback(child.stop)
        child.start()
    engine = EngineReadiness(bot, child, stopping)
    with console.status(f"The engine at {bot.engine_url} is loading its model …"):
        ready = engine.until_ready()
    with _bars(console) as bars:
        tasks: dict[str, TaskID] = {}
        knowledge_bases = engine.until_embedded(lambda one: _show(bars, tasks, one))
    link = _console_link(running)
    _greet(console, bot, ready, knowledge_bases, link)


def _console_link(running: app.App) -> str:
    """A link into the console; "" where there can be none."""
    try:
        return str(running.operations["console"]({"person": getpass.getuser()}, lambda _: None))
    except control_socket.LocalError:
        return ""


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("Embedding {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _show(bars: Progress, tasks: dict[str, TaskID], one: KnowledgeBase) -> None:
    if one.name not in tasks:
        tasks[one.name] = bars.add_task(one.name, total=None)
    if one.progress is not None:
        done, total = one.progress
        bars.update(tasks[one.name], completed=done, total=total)
    elif one.snapshot is not None and not one.refreshing:
        bars.update(tasks[one.name], completed=one.size, total=one.size)


def _greet(
    console: Console, bot: Bot, ready: Ready, knowledge_bases: tuple[KnowledgeBase, ...], link: str
) -> None:
    table = Table.grid(padding=(0, 2))
    sizes = ", ".join(_size(one) for one in knowledge_bases) or "none"
    for what, where in (
        ("engine", f"model {ready.model} on {ready.device} · {bot.engine_url}"),
        ("bot", f"http://{bot.listen} · data and logs in {bot.data_dir}"),
        ("knowledge bases", sizes),
    ):
        table.add_row(Text(f"  {what}", style="dim"), Text(where))
    console.print(Text("kbdial is running.", style="bold green"))
    console.print(table)
    console.print()
    if link:
        console.print(Text("In a browser (the link is good once, for ten minutes):", style="bold"))
        console.print(Text(f"  {link}", style="cyan", no_wrap=True, overflow="ignore"), soft_wrap=True)
        console.print(Text(f"  {in_words('console')} prints another", style="dim"))
        console.print()
    console.print(Text("In another terminal:", style="bold"))
    console.print(Text(f"  {in_words('chat')}"))
    console.print(Text("and in it, for example:", style="bold"))
    for line in EXAMPLES:
        console.print(Text(f"  {line}", style="cyan"))
    console.print()
    console.print(Text("Ctrl-C stops everything.", style="dim"))


def _size(one: KnowledgeBase) -> str:
    return f"{one.name} ({one.size} entries)" if one.snapshot is not None else f"{one.name} (not read yet)"


def in_words(command: str) -> str:
    """The command line for one of our commands; the interpreter's path is relative where it can be."""
    python = Path(sys.executable)
    here = Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    return f"{shown} -m bot {command}"
