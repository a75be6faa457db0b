"""Installing in several workspaces: who may, once, with which token; and what is left when it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError
from werkzeug.test import TestResponse

from bot.config import Bot
from bot.domain import Channel, Person, PlatformError
from bot.platforms.host import Deployment
from bot.platforms.slack.adapter import ADAPTER
from bot.platforms.slack.config import Slack
from bot.platforms.slack.manifest import manifest
from tests.bot.platforms.slack.sending import a_delivery
from tests.faults.building import until
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program
from tests.support.slack import RecordingSlack, error, recording_slack
from tests.support.slack_people import SECRET, an_event
from tests.support.slack_teams import CLIENT_ID, CLIENT_SECRET, SlackTeams, Team

URL = "http://127.0.0.1:8000"
COOKIE = "kbdial-slack"


class Office:
    """The whole bot with workspaces that install it."""

    def __init__(self, program: Program, slack: RecordingSlack) -> None:
        self.program = program
        self.slack = slack
        self.teams = SlackTeams(slack)

    def browser(self) -> FlaskClient:
        return self.program.app.flask.test_client()

    def begin(self, browser: FlaskClient, **headers: str) -> str:
        """Press the button; the state that Slack would send back."""
        sent = browser.post("/slack/install", base_url=URL, headers=headers)
        assert sent.status_code == 303, sent.text
        return parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]

    def back(self, browser: FlaskClient, state: str, **query: str) -> TestResponse:
        return browser.get("/slack/oauth_redirect", base_url=URL, query_string={"state": state} | query)

    def install(self, team: Team) -> TestResponse:
        browser = self.browser()
        return self.back(browser, self.begin(browser), code=self.teams.code(team))

    def kept(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.program.app.operations["slack_installations"]({}, lambda _: None)
        return found

    def event(self, team: Team, number: int, **event: Any) -> None:
        """A mention of this workspace's own bot."""
        mention = {"text": f"<@{team.bot_user}> lemon"}
        envelope = an_event(number=number, **mention | event)
        installed = {
            "enterprise_id": team.enterprise or None,
            "team_id": team.team or "T9",
            "user_id": team.bot_user,
            "is_bot": True,
            "is_enterprise_install": not team.team,
        }
        whole = envelope | {"team_id": team.team or "T9", "authorizations": [installed]}
        assert self.program.people.event(whole).status_code == 200

    def tell(
        self, kind: str, team: Team, at: float, envelope: dict[str, Any] | None = None, **event: Any
    ) -> None:
        told = {
            "type": "event_callback",
            "event_id": f"Ev-{kind}-{at}",
            "team_id": team.team,
            "event_time": int(at),
            "event": {"type": kind} | event,
        }
        assert self.program.people.event(told | (envelope or {})).status_code == 200


@contextmanager
def an_office(folder: Path, **slack_keys: Any) -> Iterator[Office]:
    with ExitStack() as closing:
        slack = closing.enter_context(recording_slack())
        table = {
            "signing_secrets": [SECRET],
            "api_url": slack.api_url,
            "response_hosts": [slack.origin],
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "install": "listed",
            "teams": ["T1", "T2", "E1"],
        }
        base = a_knowledge_base(folder / "texts", "lemon", threshold=0.8)
        program = closing.enter_context(a_program(folder, base, slack=table | slack_keys))
        yield Office(program, slack)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with an_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(tmp_path) as office:
        yield office


def test_looking_at_the_page_starts_nothing(shared: Office) -> None:
    browser = shared.browser()
    page = browser.get("/slack/install", base_url=URL)
    assert (page.status_code, page.mimetype, browser.get_cookie(COOKIE, domain="127.0.0.1")) == (
        200,
        "text/html",
        None,
    )
    assert 'method="post"' in page.text
    assert "form-action 'self' http://127.0.0.1:" in page.headers["Content-Security-Policy"]
    chinese = browser.get("/slack/install", base_url=URL, headers={"Accept-Language": "zh-CN"})
    assert "添加到 Slack" in chinese.text


