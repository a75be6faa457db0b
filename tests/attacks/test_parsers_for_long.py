"""Every parser and escaper over ten thousand values, in the long run. None breaks its promise."""

from __future__ import annotations

import base64
import csv
import io
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.admin import label_files
from bot.admin.label_files import LabelFileError
from bot.commands.ask.highlight import bold_spans
from bot.commands.parser import parse
from bot.csv_table import as_csv
from bot.domain import Clock
from bot.platforms.mattermost import action_values as mattermost_values
from bot.platforms.mattermost import markup as mattermost_markup
from bot.platforms.mattermost.action_signature import ActionSigner, Forged, Pressed
from bot.platforms.mattermost.http_parser import read_click
from bot.platforms.mattermost.http_parser import read_command as read_typed
from bot.platforms.mattermost.trigger import Untrusted, check_trigger
from bot.platforms.slack import action_values
from bot.platforms.slack import markup as slack_markup
from bot.platforms.slack.parser import (
    BotIdentity,
    read_command,
    read_event,
    read_interaction,
)
from bot.platforms.slack.signature import Verifier
from bot.platforms.wecom import cards
from bot.platforms.wecom import markup as wecom_markup
from bot.platforms.wecom import split_markdown as wecom_parting
from bot.platforms.wecom.app_parser import App, read_app
from bot.platforms.wecom.envelope import Envelope, Refused, Signed
from bot.platforms.wecom.parsed import Robot
from bot.platforms.wecom.robot_parser import read_robot
from bot.platforms.wecom.safe_parse import Unreadable, read_json, read_xml
from bot.process.logs import JsonLines
from bot.web.files import SignedLinks
from engine import timetable
from engine.domain import SourceError
from engine.index.normalize import prepare
from engine.source import formats
from tests.support.mattermost_mentions import rings as ringing
from tests.support.mattermost_requests import click_payload, command_form
from tests.support.slack import links, rings
from tests.support.wecom_api import RUNG

EXAMPLES = 10_000
ENVELOPE = Envelope(token="t", encoding_aes_key="k" * 43, clock=Clock())

# What means something to one of the platforms, to commands or to a spreadsheet.
PIECES = [
    "<",
    ">",
    "&",
    "|",
    "@",
    "!",
    "#",
    "*",
    "_",
    "~",
    "`",
    "[",
    "](",
    ")",
    "\\",
    "/",
    "、",
    "=>",
    "=",
    "+",
    "-",
    "%",
    "0.65",
    "9",
    "/threshold",
    "/kb add",
    "/kbdial",
    "@KB Bot",
    "try",
    "<!channel>",
    "<@U1>",
    "<@all>",
    "https://evil.test",
    "javascript:",
    "&lt;",
    "\n",
    "\r",
    "\t",
    "\u200b",
    "\u202e",
    "\u0301",
    "\x00",
    "\ud800",
    " ",
    "\u3000",
    "字",
    "😀",
    "０",
    '"',
    "'",
    ",",
    ";",
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=16).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "event",
                    "user",
                    "channel",
                    "ts",
                    "text",
                    "actions",
                    "container",
                    "msgtype",
                    "from",
                    "userid",
                    "content",
                    "aibotid",
                    "msgid",
                    "value",
                    "action_id",
                    "team_id",
                    "id",
                ]
            )
            | texts,
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=6)


def _as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _command(text: str) -> object:
    return parse(text, names=("KB Bot",), mentioned=len(text) % 2 > 0, in_group=len(text) % 3 > 0)


def _event(value: Any) -> object:
    return read_event({"type": "event_callback", "team_id": "T", "event": value}, BotIdentity())


def _slack(text: str) -> None:
    escaped = slack_markup.escape(slack_markup.clean(text))
    assert (rings(escaped), links(escaped)) == (0, [])
    slack_markup.plain(slack_markup.clean(text))
    assert slack_markup.size(slack_markup.escape(slack_markup.cut(text, 60))) <= 60


def _mattermost(text: str) -> None:
    assert ringing(mattermost_markup.inert(text)) == set()
    assert ringing(mattermost_markup.with_bold(text, (1, 5))) == set()
    assert all(len(piece) <= 300 for piece in mattermost_markup.split(text, 300, mattermost_markup.inert))


def _mattermost_click(value: Any) -> None:
    for kind in sorted(mattermost_values.KINDS):
        pressed = Pressed(mattermost_values.ActionValue(kind, "a", str(value)[:20]), is_private=False)
        with suppress(Forged):
            read_click(click_payload(trigger_id="t", **value), pressed, ActionSigner("s"), tenant="h")


def _mattermost_proof(text: str) -> None:
    with suppress(Untrusted):
        check_trigger(text, text[:26], 1.0)
    with suppress(Forged):
        ActionSigner("s").read({"v": "1", "a": text, "i": text[:3], "x": text, "m": text}, text)


def _wecom(text: str) -> None:
    assert RUNG.findall(wecom_markup.escape(text)) == []
    pieces = wecom_parting.split(wecom_markup.escape(text), 300, "…")
    assert all(len(piece.encode()) <= 300 for piece in pieces)


