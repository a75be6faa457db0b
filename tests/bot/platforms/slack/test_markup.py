from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.markup import (
    BREAK,
    MOST_GROWTH,
    clean,
    cut,
    escape,
    is_longer,
    link,
    link_addresses,
    plain,
    size,
    unescape,
)
from tests.support.slack import links, rings

# Texts made of what Slack gives a meaning to.
pieces = st.sampled_from(
    ["<", ">", "&", "|", "@", "!", "#", "*", "_", "~", "`", "```", "&lt;", "&amp;", "<!channel>", "@here",
     "<@U1>", "channel", "everyone", "https://evil.test", "javascript:", "\n",
     " ", "a", "字", "😀", ">>>", BREAK]
)  # fmt: skip
hostile = st.lists(pieces | st.text(max_size=3)).map("".join)


def test_three_characters_are_escaped_and_nothing_else() -> None:
    assert escape("a & b < c > d \"e\" 'f'") == "a &amp; b &lt; c &gt; d \"e\" 'f'"


def test_what_is_escaped_already_is_not_taken_for_markup() -> None:
    assert escape("&lt;!channel&gt;") == "&amp;lt;!channel&amp;gt;"


def test_formatting_is_broken_where_it_would_begin_only() -> None:
    assert escape("*loud* _soft_") == f"*{BREAK}loud* _{BREAK}soft_"
    assert escape("3*4*5 and snake_case_name") == "3*4*5 and snake_case_name"


@pytest.mark.parametrize(
    "text",
    ["<!channel>", "<!here>", "<!everyone>", "<@U1>", "<!subteam^S1>", "<!subteam^S1|@team>", "@channel",
     "@HERE", "<https://evil.test|https://bank.test>",
     "[https://bank.test](https://evil.test)", "![](https://track.test/x.png)",
     "<javascript:alert(1)|click>", "<data:text/html,x|y>", "<mailto:a@b.test|boss>", "&lt;!channel&gt;"],
)  # fmt: skip
def test_foreign_text_neither_rings_nor_links(text: str) -> None:
    assert (rings(escape(text)), links(escape(text))) == (0, [])
    assert unescape(escape(text)).replace(BREAK, "") == text


@given(hostile)
def test_any_text_is_inert_once_escaped(text: str) -> None:
    escaped = escape(text)
    assert rings(escaped) == 0
    assert "<" not in escaped
    assert ">" not in escaped
    assert not re.search(r"&(?!amp;|lt;|gt;)", escaped)
    for line in escaped.split("\n"):
        pairs = "".join(mark for mark in "*_~`" if line.count(mark) > 1)
        assert not pairs or not re.search(rf"(?<![^\W_])[{pairs}](?![*_~`\u200b])", line)


@given(hostile | st.text())
def test_escaping_loses_nothing_but_what_turns_the_writing(text: str) -> None:
    left = re.sub("[\u202a-\u202e\u2066-\u2069]", "", text)
    assert unescape(escape(text)).replace(BREAK, "") == left.replace(BREAK, "")


def test_a_name_does_not_turn_the_sentence_it_stands_in() -> None:
    """SEC16: behind an override, our own numbers would be read backwards."""
    assert escape("eve\u202e\u2066") + " set 0.65" == "eve set 0.65"


@given(hostile)
def test_what_people_see_is_read_back_as_they_saw_it(text: str) -> None:
    seen = " ".join(clean(text).replace(BREAK, "").split())
    read = plain(escape(text)).replace(BREAK, "")
    assert " ".join(read.split()) == " ".join(plain(escape(seen)).replace(BREAK, "").split())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@U0BOT> how <@U2|bob> and <@U3>", "how @bob and @U3"),
        ("<@U0BOT>/threshold 0.65", "/threshold 0.65"),
        ("see <#C1|general> and <#C2|>", "see #general and #C2"),
        ("<!subteam^S1|@team> <!here> <!channel> <!everyone|everyone>", "@team @here @channel everyone"),
        ("<!date^1700000000^{date}|yesterday>", "yesterday"),
        ("<https://a.test/x|label> <https://a.test/?a=1&amp;b=2>", "label https://a.test/?a=1&b=2"),
        ("<mailto:a@b.test|a@b.test> <mailto:a@b.test>", "a@b.test a@b.test"),
        ("&lt;@U0BOT&gt; &amp;lt; 1 &lt; 2", "<@U0BOT> &lt; 1 < 2"),
        ("a  b\t c \n\n d", "a b c\n\nd"),
        (":smile: e\u0301", ":smile: é"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("lone \ud800 and \x00 bell \x07", "lone \ufffd and bell"),
        ("", ""),
    ],
)
def test_text_is_read_in_the_order_that_creates_no_false_markup(written: str, read: str) -> None:
    assert plain(written, own_users=frozenset({"U0BOT"})) == read


