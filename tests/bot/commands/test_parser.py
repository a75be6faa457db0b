from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.ask.grammar import Ask
from bot.commands.channel.grammar import SetLanguage, SetLimit, ShowLanguage, ShowLimit
from bot.commands.kb.grammar import (
    AddEntries,
    ListKnowledgeBases,
    Refresh,
    RemoveEntry,
    ShowKnowledgeBase,
    UseKnowledgeBase,
)
from bot.commands.overview.grammar import Help, ShowSettings, Status
from bot.commands.parser import parse
from bot.commands.registry import FAMILIES, VERBS
from bot.commands.threshold.grammar import (
    ResetThreshold,
    SetThreshold,
    ShowThreshold,
    TryThreshold,
    UndoThreshold,
)
from bot.domain import Language
from bot.grammar.command import BadCommand, Command, Question
from bot.grammar.verb import Verb

VECTORS = json.loads(Path(__file__).with_name("command_text.json").read_text(encoding="utf-8"))
NAMES = ("知识库助手", "KB Bot")


def read(text: str, *, mentioned: bool = False, in_group: bool = False) -> Command | BadCommand | Question:
    return parse(text, names=NAMES, mentioned=mentioned, in_group=in_group)


def in_the_words_of_the_vectors(read: Command | BadCommand | Question) -> dict[str, Any]:
    match read:
        case Question():
            return {"kind": "question"}
        case BadCommand(code, verb):
            return {"kind": "command", "name": verb, "error": code}
        case SetThreshold(value):
            return {"kind": "command", "name": "threshold", "value": float(value)}
        case ShowThreshold():
            return {"kind": "command", "name": "threshold", "arg": None}
        case _:
            return {"kind": type(read).__name__}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["id"])
def test_the_text_is_read_as_the_vectors_say(case: dict[str, Any]) -> None:
    found = parse(
        case["text"], names=VECTORS["bot_names"], mentioned=False, in_group=case["chattype"] == "group"
    )
    assert in_the_words_of_the_vectors(found) == case["expect"]


def test_all_vectors_are_here() -> None:
    assert len(VECTORS["cases"]) == 53


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/threshold", ShowThreshold()),
        ("/threshold try 0.5", TryThreshold(Decimal("0.5"))),
        ("/threshold TRY 50%", TryThreshold(Decimal("0.5"))),
        ("/threshold 65 %", SetThreshold(Decimal("0.65"))),
        ("/threshold 0.6525", SetThreshold(Decimal("0.6525"))),
        ("/threshold 0.65000000", SetThreshold(Decimal("0.65"))),
        ("/threshold 100%", SetThreshold(Decimal(1))),
        ("/threshold reset", ResetThreshold()),
        ("/threshold undo。", UndoThreshold()),
        ("/ask 怎么退货？", Ask("怎么退货？")),
        ("/ask /threshold 0.5", Ask("/threshold 0.5")),
        ("/ask ①㎡", Ask("①㎡")),
        ("/limit", ShowLimit()),
        ("/limit 3", SetLimit(3)),
        ("/limit ２０", SetLimit(20)),
        ("/kb", ShowKnowledgeBase()),
        ("/kb use Shop", UseKnowledgeBase("Shop")),
        ("/kb list", ListKnowledgeBases()),
        ("/kb add lemon => sour", AddEntries("lemon => sour")),
        ("/kb add\nlemon => sour\n\n梨", AddEntries("lemon => sour\n\n梨")),
        ("/kb remove 17", RemoveEntry("17")),
        ("/refresh", Refresh()),
        ("/status", Status()),
        ("/settings", ShowSettings()),
        ("/language", ShowLanguage()),
        ("/language 中文", SetLanguage("zh")),
        ("/language EN", SetLanguage("en")),
        ("/help", Help()),
        ("/help /threshold", Help("threshold")),
        ("/kbdial", Help()),
        ("/kbdial threshold 0.65", SetThreshold(Decimal("0.65"))),
        ("/kbdial /threshold 0.65", SetThreshold(Decimal("0.65"))),
        ("/KBDIAL kb use shop", UseKnowledgeBase("shop")),
    ],
)
def test_every_verb_is_read(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("/threshold try", BadCommand("missing", "threshold", "try")),
        ("/threshold try high", BadCommand("not_a_number", "threshold", "try high")),
        ("/threshold reset now", BadCommand("too_many", "threshold", "reset now")),
        ("/threshold 0.12345", BadCommand("too_precise", "threshold", "0.12345")),
        ("/threshold 12.345%", BadCommand("too_precise", "threshold", "12.345%")),
        ("/threshold 1" + "0" * 5_000, BadCommand("out_of_range", "threshold", "1" + "0" * 5_000)),
        ("/threshold 1." + "0" * 40 + "1", BadCommand("out_of_range", "threshold", "1." + "0" * 40 + "1")),
        ("/threshold {0.__class__}", BadCommand("not_a_number", "threshold", "{0.__class__}")),
        ("/ask", BadCommand("missing", "ask")),
        ("/limit 0", BadCommand("out_of_range", "limit", "0")),
        ("/limit 21", BadCommand("out_of_range", "limit", "21")),
        ("/limit " + "9" * 5_000, BadCommand("out_of_range", "limit", "9" * 5_000)),
        ("/limit 2.5", BadCommand("not_a_number", "limit", "2.5")),
        ("/limit ٣", BadCommand("not_a_number", "limit", "٣")),
        ("/kb shop", BadCommand("unknown_word", "kb", "shop")),
        ("/kb use", BadCommand("missing", "kb", "use")),
        ("/kb use my shop", BadCommand("too_many", "kb", "use my shop")),
        ("/kb add", BadCommand("missing", "kb", "add")),
        ("/status of my order", BadCommand("too_many", "status", "of my order")),
        ("/language fr", BadCommand("unknown_word", "language", "fr")),
        ("/help cooking", BadCommand("unknown_command", "help", "cooking")),
    ],
)
def test_a_known_verb_with_a_wrong_value_says_what_is_wrong(text: str, bad: BadCommand) -> None:
    assert read(text) == bad


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("threshold 0.65", SetThreshold(Decimal("0.65"))),
        ("status", Status()),
        ("help", Help()),
        ("kb use shop", UseKnowledgeBase("shop")),
        ("status of my order", Question("status of my order")),
        ("threshold high", Question("threshold high")),
        ("ask for a refund", Question("ask for a refund")),
        ("kb add lemon", Question("kb add lemon")),
        ("help me", Question("help me")),
    ],
)
def test_after_a_mention_only_a_whole_command_may_lack_its_slash(
    text: str, command: Command | Question
) -> None:
    assert read(text, mentioned=True) == command
    assert read(f"@KB Bot {text}", in_group=True) == command


