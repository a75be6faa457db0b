"""SEC40: no text is expensive. Fifty thousand characters of the worst kind cost what any others do.

A pattern that backtracks cannot be counted from outside, so its own thread's processor
time is: linear ones take a millisecond or two here, the one that was found took half a
minute. What is written in Python is judged by its steps, without any clock.
"""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from bot.commands.ask.highlight import bold_spans
from bot.commands.parser import parse
from bot.csv_table import as_csv
from bot.platforms.mattermost import markup as mattermost_markup
from bot.platforms.mattermost import mentions
from bot.platforms.mattermost.parser import OwnAccount, Room, read_post
from bot.platforms.slack import markup as slack_markup
from bot.platforms.slack.parser import BotIdentity, read_event
from bot.platforms.wecom import markup as wecom_markup
from bot.platforms.wecom import split_markdown as wecom_parting
from bot.platforms.wecom.app_parser import App, read_app
from bot.platforms.wecom.parsed import Robot
from bot.platforms.wecom.robot_parser import read_robot
from engine.index import normalize
from engine.source import formats

ROOT = Path(__file__).resolve().parents[2]
CHARACTERS = 50_000
MOST_SECONDS = 1.0
SEARCHING = {"search", "sub", "subn", "split", "findall", "finditer"}

# What patterns hesitate over: letters, digits, blanks, and whatever opens or parts something.
ATOMS = ["a", "Z", "0", "_", "-", ".", "。", " ", "\n", "\r", "中", "@", "#", "<", ">", "|", "!", "/", ":",
         "=", '"', "*", "&", "\\", "[", "~", ",", "\u200b", "\ufffe", "é"]  # fmt: skip
OPENINGS = ["", "<@", "<!", "<#", "https://", "<https://", "/kbdial ", "@x ", "<meta ", "<meta charset=",
            "<!--", "---\n", "Bearer ", "every ", "from ip: ", "dial@", "v0=", "/", "中"]  # fmt: skip
ENDINGS = ["", "\x00"]


class Found(NamedTuple):
    where: str
    pattern: re.Pattern[Any]
    is_searched: bool  # else it is only held against the beginning of a text


