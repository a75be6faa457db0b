from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain import Answer, Button, Document, Person, Reply, Text
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.action_values import read
from bot.platforms.mattermost.buttons import Place
from bot.platforms.mattermost.markup import BREAK
from bot.platforms.mattermost.presenter import MESSAGE, Post, Presenter
from tests.bot.platforms.mattermost.answers import CHANNEL, NOW, SECRET, a_match, an_answer
from tests.bot.platforms.mattermost.test_markup import BOLD, HOSTILE, INERT, LINKED, kinds, loaded
from tests.support.mattermost_mentions import rings

URL = "https://kb.example.com/mattermost/actions"
SIGNER = ActionSigner(SECRET)
PRESENTER = Presenter(SIGNER, URL)
HERE = Place(CHANNEL)


def posts(reply: Reply, place: Place = HERE, presenter: Presenter = PRESENTER) -> tuple[Post, ...]:
    return presenter.posts(reply, NOW, place)


def only(shown: tuple[Post, ...]) -> Post:
    (post,) = shown
    return post


def plain(text: str) -> str:
    return text.replace("\\", "").replace(BREAK, "")


def actions(post: Post) -> dict[str, dict[str, Any]]:
    listed = [action for attachment in post.attachments for action in attachment.get("actions", [])]
    assert max(Counter(action["id"] for action in listed).values(), default=1) == 1
    return {action["id"]: action for action in listed}


def markdown(post: Post) -> Iterator[str]:
    yield post.message
    for attachment in post.attachments:
        yield attachment["text"]
        yield attachment["fallback"]


def test_an_answer_is_an_attachment_a_match_and_one_with_the_dial() -> None:
    answer = an_answer(
        a_match(1, answer="请在订单页申请。\n运费由卖家承担。", title="退货政策", url="https://kb.test/7"),
        a_match(2, text="质量问题包退", score=0.4512, bold=None),
        id="a-1",
    )
    post = only(posts(answer))
    assert plain(post.message) == "找到 2 条，最高 0.8732"
    assert [plain(attachment["text"]) for attachment in post.attachments] == [
        (
            "**1.** █████████░ **0.8732** 强\n"
            "**签收 7 天内可以退货**。\n"
            "**答复:** 请在订单页申请。\n"
            "运费由卖家承担。\n"
            "[退货政策](<https://kb.test/7>)"
        ),
        "**2.** █████░░░░░ **0.4512** 中\n质量问题包退",
        "阈值 0.65（本群设置） · 显示 2 条，共 2 条 · 知识库 shop · 3 分钟前更新",
    ]
    assert [attachment.get("color") for attachment in post.attachments] == ["#0b5d1e", "#5aa469", None]
    assert list(actions(post)) == ["up1", "down1", "up2", "down2", "dialdown", "dialstay", "dialup", "dialto"]


def test_every_button_has_an_id_of_letters_and_digits_an_address_and_a_proof() -> None:
    near = replace(
        an_answer(a_match(1, score=0.651), a_match(2, score=0.65)), margin=Decimal("0.01"), total=9
    )
    for action in actions(only(posts(near))).values():
        assert re.fullmatch(r"[A-Za-z0-9]+", action["id"])
        assert action["integration"]["url"] == URL
        pressed = SIGNER.read(action["integration"]["context"], CHANNEL)
        assert not pressed.is_private
        chosen = action.get("options", [{}])[0].get("value")
        assert read(pressed.value, chosen).kind in {"turn dial", "vote", "show more", "choose"}
        assert (action["type"] == "select") == ("options" in action)


def test_the_dial_says_where_it_turns_to_and_what_it_shows() -> None:
    made = actions(only(posts(an_answer())))
    values = [
        made[id_]["integration"]["context"]["x"] for id_ in ("dialdown", "dialstay", "dialup", "dialto")
    ]
    assert values == ["0.60:0.65", "0.65:0.65", "0.70:0.65", "0.65"]


def test_from_six_matches_on_two_menus_take_the_votes_of_all() -> None:
    answer = an_answer(*(a_match(rank) for rank in range(1, 21)))
    made = actions(only(posts(answer)))
    assert list(made) == ["helpful", "unhelpful", "dialdown", "dialstay", "dialup", "dialto"]
    assert len(made["helpful"]["options"]) == 20
    value = SIGNER.read(made["unhelpful"]["integration"]["context"], CHANNEL).value
    chosen = SIGNER.read_offer(value, made["unhelpful"]["options"][6]["value"], CHANNEL)
    assert read(value, chosen) == read(replace(value, kind="vote", value="e7:down"), None)


def test_what_one_person_alone_sees_has_buttons_that_say_so() -> None:
    post = only(posts(an_answer(), Place(CHANNEL, is_private=True, has_echo=True)))
    assert plain(post.attachments[0]["text"]) == "> 能退吗"
    for action in actions(post).values():
        assert SIGNER.read(action["integration"]["context"], CHANNEL).is_private


def test_without_a_secret_or_away_from_the_channel_there_are_commands_instead_of_buttons() -> None:
    near = replace(an_answer(a_match(1, score=0.651), a_match(2, score=0.65)), margin=Decimal("0.01"))
    for shown in (
        posts(near, presenter=Presenter(ActionSigner(""), URL)),
        posts(near, Place(CHANNEL, has_buttons=False)),
    ):
        assert actions(only(shown)) == {}
        under = plain(only(shown).attachments[-1]["text"]).split("\n")
        assert under[-1] == "调整阈值：/kbdial threshold 0.60 或 /kbdial threshold 0.70"
        assert "/kbdial tune yes a-1 2" in under[-2]


