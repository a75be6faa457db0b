from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.domain import Answer, Button, Choose, Match, Person, Text
from bot.platforms.slack import action_values
from bot.platforms.slack.blocks import (
    MESSAGE,
    answer_blocks,
    answer_text,
    continuations,
    split,
    text_blocks,
    text_pieces,
)
from bot.platforms.slack.markup import BREAK, escape, size, unescape
from tests.support.slack import all_texts, block_mistakes, links, rings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MATCH = Match(rank=1, entry_id="e1", text="Oranges have much vitamin C.", score=0.82134)


def an_answer(*matches: Match, **fields: Any) -> Answer:
    whole: dict[str, Any] = {
        "id": "a1",
        "question": "which fruit?",
        "language": "en",
        "matches": matches,
        "total": len(matches),
        "best_score": 0.8,
        "threshold": Decimal("0.40"),
        "threshold_source": "channel",
        "limit": 5,
        "knowledge_base": "default",
        "snapshot": "s1",
        "snapshot_at": NOW,
        "model": "m",
    }
    return Answer(**(whole | fields))


def shown(answer: Answer, *, in_thread: bool = True) -> list[dict[str, Any]]:
    return answer_blocks(answer, NOW, in_thread=in_thread)


def elements(answer: Answer) -> dict[str, dict[str, Any]]:
    return {one["action_id"]: one for one in shown(answer)[-1]["elements"]}


def test_a_match_shows_rank_tier_bar_score_and_text() -> None:
    section = shown(an_answer(MATCH))[0]
    assert section["text"] == {
        "type": "mrkdwn",
        "text": "*1.* 🟩 ████████░░ *0.8213* strong\nOranges have much vitamin C.",
        "verbatim": True,
    }


def test_the_sentence_with_the_words_of_the_query_is_bold() -> None:
    match = replace(MATCH, text="Apples. Oranges & limes. Pears.", bold=(7, 24))
    assert (
        f"Apples. {BREAK}*Oranges &amp; limes.*{BREAK} Pears." in shown(an_answer(match))[0]["text"]["text"]
    )


def test_bold_never_breaks_out() -> None:
    for text, bold in [("a *b* c", (0, 7)), ("a\nb", (0, 3)), ("a", (5, 9)), ("a", (-3, 1)), ("   ", (0, 3))]:
        assert block_mistakes(shown(an_answer(replace(MATCH, text=text, bold=bold)))) == []


def test_answer_and_source_stand_below_the_text() -> None:
    match = replace(MATCH, answer="Eat one.", title="Fruit", url="https://shop.test/fruit")
    assert shown(an_answer(match))[0]["text"]["text"].endswith(
        "\n*Answer:* Eat one.\n<https://shop.test/fruit|Fruit>"
    )


def test_what_matched_is_named_and_cannot_ring_anybody() -> None:
    match = replace(MATCH, wording="<!channel> which fruit?", collapsed=2)
    said = shown(an_answer(match))[0]["text"]["text"]
    assert said.endswith("\nasked as “&lt;!channel&gt; which fruit?” · +2 other wordings")
    long = replace(match, answer="word " * 1000)
    assert shown(an_answer(long))[-3]["text"]["text"].startswith("asked as “")


def test_no_folder_of_the_server_is_named() -> None:
    match = replace(MATCH, source="/srv/kb/secret/faq.csv")
    assert "/srv" not in str(shown(an_answer(match)))
    linked = shown(an_answer(replace(match, url="https://shop.test/1")))[0]["text"]["text"]
    assert linked.endswith("<https://shop.test/1|shop.test>")


def test_more_counts_rows_and_not_the_entries_behind_them() -> None:
    assert action_values.MORE not in elements(an_answer(MATCH, total=9, groups=1))
    assert action_values.MORE in elements(an_answer(MATCH, total=9, groups=2))


def test_the_question_is_repeated_only_outside_a_thread() -> None:
    answer = an_answer(MATCH, question="a <b>\nc")
    assert shown(answer, in_thread=False)[0]["text"]["text"] == "> a &lt;b&gt; c"
    assert len(shown(answer, in_thread=False)) == len(shown(answer)) + 1


def test_each_match_has_a_small_menu_to_say_whether_it_helped() -> None:
    menu = shown(an_answer(MATCH))[0]["accessory"]
    assert menu["type"] == "overflow"
    assert [option["value"] for option in menu["options"]] == ["up:a1:e1", "down:a1:e1"]


def test_an_id_too_long_for_slack_costs_the_menu_and_not_the_answer() -> None:
    blocks = shown(an_answer(replace(MATCH, entry_id="x" * 500)))
    assert "accessory" not in blocks[0]
    assert block_mistakes(blocks) == []


def test_the_dial_holds_absolute_targets() -> None:
    dial = elements(an_answer(MATCH))
    assert [(one["text"]["text"], one["value"]) for one in list(dial.values())[:3]] == [
        ("−0.05", "a1:0.40:0.35"),
        ("0.40", "a1:0.40:0.40"),
        ("+0.05", "a1:0.40:0.45"),
    ]
    assert [one["value"] for one in dial[action_values.TO]["options"]][::16] == [
        "a1:0.40:0.10",
        "a1:0.40:0.90",
    ]


