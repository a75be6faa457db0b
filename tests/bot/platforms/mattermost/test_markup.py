from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.platforms.mattermost.markup import (
    BREAK,
    as_label,
    clean,
    cut,
    inert,
    inert_inside,
    link,
    link_addresses,
    one_line,
    split,
    with_bold,
)
from tests.support.mattermost_mentions import rings

# An independent reader, with everything on that any of Mattermost's readers may know.
READER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
INERT = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak"}
BOLD = {"strong_open", "strong_close"}
LINKED = {"link_open", "link_close"}

loaded = st.text(
    st.sampled_from("*_~`#<>[]()!@&|\\-=+:.$;1 \n\taé中文\u200b\u202e\r{}^\"'/?")
    | st.characters(exclude_categories=["Cs"]),
    max_size=60,
)
HOSTILE = (
    "@channel",
    "&#64;all",
    "a\\b",
    "[x](http://e.example)",
    "<!here> $x$",
    "# head",
    "\\@channel @Channel! x@channel see.@here -@all- @channel. @all: (@here) **@here**",
    "&#x40;all &commat;channel [@all](http://x.example) user@channel.example <!channel>",
    "![](https://track.test/x.png) <https://evil.test> [run](mmaction://x?y)",
    "# heading\n> quote\n- list\n1. one\n---\ntext\n===\n| a | b |\n|---|---|\n    code\n```\nfence\n```",
    "~town-square #hash (~town #tag :smile: $a^2$ ~~gone~~ __init__ a_b 10*20*30",
    "[a]: https://evil.test\n\n[a]",
    "C:\\[x\\](y)\\\nnext\\",
    "<@all> <script> <!-- --> &lt;@all&gt; <font color='info'>",
)


def kinds(markdown: str) -> set[str]:
    tokens = READER.parse(markdown)
    return {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or []
    }


def read(markdown: str) -> str:
    """What a person reads."""
    return "".join(
        child.content if child.type == "text" else "\n"
        for token in READER.parse(markdown)
        for child in token.children or [token]
        if child.type in {"text", "softbreak", "paragraph_close"}
    )


def bare(text: str) -> str:
    """Without blanks and breaks, which a reader may take."""
    return re.sub(rf"[\s{BREAK}]", "", clean(text))


def also_hostile(test: Callable[..., None]) -> Callable[..., None]:
    for text in HOSTILE:
        test = example(text)(test)
    return test


@also_hostile
@given(loaded)
@settings(max_examples=100)
def test_inert_text_formats_nothing_rings_nobody_and_reads_the_same(text: str) -> None:
    written = inert(text)
    assert kinds(written) <= INERT
    assert rings(written) == set()
    assert bare(read(written)) == bare(text)


@also_hostile
@given(loaded)
@settings(max_examples=100)
def test_so_it_does_inside_a_line_of_ours(text: str) -> None:
    written = f"x {inert_inside(one_line(text))}"
    assert kinds(written) <= INERT
    assert rings(written) == set()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("@channel", "@Zchannel"),
        ("&#64;all", r"&Z\#64;all"),
        ("a\\b", "a\\Zb"),
        ("[x](http://e.example)", r"\[x\]\(http:Z//e\.example\)"),
        ("<!here> $x$", r"<Z\!here\> &#36;x&#36;"),
        ("# head", r"\#Z head"),
    ],
)
def test_the_samples_of_the_recipe(text: str, written: str) -> None:
    assert inert(text) == written.replace("Z", BREAK)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@channel", {"channel"}), ("\\@channel", {"channel"}), ("@Channel!", {"channel"}),
        ("&#64;channel", {"channel"}), ("x@channel", set()), ("&#x40;all", {"all"}), ("see.@here", {"here"}),
        ("&commat;channel", {"channel"}), ("-@all-", {"all"}), ("`@channel`", set()),
        ("@channel.", {"channel"}),
        ("@\u200bchannel", set()), ("@all:", {"all"}), ("@\u2060all", set()), ("(@here)", {"here"}),
        ("@chan\u200bnel", set()), ("**@here**", {"here"}), ("\uff20channel", set()),
        ("[@all](http://x.example)", {"all"}), ("@ channel", set()), ("user@channel.example", set()),
        ("@here-is-it", set()), ("<!channel>", set()),
    ],
)  # fmt: skip
def test_what_rings_in_a_post_and_never_once_it_is_inert(text: str, names: set[str]) -> None:
    assert rings(text) == names
    assert rings(inert(text)) == set()


@pytest.mark.parametrize("text", ["(~town-square)", "(#urgent)", "~64", "x #tag"])
def test_no_channel_and_no_hashtag_is_linked(text: str) -> None:
    assert re.search(rf"[~#]{BREAK}", inert(text))


def test_a_number_with_a_mark_stays_a_number() -> None:
    assert inert("a#1, 3~5") == r"a\#1, 3\~5"


