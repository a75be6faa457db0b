"""The command line of the bot: its arguments, its settings, and the program that they name."""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot.cli import (
    chat,
    operator,
    run,
    serve,
)
from bot.cli.check import check
from bot.config import MOST_WORKERS, Config
from bot.config_file import ConfigError, find, load
from bot.machine_limits import explain
from bot.platforms.host import Adapter, Deployment
from bot.platforms.registry import ADAPTERS, BOT
from bot.process.lock import CannotStart, WrongUsage
from bot.store import StoreError

DONE, FAILED, WRONG_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 wrong usage or configuration."""
    environment = os.environ if environment is None else environment
    options = _parser().parse_args(arguments)
    try:
        path = find(options.config, environment)
        config = load(path, environment, BOT)
    except ConfigError as mistakes:
        return _complain(str(mistakes), WRONG_USAGE)
    try:
        command: Callable[[Config, argparse.Namespace], int] = options.command
        return command(config, options)
    except WrongUsage as mistakes:
        return _complain(str(mistakes), WRONG_USAGE)
    except (CannotStart, StoreError) as reason:
        return _complain(str(reason), FAILED)
    except (OSError, RuntimeError) as problem:
        if isinstance(problem, BrokenPipeError):
            # Whoever read our output has seen enough. Python would complain again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        if (sentence := explain(problem)) is None:
            raise
        return _complain(sentence, FAILED)
    except KeyboardInterrupt:
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="kbdial: answers questions in your chat from your knowledge base."
    )
    parser.add_argument(
        "--config",
        metavar="PATH",
        help="the configuration file (default: KBDIAL_CONFIG, else config.toml here)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[Config, argparse.Namespace], int], help_text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(command=run)
        # So that it may stand before the command or after it.
        added.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return added

    serve = command("serve", _serve, "run the bot: web and workers")
    serve.add_argument(
        "--workers", type=_count, metavar="N", help="worker threads (0: web alone, on PostgreSQL)"
    )
    command("work", _work, "run workers alone (on PostgreSQL)")
    command("migrate", _migrate, "bring the database up to date")
    command("check", _check, "validate the configuration and reach everything it names")
    command("admin-code", _admin_code, "print a one-time code: who sends /admin claim CODE becomes an admin")
    admins = command("admins", _admins, "who became an admin by a code, and since when")
    admins.add_argument("--remove", metavar="WHO", help='take the rights away again: "slack:T1:U1"')
    command("console", _console, "print a link that signs this machine's user in to the console, once")
    for adapter in ADAPTERS:
        for name, about in adapter.commands.items():
            command(name, partial(_of_platform, adapter, name), about.help)
    command("run", _run, "run bot and engine together, set up and ready (what `make run` calls)")
    room = command("chat", _chat, "a chat room in this terminal")
    room.add_argument(
        "--channel", default="terminal", metavar="NAME", help="which room (each has its own settings)"
    )
    room.add_argument("--json", action="store_true", help="one JSON object a line")
    labels = command("labels", _labels, "a channel's labels out to a file, or in from one (CSV or JSONL)")
    labels.add_argument("direction", choices=("export", "import"))
    labels.add_argument("file", type=Path, metavar="FILE", help="*.jsonl, or CSV (question, entry, relevant)")
    labels.add_argument(
        "--channel", required=True, metavar="NAME", help='"slack:T1:C1", or a room of the terminal'
    )
    letters = command("letters", _letters, "messages and replies that were given up, and why")
    letters.add_argument(
        "--replay", type=_letter, metavar="WHICH", help='try again: "all", "message:7" or "delivery:9"'
    )
    command("quarantine", _quarantine, "genuine requests that could not be understood, and why")
    kept = command("backup", _backup, "copy the database into a new file while it is in use")
    kept.add_argument("file", type=Path, metavar="FILE", help="a new file; the engine's folder is not in it")
    back = command("restore", _restore, "put a backup in place of the database; what was there is kept aside")
    back.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote; the bot must not run")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("0000") and int(text) <= MOST_WORKERS):
        raise argparse.ArgumentTypeError(f'wanted a whole number from 0 to {MOST_WORKERS} (got "{text}")')
    return int(text)


def _serve(config: Config, options: argparse.Namespace) -> int:
    return serve.serve(config, workers=options.workers)


def _work(config: Config, _: argparse.Namespace) -> int:
    return serve.work(config)


def _migrate(config: Config, _: argparse.Namespace) -> int:
    return _say(f"The database is up to date (revision {serve.migrate(config)}).")


def _check(config: Config, _: argparse.Namespace) -> int:
    return check(config, sys.stdout)


def _admin_code(config: Config, _: argparse.Namespace) -> int:
    return _say(operator.admin_code(config))


def _admins(config: Config, options: argparse.Namespace) -> int:
    if options.remove is None:
        return _say(operator.admins(config))
    return _say(operator.remove_admin(config, options.remove))


def _console(config: Config, _: argparse.Namespace) -> int:
    return _say(operator.console(config, getpass.getuser()))


def _of_platform(adapter: Adapter[Any], name: str, config: Config, _: argparse.Namespace) -> int:
    """A command that a platform brings along: its text, and what to mend beside it."""
    mistakes, text = adapter.commands[name].run(adapter.section_of(config.bot), Deployment.of(config.bot))
    for mistake in mistakes:
        sys.stderr.write(mistake + "\n")
    sys.stdout.write(text)
    return FAILED if mistakes and not text else DONE


def _run(config: Config, options: argparse.Namespace) -> int:
    return run.run(config, options.config)


def _labels(config: Config, options: argparse.Namespace) -> int:
    told = operator.labels(
        config, options.direction, options.file, channel=options.channel, person=getpass.getuser()
    )
    return _say(told)


def _letters(config: Config, options: argparse.Namespace) -> int:
    if options.replay is None:
        return _say(operator.letters(config))
    return _say(operator.replay(config, *options.replay))


def _quarantine(config: Config, _: argparse.Namespace) -> int:
    return _say(operator.quarantine(config))


def _backup(config: Config, options: argparse.Namespace) -> int:
    return _say(operator.backup(config, options.file))


def _restore(config: Config, options: argparse.Namespace) -> int:
    return _say(operator.put_back(config, options.file))


def _chat(config: Config, options: argparse.Namespace) -> int:
    return chat.run(config, options.config, room=options.channel, as_json=options.json)


def _say(sentence: str) -> int:
    sys.stdout.write(sentence + "\n")
    return DONE


def _letter(text: str) -> tuple[str, int | None]:
    if text == "all":
        return "all", None
    # No more digits than the number of a row can have.
    letter = re.fullmatch(r"(message|delivery):([0-9]{1,18})", text)
    if letter is None:
        raise argparse.ArgumentTypeError(f'wanted "all", "message:7" or "delivery:9" (got "{text}")')
    return letter[1], int(letter[2])


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
