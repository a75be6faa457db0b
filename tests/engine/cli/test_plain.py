from __future__ import annotations

import pytest

from engine.cli.plain import plain


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\u202eb\u200f", "a\\u202eb\\u200f"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ("退货 👩\u200d💻", "退货 👩\u200d💻"),
        ("back\rover", "back\\rover"),
    ],
)
def test_no_text_steers_the_terminal(foreign: str, shown: str) -> None:
    assert plain(foreign) == shown
