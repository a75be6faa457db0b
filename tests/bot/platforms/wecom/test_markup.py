from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.platforms.wecom.markup import (
    BREAK,
    clean,
    cut,
    emphasise,
    escape,
    inline,
    link,
    link_addresses,
    one_line,
)
from bot.platforms.wecom.split_markdown import split

# An independent reader of markdown, with everything on that any of WeCom's dialects may know.
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
INERT = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak"}

loaded = st.text(
    st.sampled_from("*_~`#<>[]()!@&|\\-=+:.1 \n\taé中文\u200b\u202e\r")
    | st.characters(exclude_categories=["Cs"])
)


def kinds(markdown: str) -> set[str]:
    tokens = READER.parse(markdown)
    return {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or []
    }


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", clean(text)).split())


@given(loaded)
@example("[https://bank.test](https://evil.test)")
@example("![](https://track.test/x.png)")
@example("<https://evil.test>")
@example("[a]: https://evil.test\n\n[a]")
@example(
    "# heading\n> quote\n- list\n1. one\n---\ntext\n===\n| a | b |\n|---|---|\n    code\n```\nfence\n```"
)
@example("<@all> <script> <!-- --> &lt;@all&gt; <font color='info'>")
@example("10*20*30cm, 3~5 天, __init__, a_b, ~~gone~~, **bold**, `code`")
@example("C:\\[x\\](y)\\\nnext")
def test_escaped_text_formats_nothing_and_reads_the_same(text: str) -> None:
    assert kinds(escape(text)) <= INERT
    assert folded(escape(text)) == folded(text)


@given(loaded)
def test_inline_text_formats_nothing_inside_a_line_of_ours(text: str) -> None:
    assert kinds(f"x {inline(one_line(text))}") <= INERT


