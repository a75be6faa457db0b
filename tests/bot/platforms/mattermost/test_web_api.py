"""Calls to Mattermost's REST API, against the double and against a server that means no good."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain import PlatformError
from bot.platforms.mattermost.web_api import MattermostRefusal, Unreached, WebApi, _id_of, _objects, _posts
from tests.support.certificates import a_certificate
from tests.support.hostile_server import HostileServer, a_hostile_server, answer
from tests.support.mattermost import BOT_TOKEN, LOST, Fault, Mattermost, a_mattermost
from tests.support.wecom_api import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server(clock: VirtualClock) -> Iterator[Mattermost]:
    with a_mattermost(now=lambda: clock.seconds) as mattermost:
        yield mattermost


@pytest.fixture
def api(server: Mattermost, clock: VirtualClock) -> WebApi:
    return WebApi(server.url, BOT_TOKEN, clock=clock)


def failure(call: Callable[[], object]) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        call()
    return caught.value


def test_we_learn_who_and_where_we_are(api: WebApi, server: Mattermost) -> None:
    room = server.add_channel("help")
    elsewhere = server.add_channel("secret", type="P")
    server.members[elsewhere].clear()
    assert api.read_self()["id"] == server.bot
    assert api.read_settings()["SiteURL"] == server.url
    assert [team["name"] for team in api.find_teams()] == ["acme"]
    assert [channel["id"] for channel in api.find_channels()] == [room]
    assert api.read_channel(room)["name"] == "help"
    assert failure(lambda: api.read_channel(elsewhere)).permanent


def test_people_are_found(api: WebApi, server: Mattermost) -> None:
    li, wang = server.add_user("li"), server.add_user("wang")
    room = server.add_channel("help", li)
    assert api.read_user(li)["username"] == "li"
    assert [user["username"] for user in api.find_users([li, wang])] == ["li", "wang"]
    assert {member["user_id"] for member in api.find_members(room)} == {li, server.bot}
    assert api.open_direct_channel(server.bot, li) == api.open_direct_channel(server.bot, li)


def test_posts_are_made_changed_listed_and_deleted(api: WebApi, server: Mattermost) -> None:
    room = server.add_channel("help")
    root = api.create_post(room, "one", props={"a": 1})
    reply = api.create_post(room, "two", root_id=root["id"])
    last = api.create_post(room, "three")
    assert api.patch_post(root["id"], message="uno")["message"] == "uno"
    assert api.read_post(root["id"])["props"]["a"] == 1
    assert [post["message"] for post in api.find_posts(room)] == ["three", "two", "uno"]
    assert [post["id"] for post in api.find_posts(room, after=reply["id"])] == [last["id"]]
    assert [post["id"] for post in api.find_posts(room, page=1, per_page=2)] == [root["id"]]
    assert [post["id"] for post in api.read_thread(reply["id"])] == [reply["id"], root["id"]]
    api.delete_post(last["id"])
    assert len(api.find_posts(room)) == 2


def test_a_second_try_makes_no_second_post(api: WebApi, server: Mattermost, clock: VirtualClock) -> None:
    room = server.add_channel("help")
    server.will("POST", "posts", LOST)
    lost = failure(lambda: api.create_post(room, "one", pending_post_id="p1"))
    assert lost.maybe_sent
    clock.wait(29)
    api.create_post(room, "one", pending_post_id="p1")
    assert len(server.seen(room)) == 1
    clock.wait(31)
    api.create_post(room, "one", pending_post_id="p1")
    assert len(server.seen(room)) == 2, "the server forgets after 30 s"


def test_a_post_that_is_just_being_stored_is_asked_for_again(api: WebApi, server: Mattermost) -> None:
    room = server.add_channel("help")
    server.saving.add("p1")
    pending = failure(lambda: api.create_post(room, "one", pending_post_id="p1"))
    assert (pending.maybe_sent, pending.retry_after_seconds, pending.permanent) == (True, 2.0, False)


def test_the_servers_wish_for_a_pause_holds_for_every_call(
    api: WebApi, server: Mattermost, clock: VirtualClock
) -> None:
    server.limited_until = clock.seconds + 40
    assert failure(api.read_self).retry_after_seconds == 40.0
    asked = len(server.calls)
    clock.wait(30)
    assert failure(api.find_teams).retry_after_seconds == 10.0
    assert len(server.calls) == asked, "nobody is asked before the time is over"
    clock.wait(10)
    assert api.read_self()["id"] == server.bot


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "soon", "X-Ratelimit-Reset": "3"}, 3.0),
        ({"X-Ratelimit-Reset": "0"}, 1.0),
        ({"X-Ratelimit-Reset": "999999999999"}, 5.0),
        ({"X-Ratelimit-Reset": "86400"}, 900.0),
        ({"X-Ratelimit-Reset": "-4"}, 5.0),
        ({}, 5.0),
    ],
)
def test_any_wish_is_read(api: WebApi, server: Mattermost, headers: dict[str, str], seconds: float) -> None:
    server.will("GET", "users/me", Fault(429, "", headers))
    assert failure(api.read_self).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("fault", "permanent", "maybe_sent"),
    [
        (Fault(401, "api.context.session_expired.app_error"), True, False),
        (Fault(403, "api.context.permissions.app_error"), True, False),
        (Fault(404, "app.channel.get.existing.app_error"), True, False),
        (Fault(400, "model.post.is_valid.message_length.app_error"), True, False),
        (Fault(500, "app.post.save.app_error"), False, True),
        (Fault(503, ""), False, True),
    ],
)
def test_each_no_says_whether_to_try_again(
    api: WebApi, server: Mattermost, fault: Fault, *, permanent: bool, maybe_sent: bool
) -> None:
    room = server.add_channel("help")
    server.will("POST", "posts", fault)
    refused = failure(lambda: api.create_post(room, "one"))
    assert isinstance(refused, MattermostRefusal)
    assert (refused.status, refused.id) == (fault.status, fault.id)
    assert (refused.permanent, refused.maybe_sent) == (permanent, maybe_sent)
    assert api.is_refused == (fault.status == 401)


def test_a_wrong_token_is_known_until_it_is_right(server: Mattermost, clock: VirtualClock) -> None:
    api = WebApi(server.url, "another token", clock=clock)
    assert failure(api.read_self).permanent
    assert api.is_refused
    server.tokens["another token"] = server.bot
    api.read_self()
    assert not api.is_refused


def test_what_is_kept_for_us_is_found_again(api: WebApi, server: Mattermost) -> None:
    assert api.find_preferences("kbdial") == {}
    api.keep_preferences(server.bot, "kbdial", {f"n{number}": str(number) for number in range(150)})
    assert api.find_preferences("kbdial")["n149"] == "149"
    assert sum(call == ("PUT", "users/me/preferences") for call in server.calls) == 2


def test_nobody_there_is_told_apart(clock: VirtualClock) -> None:
    with a_mattermost() as gone:
        url = gone.url
    unreached = failure(WebApi(url, BOT_TOKEN, clock=clock).read_self)
    assert isinstance(unreached, Unreached)
    assert str(unreached) == "Mattermost is not reached: nothing listens there (Connection refused)"
    assert not unreached.maybe_sent


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    with a_hostile_server() as server:
        yield server


def test_the_token_follows_no_redirect(hostile: HostileServer, clock: VirtualClock) -> None:
    hostile.answers(answer(status="302 Found", headers=[f"Location: {hostile.url('/elsewhere')}"]))
    assert "302" in failure(WebApi(hostile.url(""), BOT_TOKEN, clock=clock).read_self).reason
    assert len(hostile.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"\xff\xfe", b"[]", b"7", b""])
def test_what_is_no_answer_is_told_so(hostile: HostileServer, clock: VirtualClock, body: bytes) -> None:
    hostile.answers(answer(body))
    failed = failure(WebApi(hostile.url(""), BOT_TOKEN, clock=clock).read_self)
    assert BOT_TOKEN not in failed.reason


def test_a_netrc_of_the_machine_does_not_replace_the_token(
    server: Mattermost, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert WebApi(server.url, BOT_TOKEN, clock=clock).read_self()["id"] == server.bot


def test_a_file_is_uploaded_and_fetched(api: WebApi, server: Mattermost) -> None:
    room, kept = server.add_channel("help"), list[bytes]()

    def take(asked: object) -> dict[str, object]:
        kept.append(getattr(asked, "body"))  # noqa: B009 - whatever it is, it has one
        return {"file_infos": [{"id": server.new_id("file")}]}

    server.route("POST", "files", take)
    assert api.upload(room, "fig.csv", b"fig,0.9").startswith("file")
    assert b"fig,0.9" in kept[0]
    assert room.encode() in kept[0]


def test_only_a_certificate_of_ca_file_is_believed(clock: VirtualClock, tmp_path: Path) -> None:
    certificate = a_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with a_hostile_server(context) as server:
        server.answers(answer(b'{"id": "kbdial"}'))
        url = f"https://127.0.0.1:{server.port}"
        unreached = failure(WebApi(url, BOT_TOKEN, clock=clock).read_self)
        assert "ca_file" in unreached.reason
        assert WebApi(url, BOT_TOKEN, clock=clock, ca_file=certificate).read_self()["id"] == "kbdial"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["order", "posts", "id", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=100)
@given(JSON)
def test_an_answer_of_any_shape_is_a_list_of_objects_or_told_so(said: object) -> None:
    for read in (_objects, _posts):
        try:
            found = read(said)
        except PlatformError:
            continue
        assert all(isinstance(one, dict) for one in found)


@settings(max_examples=100)
@given(st.binary(max_size=60) | JSON.map(lambda said: json.dumps(said).encode()))
def test_nothing_of_a_refusal_is_repeated_but_the_name_of_its_error(body: bytes) -> None:
    assume(b"." not in body)
    assert _id_of(body) == ""
    assert _id_of(json.dumps({"id": body.decode(errors="replace")}).encode()) == ""
    assert _id_of(b'{"id": "app.post.get.app_error"}') == "app.post.get.app_error"