def test_without_a_mention_a_command_needs_its_slash() -> None:
    assert read("status") == Question("status")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("@知识库助手 ①㎡怎么选？", "①㎡怎么选？"),
        ("怎么退货 @知识库助手", "怎么退货"),
        ("@kb bot　@知识库助手 怎么退货", "怎么退货"),
        ("@张三 @知识库助手 怎么退货", "怎么退货"),
        ("@改名后的机器人 怎么退货", "怎么退货"),
        ("@知识库助手怎么退货", "怎么退货"),
        ("@KB Botany 怎么退货", "Botany 怎么退货"),
        ("  \u200b怎么退货\u2060  ", "怎么退货"),
        ("@", "@"),
    ],
)
def test_a_question_keeps_its_characters_and_loses_the_mention(text: str, question: str) -> None:
    assert read(text, in_group=True) == Question(question)


def test_a_mail_address_in_a_direct_chat_is_left_alone() -> None:
    assert read("@home delivery?") == Question("@home delivery?")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("/thresholds 0.65", Question("/thresholds 0.65", "thresholds")),
        ("/dance", Question("/dance", "dance")),
        ("/kbdial dance", Question("dance", "dance")),
        ("/kbdial 怎么退货", Question("怎么退货")),
        ("/docs/demo.txt", Question("/docs/demo.txt")),
    ],
)
def test_an_unknown_verb_is_a_question_that_says_so(text: str, question: Question) -> None:
    assert read(text) == question


MEANT = st.sampled_from([*"/、@=:.。%\u200b\u3000\n ", "kbdial", "0.65", "try", "add", *NAMES, *VERBS])


@given(
    st.one_of(
        st.text(),
        st.text(st.characters(categories=["Cs", "Cf", "Cc", "Zs", "Mn", "Nd", "No"])),
        st.lists(st.one_of(MEANT, st.text(max_size=3))).map("".join),
    ),
    st.booleans(),
    st.booleans(),
)
def test_no_text_raises(text: str, mentioned: bool, in_group: bool) -> None:
    found = parse(text, names=(*NAMES, ""), mentioned=mentioned, in_group=in_group)
    if isinstance(found, Question):
        assert found.text in text


@given(st.integers(0, 10_000))
def test_every_threshold_of_four_decimals_can_be_set(value: int) -> None:
    wanted = Decimal(value) / 10_000
    assert read(f"/threshold {wanted:f}") == SetThreshold(wanted)
    assert read(f"/threshold {value / 100:.2f}%") == SetThreshold(wanted)


def test_a_long_hostile_text_is_read_quickly_enough_to_be_read_at_all() -> None:
    for piece in ("@x ", "/", "/kbdial ", "、", " /threshol", "1", "@知识库助手", "@KB ", "@x /help-"):
        read(piece * 20_000, in_group=True)


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_every_verb_has_an_example_that_works(verb: Any) -> None:
    assert isinstance(read(verb.example), Command)
    assert verb.example.startswith(f"/{verb.name}")


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_the_manual_explains_every_verb_in_every_language(verb: Verb) -> None:
    assert list(verb.pages) == ["en", "zh"]
    assert len(verb.page("en").forms) == len(verb.page("zh").forms)


def test_every_command_of_a_family_is_carried_out_by_one() -> None:
    commands = [command for family in FAMILIES for command in family.commands]
    assert len(commands) == len(set(commands))
    read_as = {type(read(verb.example)) for verb in VERBS.values()}
    assert read_as - set(commands) == {Ask}


def test_the_verbs_are_listed_in_the_order_in_which_people_need_them() -> None:
    assert " ".join(VERBS) == (
        "threshold ask limit kb strategy keywords export tune review queue gaps teach inspect refresh status "
        "settings language name admin console help"
    )


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_every_form_in_the_manual_can_be_typed_as_it_stands(verb: Any, language: Language) -> None:
    forms = verb.page(language).forms
    assert [form for form in forms if not form.startswith(f"/{verb.name}")] == []
    assert [form for form in forms if not isinstance(read(form), Command)] == []


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_the_manual_has_the_same_forms_in_both_languages(verb: Any) -> None:
    assert [type(read(form)) for form in verb.page("zh").forms] == [
        type(read(form)) for form in verb.page("en").forms
    ]