@pytest.mark.parametrize("text", ["<@all>", "<@zhangsan>", "< @all >", "@all", "@所有人", "<@ALL>"])
def test_nobody_is_rung(text: str) -> None:
    assert not re.search(r"<@|@(?:all|所有人)", escape(text), re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ["service@example.com", "a_b_c", "1 < 2", "第 3-5 条", "https://a.test/b_c?d=e"]
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


def test_what_hides_or_turns_the_writing_is_taken_out() -> None:
    assert escape("a\u202eb\u200bc\x00d\ud800e\u2066f") == "abcdef"


@given(loaded, st.integers(-3, 30), st.integers(-3, 30))
@example("有货。下单即发，", 0, 3)
@example("a「b」c", 1, 4)
def test_a_bold_span_is_bold_and_nothing_else_is(text: str, start: int, end: int) -> None:
    shown = emphasise(text, (start, end))
    assert kinds(f"**1.** {shown}") <= INERT | {"strong_open", "strong_close"}
    assert shown.count("**") in {0, 2}
    if "**" in shown:
        tokens = READER.parse(f"**1.** {shown}")
        assert sum(child.type == "strong_open" for child in tokens[1].children or []) == 2
    assert folded(shown.replace("**", "")) == folded(text)


def test_the_sentence_is_bold_without_the_full_stop() -> None:
    assert emphasise("有货。下单即发。", (0, 3)) == "**有货**。下单即发。"


@pytest.mark.parametrize(
    ("label", "url", "shown"),
    [
        ("退货政策", "https://kb.test/a b(c)", "[退货政策](https://kb.test/a%20b%28c%29)"),
        ("https://bank.test", "https://evil.test/x", "[evil.test](https://evil.test/x)"),
        ("www.bank.test", "https://evil.test", "[evil.test](https://evil.test)"),
        ("", "https://kb.test/x", "[kb.test](https://kb.test/x)"),
        ("a](https://evil.test)[b", "https://kb.test", "[kb.test](https://kb.test)"),
        ("a](b)[c", "https://kb.test", f"[a］{BREAK}(b)［c](https://kb.test)"),
        ("run", "javascript:alert(1)", "run"),
        ("run", "data:text/html,x", "run"),
        ("run", "https://bank.test@evil.test/", "run"),
        ("run", "https://[::1", "run"),
        ("run", "//evil.test", "run"),
    ],
)
def test_a_link_goes_where_it_says(label: str, url: str, shown: str) -> None:
    assert link(label, url) == shown


@given(loaded, loaded)
def test_a_link_is_one_link_or_none(label: str, address: str) -> None:
    made = link(label, f"https://kb.test/{address}")
    tokens = READER.parse(f"x {made}")[1].children or []
    assert [token.attrs["href"] for token in tokens if token.type == "link_open"][1:] == []
    assert all(token.type in INERT | {"link_open", "link_close"} for token in tokens)


@pytest.mark.parametrize(
    ("text", "limit", "shown"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a bc", 3, "a…")]
)
def test_a_cut_says_so(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


def test_a_long_chinese_answer_is_parted_between_lines() -> None:
    lines = [f"第 {number} 行：" + "退货运费由卖家承担" * 5 for number in range(170)]
    text = "\n".join(lines)
    assert len(text.encode()) > 24_000
    first, second = split(text, 20_480, "（未完）")
    assert len(first.encode()) <= 20_480
    assert first.endswith("\n（未完）")
    assert (first.removesuffix("\n（未完）") + "\n" + second).split("\n") == lines


def test_a_bold_span_that_must_be_parted_is_closed_and_opened_again() -> None:
    first, second = split("**" + "字" * 100 + "**", 200, "…")
    assert first.count("**") == second.count("**") == 2


@given(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n字👍🏽é"), max_size=400),
    st.integers(60, 300),
)
def test_pieces_fit_and_lose_nothing(text: str, limit: int) -> None:
    note = "（未完）"
    pieces = split(text, limit, note)
    assert all(len(piece.encode()) <= limit for piece in pieces)
    joined = "".join(piece.removesuffix(note) for piece in pieces[:-1]) + pieces[-1]
    assert bare(joined) == bare(text)


def bare(text: str) -> str:
    """Without what is opened again, and without blanks, which a seam may take."""
    return re.sub(r"\*\*|> |\u200b|\s", "", text)


@given(loaded, st.integers(60, 200))
@example("x" * 46 + "# no heading", 60)
@example("x" * 46 + "1. no list", 60)
@example("x" * 46 + "      no code", 60)
@example("x" * 45 + "<@all>", 60)
def test_a_line_that_goes_on_in_the_next_piece_starts_nothing(text: str, limit: int) -> None:
    pieces = split(escape(text), limit, "（未完）")
    assert set().union(*map(kinds, pieces)) <= INERT


@pytest.mark.parametrize(
    "whole",
    ["[退货政策](https://kb.test/7?a=b)", '<font color="info">█████████░ 0.8732 强</font>'],
)
def test_a_link_and_a_colour_are_never_parted(whole: str) -> None:
    for before in range(200):
        pieces = split("字" * before + whole + "字" * 300, 600, "…")
        assert sum(whole in piece for piece in pieces) == 1


def test_a_quote_goes_on_as_a_quote() -> None:
    pieces = split("> 答复: " + "# 字 " * 200, 600, "…")
    assert len(pieces) > 2
    assert all(piece.startswith("> ") for piece in pieces)
    assert all(kinds(piece) == {"blockquote_open", "blockquote_close", *INERT} for piece in pieces[:-1])


def test_a_break_is_what_commands_read_past() -> None:
    assert unicodedata.category(BREAK) == "Cf"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "请看https://a.test/b_c?d=e&f=1。",
            "请看[https://a.test/b_c?d=e&f=1](https://a.test/b_c?d=e&f=1)。",
        ),
        ("(http://a.test/x), ok", "([http://a.test/x](http://a.test/x)), ok"),
        ("https://bank.test@evil.test/", "https://bank.test@evil.test/"),
        ("看 https://a.test/~li/x", "看 [https://a.test/%7Eli/x](https://a.test/~li/x)"),
        ("https://a.test/__init__*2", "[https://a.test/%5F%5Finit%5F%5F%2A2](https://a.test/__init__%2A2)"),
    ],
)
def test_an_address_is_a_link_to_itself(text: str, written: str) -> None:
    assert link_addresses(text) == written


@given(st.text(st.sampled_from("a1_*~`[]-.()!&=/中"), max_size=30))
def test_every_address_leads_where_it_says_and_formats_nothing(rest: str) -> None:
    tokens = READER.parse(link_addresses(f"https://a.test/{rest}"))
    (line,) = (token for token in tokens if token.type == "inline")
    assert {child.type for child in line.children or []} <= {"text", "softbreak", "link_open", "link_close"}
    parts = line.children or []
    (at,) = (place for place, child in enumerate(parts) if child.type == "link_open")
    target = unquote(str(parts[at].attrs["href"]))
    assert unquote(parts[at + 1].content) == target
    assert f"https://a.test/{rest}".startswith(target)
