"""Tokens that have an end: renewed before it, by one, and kept before they are used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.platforms.http_post import Outgoing
from bot.platforms.slack.config import Slack
from bot.platforms.slack.token_rotation import AHEAD, USUAL_SECONDS, TokenRotation, read_expiry
from bot.platforms.slack.workspaces import Workspaces
from bot.store.installations import RENEWAL_SECONDS, Installation, Installations
from bot.store.sealing import Sealer
from tests.bot.store.building import HandClock, a_store
from tests.support.slack import Fault, RecordingSlack, error, recording_slack
from tests.support.slack_teams import CLIENT_ID, CLIENT_SECRET, SlackTeams, Team

HOURS_12 = timedelta(hours=12)


class Desk:
    """One workspace whose token ends in twelve hours, and who renews it."""

    def __init__(self, clock: HandClock, slack: RecordingSlack, kept: Installations) -> None:
        self.clock = clock
        self.slack = slack
        self.kept = kept
        self.team = Team("T1", rotates=True)
        self.teams = SlackTeams(slack)
        self.workspaces = Workspaces("", slack.api_url, Outgoing(), clock, kept)
        self.rotation = self.another()
        granted = self.workspaces.make_api("").call_openly(
            lambda sdk: sdk.oauth_v2_access(
                client_id=CLIENT_ID, client_secret=CLIENT_SECRET, code=self.teams.code(self.team)
            )
        )
        kept.install(
            Installation(
                "slack",
                "A1",
                "",
                "T1",
                str(granted.get("access_token")),
                team_name="Acme",
                refresh_token=str(granted.get("refresh_token")),
                expires_at=clock.now() + HOURS_12,
            )
        )

    def another(self) -> TokenRotation:
        """Another process that renews."""
        table = Slack.model_validate({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        return TokenRotation(table, self.kept, self.workspaces, self.clock)

    def go_to_the_last_hours(self) -> None:
        self.clock.go_on((HOURS_12 - AHEAD).total_seconds())

    @property
    def now(self) -> Installation:
        (one,) = self.kept.all()
        return one


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = HandClock()
    sealer = Sealer([Fernet.generate_key().decode()])
    with a_store(tmp_path / "bot.db", clock) as store, recording_slack() as slack:
        yield Desk(clock, slack, Installations(store.database, clock, "slack", lambda: sealer))


def test_a_token_is_renewed_two_hours_before_its_end_and_not_sooner(desk: Desk) -> None:
    desk.clock.go_on((HOURS_12 - AHEAD).total_seconds() - 1)
    desk.rotation.step()
    assert desk.now.token == desk.team.tokens[0]
    desk.clock.go_on(1)
    desk.rotation.step()
    assert desk.team.tokens[1:] == [desk.now.token]
    assert desk.team.refresh_tokens == [desk.now.refresh_token]
    assert desk.now.expires_at == desk.clock.now() + HOURS_12
    desk.rotation.step()
    assert len(desk.team.tokens) == 2


def test_slack_is_asked_as_its_pages_say(desk: Desk) -> None:
    before = desk.now
    desk.rotation.renew(before)
    method, given = desk.slack.calls[-1]
    assert method == "oauth.v2.access"
    assert (given["grant_type"], given["refresh_token"]) == ("refresh_token", before.refresh_token)
    # The SDK proves who we are by HTTP Basic.
    assert desk.slack.headers[-1]["authorization"].startswith("Basic ")


def test_of_four_processes_one_asks(desk: Desk) -> None:
    desk.go_to_the_last_hours()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda rotation: rotation.step(), [desk.another() for _ in range(4)]))
    assert len(desk.team.tokens) == 2
    assert desk.now.token == desk.team.tokens[1]


def test_a_refresh_token_that_is_used_up_ends_the_installation_and_is_told(desk: Desk) -> None:
    desk.team.refresh_tokens.clear()
    desk.go_to_the_last_hours()
    desk.rotation.step()
    assert (desk.now.ended_why, desk.now.token, desk.now.refresh_token) == ("invalid_refresh_token", "", "")
    (told,) = desk.workspaces.take_news()
    assert "Acme" in told
    desk.rotation.step()
    assert desk.workspaces.take_news() == ()


@pytest.mark.parametrize("fault", [Fault(503), error("bad_client_secret"), error("ratelimited")])
def test_what_may_pass_is_tried_again_once_the_claim_is_over(desk: Desk, fault: Fault) -> None:
    desk.go_to_the_last_hours()
    desk.slack.will("oauth.v2.access", fault)
    desk.rotation.step()
    assert desk.now.token == desk.team.tokens[0]
    desk.clock.go_on(RENEWAL_SECONDS)
    desk.rotation.step()
    assert desk.now.token == desk.team.tokens[1]


def test_a_pair_whose_answer_was_lost_is_lost(desk: Desk) -> None:
    desk.go_to_the_last_hours()
    desk.slack.will("oauth.v2.access", Fault(0, stores=True))
    desk.rotation.step()
    assert desk.now.token == desk.team.tokens[0], "good until its end"
    desk.clock.go_on(RENEWAL_SECONDS)
    desk.rotation.step()
    assert desk.now.ended_why == "invalid_refresh_token"


def test_an_answer_without_tokens_changes_nothing(desk: Desk) -> None:
    desk.slack.answers["oauth.v2.access"] = lambda _: {"ok": True, "access_token": "xoxb-ü"}
    before = desk.now
    desk.rotation.renew(before)
    assert desk.now == before


def test_no_token_is_in_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.go_to_the_last_hours()
    desk.slack.will("oauth.v2.access", error("bad_client_secret"))
    for _ in range(2):
        desk.rotation.step()
        desk.clock.go_on(RENEWAL_SECONDS)
    assert "slack_token_renewed" in caplog.text or "slack_token_not_renewed" in caplog.text
    assert not {"xoxb", "xoxe", CLIENT_SECRET} & set(caplog.text.split())
    assert "xox" not in caplog.text


@pytest.mark.parametrize("told", [None, "600", True, 0, -5, 10**12])
def test_an_end_that_is_not_said_is_the_usual_one(told: object) -> None:
    now = HandClock().now()
    answer = {"refresh_token": "xoxe-1", "expires_in": told}
    assert read_expiry(answer, now) == now + timedelta(seconds=USUAL_SECONDS)


def test_a_token_without_a_next_one_has_no_end() -> None:
    assert read_expiry({"expires_in": 600}, HandClock().now()) is None