def test_slack_is_asked_for_the_rights_of_the_manifest(shared: Office) -> None:
    sent = shared.browser().post("/slack/install", base_url=URL)
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert sent.headers["Location"].startswith(f"{shared.slack.origin}/oauth/v2/authorize?")
    assert query["client_id"] == [CLIENT_ID]
    assert query["redirect_uri"] == [f"{URL}/slack/oauth_redirect"]
    assert set(query["scope"][0].split(",")) == set(manifest(Slack(), URL)["oauth_config"]["scopes"]["bot"])
    cookie = sent.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_workspace_that_is_listed_is_installed_and_answers_with_its_token(office: Office) -> None:
    acme = Team("T1")
    page = office.install(acme)
    assert (page.status_code, "Team &lt;T1&gt;" in page.text) == (200, True)
    assert [(one["name"], one["state"]) for one in office.kept()] == [("Team <T1>", "in force")]
    office.event(acme, 1)
    office.slack.until(lambda: bool(office.slack.posted))
    assert office.teams.tokens_used("chat.postMessage") == acme.tokens


def _are_posted(slack: RecordingSlack, count: int) -> bool:
    return len(slack.posted) == count


def test_two_workspaces_of_one_organisation_answer_each_with_its_own_token(office: Office) -> None:
    first, second = Team("T1", "E1"), Team("T2", "E1")
    for team in (first, second):
        office.install(team)
    for number, team in enumerate((first, second, first), 1):
        office.event(team, number)
        office.slack.until(partial(_are_posted, office.slack, number))
    assert office.teams.tokens_used("chat.postMessage") == [*first.tokens, *second.tokens, *first.tokens]
    assert {message["channel"] for message in office.slack.posted} == {"C1"}


def test_a_channel_of_an_organisation_has_one_threshold_whichever_workspace_it_is_seen_from(
    office: Office,
) -> None:
    first, second = Team("T1", "E1"), Team("T2", "E1")
    for team in (first, second):
        office.install(team)
    office.event(first, 1, text=f"<@{first.bot_user}> threshold 0.65")
    office.slack.until(lambda: len(office.slack.posted) == 1)
    office.event(second, 2, text=f"<@{second.bot_user}> threshold")
    office.slack.until(lambda: len(office.slack.posted) == 2)
    assert "0.65" in office.slack.texts()[1]


def test_an_organisation_answers_with_its_one_token(office: Office) -> None:
    whole = Team("", "E1")
    assert office.install(whole).status_code == 200
    office.event(whole, 1)
    office.slack.until(lambda: bool(office.slack.posted))
    assert office.teams.tokens_used("chat.postMessage") == whole.tokens


def test_a_mention_of_a_neighbours_bot_is_not_ours(office: Office) -> None:
    first, second = Team("T1", "E1"), Team("T2", "E1")
    for team in (first, second):
        office.install(team)
    office.event(first, 1, type="message", text=f"<@{second.bot_user}> lemon")
    office.event(first, 2)
    office.slack.until(lambda: bool(office.slack.posted))
    assert [message["thread_ts"] for message in office.slack.posted] == ["1700000000.000002"]


@pytest.mark.parametrize("code", ["channel_not_found", "team_access_not_granted"])
def test_what_nobody_asked_for_goes_out_with_the_token_that_knows_the_channel(
    office: Office, code: str
) -> None:
    first, second = Team("T1", "E1"), Team("T2", "E1")
    for team in (first, second):
        office.install(team)
    platform = office.program.app.platforms.senders["slack"]
    assert platform.speaks_first(Channel("slack", "E1", "C1"))
    assert not platform.speaks_first(Channel("slack", "T5", "C1"))
    office.slack.will("chat.postMessage", error(code))
    platform.send(a_delivery(channel=Channel("slack", "E1", "C1"), address={}))
    assert office.teams.tokens_used("chat.postMessage") == [*first.tokens, *second.tokens]


def test_a_workspace_that_is_not_listed_gets_nothing_and_keeps_nothing(shared: Office) -> None:
    stranger = Team("T66")
    page = shared.install(stranger)
    assert (page.status_code, shared.teams.revoked[-1:]) == (403, stranger.tokens)
    assert "T66" not in json.dumps(shared.kept())


