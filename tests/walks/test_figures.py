"""A week of a help desk, good days and bad ones, after which every documented figure has moved."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bot.platforms.terminal.platform import incoming
from tests.bot.store.building import HandClock
from tests.support.program import Program, a_program, samples
from tests.support.slack import error
from tests.support.slack_people import an_event
from tests.support.wsgi_transport import WsgiTransport

OPERATIONS = Path(__file__).parents[2] / "OPERATIONS.md"
DAY = 24 * 3600.0
# What no week in Slack and in the terminal moves, and where it is seen to move.
ELSEWHERE = {
    "kbdial_bot_connections_over": "WeCom's long connection: tests/bot/platforms/wecom/test_streams.py",
    "kbdial_bot_engine_retried": "an engine with followers: tests/bot/engine_client/test_line.py",
}

Samples = dict[str, dict[tuple[str, str], float]]


def figures(program: Program) -> Samples:
    """Every sample by family, as an operator's Prometheus reads them."""
    text = program.client.get("/metrics").get_data(as_text=True)
    return {
        family.name: {
            (sample.name, str(sorted(sample.labels.items()))): sample.value for sample in family.samples
        }
        for family in text_string_to_metric_families(text)
        if not family.name.endswith("_created")
    }


def documented() -> set[str]:
    """The families that OPERATIONS.md names, without what Prometheus adds to a name."""
    names = re.findall(r"kbdial_bot_[a-z_]+", OPERATIONS.read_text(encoding="utf-8"))
    return {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in names}


def a_week(program: Program, clock: HandClock) -> None:
    people, slack, app = program.people, program.slack, program.app
    transport = program.edges.engine_transport
    assert isinstance(transport, WsgiTransport)

    people.says("which fruit has much vitamin c", channel="C1")
    slack.until(lambda: len(slack.posted) == 1)
    people.command("/threshold", "0.5", channel_id="C1")
    clock.go_on(DAY)

    event = an_event(number=900)
    people.event(event)
    people.event(event)  # again, as after an answer that was lost
    people.event({"type": "event_callback", "event": {"type": "emoji_changed"}, "team_id": "T1"})
    people.event(an_event(number=901, channel=7))  # no channel is called so
    people.post("/slack/events", b"{}", "application/json", X_Slack_Signature="v0=" + "0" * 64)
    clock.go_on(DAY)

    for number in range(3):
        people.says(f"too much {number}", channel="C2")
    slack.until(lambda: app.inbox.counts()["received"] == app.inbox.counts()["claimed"] == 0)
    clock.go_on(DAY)

    slack.will("chat.postMessage", error("internal_error"))
    people.says("an answer that goes out at the second try", channel="C3")
    app.intake.accept(incoming("empty room", "/help", "lin"))  # nobody listens there any more
    slack.until(lambda: app.outbox.counts()["dead"] == 1)
    clock.go_on(DAY)

    app._health.step()
    transport.is_cut = True
    for number in range(3):
        people.says("while the engine is away", channel=f"D{number}", user=f"U9{number}")
    slack.until(lambda: app.inbox.counts()["parked"] == 3)
    clock.go_on(DAY)


def test_every_documented_figure_moves_in_a_week(tmp_path: Path) -> None:
    clock = HandClock()
    with a_program(
        tmp_path, *samples(), clock=clock, questions_per_minute={"person": 2, "channel": 2}
    ) as program:
        before = figures(program)
        a_week(program, clock)
        after = figures(program)
        program.app._database.stop()
        refused = program.people.says("while the disk is away", channel="C5")
        assert refused.status_code == 503
        after["kbdial_bot_refused"] = refused_of(program)

    moved = {name for name, samples in after.items() if samples != before.get(name)}
    assert documented() - moved == ELSEWHERE.keys()
    assert moved - documented() == set(), "a figure that nobody explains"


def refused_of(program: Program) -> dict[tuple[str, str], float]:
    """Read past the queue's figures, which need the disk that is away."""
    value = program.app.metrics.refused.labels("slack")._value.get()
    return {("kbdial_bot_refused_total", ""): value} if value else {}


def test_what_is_known_by_name_begins_at_nought(tmp_path: Path) -> None:
    """`increase()` misses the first event of a counter that is born with it."""
    with a_program(tmp_path, *samples()) as program:
        found = figures(program)

    for name in ("acknowledged", "auth_failed", "quarantined", "refused", "throttled"):
        assert {0.0} == {
            value
            for (kind, labels), value in found[f"kbdial_bot_{name}"].items()
            if "slack" in labels and kind.endswith("_total")
        }, name
    dead = found["kbdial_bot_dead_letters"]
    assert {labels for kind, labels in dead if kind.endswith("_total")} == {
        "[('kind', 'delivery')]",
        "[('kind', 'message')]",
    }
