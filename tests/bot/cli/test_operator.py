"""The operator's commands do the same whether a bot runs or not."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli import operator
from bot.domain import Person
from bot.process.lock import CannotStart
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program
from tests.support.slack import error
from tests.support.slack_people import an_event


def a_dead_letter(program: Program) -> str:
    """Slack refuses a reply for good; returns the list of dead letters once it is there."""
    program.slack.will("chat.postMessage", error("channel_not_found"))
    program.people.says("apple", channel="C1", ts="1700000000.000100")
    program.slack.until(lambda: "chat.postMessage" in program.slack.methods())
    while "channel_not_found" not in (told := operator.letters(program.settings)):
        pass
    return told


def test_a_dead_letter_is_listed_and_answered_when_it_is_replayed(tmp_path: Path) -> None:
    """REL18: listed with reason and attempts; replay answers once."""
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")) as program:
        assert operator.letters(program.settings) == "No dead letters."
        first_line = a_dead_letter(program).splitlines()[0]
        assert first_line.startswith("delivery:")
        assert "slack:T1:C1" in first_line
        number = int(first_line.split()[0].removeprefix("delivery:"))
        assert operator.replay(program.settings, "delivery", number) == "1 to be tried again."
        program.slack.until(lambda: len(program.slack.posted) == 1)
        with pytest.raises(CannotStart, match=f"no dead delivery {number}"):
            operator.replay(program.settings, "delivery", number)
        assert operator.letters(program.settings) == "No dead letters."


def test_what_could_not_be_understood_is_shown_to_operators(tmp_path: Path) -> None:
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")) as program:
        assert operator.quarantine(program.settings) == "Nothing is in quarantine."
        program.people.event(an_event(text="\x1b[31mhidden", channel=7))
        told = operator.quarantine(program.settings)
    assert told == operator.quarantine(program.settings)
    assert "slack:T1  " in told
    assert "hidden" in told
    assert "\x1b" not in told


def test_without_a_running_bot_the_same_letters_are_listed(tmp_path: Path) -> None:
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")) as program:
        told = a_dead_letter(program)
    assert operator.letters(program.settings) == told
    assert operator.replay(program.settings, "all", None) == "1 to be tried again."


def test_a_backup_is_made_under_a_running_bot_and_restored_without_one(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")) as program:
        program.say("/threshold 0.65")
        assert operator.backup(program.settings, copy).startswith(f"Wrote {copy} (")
        program.say("/threshold 0.9")
        with pytest.raises(CannotStart, match="in use by another kbdial"):
            operator.put_back(program.settings, copy)
    assert operator.put_back(program.settings, copy).startswith(
        f"Restored {copy}. What was there before is now "
    )
    with Program(program.settings, program.edges, program.slack) as again:
        (reply,) = again.say("/threshold")
    assert "0.65" in str(reply)


def test_an_admin_by_a_code_is_listed_and_taken_away_again(tmp_path: Path) -> None:
    """SEC29: the next command is refused, and the used code does not bring the rights back."""
    base = a_knowledge_base(tmp_path, "apple")
    with a_program(tmp_path, base, settings_open_to="admins") as program:
        assert operator.admins(program.settings) == "Nobody is an admin by a code."
        code = operator.admin_code(program.settings)
        program.say(f"/admin claim {code}")
        (line,) = operator.admins(program.settings).splitlines()
        person = line.split()[0]
        assert person.startswith("terminal:")
        assert "0.65" in str(program.say("/threshold 0.65"))
        assert operator.remove_admin(program.settings, person) == f"{person} is no admin any more."
        program.say(f"/admin claim {code}")
        assert "Only admins" in str(program.say("/threshold 0.9"))
        with pytest.raises(CannotStart, match="nobody is an admin by a code"):
            operator.remove_admin(program.settings, person)
    assert operator.admins(program.settings) == "Nobody is an admin by a code."


def test_what_people_wrote_cannot_command_the_operators_terminal(tmp_path: Path) -> None:
    base = a_knowledge_base(tmp_path, "apple")
    with a_program(tmp_path, base) as program:
        program.app.admins.claim(
            operator.admin_code(program.settings), Person("slack", "T1", "U1", "eve\x1b[2J\x9b2J\nroot\u202e")
        )
        assert operator.admins(program.settings).isprintable()
    assert "eve [2J 2J root" in operator.admins(program.settings)


@pytest.mark.parametrize("which", ["everything", "message:", "delivery:٣", f"message:{'9' * 30}"])
def test_a_wrong_letter_is_wrong_usage(which: str) -> None:
    told = io.StringIO()
    with contextlib.redirect_stderr(told), pytest.raises(SystemExit) as ended:
        main(["letters", "--replay", which])
    assert ended.value.code == 2
    assert '"message:7"' in told.getvalue()


@pytest.mark.parametrize("workers", ["-1", "65", "99999", "٣", "x"])
def test_more_workers_than_the_key_takes_are_wrong_usage(
    workers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--workers", workers], {})
    assert ended.value.code == 2
    assert "from 0 to 64" in capsys.readouterr().err


def test_arguments_that_do_not_go_with_the_configuration_are_wrong_usage_all_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {
        "KBDIAL_BOT__DATA_DIR": str(tmp_path),
        "KBDIAL_BOT__DATABASE_URL": f"sqlite:///{tmp_path}/bot.db",
        "KBDIAL_BOT__WECOM__ROBOT__SUPPORT": '{"bot_id": "b1", "secret": "k7Qm2x-of-support"}',
    }
    assert main(["serve", "--workers", "0"], environment) == 2
    on_sqlite, over_the_connection = capsys.readouterr().err.splitlines()
    assert "nobody to answer on SQLite" in on_sqlite
    assert "robot support" in over_the_connection
    assert main(["work"], environment) == 2