@given(hostile | st.text(st.characters()))
def test_reading_text_never_raises_and_leaves_storable_text(text: str) -> None:
    read = plain(text, own_users=frozenset({"U1"}), drop_first=True)
    read.encode()
    assert "\x00" not in read


def test_a_link_goes_where_it_says() -> None:
    assert link("https://shop.test/a?b=1&c=2", "Returns") == "<https://shop.test/a?b=1&amp;c=2|Returns>"
    assert link("https://evil.test/x", "https://bank.test") == "<https://evil.test/x|evil.test>"
    assert link("https://evil.test/x", "bank.test") == "<https://evil.test/x|evil.test>"
    assert link("https://shop.test/x", "") == "<https://shop.test/x|shop.test>"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://bank.test@evil.test/",
        "data:text/html,x",
        "//evil.test",
        "evil",
        "https://[",
        "",
    ],
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert link(url, "<label>") == "&lt;label&gt;"


@given(hostile, hostile)
def test_no_address_or_label_breaks_out_of_its_link(path: str, label: str) -> None:
    made = link(f"https://a.test/{path}", label)
    assert made.count("<") == made.count(">") == 1
    assert made.count("|") == 1
    assert rings(made.partition("|")[2]) == 0


@given(hostile | st.text(), st.integers(5, 200))
def test_cutting_keeps_within_the_limit_and_says_so(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert size(escape(shown)) <= limit
    assert shown == text or shown.endswith("…")
    assert text.startswith(shown.removesuffix("…"))


@given(hostile | st.text(), st.integers(1, 60), st.sampled_from([escape, link_addresses, str]))
def test_what_is_not_written_out_to_be_measured_could_not_be_longer(
    text: str, limit: int, written: Callable[[str], str]
) -> None:
    assert size(written(text)) <= MOST_GROWTH * size(text)
    assert is_longer(text, limit, written) == (size(written(text)) > limit)


@given(st.text(st.characters() | st.sampled_from("😀\ud800")))
def test_a_character_beyond_the_basic_plane_counts_as_two(text: str) -> None:
    assert size(text) == len(text) + sum(character > "\uffff" for character in text)


def test_cutting_takes_no_more_than_it_must() -> None:
    assert cut("&" * 10, 26) == "&" * 5 + "…"
    assert cut("short", 5) == "short"


addresses = st.builds(
    "https://{}.test/{}".format,
    st.text("abc-0", min_size=1, max_size=8).map(lambda host: f"a{host}b"),
    st.text("abcXYZ0123456789/=#&%_~*.,;:!?()'+$-", max_size=30).map(lambda path: f"{path}9"),
)
around = st.sampled_from(["", "see ", "请看", "(", "*", "<", "。", ", then ", "@here "])


@given(around, addresses, st.sampled_from(["", " now", "。", "）", ".", ", ok", ">", "\n"]))
def test_an_address_is_a_link_to_itself_character_by_character(before: str, address: str, after: str) -> None:
    written = link_addresses(before + address + after)
    assert [(unescape(url), label) for url, label in links(written)] == [(address, "")]
    assert rings(written) == 0


@given(hostile)
def test_a_text_with_its_addresses_linked_rings_nobody(text: str) -> None:
    written = link_addresses(text)
    assert rings(written) == 0
    assert all(url.startswith("https://") for url, _ in links(written))


@pytest.mark.parametrize(
    "command", ["ls *.csv", "rm -rf ~/old", "10*20*30", "_id", "x_y_z", "git commit --amend", "`"]
)
def test_a_command_stands_as_it_was_written(command: str) -> None:
    assert escape(command) == command


def test_a_name_before_the_host_makes_no_link() -> None:
    assert links(link_addresses("https://bank.test@evil.test/x")) == []
