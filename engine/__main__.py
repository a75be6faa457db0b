"""The engine's command line.

Exit codes: 0 done, 1 failed (one sentence on stderr), 2 wrong usage or configuration.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from engine import app, config, config_file, logs
from engine.cli import commands, evaluate
from engine.cli.plain import plain
from engine.config_file import ConfigError
from engine.domain import EngineError, TooLittleAllowed
from engine.machine_limits import explain, find_shortage

_DEEPEST = 200
_MOST_MATCHES = 10_000_000  # as over HTTP
# The loops, the threads that compute, and what libraries start.
_OTHER_THREADS = 24
_DONE, _FAILED, _WRONG, _INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run one command; the exit code says how it went."""
    given = _parser().parse_args(arguments)
    # Commands that end speak in sentences; without this, Python would print log events as well.
    logging.getLogger().addHandler(logging.NullHandler())
    environment = os.environ if environment is None else environment
    try:
        path = config_file.find(given.config, environment)
        settings = config_file.load(path, environment)
        match given.command:
            case "serve":
                return _serve(settings)
            case "refresh":
                return commands.refresh(settings, given.knowledge_base, confirmed=given.confirm)
            case "rollback":
                return commands.rollback(settings, given.knowledge_base)
            case "search":
                return commands.search(
                    settings,
                    " ".join(given.text),
                    knowledge_base=given.kb,
                    threshold=given.threshold,
                    limit=given.limit,
                    as_json=given.json,
                )
            case "evaluate":
                return evaluate.evaluate(
                    settings,
                    given.queries,
                    given.out,
                    knowledge_base=given.kb,
                    precision=given.precision,
                    depth=given.depth,
                )
            case _:
                return commands.check(settings, path)
    except ConfigError as mistakes:
        print(mistakes, file=sys.stderr)  # noqa: T201 - the command line speaks
        return _WRONG
    except (EngineError, OSError, RuntimeError) as problem:
        sentence = explain(problem)
        if sentence is None and isinstance(problem, RuntimeError):
            raise
        print(plain(f"kbdial-engine {given.command}: {sentence or problem}"), file=sys.stderr)  # noqa: T201 - as above
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _serve(settings: config.Engine) -> int:
    logs.begin(settings.secrets)
    stopping = threading.Event()

    def stop(_signal: int, _frame: object) -> None:
        if stopping.is_set():
            os._exit(_FAILED)  # asked twice: the folder survives a kill at any moment
        stopping.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    lost = threading.Event()

    def end() -> None:
        lost.set()
        stopping.set()

    if shortage := find_shortage(settings.web_threads + _OTHER_THREADS):
        raise TooLittleAllowed(shortage)
    engine = app.build(settings, app.Edges(device_lost=end))
    engine.serve()
    stopping.wait()
    engine.stop()
    # A card that failed once fails this process for good, and works for the next one.
    return _FAILED if lost.is_set() else _DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine", description="kbdial's engine: finds the entries that mean the same."
    )
    parser.add_argument(
        "--config",
        metavar="PATH",
        help="the configuration file (else KBDIAL_CONFIG, else ./config.toml, else defaults)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="answer over HTTP and keep the knowledge bases fresh")
    refresh = commands.add_parser(
        "refresh", help="read the sources again, now; ends when the new snapshot is served"
    )
    refresh.add_argument(
        "knowledge_base", nargs="?", metavar="KB", help="one knowledge base (all, when left out)"
    )
    refresh.add_argument(
        "--confirm",
        action="store_true",
        help="let sources shrink or change below the floor, this once; without it such a change is refused",
    )
    rollback = commands.add_parser(
        "rollback", help="serve the snapshot before again, until a source changes or you ask for a refresh"
    )
    rollback.add_argument("knowledge_base", metavar="KB", help="the knowledge base")
    search = commands.add_parser("search", help="one search from the shell")
    search.add_argument("text", nargs="+", metavar="TEXT")
    search.add_argument("--kb", default="default", metavar="NAME", help="the knowledge base (default)")
    search.add_argument(
        "--threshold", type=_threshold, metavar="T", help="the lowest score shown (the knowledge base's own)"
    )
    search.add_argument(
        "--limit",
        type=partial(_whole, most=_MOST_MATCHES),
        default=5,
        metavar="N",
        help="how many matches at most (5)",
    )
    search.add_argument("--json", action="store_true", help="the whole answer as one line of JSON")
    evaluate = commands.add_parser("evaluate", help="threshold curves from a labelled file")
    evaluate.add_argument(
        "--queries",
        type=Path,
        required=True,
        metavar="FILE",
        help="JSON Lines: id, text, in_scope, and relevant (entry ids) or group",
    )
    evaluate.add_argument("--kb", default="default", metavar="NAME", help="the knowledge base (default)")
    evaluate.add_argument(
        "--precision",
        type=_share,
        metavar="P",
        help="also find the lowest threshold that is at least this right, with 95 %% confidence",
    )
    evaluate.add_argument(
        "--depth",
        type=partial(_whole, most=_DEEPEST),
        default=5,
        metavar="N",
        help="how many entries of each question are judged (5, as many as a reply shows); more of them"
        " make wrong ones count for more",
    )
    evaluate.add_argument(
        "--out",
        type=Path,
        default=Path("evaluation"),
        metavar="PATH",
        help="where to write: PATH.json, PATH.csv and PATH.png (./evaluation)",
    )
    commands.add_parser("check", help="try the configuration, every source and the model")
    for each in commands.choices.values():  # it may stand behind the command as well
        each.add_argument("--config", metavar="PATH", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def _number(text: str) -> float:
    """The number that a text is; what is none lies in no range."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _threshold(text: str) -> float:
    value = _number(text)
    if not -1 <= value <= 1:
        raise argparse.ArgumentTypeError(f"wanted a number from -1 to 1, for example 0.65 (got {text})")
    return value


def _whole(text: str, *, most: int) -> int:
    value = _number(text)
    if not (1 <= value <= most and value.is_integer()):
        raise argparse.ArgumentTypeError(f"wanted a whole number from 1 to {most} (got {text})")
    return int(value)


def _share(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"wanted a number between 0 and 1, for example 0.95 (got {text})")
    return value


if __name__ == "__main__":
    sys.exit(main())