def test_anyone_may_where_that_is_set(tmp_path: Path) -> None:
    with an_office(tmp_path, install="anyone", teams=[]) as office:
        assert office.install(Team("T66")).status_code == 200
        assert office.teams.revoked == []


def test_without_it_there_is_no_page(tmp_path: Path) -> None:
    with an_office(tmp_path, install="off") as office:
        browser = office.browser()
        assert browser.get("/slack/install", base_url=URL).status_code == 404
        assert browser.get("/slack/oauth_redirect", base_url=URL).status_code == 404


def test_a_state_of_another_browser_of_nobody_or_used_is_refused(shared: Office) -> None:
    mine, other = shared.browser(), shared.browser()
    state = shared.begin(mine)
    shared.begin(other)
    before = len(shared.slack.calls)
    code = shared.teams.code(Team("T1"))
    for browser, given in ((other, state), (shared.browser(), state), (mine, "x" * 43), (mine, "")):
        if browser is mine:
            shared.begin(mine)
        assert shared.back(browser, given, code=code).status_code == 403
    assert shared.back(mine, state, code=code).status_code == 403, "another begin took its place"
    assert len(shared.slack.calls) == before, "Slack was asked nothing"


def test_of_eight_that_come_back_at_once_one_installs(shared: Office) -> None:
    browser = shared.browser()
    state = shared.begin(browser)
    cookie = browser.get_cookie(COOKIE, domain="127.0.0.1")
    assert cookie is not None
    codes = [shared.teams.code(Team("T1")) for _ in range(8)]
    before = shared.slack.methods().count("oauth.v2.access")

    def come(code: str) -> int:
        each = shared.browser()
        each.set_cookie(COOKIE, cookie.value, domain="127.0.0.1")
        return shared.back(each, state, code=code).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(come, codes))
    assert sorted(statuses) == [200, *[403] * 7]
    assert shared.slack.methods().count("oauth.v2.access") == before + 1


@pytest.mark.parametrize("said", ["access_denied", "<script>alert(1)</script>"])
def test_a_no_is_told_and_what_slack_says_is_not_repeated(shared: Office, said: str) -> None:
    browser = shared.browser()
    page = shared.back(browser, shared.begin(browser), error=said)
    assert page.status_code == 200
    assert said not in page.text


def test_a_code_is_good_once(shared: Office) -> None:
    code = shared.teams.code(Team("T1"))
    statuses = []
    for _ in range(2):
        browser = shared.browser()
        statuses.append(shared.back(browser, shared.begin(browser), code=code).status_code)
    assert statuses == [200, 400]


@pytest.mark.parametrize("code", ["", "a b", "x" * 600, "<b>", "é"])
def test_what_is_no_code_is_not_sent_to_slack(shared: Office, code: str) -> None:
    browser = shared.browser()
    state, before = shared.begin(browser), len(shared.slack.calls)
    assert shared.back(browser, state, code=code).status_code == 400
    assert len(shared.slack.calls) == before


def test_an_answer_about_another_app_is_not_believed(office: Office) -> None:
    office.install(Team("T1"))
    other = Team("T2", app_id="A2")
    assert (office.install(other).status_code, office.teams.revoked) == (403, other.tokens)


@pytest.mark.parametrize("missing", ["access_token", "app_id", "team"])
def test_an_answer_that_says_too_little_installs_nothing(shared: Office, missing: str) -> None:
    whole = shared.slack.answers["oauth.v2.access"]
    shared.slack.answers["oauth.v2.access"] = lambda given: whole(given) | {missing: None}
    try:
        assert shared.install(Team("T1")).status_code == 400
    finally:
        shared.slack.answers["oauth.v2.access"] = whole


def test_rights_that_were_not_given_are_told(shared: Office) -> None:
    assert "users:read" in shared.install(Team("T1", scopes="chat:write,commands")).text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:9", "127.0.0.1.evil.example:8000"])
