"""A secret that anybody could guess is refused at start, by its key and without a word of it."""

from __future__ import annotations

import secrets
import string
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from bot import config_file
from bot.platforms.registry import BOT
from bot.weak_secrets import find_weakness
from engine import config as engine_config

BLANK = [" ", "\t\n", "\u3000", "\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b", "\ufeff \u2060"]
_PLACEHOLDERS = """
… xoxb-… ... xoxb-... xoxb-xxx-xxx-xxx xxx xxxxxxxxxxxxxxxx changeme CHANGE_ME
change-me-please Changeme123 ChangeIt! replace-me REPLACE_WITH_YOUR_SECRET
replace_this_secret your-secret your_signing_secret YOUR-SIGNING-SECRET-HERE
<your-token> <signing-secret> <43> [secret] {{token}} ${SLACK_SIGNING_SECRET}
$ENGINE_TOKEN %TOKEN% my-engine-token secret secret123 mysecret supersecret
super-secret-key signing-secret signing_secret bot-token xoxb-your-token xoxb-
your-bot-token paste-here insert_token_here todo TODO-secret tbd none null
undefined example example-token sample-secret dummy placeholder default default-
secret password password123 Passw0rd! admin qwerty letmein foo foobar foobarbaz
test test-token test_secret testsecret kbdial kbdial-secret kbdial_engine_token
slack-secret wecom-token wecom.secret 12345678 1234567890 abcdefgh abc123 你的密钥
请填写 请填写密钥 在此填入令牌 换成你的密码 占位符 示例 ｃｈａｎｇｅｍｅ app-secret encoding_aes_key
EncodingAESKey same-as-the-engine the-engine-token from-the-slack-app-page not-
set copy-from-slack abcdefghijklmnopqrstuvwxyz
abcdefghijklmnopqrstuvwxyz0123456789 0123456789 0123456789abcdef
"""
PLACEHOLDERS = _PLACEHOLDERS.split()
SHORT = ["q", "s3", "t0ken", "8f742", "密钥一二三"]
NOT_VARIED = ["0" * 32, "-" * 16, "abababababab", "11112222333344", "*" * 43, "•" * 12, "1212121212121212"]

STRONG = [
    "8f742231b10e8888abcd99yyyzzz85a5",
    "KbBotTestToken2026",
    "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0",
    "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "correct horse battery staple",
    "Tr0ub4dor&3",
    "八个汉字也算秘密的",
    "k7Qm2xRz",
    "QDG6eK",
    "0123456789abcdef" * 2,
]

BOT_KEYS = {
    "[bot] engine_token": "[bot]\nengine_token = {0}",
    "[bot.slack] signing_secrets, number 2": '[bot.slack]\nsigning_secrets = ["k7Qm2xRz", {0}]',
    "[bot.slack] bot_token": "[bot.slack]\nbot_token = {0}",
    "[bot.wecom.robot.desk] token": '[bot.wecom.robot.desk]\nbot_id = "B"\ntoken = {0}',
    "[bot.wecom.robot.desk] encoding_aes_key": '[bot.wecom.robot.desk]\nbot_id = "B"\nencoding_aes_key = {0}',
    "[bot.wecom.robot.desk] secret": '[bot.wecom.robot.desk]\nbot_id = "B"\nsecret = {0}',
    "[bot.wecom.app.desk] secret": "[bot.wecom.app.desk]\nsecret = {0}",
    "[bot.wecom.app.desk] token": "[bot.wecom.app.desk]\ntoken = {0}",
    "[bot.wecom.app.desk] encoding_aes_key": "[bot.wecom.app.desk]\nencoding_aes_key = {0}",
}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        *[(one, "blank, ") for one in BLANK],
        *[(one, "a placeholder, ") for one in PLACEHOLDERS if set(one) != {"x"}],
        *[(one, "fewer than 6 characters, ") for one in SHORT],
        *[(one, "fewer than 5 different characters, ") for one in NOT_VARIED],
    ],
)
def test_what_is_no_secret_is_told_from_one(given: str, says: str) -> None:
    weakness = find_weakness(given)
    assert weakness
    assert weakness.startswith(says)
    assert "wanted the one that its owner shows" in weakness


@pytest.mark.parametrize("given", PLACEHOLDERS)
def test_no_placeholder_is_taken_for_a_secret(given: str) -> None:
    assert find_weakness(given)


@pytest.mark.parametrize("given", STRONG)
def test_a_secret_is_taken(given: str) -> None:
    assert find_weakness(given) is None


def test_secrets_by_chance_are_taken() -> None:
    letters = string.ascii_letters + string.digits
    for _ in range(2000):
        for length in (12, 24, 43):
            made = "".join(secrets.choice(letters) for _ in range(length))
            assert find_weakness(made) is None, made
        assert find_weakness(secrets.token_hex(16)) is None


@pytest.mark.parametrize(("key", "table"), BOT_KEYS.items())
@pytest.mark.parametrize("given", [" ", "changeme", "xoxb-…", "s3cr", "{secret}", "zzzzzzzzzzzz"])
def test_the_bot_starts_with_no_weak_secret_and_names_the_key(
    tmp_path: Path, key: str, table: str, given: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(table.format(f'"{given}"'), encoding="utf-8")
    with pytest.raises(config_file.ConfigError) as told:
        config_file.load(path, {}, BOT)
    lines = [line for line in str(told.value).splitlines() if line.startswith(f"  {key}: ")]
    assert len(lines) == 1
    assert "wanted the one that its owner shows" in lines[0]
    assert not given.strip() or given not in str(told.value)


def test_what_the_environment_brings_is_looked_at_too() -> None:
    with pytest.raises(config_file.ConfigError, match=r"\[bot\] engine_token: a placeholder"):
        config_file.load(None, {"KBDIAL_BOT__ENGINE_TOKEN": "changeme"}, BOT)
    with pytest.raises(config_file.ConfigError, match=r"\[bot\.slack\] signing_secrets, number 1: blank"):
        config_file.load(None, {"KBDIAL_BOT__SLACK__SIGNING_SECRETS": '[""]'}, BOT)


@pytest.mark.parametrize("model", [BOT, engine_config.Engine])
def test_no_key_that_is_a_secret_goes_without_being_looked_at(model: type[BaseModel]) -> None:
    looked_at, plain = _secret_keys(model)
    assert looked_at
    assert plain <= {"url"}  # of a WeCom webhook: an address with its own check


def _secret_keys(model: type[BaseModel]) -> tuple[set[str], set[str]]:
    """The keys of secrets beneath `model` that are looked at, and those that are not."""
    looked_at: set[str] = set()
    plain: set[str] = set()
    for name, field in model.model_fields.items():
        shown = f"{field.annotation} {field.metadata}"
        if "SecretStr" in shown:
            (looked_at if "refuse_weak" in shown else plain).add(name)
        for inner in _models_in(field.annotation):
            seen, unseen = _secret_keys(inner)
            looked_at |= seen
            plain |= unseen
    return looked_at, plain


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def test_a_secret_that_is_not_given_is_no_weak_one() -> None:
    bot = config_file.load(None, {"KBDIAL_BOT__ENGINE_TOKEN": ""}, BOT).bot
    assert bot.engine_token == SecretStr("")