def test_what_hides_or_turns_the_writing_is_taken_out() -> None:
    assert inert("a\u202eb\x00c\ud800d\u2066e\tf") == "abcde f"


@given(loaded | st.sampled_from(HOSTILE), st.integers(-3, 30), st.integers(-3, 30))
@example("有货。下单即发，", 0, 3)
@example("a「b」c", 1, 4)
@example("*a* (b)*", 1, 7)
@settings(max_examples=150)
def test_a_bold_span_is_bold_and_nothing_else_is(text: str, start: int, end: int) -> None:
    shown = with_bold(text, (start, end))
    found = [child for token in READER.parse(shown) for child in token.children or []]
    assert kinds(shown) <= INERT | BOLD | LINKED
    assert sum(child.type == "strong_open" for child in found) == shown.count(f"**{BREAK}")
    assert rings(shown) == set()
    assert bare(read(shown).replace("［", "[").replace("］", "]")) == bare(text)


@pytest.mark.parametrize(
    ("label", "url", "written"),
    [
        ("退货政策", "https://kb.test/a b(c)", "[退货政策](<https://kb.test/a%20b%28c%29>)"),
        ("https://bank.test", "https://evil.test/x", r"[evil\.test](<https://evil.test/x>)"),
        ("", "https://kb.test/x", r"[kb\.test](<https://kb.test/x>)"),
        ("a](b)[c", "https://kb.test", r"[a］\(b\)［c](<https://kb.test>)"),
        ("write us", "mailto:us@kb.test", "[write us](<mailto:us%40kb.test>)"),
        ("x", "https://kb.test/@all?a=1&copy;=2", "[x](<https://kb.test/%40all?a=1&copy%3B=2>)"),
        ("run", "mmaction://run?x=1", "run"),
        ("run", "javascript:alert(1)", "run"),
        ("run", "data:text/html,x", "run"),
        ("run", "https://bank.test@evil.test/", "run"),
        ("run", "https://[::1", "run"),
        ("run", "//evil.test", "run"),
    ],
)
def test_a_link_goes_where_it_says(label: str, url: str, written: str) -> None:
    assert link(label, url) == written


@given(loaded, loaded)
@settings(max_examples=100)
def test_a_link_is_one_link_or_none(label: str, address: str) -> None:
    made = link(label, f"https://kb.test/{address}")
    tokens = READER.parse(f"x {made}")[1].children or []
    assert sum(token.type == "link_open" for token in tokens) == made.startswith("[")
    assert {token.type for token in tokens} <= INERT | LINKED
    assert rings(made) == set()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("请看https://a.test/b_c?d=e。", "请看[https:Z//a\\.test/b\\_c?d=e](<https://a.test/b_c?d=e>)。"),
        ("(http://a.test/x), ok", "\\([http:Z//a\\.test/x](<http://a.test/x>)\\), ok"),
        ("https://bank.test@evil.test/", "https:Z//bank\\.test@Zevil\\.test/"),
    ],
)
def test_an_address_is_a_link_to_itself(text: str, written: str) -> None:
    assert link_addresses(text) == written.replace("Z", BREAK)


def test_a_label_rings_nobody_and_is_one_line() -> None:
    assert as_label("a\n@all :x: ~b #c") == f"a @{BREAK}all :{BREAK}x:{BREAK} ~{BREAK}b #{BREAK}c"


@pytest.mark.parametrize(
    ("text", "limit", "shown"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a bc", 3, "a…")]
)
def test_a_cut_says_so(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


@given(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n字*@#$~ "), max_size=300),
    st.integers(40, 200),
)
@settings(max_examples=100)
@example("x" * 39 + "# no heading", 40)
@example("x" * 39 + "      no code", 40)
@example("https://kb.test/" + "a" * 60, 160)
def test_pieces_fit_lose_nothing_and_start_nothing(text: str, limit: int) -> None:
    pieces = split(text, limit)
    # An address is a link in one piece, however long; all else fits.
    assert all(len(piece) <= limit for piece in pieces)
    assert set().union(*map(kinds, pieces)) <= INERT | LINKED
    assert bare("".join(map(read, pieces)).replace("［", "[").replace("］", "]")) == bare(text)


def test_a_long_text_is_parted_between_lines() -> None:
    lines = [f"第 {number} 行：" + "退货运费由卖家承担" * 5 for number in range(700)]
    pieces = split("\n".join(lines), 16_383)
    assert len(pieces) == 3
    assert "\n".join(pieces).split("\n") == lines


@pytest.mark.parametrize("text", ["[" * 30_000, "@" * 30_000, "`" * 30_000, "\\" * 30_000, "#" * 30_000])
def test_a_hostile_text_of_any_length_is_written_at_once(text: str) -> None:
    assert len(inert(text)) >= 2 * len(text)
    assert len(split(text, 16_383)) > 3
