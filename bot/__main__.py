"""The command line of the bot. It reads arguments and the environment, and nothing below it does."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot import app, chat, launcher, manifest
from bot.check import check
from bot.config import Config, ConfigError, find, load
from bot.store import StoreError

DONE, FAILED, WRONG_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 wrong usage or configuration."""
    environment = os.environ if environment is None else environment
    options = _parser().parse_args(arguments)
    try:
        path = find(options.config, environment)
        config = load(path, environment)
    except ConfigError as mistakes:
        return _complain(str(mistakes), WRONG_USAGE)
    try:
        command: Callable[[Config, argparse.Namespace], int] = options.command
        return command(config, options)
    except (app.CannotStart, StoreError) as reason:
        return _complain(str(reason), FAILED)
    except KeyboardInterrupt:
        return DONE
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kbdial", description="Answers questions in your chat from your knowledge base."
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
    command("manifest", _manifest, "print the Slack manifest made from the configuration")
    command("run", _run, "run bot and engine together, set up and ready (what `make run` calls)")
    room = command("chat", _chat, "a chat room in this terminal")
    room.add_argument(
        "--channel", default="terminal", metavar="NAME", help="which room (each has its own settings)"
    )
    room.add_argument("--json", action="store_true", help="one JSON object a line")
    labels = command("labels", _labels, "a channel's labels out to a file, or in from one (CSV or JSONL)")
    labels.add_argument("direction", choices=("export", "import"))
    labels.add_argument("file", metavar="FILE", help="*.jsonl, or CSV with question, entry, relevant")
    labels.add_argument(
        "--channel", required=True, metavar="NAME", help='"slack:T1:C1", or a room of the terminal'
    )
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f'wanted a whole number from 0 on (got "{text}")')
    return int(text)


def _serve(config: Config, options: argparse.Namespace) -> int:
    return app.serve(config, workers=options.workers)


def _work(config: Config, _: argparse.Namespace) -> int:
    return app.work(config)


def _migrate(config: Config, _: argparse.Namespace) -> int:
    sys.stdout.write(app.migrate(config) + "\n")
    return DONE


def _check(config: Config, _: argparse.Namespace) -> int:
    return check(config, sys.stdout)


def _admin_code(config: Config, _: argparse.Namespace) -> int:
    sys.stdout.write(app.admin_code(config) + "\n")
    return DONE


def _manifest(config: Config, _: argparse.Namespace) -> int:
    for mistake in manifest.mistakes(config.bot):
        sys.stderr.write(mistake + "\n")
    sys.stdout.write(manifest.as_text(config.bot))
    return DONE


def _run(config: Config, options: argparse.Namespace) -> int:
    return launcher.run(config, options.config)


def _labels(config: Config, options: argparse.Namespace) -> int:
    request = {
        "direction": options.direction,
        "channel": options.channel,
        # The running bot may stand in another folder.
        "path": str(Path(options.file).absolute()),
        "person": getpass.getuser(),
    }
    sys.stdout.write(app.labels(config, request) + "\n")
    return DONE


def _chat(config: Config, options: argparse.Namespace) -> int:
    return chat.run(config, options.config, room=options.channel, as_json=options.json)


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
