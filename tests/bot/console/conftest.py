from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bot.domain import Answer
from tests.support.console import a_chromium
from tests.support.engine import a_knowledge_base
from tests.support.processes import a_free_port
from tests.support.program import Program, a_program

FRUIT = ("abcd", "apple", "lemon and lime", "fig <b>tart</b>")
# Questions of the room "tasting", and whether their best match was the right one.
TASTED = {
    **{f"{fruit} {number}": True for fruit in ("apple", "abcd") for number in range(6)},
    **{f"lime fig {number}": False for number in range(6)},
}
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(2)</script>',
    "{{7*7}} {% raw %}",
    "javascript:alert(3)",
    '=HYPERLINK("http://evil.test")',
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A bot with Slack and a console, beside an engine that counts letters; Ann and Lin have asked."""
    folder: Path = tmp_path_factory.mktemp("console")
    bases = (
        a_knowledge_base(folder / "kb", *FRUIT, *HOSTILE, threshold=0.4),
        a_knowledge_base(folder / "kb", *(f"{word} of many" for word in _words()), name="many"),
    )
    port = a_free_port()
    address = f"127.0.0.1:{port}"
    with a_program(
        folder / "bot",
        *bases,
        with_web=True,
        listen=address,
        public_url=f"http://{address}",
        settings_open_to="everyone",
        admins=["slack:T1:U2"],
        questions_per_minute={"person": 10_000, "channel": 10_000},
    ) as program:
        program.say("apple", room="kitchen")
        program.say(HOSTILE[0], room="kitchen")
        assert program.people.command("/ask", "apple").status_code == 200  # Ann, in slack:T1:C1
        for text, is_right in TASTED.items():
            judge(program, "tasting", text, is_right=is_right)
        yield program


def judge(program: Program, room: str, question: str, *, is_right: bool) -> None:
    """Ask in a terminal's room, and say whether the best match is right."""
    answer = program.say(question, room=room)[0]
    assert isinstance(answer, Answer)
    program.say(f"/tune {'yes' if is_right else 'no'} {answer.id} 1", room=room)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for each file: while it lives, its event loop counts as running in the thread of all tests."""
    with a_chromium() as browser:
        yield browser


def _words() -> Iterator[str]:
    """Eight hundred texts that share letters with each other, more than one page's rows."""
    letters = "abcdefghij"
    for number in range(800):
        yield "".join(letters[int(digit)] for digit in f"{number:03}") + letters[number % 10] * (number % 7)