def test_the_dial_stops_at_0_and_1() -> None:
    low, high = elements(an_answer(threshold=Decimal("0.02"))), elements(an_answer(threshold=Decimal(1)))
    assert Decimal(low[action_values.DOWN]["value"].rpartition(":")[2]) == 0
    assert Decimal(high[action_values.UP]["value"].rpartition(":")[2]) == 1


def test_more_is_offered_only_when_there_is_more() -> None:
    assert action_values.MORE not in elements(an_answer(MATCH, total=1))
    assert elements(an_answer(MATCH, total=9))[action_values.MORE]["value"] == "a1:1"
    assert elements(an_answer(MATCH, total=9, offset=5))[action_values.MORE]["value"] == "a1:6"
    assert action_values.MORE not in elements(an_answer(MATCH, total=6, offset=5))


def test_an_answer_says_who_turned_it_from_what_to_what() -> None:
    answer = an_answer(
        MATCH, turned_by=(Person("slack", "T1", "U1", "<ann>"), Decimal("0.40")), threshold=Decimal("0.45")
    )
    context = shown(answer)[-2]["elements"]
    assert context[1]["text"] == "&lt;ann&gt; turned the threshold from 0.40 to 0.45."


def test_nothing_found_still_has_its_dial() -> None:
    answer = an_answer(best_score=0.37)
    assert "0.3700" in shown(answer)[0]["text"]["text"]
    assert action_values.UP in elements(answer)
    assert "0.3700" in answer_text(answer)


def test_the_text_for_notifications_holds_rank_score_and_title() -> None:
    second = replace(MATCH, rank=2, score=0.5, title="A & B")
    assert answer_text(an_answer(MATCH, second)) == (
        "1. 0.8213 Oranges have much vitamin C.\n2. 0.5000 A &amp; B"
    )


def test_twenty_of_the_worst_matches_stay_within_every_limit() -> None:
    worst = replace(
        MATCH, text="&😀" * 5000, answer="<" * 5000, title=">" * 500, url="https://a.test/" + "&" * 2000,
        entry_id="&" * 140, bold=(0, 9000),
    )  # fmt: skip
    answer = an_answer(
        *[replace(worst, rank=rank) for rank in range(1, 21)], total=10**9, question="&" * 40_000,
        knowledge_base="&" * 5000, turned_by=(Person("slack", "T", "U", "<" * 5000), Decimal(0)),
    )  # fmt: skip
    blocks = shown(answer, in_thread=False)
    assert block_mistakes(blocks) == []
    assert size(answer_text(answer)) <= MESSAGE
    assert sum(size(text) for text in all_texts({"blocks": blocks})) < 20_000


words = st.text(max_size=60) | st.sampled_from(
    ["<!channel>", "<@U1>", "@here", "&", "*x*", "https://a.test", "", "\n"]
)
long_words = st.builds(lambda word, times: word * times, words, st.sampled_from([1, 1, 40, 400]))
urls = st.none() | words | st.builds("https://a.test/{}".format, words)
matches = st.builds(
    Match,
    rank=st.integers(1, 10**6),
    entry_id=st.text(min_size=1, max_size=200),
    text=long_words,
    score=st.floats(-1, 1),
    answer=st.none() | long_words,
    title=st.none() | long_words,
    url=urls,
    source=st.none() | words,
    bold=st.none() | st.tuples(st.integers(-5, 500), st.integers(-5, 500)),
)
answers = st.builds(
    an_answer,
    question=long_words,
    language=st.sampled_from(["zh", "en"]),
    threshold=st.decimals(0, 1, places=4),
    best_score=st.none() | st.floats(-1, 1),
    total=st.integers(0, 10**6),
    turned_by=st.none() | st.just((Person("slack", "T1", "U1", "<!here>"), Decimal("0.1"))),
)


@settings(max_examples=60)
@given(answers, st.lists(matches, max_size=20), st.booleans())
def test_every_answer_fits_and_is_inert(answer: Answer, found: list[Match], in_thread: bool) -> None:
    answer = replace(answer, matches=tuple(found))
    blocks, text = shown(answer, in_thread=in_thread), answer_text(answer)
    assert block_mistakes(blocks) == []
    assert size(text) <= MESSAGE
    for block in Block.parse_all(blocks):
        block.validate_json()
    for written in all_texts({"text": text, "blocks": blocks}):
        assert rings(written) == 0
        assert all(address.startswith(("http://", "https://")) for address, _ in links(written))


@given(long_words, st.integers(30, 200))
def test_splitting_keeps_every_word_in_order(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < size(piece) <= limit for piece in pieces)
    joined = "".join(
        unescape(re.sub(r"<(http[^<>]*)>", r"\1", piece, flags=re.IGNORECASE)) for piece in pieces
    )
    joined = joined.replace(BREAK, "")
    assert "".join(joined.split()) == "".join(text.replace(BREAK, "").split())


