"""One entry out of a form: what is said of it, and that nothing that was written is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import LeftOut, RunCommand, Text, WriteEntry, message_from_json, message_to_json
from bot.engine_client import Added, Contradicted, Entry
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ROOM, ResponderRig

NEW = WriteEntry("shop", "Do you wrap?", "Yes.\nFor two euros.")
EDIT = replace(NEW, entry_id="e2", hash_read="read")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def said(rig: ResponderRig, form: WriteEntry | RunCommand) -> Text:
    (reply,) = rig.click(form).replies
    assert isinstance(reply, Text)
    return reply


def test_a_new_entry_keeps_its_lines_and_is_announced(rig: ResponderRig) -> None:
    told = said(rig, NEW)
    assert rig.engine.added == [("shop", "Do you wrap? => Yes.\nFor two euros.")]
    assert not told.private
    assert told.body == ("Ann added m1 to shop: pear (/kb remove m1 takes it back)\nThey can be found now.")


def test_what_is_known_or_refused_is_said_to_the_writer_alone(rig: ResponderRig) -> None:
    rig.engine.add_result = Added((), repeated=(Entry("e9", "Do you wrap?"),))
    told = said(rig, NEW)
    assert (told.private, told.body) == (True, "Nothing was added: e9 says this already.")
    rig.engine.add_result = Added((), dropped=(LeftOut("1", "it is empty"),))
    assert said(rig, NEW).body == "Nothing was changed: it is empty"


def test_another_answer_to_a_known_question_is_shown_beside_the_one_there(rig: ResponderRig) -> None:
    other = Contradicted("e9", "Do you wrap?", "No.", "Yes. For two euros.")
    rig.engine.add_result = Added((), contradicted=(other,))
    told = said(rig, NEW)
    assert told.private
    assert all(part in told.body for part in ("Do you wrap?", "No.", "Yes. For two euros."))


def test_a_refusal_is_told_in_the_language_of_the_channel(rig: ResponderRig) -> None:
    rig.say("/language zh")
    dropped = LeftOut("1", "no letter or digit in the text", "no_words")
    rig.engine.add_result = Added((), dropped=(dropped,))
    assert said(rig, NEW).body.isascii() is False
    assert "letter" not in said(rig, NEW).body


def test_an_entry_is_changed_as_it_was_read_and_both_texts_are_kept_otherwise(rig: ResponderRig) -> None:
    assert said(rig, EDIT).body == "Ann changed e2 in shop: Do you wrap?"
    told = said(rig, replace(EDIT, hash_read="older"))
    assert told.private
    assert "Theirs" in told.body
    assert "Yes.\nFor two euros." in told.body
    assert "no entry none" in said(rig, replace(EDIT, entry_id="none")).body


def test_who_may_not_change_settings_writes_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    with a_store(tmp_path / "closed.db", clock) as store:
        closed = ResponderRig(store, clock, Bot(settings_open_to="admins"))
        assert "admins" in said(closed, NEW).body
        assert closed.engine.added == []


def test_a_command_about_another_knowledge_base_leaves_the_channels_own(rig: ResponderRig) -> None:
    said(rig, RunCommand("/kb add pear", knowledge_base="shop"))
    assert rig.engine.added == [("shop", "pear")]
    assert rig.store.settings.of(ROOM).knowledge_base is None


def test_a_form_is_stored_as_it_was_sent(rig: ResponderRig) -> None:
    message = rig.message(action=EDIT)
    assert message_from_json(message_to_json(message)) == message
