"""Secrets that are none: blank ones, placeholders of examples, very short ones, rows of one character.

Whoever guesses a secret forges what it signs, so a program does not start with one of these. Refused is
only what cannot be a secret: nothing here knows that a longer one is a good one. Bot and engine share no
code: each has this file, and a test compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, SecretStr

# Some tokens are chosen by people, and one in a platform's own documents has six characters; what platforms
# make themselves is at least four times as long.
SHORTEST = 6
# "abababababab" is long, and no secret.
FEWEST_DIFFERENT = 5

_MARKED = re.compile(r"[<\[{%].*[>\]}%]|\$\{?[a-z0-9_]+\}?")
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")

# What examples are made of. A text that is nothing but these words, however joined, is a placeholder.
_WORDS = """
a admin aes an and any api app as auth bar baz bearer bot by change changed changeme changeit code
copied copy corp default demo dummy empty encoding engine enter example fill fixme foo for from goes
here hidden in insert is it kbdial key keys letmein me must my nil none not null of our page pass
passphrase passw0rd passwd password paste placeholder please private put qwerty qwertyuiop real
replace replaced robot root same sample secret secrets secure set signing some string super tbd text
that the this to todo token tokens undefined unset value welcome will with word xxx you your yours
abc abcd abcde abcdef abcdefg abcdefgh abcdefghijklmnopqrstuvwxyz 123 1234 12345 123456 1234567
12345678 123456789 1234567890
mattermost slack wecom xapp xoxb xoxp
你 的 我 您 请 在 此 处 里 这里 填 写 入 替 换 成 为 改 修改 输入 粘贴 密钥 密码 令牌 口令 示例
例子 占位符 待 定
"""
# "test" is none of these words: what was made for tests may be random for the rest.
# Of digits and letters in their order only the best known are: published test vectors are signed with others.
_WHOLE = """
test testtest testing123 testtoken testkey testsecret testpassword testsigningsecret
0123456789 0123456789abcdef abcdefghijklmnopqrstuvwxyz0123456789
"""
_WANTED = "wanted the one that its owner shows (the engine's is yours to make: openssl rand -hex 24)"


def find_weakness(secret: str) -> str | None:
    """The weakness of a secret, in words that repeat nothing of it; None: nothing seen."""
    text = unicodedata.normalize("NFKC", secret).casefold()
    visible = "".join(one for one in text if unicodedata.category(one)[0] not in "CZ")
    letters = _NO_LETTER_OR_DIGIT.sub("", visible)
    if not visible:
        return f"blank, {_WANTED}"
    if (
        _MARKED.fullmatch(visible)
        or "..." in visible
        or letters in _WHOLE.split()
        or _is_made_of_words(letters)
    ):
        return f"a placeholder, {_WANTED}"
    if len(visible) < SHORTEST:
        return f"fewer than {SHORTEST} characters, {_WANTED}"
    if len(set(visible)) < FEWEST_DIFFERENT:
        return f"fewer than {FEWEST_DIFFERENT} different characters, {_WANTED}"
    return None


def _is_made_of_words(letters: str) -> bool:
    """Whether words, one after the other, give the whole text; in steps of its length."""
    words = _WORDS.split()
    ends = {0}
    for start in range(len(letters)):
        if start in ends:
            ends.update(start + len(word) for word in words if letters.startswith(word, start))
    return bool(letters) and len(letters) in ends


def _refuse_weak(secret: SecretStr) -> SecretStr:
    weakness = find_weakness(secret.get_secret_value())
    if weakness:
        raise ValueError(weakness)
    return secret


def _refuse_weak_or_leave_out(secret: SecretStr) -> SecretStr:
    return _refuse_weak(secret) if secret.get_secret_value() else secret


Secret = Annotated[SecretStr, AfterValidator(_refuse_weak)]
"""A secret that is there."""
OptionalSecret = Annotated[SecretStr, AfterValidator(_refuse_weak_or_leave_out)]
"""A secret, or "" where there is none."""