def test_under_a_foreign_name_there_is_no_page(shared: Office, host: str) -> None:
    browser = shared.browser()
    for path in ("/slack/install", "/slack/oauth_redirect"):
        page = browser.get(path, base_url=f"http://{host}")
        assert page.status_code == 421
        assert "Set-Cookie" not in page.headers or "kbdial-slack=;" in page.headers["Set-Cookie"]


def test_another_site_cannot_press_the_button(shared: Office) -> None:
    sent = shared.browser().post("/slack/install", base_url=URL, headers={"Sec-Fetch-Site": "cross-site"})
    assert (sent.status_code, "Location" in sent.headers) == (403, False)


def test_an_uninstalled_app_forgets_its_token_and_keeps_the_settings(office: Office) -> None:
    acme = Team("T1")
    office.install(acme)
    office.event(acme, 1, text=f"<@{acme.bot_user}> threshold 0.65")
    now = office.program.edges.clock.now().timestamp()
    office.tell("app_uninstalled", acme, now + 60)
    assert [one["state"] for one in office.kept()] == ["ended: app_uninstalled"]
    office.install(acme)
    assert [one["state"] for one in office.kept()] == ["in force"]


def test_a_late_event_of_an_earlier_end_does_not_end_the_new_install(office: Office) -> None:
    acme = Team("T1")
    office.install(acme)
    office.tell("tokens_revoked", acme, 1_700_000_000, tokens={"bot": [acme.bot_user]})
    office.tell("app_uninstalled", acme, 1_700_000_000)
    assert [one["state"] for one in office.kept()] == ["in force"]


def test_the_tokens_of_people_and_of_other_workspaces_do_not_end_ours(office: Office) -> None:
    acme, later = Team("T1"), office.program.edges.clock.now().timestamp() + 60
    office.install(acme)
    office.tell("tokens_revoked", acme, later, tokens={"oauth": ["U7"], "bot": ["U0OTHER"]})
    office.tell("app_uninstalled", Team("T2"), later + 1)
    assert [one["state"] for one in office.kept()] == ["in force"]
    office.tell("tokens_revoked", acme, later + 2, tokens={"bot": [acme.bot_user]})
    assert [one["state"] for one in office.kept()] == ["ended: tokens_revoked"]


def test_a_token_that_slack_calls_dead_ends_the_installation(office: Office) -> None:
    acme = Team("T1")
    office.install(acme)
    office.slack.will("chat.postMessage", error("token_revoked"))
    office.event(acme, 1)
    office.slack.until(lambda: "chat.postMessage" in office.slack.methods())
    platform = office.program.app.platforms.senders["slack"]
    until(lambda: office.kept()[0]["state"] == "ended: token_revoked")
    with pytest.raises(PlatformError, match="not installed in this workspace") as failed:
        platform.send(a_delivery(address={"team": "T1", "thread_ts": "1.1"}))
    assert failed.value.permanent


def test_an_end_is_told_to_operators_once(office: Office) -> None:
    acme, later = Team("T1"), office.program.edges.clock.now().timestamp() + 60
    office.install(acme)
    office.tell("app_uninstalled", acme, later)
    office.tell("tokens_revoked", acme, later, tokens={"bot": [acme.bot_user]})
    (told,) = office.program.app.platforms.take_news()
    assert "Team T1" in told, "without the marks of its name"
    assert "app_uninstalled" in told
    assert list(office.program.app.platforms.take_news()) == []


def test_workspaces_that_an_organisation_takes_out_are_told_and_their_own_tokens_end(office: Office) -> None:
    whole, own, other = Team("", "E1"), Team("T1", "E1"), Team("T2", "E1")
    for team in (whole, own, other):
        office.install(team)
    later = office.program.edges.clock.now().timestamp() + 60
    organisation = {"enterprise_id": "E1"}
    office.tell(
        "team_access_revoked", whole, later, envelope=organisation, team_ids=["T1", "T9", "<!here>", 7]
    )
    assert [one["state"] for one in office.kept()] == ["in force", "ended: team_access_revoked", "in force"]
    told = "\n".join(office.program.app.platforms.take_news())
    assert "took workspaces out of the app: T1, T9." in told
    office.tell("team_access_granted", whole, later + 1, envelope=organisation, team_ids=["T1"])
    (told,) = office.program.app.platforms.take_news()
    assert "put workspaces into the app: T1." in told


