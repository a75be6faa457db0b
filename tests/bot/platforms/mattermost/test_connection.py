"""The connection beside the double: nothing said is lost, whatever happens to socket, server and store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from bot.domain import Clock, IncomingMessage
from bot.metrics import Metrics
from bot.platforms.kit import RejectedMessages
from bot.platforms.mattermost.connection import FRAME_LIMIT_BYTES, MattermostConnection
from bot.platforms.mattermost.identity import Identity
from bot.platforms.mattermost.inbound import Inbound
from bot.platforms.mattermost.people import People
from bot.platforms.mattermost.rooms import Rooms
from bot.platforms.mattermost.web_api import WebApi
from bot.platforms.websocket import WebSocketWire
from bot.store import Accepted, StoreError
from bot.web.clock_skew import ClockWatch
from tests.support.mattermost import BOT_TOKEN, BROKEN, Fault, Mattermost, a_mattermost

TENANT = "127.0.0.1"


class Store:
    """An intake that keeps what it is given, once by its key, and fails when told to."""

    def __init__(self, server: Mattermost) -> None:
        self._server = server
        self.kept: list[IncomingMessage] = []
        self.repeats = 0
        self.failures = 0
        self.quarantine: list[str] = []

    def accept(self, message: IncomingMessage) -> Accepted:
        with self._server.changed:
            self._server.changed.notify_all()
            if self.failures:
                self.failures -= 1
                raise StoreError("the disk is full")
            known = [one for one in self.kept if one.keys == message.keys]
            self.repeats += len(known)
            if not known:
                self.kept.append(message)
            return Accepted(len(self.kept), is_new=not known)

    def answer_within(self, message: IncomingMessage, **_: object) -> tuple[Accepted, None]:
        return self.accept(message), None

    def put_aside(self, *given: str) -> None:
        self.quarantine.append(given[2])

    def texts(self) -> list[str]:
        return [message.text for message in self.kept]


class HurriedClock(Clock):
    """A minute passes in one, so that a test need not wait for a second try."""

    def __init__(self) -> None:
        super().__init__()
        self._began = super().steady()

    def steady(self) -> float:
        return self._began + (super().steady() - self._began) * 60


class Rig:
    def __init__(self, server: Mattermost, store: Store, shared_channels: Sequence[str] = ()) -> None:
        clock = HurriedClock()
        self.server, self.store = server, store
        self.api = WebApi(server.url, BOT_TOKEN, clock=clock)
        rooms = Rooms(self.api, clock)
        rejected = RejectedMessages(
            "mattermost", quarantine=store.put_aside, clock_watch=ClockWatch(), metrics=Metrics()
        )
        people = People(self.api, TENANT, clock)
        inbound = Inbound(store, rejected, people, rooms, shared_channels=shared_channels)
        self.connection = MattermostConnection(
            self.api,
            inbound,
            rooms,
            Identity(self.api, TENANT),
            token=BOT_TOKEN,
            clock=clock,
            open_wire=lambda url, headers: WebSocketWire(url, headers=headers, limit_bytes=FRAME_LIMIT_BYTES),
            read_seconds=0.05,
        )

    def until(self, is_so: Callable[[], bool]) -> None:
        self.server.until(is_so)

    def has(self, *texts: str) -> None:
        """Wait until exactly these are kept."""
        self.until(lambda: len(self.store.kept) >= len(texts))
        assert self.store.texts() == list(texts)

    def is_live(self) -> None:
        # From here on what is said is ours to answer.
        self.until(lambda: bool(self.server.sockets.live and self.server.preferences))
        assert self.connection.becomes("live", 20)


@contextmanager
def connected(server: Mattermost, store: Store, **options: Sequence[str]) -> Iterator[Rig]:
    rig = Rig(server, store, **options)
    rig.connection.start()
    try:
        yield rig
    finally:
        rig.connection.stop()


@pytest.fixture
def server() -> Iterator[Mattermost]:
    with a_mattermost() as mattermost:
        yield mattermost


@pytest.fixture
def rig(server: Mattermost) -> Iterator[Rig]:
    server.add_user("li")
    with connected(server, Store(server)) as rig:
        rig.is_live()
        yield rig


def li(server: Mattermost) -> str:
    return next(id_ for id_, user in server.users.items() if user["username"] == "li")


def asking(server: Mattermost, room: str) -> Callable[..., object]:
    return lambda text, **more: server.say(li(server), f"@kbdial {text}", room, **more)


def test_a_question_is_stored_once_with_its_thread_and_writer(rig: Rig, server: Mattermost) -> None:
    room = server.add_channel("help", li(server))
    root = server.say(li(server), "hello everybody", room)
    server.say(li(server), "@kbdial lemon", room, root_id=root["id"])
    server.say(li(server), "fig", server.direct(li(server)))
    rig.has("lemon", "fig")
    first = rig.store.kept[0]
    assert (first.address["root_id"], first.person.name) == (root["id"], "li")


def test_a_lost_socket_is_resumed_at_the_next_number(rig: Rig, server: Mattermost) -> None:
    ask = asking(server, server.add_channel("help", li(server)))
    for text in ("1", "2", "3", "4", "5"):
        ask(text)
    rig.has("1", "2", "3", "4", "5")
    server.sockets.drop()
    ask("6")
    ask("7")
    rig.has("1", "2", "3", "4", "5", "6", "7")
    assert server.sockets.handshakes == ["new", "resumed"]
    assert rig.store.repeats == 0


def test_more_than_the_server_keeps_is_found_by_rest(rig: Rig, server: Mattermost) -> None:
    ask = asking(server, server.add_channel("help", li(server)))
    ask("0")
    rig.has("0")
    with server.changed:
        server.sockets.drop()
        for number in range(1, 140):
            ask(str(number))
    rig.has(*map(str, range(140)))
    assert server.sockets.handshakes == ["new", "new"]


@pytest.mark.parametrize("way", ["restart", "another node"])
def test_a_server_that_knows_us_no_more_is_asked_for_the_gap(way: str, rig: Rig, server: Mattermost) -> None:
    ask = asking(server, server.add_channel("help", li(server)))
    ask("before")
    rig.has("before")
    with server.changed:
        if way == "restart":
            server.sockets.forget()
        else:
            server.node = 1
            server.sockets.drop()
        ask("meanwhile")
        server.say(li(server), "a first word in private", server.direct(li(server)))
    rig.until(lambda: len(rig.store.kept) == 3)
    ask("after")
    rig.until(lambda: len(rig.store.kept) == 4)
    assert sorted(rig.store.texts()) == ["a first word in private", "after", "before", "meanwhile"]


def test_a_number_that_is_missing_or_comes_twice_loses_nothing(rig: Rig, server: Mattermost) -> None:
    ask = asking(server, server.add_channel("help", li(server)))
    ask("1")
    server.sockets.skip_a_number()
    ask("2")
    rig.has("1", "2")
    rig.until(lambda: len(server.sockets.handshakes) == 2)
    server.sockets.repeat_a_frame()
    ask("3")
    ask("4")
    rig.has("1", "2", "3", "4")


def test_what_cannot_be_stored_is_read_again(rig: Rig, server: Mattermost) -> None:
    ask = asking(server, server.add_channel("help", li(server)))
    rig.store.failures = 2
    ask("lemon")
    ask("fig")
    rig.has("lemon", "fig")
    assert server.sockets.handshakes.count("resumed") == 2


def test_a_gap_that_cannot_be_read_now_is_read_later(server: Mattermost) -> None:
    server.add_user("li")
    room, store = server.add_channel("help", li(server)), Store(server)
    with connected(server, store) as rig:
        rig.is_live()
    asking(server, room)("lemon")
    server.will("GET", "channels/.*/posts", BROKEN, Fault(429, "", {"X-Ratelimit-Reset": "2"}))
    with connected(server, store) as rig:
        rig.has("lemon")
        asking(server, room)("fig")
        rig.has("lemon", "fig")


def test_another_process_goes_on_where_the_first_one_stopped(server: Mattermost) -> None:
    """Also after a kill: then a few posts are read twice."""
    server.add_user("li")
    room, store = server.add_channel("help", li(server)), Store(server)
    ask = asking(server, room)
    ask("long before we came")
    with connected(server, store) as rig:
        rig.is_live()
        ask("1")
        rig.has("1")
    ask("2")
    taken_back = server.say(li(server), "@kbdial no, nothing", room)
    server.take_back(taken_back["id"])
    edited = server.say(li(server), "@kbdial thre", room)
    server.edit(edited["id"], "@kbdial 3")
    new_room = server.add_channel("new", li(server))
    asking(server, new_room)("4")
    with connected(server, store) as rig:
        rig.until(lambda: len(store.kept) == 4)
        assert sorted(store.texts()) == ["1", "2", "3", "4"]
        ask("5")
        rig.until(lambda: len(store.kept) == 5)
    assert ("GET", "users/me/preferences/kbdial") in server.calls


def test_the_place_is_kept_by_the_server_while_we_listen(rig: Rig, server: Mattermost) -> None:
    ask = asking(server, server.add_channel("help", li(server)))

    def place() -> str:
        return server.preferences.get((server.bot, "kbdial", "read_until"), "")

    first = place()
    ask("lemon")
    rig.has("lemon")
    rig.connection.stop()
    assert int(place()) > int(first or 0)
    assert int(place()) == max(post["create_at"] for post in server.posts.values())


def test_bots_edits_and_rooms_of_other_servers_do_not_wake_us(server: Mattermost) -> None:
    server.add_user("li")
    store = Store(server)
    shared, ours = (server.add_channel(name, li(server), shared=True) for name in ("shared", "ours"))
    with connected(server, store, shared_channels=(ours,)) as rig:
        rig.is_live()
        bot = server.add_user("another", is_bot=True)
        room = server.add_channel("help", li(server), bot)
        server.say(bot, "@kbdial ping", room)
        server.say(li(server), "@kbdial pong", room, props={"from_webhook": "true"})
        server.say(li(server), "@kbdial from elsewhere", shared)
        said = server.say(li(server), "nothing", room)
        server.edit(said["id"], "@kbdial nothing")
        server.say(li(server), "@kbdial lemon", ours)
        rig.has("lemon")


def test_a_room_that_is_shared_later_is_noticed(rig: Rig, server: Mattermost) -> None:
    room = server.add_channel("help", li(server))
    ask = asking(server, room)
    ask("1")
    rig.has("1")
    with server.changed:
        server.channels[room]["shared"] = True
        server.sockets.publish("channel_updated", {"channel": "{}"}, channel_id=room)
    ask("2")
    other = server.add_channel("other", li(server))
    asking(server, other)("3")
    rig.has("1", "3")


def test_what_is_no_post_is_put_aside_and_the_next_is_read(rig: Rig, server: Mattermost) -> None:
    room = server.add_channel("help", li(server))
    server.sockets.publish("posted", {"post": "{", "channel_type": "O"}, channel_id=room)
    server.sockets.send_raw("no json at all")
    asking(server, room)("lemon")
    rig.has("lemon")
    assert rig.store.quarantine == ["post is no JSON"]
    assert server.sockets.handshakes == ["new"]


def test_a_server_that_does_not_answer_is_left(rig: Rig, server: Mattermost) -> None:
    server.sockets.is_deaf = True
    rig.until(lambda: len(server.sockets.handshakes) == 2)
    server.sockets.is_deaf = False
    asking(server, server.add_channel("help", li(server)))("lemon")
    rig.has("lemon")


def test_a_token_that_is_taken_away_and_given_back(rig: Rig, server: Mattermost) -> None:
    del server.tokens[BOT_TOKEN]
    server.sockets.forget()
    rig.until(lambda: rig.api.is_refused)
    room = server.add_channel("help", li(server))
    asking(server, room)("lemon")
    server.tokens[BOT_TOKEN] = server.bot
    rig.has("lemon")


def test_a_frame_of_the_largest_size_is_read(rig: Rig, server: Mattermost) -> None:
    room = server.add_channel("help", li(server))
    server.say(li(server), "@kbdial lemon", room, props={"junk": '"' * 390_000})
    rig.has("lemon")


def test_stopping_twice_and_before_a_start_is_fine(server: Mattermost) -> None:
    connection = Rig(server, Store(server)).connection
    connection.stop()
    connection.start()
    connection.start()
    connection.stop()
    connection.stop()
    assert not [one for one in threading.enumerate() if one.name == "mattermost connection"]
