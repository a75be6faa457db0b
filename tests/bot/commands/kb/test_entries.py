from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.commands.kb.entry_words import WORDS
from bot.config import Bot
from bot.engine_client import Added, Entry
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ANN, BOB, NEXT_DOOR, ROOM, ResponderRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def version_of(shown: str) -> str:
    (found,) = re.findall(r"/kb edit \S+ ([0-9a-f]{8}) =>", shown)
    return str(found)


def test_an_entry_is_shown_whole_with_its_wordings_and_who_taught_them(rig: ResponderRig) -> None:
    rig.engine.answers["e1"] = "Squeeze.\n\nServe cold."
    rig.say("/teach e1 => what is sour")
    shown = rig.say("/kb show e1")
    assert shown.splitlines() == [
        "e1: Lemons are sour. They grow in Sicily.",
        "Answer: Squeeze.",
        "",
        "Serve cold.",
        "Other wordings (1):",
        "· what is sour (taught by Ann on 2023-11-14 22:13)",
        f"/kb edit e1 {version_of(shown)} => ANSWER changes it, if it still is as shown.",
        "/teach e1 => WORDING gives it a wording.",
        "/teach forget e1 => WORDING takes a taught one away.",
    ]
    assert rig.say("/kb show e3").splitlines() == [
        "e3: Figs",
        "From: fruit.txt",
        "/teach e3 => WORDING gives it a wording.",
    ]
    assert rig.say("/kb show e9") == "There is no entry e9 in default. /kb find TEXT looks for one."


@pytest.mark.parametrize("entry_id", ["a b", "Ａ１", "no. 7.", "说明：", "①", "(x)*"])
def test_an_entry_of_any_id_is_shown_and_taught_by_what_is_said_of_it(
    rig: ResponderRig, entry_id: str
) -> None:
    rig.engine.entries[entry_id] = ("Figs are sweet", 0.5)
    (how,) = re.findall(r"^(/kb show .+) shows one whole", rig.say("/kb find sweet"), re.MULTILINE)
    shown = rig.say(how)
    assert shown.startswith(f"{entry_id}: Figs are sweet\n")
    (teach,) = re.findall(r"^(/teach .+)WORDING gives", shown, re.MULTILINE)
    assert f"{entry_id} in default" in rig.say(f"{teach}is it sweet?")
    (forget,) = re.findall(r"^(/teach forget .+)WORDING takes", rig.say(how), re.MULTILINE)
    assert f"from {entry_id} in default" in rig.say(f"{forget}is it sweet?")
    assert "is it sweet?" not in rig.say(how)


@pytest.mark.parametrize("typed", ["ｅ１", "e1.", "ｅ1。", "e1\u200b"])
def test_every_command_takes_an_id_in_full_width_or_with_a_mark_behind_it(
    rig: ResponderRig, typed: str
) -> None:
    assert rig.say(f"/kb show {typed}").startswith("e1: Lemons")
    assert "the answer of e1 " in rig.say(f"/kb edit {typed} => Squeeze.")
    assert "e1 in default" in rig.say(f"/teach {typed} => is it sour?")
    assert "from e1 in default" in rig.say(f"/teach Forget {typed} => is it sour?")
    assert "removed the entry e1 " in rig.say(f"/kb remove {typed}")


def test_entries_are_found_with_the_ids_that_other_commands_take(rig: ResponderRig) -> None:
    assert rig.say("/kb find sour").splitlines() == [
        "“sour” in default: 2",
        "· e1: Lemons are sour. They grow in Sicily.",
        "· e2: Limes are sour too",
        "/kb show e1 shows one whole.",
    ]
    assert rig.say("/kb find sweet") == "No entry in default holds “sweet”."
    rig.engine.entries = {f"e{number}": (f"sour {number}", 0.5) for number in range(12)}
    assert "… and 2 more." in rig.say("/kb find sour")


def test_an_answer_is_changed_with_its_line_breaks_and_the_one_before_is_told(rig: ResponderRig) -> None:
    rig.engine.answers["e1"] = "Squeeze."
    said = rig.say("/kb edit e1 =>\n1. Cut -> squeeze\n\n2. Serve")
    assert said == (
        "Ann changed the answer of e1 (“Lemons are sour. They grow in Sicily.”) in default. "
        "Before it was: Squeeze.\nIt holds now."
    )
    assert rig.engine.answers["e1"] == "1. Cut -> squeeze\n\n2. Serve"
    assert "Changed here last by Ann on 2023-11-14 22:13." in rig.say("/kb show e1")
    assert "Changed here" not in rig.say("/kb show e1", channel=NEXT_DOOR)


def test_an_answer_of_several_lines_is_added_whole_and_who_added_it_is_shown(rig: ResponderRig) -> None:
    rig.engine.add_result = Added((Entry("e2", "Limes are sour too"),), refresh="r1")
    rig.say("/kb add Are limes sour? =>\n1. Taste one\n\n2. Yes => they are")
    assert rig.engine.added == [("default", "Are limes sour? => 1. Taste one\n\n2. Yes => they are")]
    assert "Added here by Ann on 2023-11-14 22:13." in rig.say("/kb show e2")
    assert "Added here" not in rig.say("/kb show e2", channel=NEXT_DOOR)
    rig.say("/kb remove e2", person=BOB)
    past = rig.store.entry_changes.of(ROOM, "default", "e2")
    assert [(each.change.act, each.person) for each in past] == [("added", ANN), ("removed", BOB)]


def test_two_who_read_the_same_never_overwrite_each_other_unseen(rig: ResponderRig) -> None:
    version = version_of(rig.say("/kb show e1"))
    assert rig.say(f"/kb edit e1 {version} => Bob's", person=BOB).startswith("Bob changed")
    said = rig.say(f"/kb edit e1 {version} => Ann's")
    assert said.startswith("e1 was changed since you read it, so nothing was overwritten.")
    assert said.endswith(": Bob's")
    assert rig.engine.answers["e1"] == "Bob's"
    again = re.findall(r"version ([0-9a-f]{8})", said)[0]
    assert rig.say(f"/kb edit e1 {again} => Ann's").startswith("Ann changed")


def test_what_cannot_be_changed_here_says_why(rig: ResponderRig) -> None:
    assert rig.say("/kb edit e3 => x").startswith("e3 belongs to a file or another source of default")
    assert rig.say("/kb edit e9 => x").startswith("There is no entry e9")
    assert rig.engine.answers == {}


def test_hostile_texts_in_an_entry_fill_in_nothing(rig: ResponderRig) -> None:
    rig.engine.entries["{who}"] = ("{name} <!channel>\n#", 0.9)
    assert rig.say("/kb show {who}").startswith("{who}: {name} <!channel>\n#\n")
    assert "· {who}: {name} <!channel> #" in rig.say("/kb find channel")


def test_both_languages_fill_in_the_same() -> None:
    english, chinese = (
        {key: set(re.findall(r"{(\w+)}", text)) for key, text in asdict(WORDS[language]).items()}
        for language in ("en", "zh")
    )
    assert chinese == english