def test_an_address_in_a_reply_in_words_stands_character_by_character() -> None:
    """Whose answer is shown by /kb show, or added by /kb add, and whose markup is off."""
    address = "https://kb.test/_a_/*b*/~c~?x=1&y=2"
    assert text_pieces(Text(f"Answer: {address} *really*", "en")) == [
        f"Answer: {address.replace('&', '&amp;')} *{BREAK}really*"
    ]


def test_a_long_text_is_parted_between_lines() -> None:
    body = "\n".join(["word " * 10] * 200)
    pieces = text_pieces(Text(body, "en"))
    assert len(pieces) == 3
    assert all(piece.startswith("word") and piece.endswith("word") for piece in pieces)
    assert block_mistakes(text_blocks(Text("&" * 40_000, "en"))) == []
    assert text_pieces(Text(" ", "en")) == ["…"]


def test_a_near_tie_says_so_and_offers_the_next_ones() -> None:
    matches = tuple(
        replace(MATCH, rank=rank, entry_id=f"e{rank}", text=f"<!here> {'x' * 200}", score=0.8 - rank / 1000)
        for rank in range(1, 7)
    )
    blocks = shown(an_answer(*matches, margin=Decimal("0.01")))
    assert block_mistakes(blocks) == []
    context, meant, _ = blocks[-3:]
    assert context["elements"][1]["text"] == "The first two are nearly equal: 0.0010 apart, less than 0.01."
    assert [(one["action_id"], one["value"]) for one in meant["elements"]] == [
        ("choose:2", "a1:e2"),
        ("choose:3", "a1:e3"),
        ("choose:4", "a1:e4"),
    ]
    assert action_values.read("choose:2", "a1:e2") == Choose("a1", "e2")


def test_without_a_near_tie_nothing_is_offered() -> None:
    far = replace(MATCH, rank=2, entry_id="e2", score=0.5)
    assert shown(an_answer(MATCH, far, margin=Decimal("0.01"))) == shown(an_answer(MATCH, far))


def test_notes_stand_under_the_answer_and_are_escaped() -> None:
    context = shown(an_answer(MATCH, notes=("<!channel> 3 → 5",) * 20))[-2]
    assert block_mistakes([context]) == []
    assert context["elements"][1]["text"] == "&lt;!channel&gt; 3 → 5"


@given(st.lists(st.tuples(st.text(max_size=3000), st.text(max_size=3000)), max_size=40), st.text(min_size=1))
def test_no_buttons_break_a_reply_in_words(buttons: list[tuple[str, str]], body: str) -> None:
    text = Text(body, "en", buttons=tuple(Button(label, f"/{command}") for label, command in buttons))
    assert block_mistakes(text_blocks(text)) == []


@pytest.mark.parametrize(
    "answer", ["字" * 3084, "word " * 1800, "第一步：https://shop.test/a_b?c=1&d=2 打开。\n" * 150]
)
def test_an_answer_arrives_whole(answer: str) -> None:
    blocks = shown(an_answer(replace(MATCH, answer=answer)))
    assert block_mistakes(blocks) == []
    told = "".join(block["text"]["text"] for block in blocks if block["type"] == "section")
    told = unescape(re.sub(r"<(http[^<>]*)>", r"\1", told)).replace(BREAK, "")
    assert "".join(answer.split()) in "".join(told.split())


def test_what_does_not_fit_whole_comes_with_more() -> None:
    matches = [replace(MATCH, rank=rank, answer="字" * 5000) for rank in range(1, 6)]
    answer = an_answer(*matches, total=5)
    told = str(shown(answer))
    assert "*2.*" in told
    assert "*3.*" not in told
    assert elements(answer)[action_values.MORE]["value"] == "a1:2"
    assert "2 of 5 shown" in told


def test_the_sentence_that_answers_is_bold_in_the_answer() -> None:
    match = replace(MATCH, answer="First this. Then that.", bold_answer=(12, 22))
    assert f"First this. {BREAK}*Then that.*{BREAK}" in shown(an_answer(match))[0]["text"]["text"]


def test_a_very_long_match_goes_on_in_further_messages_and_nothing_of_it_is_lost() -> None:
    told = " ".join(f"word{number}" for number in range(6_000))
    answer = an_answer(replace(MATCH, answer=told))
    rest = continuations(answer)
    assert block_mistakes(shown(answer)) == []
    assert all(size(piece) <= 2850 for piece in rest)
    said = "\n".join(
        [*(block["text"]["text"] for block in shown(answer) if block["type"] == "section"), *rest]
    )
    assert re.findall(r"word[0-9]+", said) == told.split()
    assert continuations(an_answer(MATCH)) == continuations(an_answer()) == []
    assert len(continuations(an_answer(replace(MATCH, text="x " * 50_000)))) == 20


def test_a_very_long_text_is_parted_without_writing_it_again_and_again() -> None:
    text, seen = "x " * 50_000, 0

    def written(piece: str) -> str:
        nonlocal seen
        seen += len(piece)
        return escape(piece)

    assert "".join(split(text, 2850, written)).replace(" ", "") == text.replace(" ", "")
    assert seen < 25 * len(text)
