from __future__ import annotations

import pytest

from bot.web.bodies import MOST_FIELDS, Unacceptable, read_form, read_object


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"1", b"{", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unacceptable):
        read_object(body)


def test_a_form_has_each_field_once_but_for_those_that_may_repeat() -> None:
    assert read_form(b"text=a+b&user=%E6%9D%8E&empty=") == {"text": "a b", "user": "李", "empty": ""}
    assert read_form(b"text=a&who=x&who=y", once={"text"}) == {"text": "a", "who": "y"}


@pytest.mark.parametrize(
    "body",
    [b"text=a&text=a", b"text", b"text=\xff", b"&".join(b"f%d=1" % at for at in range(MOST_FIELDS + 1))],
)
def test_a_form_that_may_be_read_in_two_ways_or_not_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(Unacceptable):
        read_form(body)
    with pytest.raises(Unacceptable):
        read_form(body, once={"text"})
