"""From a message to its answer: in how many commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("intake")
    with a_program(folder, a_knowledge_base(folder / "texts", "ripe pears", threshold=0.5)) as program:
        yield program


def until_asleep(program: Program) -> None:
    """Until every worker has found nothing to do and sleeps."""
    while program.app._workers._idle.asleep < program.settings.bot.workers:
        os.sched_yield()


@contextmanager
def counted_commits(program: Program) -> Iterator[list[Connection]]:
    commits: list[Connection] = []
    until_asleep(program)
    writing, count = program.app._database._writing, commits.append
    event.listen(writing, "commit", count)
    try:
        yield commits
    finally:
        event.remove(writing, "commit", count)


@pytest.mark.parametrize(("command", "text"), [("/ask", "ripe pears"), ("/threshold", "")])
def test_an_idle_bot_answers_a_command_in_two_commits(program: Program, command: str, text: str) -> None:
    """Accepted and claimed; answered and delivered. The design of the way, see `benchmarks/README.md`."""
    with counted_commits(program) as commits:
        answer = program.people.command(command, text)
    assert answer.get_json()["text"]
    assert len(commits) == 2


def test_an_idle_bot_answers_an_event_in_three_commits(program: Program) -> None:
    """The third says that the platform has taken it."""
    before = len(program.slack.posted)
    with counted_commits(program) as commits:
        assert program.people.says("ripe pears").status_code == 200
        program.slack.until(lambda: len(program.slack.posted) > before)
        until_asleep(program)
    assert len(commits) == 3
