"""Other settings, and what a worker asks the responder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.commands.registry import VERBS
from bot.config import Bot, Rates
from bot.domain import (
    Channel,
    ChannelSettings,
    FailedSource,
    InboxItem,
    LeftOut,
    Person,
    RunCommand,
    Surface,
    Text,
)
from bot.engine_client import Loading
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    ANN,
    NEXT_DOOR,
    ROOM,
    WECOM,
    ResponderRig,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig_with(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., ResponderRig]]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield lambda **settings: ResponderRig(store, clock, Bot(**settings))


@pytest.fixture
def rig(rig_with: Callable[..., ResponderRig]) -> ResponderRig:
    return rig_with()


def test_a_channel_has_its_own_limit_and_language(rig: ResponderRig) -> None:
    assert rig.say("/limit 2") == "Ann changed how many matches a reply shows from 5 to 2."
    assert rig.say("/language zh") == "Ann 把这里的回复语言改成了中文。"
    answer = rig.ask("sour?")
    assert (len(answer.matches), answer.limit, answer.language) == (2, 2, "zh")
    assert rig.ask("sour?", channel=NEXT_DOOR).language == "en"


def test_wecom_starts_in_chinese(rig: ResponderRig) -> None:
    assert rig.ask("酸吗？", channel=WECOM).language == "zh"


def test_choosing_a_knowledge_base_says_which_threshold_now_holds_and_why(rig: ResponderRig) -> None:
    assert rig.say("/kb use shop") == (
        "Ann switched the knowledge base here from default to shop (3 entries). "
        "Threshold: 0.60 (from the knowledge base)."
    )
    assert rig.say("/kb") == (
        "This channel asks the knowledge base shop (3 entries). Threshold: 0.60 (from the knowledge base)."
    )
    assert rig.say("/kb list") == "Knowledge bases:\n· default (3 entries)\n▸ shop (3 entries)"


@pytest.mark.parametrize("name", ["sale", "<!channel>", "{names}", "../etc"])
def test_an_unknown_knowledge_base_changes_nothing(rig: ResponderRig, name: str) -> None:
    assert rig.say(f"/kb use {name}") == (
        f'No knowledge base is called "{name}". There are: default, shop. Choose with /kb use NAME.'
    )
    assert rig.store.settings.of(ROOM) == ChannelSettings()


def test_removing_an_entry_says_when_it_belongs_elsewhere(rig: ResponderRig) -> None:
    assert [rig.say(f"/kb remove {entry}") for entry in ("e1", "file:1", "e9")] == [
        "Ann removed the entry e1 from default.",
        "file:1 belongs to a file or another source of default and can only be removed there.",
        "There is no entry e9 in default.",
    ]


def test_the_status_names_model_device_and_age(rig: ResponderRig) -> None:
    assert rig.say("/status") == (
        "Search: ready, paper on cpu\n"
        "Knowledge base default: 3 entries, 512 dimensions, updated 5 min ago\n"
        "Next refresh: 2023-11-14 22:38\n"
        "Messages waiting: 0"
    )
    rig.engine.away = True
    assert rig.say("/status") == (
        "Search: not available just now. Questions are kept and answered when it is back.\n"
        "Messages waiting: 0"
    )


def test_the_status_and_each_answer_say_which_source_fails_and_since_when(rig: ResponderRig) -> None:
    since = rig.engine.clock.now() - timedelta(days=1)
    gone = FailedSource("/srv/kb/faq.csv", "english", "missing", 12, since, since)
    rig.engine.failed, rig.engine.left_out = (gone,), 3
    rig.engine.first_left_out = (LeftOut("/srv/kb/new.txt", "is empty", "empty_file"),)
    assert rig.say("/status").splitlines()[2:5] == [
        "⚠️ faq.csv does not exist (since 2023-11-13 22:13); its 12 entries of 2023-11-13 22:13 are served.",
        "Left out by the last refresh: 3. /refresh names more.",
        "· new.txt: is empty",
    ]
    assert rig.ask("sour?").notes == (
        "⚠️ faq.csv could not be read (since 2023-11-13 22:13): what is said from it may be old or missing.",
    )
    two = (gone, replace(gone, source="b.csv", failing_since=since - timedelta(days=1)))
    rig.engine.failed = two
    rig.say("/status", channel=WECOM)
    assert rig.ask("酸吗？", channel=WECOM).notes == (
        "⚠️ faq.csv 等 2 处读不到（从 2023-11-12 22:13 起），其中的内容可能过时或缺失。",
    )


def test_a_status_without_trouble_says_nothing_of_it(rig: ResponderRig) -> None:
    assert "⚠️" not in rig.say("/status")
    assert rig.ask("sour?").notes == ()


def test_the_status_says_how_far_a_refresh_is(rig: ResponderRig) -> None:
    rig.engine.progress = (3, 9)
    assert rig.say("/status").splitlines()[2] == "A refresh is running: 3 of 9 texts embedded."


def test_the_status_says_how_far_a_beginning_engine_is(rig: ResponderRig) -> None:
    rig.engine.away = True
    rig.engine.is_loading = Loading()
    assert rig.say("/status") == (
        "Search: the model is loading. Questions are kept and answered when it is ready.\nMessages waiting: 0"
    )
    rig.engine.is_loading = Loading(30, 200)
    assert rig.say("/status").startswith("Search: 30 of 200 texts embedded.")


def test_the_settings_say_where_each_value_comes_from(rig: ResponderRig) -> None:
    rig.say("/limit 3")
    assert rig.say("/settings") == (
        "Threshold: 0.40 (default)\n"
        "Matches a reply: 3 (set in this channel), last changed by Ann on 2023-11-14 22:13\n"
        "Knowledge base: default (default)\n"
        "Language: English (default)"
    )


def test_help_lists_every_command_on_a_line_of_its_own_that_fits_a_terminal(rig: ResponderRig) -> None:
    intro, *lines, more, in_slack = rig.say("/help").splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"/{name}" for name in VERBS]
    assert [line for line in (intro, *lines, more, in_slack) if len(line) > 110] == []
    assert more == "/help threshold explains one of them."


def test_help_says_what_slack_keeps_for_itself_only_there(rig: ResponderRig) -> None:
    assert "write /kbdial status" in rig.say("/help")
    assert "kbdial status" not in rig.say("/help", channel=Channel("wecom", "corp", "group"))


def test_help_explains_one_command(rig: ResponderRig) -> None:
    assert rig.say("/help language") == (
        "/language: the language of the replies here\n"
        "· /language – show it\n"
        "· /language zh – Chinese\n"
        "· /language en – English"
    )
    assert rig.say("/help ask") == "/ask: ask a question\nFor example: /ask how do I return an order?"
    assert rig.say("/help cook") == "There is no command /cook. /help lists the commands."


def test_only_what_asks_the_engine_needs_it(rig: ResponderRig) -> None:
    needing = ["sour?", "/ask sour?", "/kb list", "/kb add pear", "/refresh"]
    others = [
        "/threshold 0.5",
        "/threshold",
        "/limit 3",
        "/help",
        "/settings",
        "/threshold high",
        "",
        "/language zh",
    ]
    assert [rig.responder.needs_engine(rig.message(text)) for text in needing + others] == [True] * len(
        needing
    ) + [False] * len(others)


def test_a_flood_is_told_once_and_settings_stay_free(
    rig_with: Callable[..., ResponderRig], clock: HandClock
) -> None:
    rig = rig_with(questions_per_minute=Rates(person=2, channel=60))
    items = []
    for text in ("one", "two", "three", "four", "/threshold 0.5"):
        rig.store.inbox.accept(rig.message(text, channel=Channel("slack", "T1", text)))
        item = rig.store.inbox.claim()
        assert item is not None
        items.append(item)
    assert [rig.responder.allows(item) for item in items] == [True, True, False, False, True]
    assert [rig.responder.throttle_notice(items[2]), rig.responder.throttle_notice(items[3])] == [
        Text("That is more than 2 questions in a minute. Please ask again in a moment.", "en", private=True),
        None,
    ]
    clock.go_on(60)
    assert rig.responder.allows(items[3])


def test_the_notices_are_in_the_channels_language(rig: ResponderRig) -> None:
    rig.store.inbox.accept(rig.message("酸吗？", channel=WECOM))
    item = rig.store.inbox.claim()
    assert item is not None
    assert rig.responder.waiting_notice(item) == Text("检索暂时不可用，恢复后我会马上回答。", "zh")
    assert rig.responder.failure_notice(item) == Text("我这边出错了，这条消息没能处理。请再发一次。", "zh")


def test_marks_alone_are_no_question(rig: ResponderRig) -> None:
    for marks in ("？？？", "...", "😀", "—— !"):
        outcome = rig.hear(rig.message(marks))
        assert outcome.asked is None
        (reply,) = outcome.replies
        assert isinstance(reply, Text)
        assert reply.body == "There was no word or number in that to search for. Ask in a few words, please."


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0,65", "/threshold 0.65"), ("零点六五", "/threshold 0.65"), ("try 0，5", "/threshold try 0.5")],
)
def test_a_number_in_another_writing_changes_nothing_and_is_asked_back(
    rig: ResponderRig, written: str, meant: str
) -> None:
    outcome = rig.hear(rig.message(f"/threshold {written}"))
    assert outcome.changes == ()
    (reply,) = outcome.replies
    assert isinstance(reply, Text)
    assert f"Did you mean {meant}?" in reply.body
    assert [button.command for button in reply.buttons] == [meant]


@pytest.mark.parametrize("text", ["which are sour?", "/threshold 0.65"])
def test_a_message_is_parsed_once_on_its_whole_way(rig: ResponderRig, text: str) -> None:
    message = rig.message(text)
    rig.responder.needs_engine(message)  # the intake
    rig.store.inbox.accept(message)
    item = rig.store.inbox.claim()
    assert item is not None
    assert rig.responder.allows(item)
    rig.responder.reply_to(item)
    assert rig.responder._parsed.cache_info().misses == 1


@pytest.mark.parametrize("command", ["/export", "/queue export", "/teach export"])
def test_files_are_few_for_each_person_and_channel(rig: ResponderRig, command: str) -> None:
    def allowed(person: Person, **parts: Any) -> bool:
        return rig.responder.allows(InboxItem(1, rig.message(command, person=person, **parts), 1, 1))

    assert [allowed(ANN) for _ in range(5)] == [True] * 3 + [False] * 2
    notice = rig.responder.throttle_notice(InboxItem(1, rig.message(command), 1, 1))
    assert notice is not None
    assert notice.body == "That is more than 3 files in a minute. Please ask again in a moment."
    assert rig.responder.throttle_notice(InboxItem(1, rig.message(command), 1, 1)) is None
    assert rig.responder.allows(InboxItem(1, rig.message("which are sour?"), 1, 1))
    others = [Person("slack", "T1", f"U{number}") for number in range(10, 20)]
    assert [allowed(other) for other in others] == [True] * 7 + [False] * 3
    assert allowed(ANN, channel=NEXT_DOOR) is False
    click = rig.message(action=RunCommand(command), surface=Surface.ACTION, channel=NEXT_DOOR)
    assert not rig.responder.allows(InboxItem(1, click, 1, 1))