def test_a_command_is_named_as_it_is_to_be_typed() -> None:
    said = Text("/threshold 显示阈值；a/threshold 不是命令", "zh", verb="help")
    assert plain(only(posts(said)).message) == "/kbdial threshold 显示阈值；a/threshold 不是命令"
    named = Presenter(ActionSigner(""), URL, lead=lambda: "@kbdial ")
    assert plain(only(posts(said, presenter=named)).message).startswith("@kbdial /threshold")


def test_nothing_found_says_so_where_phones_look() -> None:
    answer = an_answer(matches=(), total=0, best_score=0.6, language="en")
    assert plain(only(posts(answer)).message).startswith("Nothing reaches the threshold of 0.65")
    assert "/kbdial threshold try 0.60" in plain(only(posts(answer)).message)
    assert list(actions(only(posts(answer)))) == ["dialdown", "dialstay", "dialup", "dialto"]


def test_a_reply_in_words_has_its_buttons_under_the_last_piece() -> None:
    said = Text("第 1 行\n" * 6000, "zh", buttons=(Button("退回", "/threshold undo"),))
    first, second = posts(said)[0], posts(said)[-1]
    assert all(len(post.message) <= MESSAGE for post in posts(said))
    assert actions(first) == {}
    (action,) = actions(second).values()
    assert action["integration"]["context"]["x"] == "/threshold undo"


def test_a_server_that_takes_less_gets_less() -> None:
    small = Presenter(SIGNER, URL, message_limit=lambda: 4_000)
    shown = posts(Text("字" * 9_000, "zh"), presenter=small)
    assert [len(post.message) for post in shown] == [4_000, 4_000, 1_000]


def test_a_match_longer_than_any_post_goes_on_in_further_ones() -> None:
    long = a_match(1, text="字" * 130_000, answer="答" * 20_000, bold=None)
    first, *more = posts(an_answer(long, a_match(2)))
    assert all(len(post.message) <= MESSAGE and not post.attachments for post in more)
    whole = "".join([first.attachments[0]["text"], *(post.message for post in more)])
    assert (whole.count("字"), whole.count("答")) == (130_000, 20_001)  # and the label
    assert "more" in actions(first)


def test_what_does_not_fit_whole_comes_with_more() -> None:
    answer = an_answer(*(a_match(rank, text="字" * 30_000, bold=None) for rank in range(1, 6)))
    post = only(posts(answer))
    assert len(post.attachments) == 4
    assert actions(post)["more"]["integration"]["context"]["x"] == "3"
    assert len(json.dumps(post.attachments, ensure_ascii=False)) < 760_000


def test_a_file_is_named_above_it_with_what_its_buttons_would_do() -> None:
    document = Document(
        "d1",
        "a.csv",
        "text/csv",
        "3 条问题。",
        "zh",
        buttons=(Button("再来", "/export 7"),),
        link="下载：https://x",
    )
    assert plain(PRESENTER.above_file(document)) == "3 条问题。\n再来：/kbdial export 7"


def test_an_answer_in_words_alone_fits_into_one_message() -> None:
    answer = an_answer(*(a_match(rank, text=f"{rank} " + "字" * 6_000) for rank in range(1, 5)))
    said = PRESENTER.in_words(answer, NOW)
    assert len(said) <= MESSAGE
    assert "太长" in said
    assert plain(said).endswith("/kbdial threshold 0.60 或 /kbdial threshold 0.70")
    assert len(PRESENTER.in_words(Text("a" * 20_000, "en"), NOW)) <= MESSAGE


@given(loaded | st.sampled_from(HOSTILE), st.sampled_from(["en", "zh"]))
@example("@channel", "en")
@settings(max_examples=40)
def test_hostile_text_in_every_field_is_inert(text: str, language: Any) -> None:
    hostile = replace(
        an_answer(
            a_match(1, text=text or "x", answer=text, title=text, wording=text, passage=text, score=0.7),
            a_match(2, text=text or "x", url=f"https://kb.test/{text}", source=text, score=0.699),
            question=text,
            language=language,
            knowledge_base=text,
            notes=(text,),
        ),
        margin=Decimal("0.01"),
        turned_by=(Person("mattermost", "h", "u", text), Decimal("0.1")),
    )
    nothing = replace(hostile, matches=(), total=0, best_score=None)
    said = Text(text, language, buttons=(Button(text or "x", "/kb"),))
    for shown in (
        *posts(hostile, Place(CHANNEL, has_echo=True)), *posts(nothing), *posts(said),
        Post(PRESENTER.in_words(hostile, NOW)), Post(PRESENTER.in_words(said, NOW)),
    ):  # fmt: skip
        for written in markdown(shown):
            assert rings(written) == set()
            assert kinds(written) <= INERT | BOLD | LINKED | {"blockquote_open", "blockquote_close"}
        for action in actions(shown).values():
            labels = [action["name"], *(option["text"] for option in action.get("options", []))]
            assert not any(rings(label) or "\n" in label for label in labels)


def test_the_turned_dial_says_who_turned_it() -> None:
    turned: Answer = an_answer(turned_by=(Person("mattermost", "h", "u", "lin"), Decimal("0.70")))
    assert "lin 把阈值从 0.70 调到了 0.65" in plain(only(posts(turned)).attachments[-1]["text"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (an_answer(language="en"), "1 match, 0.8732"),
        (an_answer(a_match(), a_match(2), language="en"), "2 matches, the best 0.8732"),
        (an_answer(a_match(6), language="en", offset=5, total=9), "9 matches, from number 6 on"),
    ],
)
def test_what_phones_notify_repeats_no_entry(answer: Answer, said: str) -> None:
    assert plain(only(posts(answer)).message) == said