@functools.cache
def patterns() -> list[Found]:
    """Every regular expression of both programs, whether it has a name or not."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("engine/**/*.py")])
    }
    searched = {name for tree in trees.values() for name in _searched(tree)}
    return [found for path, tree in trees.items() for found in _written(path, tree, searched)]


def _searched(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in SEARCHING:
            yield node.value.id


def _written(path: Path, tree: ast.AST, searched: set[str]) -> Iterator[Found]:
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "re"):
            continue
        name = names.get(id(call), "")
        is_searched = call.func.attr in SEARCHING or name in searched
        if call.func.attr in {"compile", *SEARCHING, "match", "fullmatch"}:
            yield Found(f"{path.relative_to(ROOT)}:{call.lineno}", _compiled(path, call, name), is_searched)


def _compiled(path: Path, call: ast.Call, name: str) -> re.Pattern[Any]:
    try:
        written = ast.literal_eval(call.args[0])
    except ValueError:  # put together when the module is imported
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        pattern = getattr(importlib.import_module(module), name, None)
        assert isinstance(pattern, re.Pattern), f"{path}:{call.lineno}: give it a name to be tried under"
        return pattern
    flags = re.NOFLAG
    for node in [part for given in (*call.args[1:], *call.keywords) for part in ast.walk(given)]:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re":
            flags |= re.RegexFlag[node.attr]
    return re.compile(written, flags)


def test_every_pattern_is_found() -> None:
    """SEC40: the list below is made from the source; it must not be empty by mistake."""
    found = patterns()
    assert len({each.pattern for each in found}) > 40
    assert sum(each.is_searched for each in found) > 10


def _seconds(found: Found, text: str) -> float:
    given: Any = text.encode() if isinstance(found.pattern.pattern, bytes) else text
    began = time.thread_time()
    found.pattern.fullmatch(given)
    if found.is_searched:
        found.pattern.sub(given[:0], given)
    return time.thread_time() - began


def _worst(texts: Iterator[str]) -> list[str]:
    """The patterns that took too long over one of these texts, which begin like this."""
    known = {found.pattern: found for found in patterns()}.values()
    return [
        f"{found.where}: {took:.1f} s for {text[:12]!r}"
        for text in texts
        for found in known
        if (took := _seconds(found, text)) > MOST_SECONDS
    ]


def test_no_pattern_hesitates_over_a_long_run_of_anything() -> None:
    """SEC40. What no pattern expects makes it try again at the end; the long form ends in nothing, too."""
    assert _worst(atom * CHARACTERS + "\x00" for atom in ATOMS) == []


@pytest.mark.soak
def test_no_pattern_hesitates_over_any_two_characters_in_turn() -> None:
    """SEC40, the long form: pairs, after each opening and before each ending."""
    pairs = ((one + two) * (CHARACTERS // 2) for one, two in itertools.product(ATOMS, repeat=2) if one != two)
    framed = (
        opening + atom * CHARACTERS + ending
        for opening, atom, ending in itertools.product(OPENINGS, ATOMS, ENDINGS)
    )
    assert _worst(itertools.chain(pairs, framed)) == []


def _parse(text: str) -> object:
    return parse(text, names=("知识库助手", "KB Bot"), mentioned=True, in_group=True)


def _event(text: str) -> object:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.1", "text": text}
    return read_event({"type": "event_callback", "team_id": "T1", "event": event}, BotIdentity())


def _post(text: str) -> object:
    post = {"id": "p" * 26, "user_id": "l" * 26, "channel_id": "r" * 26, "message": f"@kbdial {text}"}
    return read_post(post, Room("r" * 26, "O"), OwnAccount("chat.example.com", "b" * 26, "kbdial"))


def _robot(text: str) -> object:
    body = {
        "msgtype": "text",
        "aibotid": "b",
        "msgid": "m",
        "from": {"userid": "u"},
        "text": {"content": text},
    }
    return read_robot(json.dumps(body).encode(), Robot("support"), now=0)


def _application(text: str) -> object:
    return read_app(f"<xml><Content><![CDATA[{text}]]></Content></xml>".encode(), App("a", "c", 1), now=0)


READERS: dict[str, Callable[[str], object]] = {
    "command": _parse,
    "threshold": lambda text: _parse(f"/threshold {text}"),
    "limit": lambda text: _parse(f"/limit {text}"),
    "entries": lambda text: _parse(f"/kb add {text}"),
    "other mentions": lambda text: _parse(f"@x {text}"),
    "own mentions": lambda text: _parse(f"@KB Bot {text} @KB Bot"),
    "Slack event": _event,
    "Slack in": slack_markup.plain,
    "Slack out": slack_markup.escape,
    "Slack cut": lambda text: slack_markup.cut(text, 50),
    "Slack link": lambda text: slack_markup.link(f"https://a.test/{text}", text),
    "Mattermost post": _post,
    "Mattermost name": lambda text: mentions.without_name(f"@kbdial {text}", "kbdial"),
    "Mattermost out": mattermost_markup.inert,
    "WeCom robot": _robot,
    "WeCom application": _application,
    "WeCom out": wecom_markup.escape,
    "WeCom bold": lambda text: wecom_markup.emphasise(text, (0, len(text))),
    "WeCom link": lambda text: wecom_markup.link(text, f"https://a.test/{text}"),
    "WeCom split": lambda text: wecom_parting.split(text, 4096, "…"),
    "Mattermost addresses": mattermost_markup.link_addresses,
    "Mattermost bold": lambda text: mattermost_markup.with_bold(text, (0, len(text))),
    "Mattermost link": lambda text: mattermost_markup.link(text, f"https://a.test/{text}"),
    "Mattermost split": lambda text: mattermost_markup.split(text, 200),
    "bold sentence": lambda text: bold_spans(text, text, text),
    "spreadsheet": lambda text: as_csv(["text"], [[text]]),
    "preparation": normalize.prepare,
    "every step of preparation": normalize.of(tuple(normalize.STEPS)),
    "list": lambda text: list(formats.read_posted("list", text.encode())),
    "table": lambda text: list(formats.table("table", f"text\n{text}".encode())),
    "JSON lines": lambda text: list(formats.jsonl("lines", json.dumps({"text": text}).encode())),
}
WORST = ["a", "0", "@", "@KB Bot ", "/", " /", " /kb add a", "、 ", "/threshold ", "@x ", "<", "<@U1>", "<@",
         "&lt;", "=> ", "\n", "中 ", "a.", "。", "*", "**", "_", "`", "\u200b", "[", "0.", "%",
         "\u0301"]  # fmt: skip


def _steps(read: Callable[[str], object], text: str) -> int:
    """The number of lines of Python that run for this text."""
    steps = 0

    def trace(_frame: FrameType, event: str, _given: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read(text)
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_is_twice_the_work(reader: str) -> None:
    """SEC40: counted in steps, so that a busy machine makes no difference."""
    read = READERS[reader]
    for piece in WORST:
        short, long = (_steps(read, piece * times) for times in (150, 600))
        assert long <= 5 * short + 500, (
            f"{reader}: {piece!r} four times as often took {long} steps for {short}"
        )


@pytest.mark.soak
@pytest.mark.parametrize("reader", READERS)
def test_fifty_thousand_characters_are_read_and_written_in_a_second(reader: str) -> None:
    """SEC40."""
    for piece in WORST:
        text = (piece * CHARACTERS)[:CHARACTERS]
        began = time.thread_time()
        READERS[reader](text)
        assert time.thread_time() - began < MOST_SECONDS, f"{reader}: {piece!r}"


def test_stacked_marks_are_parted_into_as_few_messages_as_other_text() -> None:
    """SEC16, SEC40: a mark belongs to what it stands on, but nobody stacks thousands of them."""
    stacked, plain = ("a" + "\u0301" * 9_999, "é" * 10_000)
    assert len(wecom_parting.split(stacked, 4096, "…")) <= len(wecom_parting.split(plain, 4096, "…")) + 1