def test_an_access_event_of_no_workspace_is_passed_over(office: Office) -> None:
    office.install(Team("", "E1"))
    office.tell("team_access_revoked", Team("", "E1"), 1, team_ids="T1")
    assert list(office.program.app.platforms.take_news()) == []


def test_an_answer_with_a_token_that_had_ended_goes_out_with_the_next_one(office: Office) -> None:
    acme = Team("T1", rotates=True)
    office.install(acme)
    office.slack.will("chat.postMessage", error("token_expired"))
    office.event(acme, 1)
    office.slack.until(lambda: bool(office.slack.posted))
    assert office.teams.tokens_used("chat.postMessage") == acme.tokens
    assert len(acme.tokens) == 2
    assert [one["state"] for one in office.kept()] == ["in force"]


def test_a_member_is_one_of_the_workspace_that_they_write_from(office: Office) -> None:
    office.install(Team("T1"))
    installed = office.program.app.platforms
    assert installed.membership_of(Person("slack", "T1", "U1")).value == "member"
    assert installed.membership_of(Person("slack", "T2", "U1")).value == "unknown"
    office.slack.profiles["U2"] = {"team_id": "T5"}
    assert installed.membership_of(Person("slack", "T1", "U2")).value == "outsider"


def test_no_token_is_in_a_log_a_metric_or_the_list(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    acme = Team("T1")
    with caplog.at_level("DEBUG", logger="bot"):
        office.install(acme)
        office.event(acme, 1)
        office.slack.until(lambda: bool(office.slack.posted))
    told = caplog.text + office.program.app.metrics.text().decode() + json.dumps(office.kept())
    assert acme.tokens[0] not in told
    assert CLIENT_SECRET not in told


@pytest.mark.parametrize(
    "keys", [{"install": "anyone"}, {"install": "listed", "client_id": "1.2", "client_secret": CLIENT_SECRET}]
)
def test_what_installing_needs_is_asked_for_at_start(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Slack.model_validate(keys)


def test_what_would_not_be_safe_is_refused_at_start() -> None:
    keys = {"install": "anyone", "client_id": "1.2", "client_secret": CLIENT_SECRET}
    table = Slack.model_validate(keys)
    served = Bot(public_url="http://kb.example.com", database_url="postgresql+psycopg://x/y")
    found = " ".join(ADAPTER.refusals(table, Deployment.of(served)))
    for word in ("https://", "signing_secrets", "encryption_keys"):
        assert word in found


def test_the_manifest_sends_people_back_to_us_and_tells_of_the_end() -> None:
    table = Slack.model_validate({"install": "anyone", "client_id": "1.2", "client_secret": CLIENT_SECRET})
    whole = manifest(table, "https://kb.example.com")
    assert whole["oauth_config"]["redirect_urls"] == ["https://kb.example.com/slack/oauth_redirect"]
    assert {"app_uninstalled", "tokens_revoked", "team_access_granted", "team_access_revoked"} <= set(
        whole["settings"]["event_subscriptions"]["bot_events"]
    )
    assert whole["settings"]["org_deploy_enabled"] is True


def test_check_says_where_to_install_and_what_cannot_be_read() -> None:
    table = Slack.model_validate(
        {"install": "anyone", "client_id": "1.2", "client_secret": CLIENT_SECRET, "signing_secrets": [SECRET]}
    )
    deployment = Deployment.of(Bot())

    def look(found: object) -> str:
        return dict(ADAPTER.checks(table, deployment, lambda _: found))["slack workspaces"]()

    assert look(None).startswith("install it at http://127.0.0.1:8000/slack/install")
    assert look([{"name": "Acme", "state": "in force"}]).endswith("installed in Acme (in force)")
    with pytest.raises(PlatformError, match="encryption_keys"):
        look([{"name": "Acme", "state": "unreadable"}])
