"""Whether a post names us: the sheet's vectors, the double's own reading beside ours, and any text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.platforms.mattermost.mentions import names, without_name
from tests.support.mattermost_mentions import rings

# The sheet's table of what rings, with the name in place of the loud one; and posts of its section 8.3.
NAMED = [
    "@kbdial",
    "@KBdial!",
    "see.@kbdial",
    "-@kbdial-",
    "@kbdial.",
    "@kbdial:",
    "(@kbdial)",
    "**@kbdial**",
    "_@kbdial_",
    "[@kbdial](http://x.example)",
    r"\@kbdial",
    "&#64;kbdial",
    "&#x40;kbdial",
    "&commat;kbdial",
    "one `a` @kbdial `b`",
    "```\ncode\n```\n@kbdial",
    "an unpaired ` and @kbdial",
    "a paragraph\n    goes on with @kbdial",
    "```\ncode\n```\n\n@kbdial lemon",
]
NOT_NAMED = [
    "x@kbdial",
    "`@kbdial`",
    "``a ` @kbdial``",
    "@\u200bkbdial",
    "@\u2060kbdial",
    "@kb\u200bdial",
    "\uff20kbdial",
    "@ kbdial",
    "user@kbdial.example",
    "@kbdial-is-it",
    "@kbdialer",
    "@@kbdial",
    "```\n@kbdial\n```",
    "~~~\n@kbdial",
    "    @kbdial",
    "a line\n\n    @kbdial",
    "[a](http://x.example/@kbdial)",
    "@channel @all @here",
    "kbdial",
    "",
]


@pytest.mark.parametrize("text", NAMED)
def test_this_names_us(text: str) -> None:
    assert names(text, "kbdial")


@pytest.mark.parametrize("text", NOT_NAMED)
def test_this_does_not(text: str) -> None:
    assert not names(text, "kbdial")
    assert without_name(text, "kbdial").split() == text.split() or not text.strip()


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@kbdial threshold 0.65", "threshold 0.65"),
        ("@kbdial: lemon", "lemon"),
        ("@kbdial, lemon", "lemon"),
        ("@KBDIAL，柠檬怎么保存", "柠檬怎么保存"),
        ("  @kbdial\nkb add lemon\nkb add fig", "kb add lemon\nkb add fig"),
        ("how is lemon kept @kbdial?", "how is lemon kept ?"),
        ("@kbdial what is `@kbdial`", "what is `@kbdial`"),
        ("@kbdial", ""),
        ("@kbdial @kbdialer", "@kbdialer"),
        ("@kbdial @li lemon", "@li lemon"),
        ("@kbdial .5", ".5"),
        ("@kbdial -1", "-1"),
    ],
)
def test_the_name_is_taken_out(text: str, rest: str) -> None:
    assert without_name(text, "kbdial") == rest


@pytest.mark.parametrize("name", ["kb.dial", "kb_dial_", "kb-dial"])
def test_names_hold_the_marks_that_end_words(name: str) -> None:
    assert names(f"@{name}. lemon", name)
    assert without_name(f"@{name} lemon", name) == "lemon"
    assert not names(f"@{name}x lemon", name)


PIECES = st.sampled_from(
    [
        "@kbdial",
        "@",
        "kbdial",
        "`",
        "``",
        "\n",
        " ",
        ".",
        "-",
        ":",
        "_",
        "*",
        "x",
        "柠",
        "\\",
        "&#64;",
        "~",
        "](",
    ]
)


@settings(max_examples=100)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_text_is_too_much_and_what_is_taken_out_names_no_more(text: str) -> None:
    rest = without_name(text, "kbdial")
    assert len(rest) <= len(text)
    if not names(text, "kbdial") and "\\" not in text and "&" not in text:
        assert "".join(rest.split()) in "".join(text.split())


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(["@kbdial", "@", " ", ".", "-", "x", "*", "(", "柠", "&#64;"]), max_size=8).map(
        "".join
    )
)
@example("x.@kbdial.@kbdial")
def test_two_readings_of_the_rule_agree(text: str) -> None:
    assert names(text, "kbdial") == ("kbdial" in rings(text, names=frozenset({"kbdial"})))