def _table(text: str) -> None:
    written = as_csv(["text"], [[slack_markup.clean(text)]]).decode("utf-8-sig")
    _, *rows = csv.reader(io.StringIO(written, newline=""))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def _lists(text: str) -> None:
    for read in (formats.read_posted, formats.table, formats.jsonl):
        with suppress(SourceError):
            list(read("list", text.encode("utf-8", "surrogatepass")))


def _click(text: str) -> None:
    for action in ("dial:to", "vote", "more", "choose:1", "run:1", text):
        with suppress(action_values.BrokenClick):
            action_values.read(action, text)


def _timetable(text: str) -> None:
    with suppress(ValueError):
        timetable.parse(text)


def _envelope(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    encrypted = ENVELOPE.encrypt(body)
    for sealed in (encrypted, base64.b64encode(body).decode(), text):
        for read in (ENVELOPE.open_json, ENVELOPE.open_xml):
            for outer in (_as_json({"encrypt": sealed}), body):
                with suppress(Refused):
                    read(Signed("0" * 40, "1700000000", "n"), outer)
    assert ENVELOPE.decrypt(encrypted) == body


def _signature(text: str) -> None:
    Verifier(["s"], lambda: 1.0).verdict(text.encode("utf-8", "surrogatepass"), text[:10], text[10:])


def _labels(text: str) -> None:
    with TemporaryDirectory() as folder:
        for name, head in (("labels.csv", "question,entry,relevant\n"), ("labels.jsonl", "")):
            path = Path(folder) / name
            path.write_bytes((head + text).encode("utf-8", "surrogatepass"))
            with suppress(LabelFileError):
                label_files.read(path)


def _press(value: tuple[str, str, str]) -> None:
    key, task, chosen = value
    cards.action_of(key, task, {"match": (chosen,)})


def _plain(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    for read in (read_json, read_xml):
        with suppress(Unreadable):
            read(body)


def _token(text: str) -> None:
    whole = text.encode(errors="replace").decode()  # as the server decodes an address
    assert SignedLinks("https://kb.test", lambda: "key").read(whole) is None


def _log_line(text: str) -> None:
    """SEC25: whatever is in it, one event is one line, which reads back."""
    record = logging.makeLogRecord({"msg": "said", "text": text, "level": "x"})
    line = JsonLines(["secret-word"]).format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["text"] == text


READERS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], object]]] = {
    "command": (texts, _command),
    "Slack event": (values, _event),
    "Slack envelope": (objects, lambda v: read_event(v, BotIdentity())),
    "Slack click": (objects, lambda v: read_interaction({"type": "block_actions", **v})),
    "Slack command": (st.dictionaries(texts, texts), lambda v: read_command(v, b"", "1", BotIdentity())),
    "Slack text": (texts, _slack),
    "Slack button": (texts, _click),
    "Slack signature": (texts, _signature),
    "Slack link": (st.tuples(texts, texts), lambda v: slack_markup.link(*v)),
    "Mattermost command": (
        st.dictionaries(st.sampled_from(sorted(command_form())), texts),
        lambda v: read_typed(command_form(trigger_id="t") | v, tenant="h"),
    ),
    "Mattermost click": (
        st.dictionaries(st.sampled_from(sorted(click_payload())), values),
        _mattermost_click,
    ),
    "Mattermost proof": (texts, _mattermost_proof),
    "Mattermost text": (texts, _mattermost),
    "Mattermost link": (st.tuples(texts, texts), lambda v: mattermost_markup.link(*v)),
    "WeCom robot": (values, lambda v: read_robot(_as_json(v), Robot("support"), now=0)),
    "WeCom application": (texts, lambda t: read_app(t.encode("utf-8", "replace"), App("a", "c", 1), now=0)),
    "WeCom text": (texts, _wecom),
    "WeCom link": (st.tuples(texts, texts), lambda v: wecom_markup.link(*v)),
    "WeCom envelope": (texts, _envelope),
    "spreadsheet": (texts, _table),
    "lists": (texts, _lists),
    "label files": (texts, _labels),
    "WeCom card": (st.tuples(texts, texts, texts), _press),
    "plain JSON and XML": (texts, _plain),
    "link to a file": (texts, _token),
    "log line": (texts, _log_line),
    "bold": (st.tuples(texts, texts), lambda v: bold_spans(v[0], v[1], v[0])),
    "preparation": (texts, prepare),
    "timetable": (texts, _timetable),
}


def _try(reader: str, examples: int) -> None:
    made, read = READERS[reader]

    @settings(
        max_examples=examples,
        database=None,
        derandomize=examples < EXAMPLES,
        suppress_health_check=list(HealthCheck),
    )
    @given(made)
    def try_it(value: Any) -> None:
        read(value)

    try_it()


@pytest.mark.parametrize("reader", READERS)
def test_nothing_makes_it_raise_or_leave_its_promise(reader: str) -> None:
    _try(reader, 50)


@pytest.mark.soak
@pytest.mark.parametrize("reader", READERS)
def test_nothing_makes_it_raise_or_leave_its_promise_for_long(reader: str) -> None:
    _try(reader, EXAMPLES)


def test_half_a_character_in_an_address_ends_no_reply() -> None:
    """Found by the long run: the address of an entry is what its source says."""
    assert slack_markup.link("https://kb.test/\ud800", "more") == "<https://kb.test/?|more>"
    assert wecom_markup.link("more", "https://kb.test/\ud800") == "[more](https://kb.test/?)"
