from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config
from bot.config_file import ConfigError, load
from bot.platforms.registry import BOT
from bot.platforms.wecom.adapter import ADAPTER
from bot.platforms.wecom.config import Wecom

KEY = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0"


def loaded(tmp_path: Path, toml: str, **environment: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(toml, encoding="utf-8")
    return load(path, environment, BOT)


def mistakes(tmp_path: Path, toml: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, toml)
    return str(raised.value).splitlines()[1:]


def test_without_tables_nothing_of_wecom_is_used() -> None:
    assert dict(Wecom().robot) == {}


def test_a_robot_is_called_back_or_connected_by_what_it_is_given(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        f"""
        [bot.wecom.robot.support]
        bot_id = "AIBOT"
        token = "T1k7Qm2xRz"
        encoding_aes_key = "{KEY}"
        [bot.wecom.robot.night]
        bot_id = "AIBOT2"
        secret = "S1k7Qm2xRz"
        [bot.wecom.robot.unused]
        bot_id = ""
        token = ""
        """,
    )
    robots = ADAPTER.section_of(config.bot).robot
    assert {name: (one.is_called_back, one.is_connected) for name, one in robots.items()} == {
        "support": (True, False),
        "night": (False, True),
        "unused": (False, False),
    }
    assert robots["support"].response_hosts == ("https://qyapi.weixin.qq.com",)
    assert KEY not in repr(config)


def test_the_environment_overrides_one_key_of_one_robot(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        '[bot.wecom.robot.night]\nbot_id = "AIBOT2"\nsecret = "old-k7Qm2x"',
        KBDIAL_BOT__WECOM__ROBOT__NIGHT__SECRET="new-k7Qm2x",
    )
    assert ADAPTER.section_of(config.bot).robot["night"].secret.get_secret_value() == "new-k7Qm2x"


def test_all_mistakes_of_all_tables_are_told_at_once(tmp_path: Path) -> None:
    assert mistakes(
        tmp_path,
        f"""
        [bot.wecom.robot.a]
        bot_id = "AIBOT"
        token = "T1k7Qm2xRz"
        freshness_seconds = 0
        [bot.wecom.robot.b]
        bot_id = "AIBOT"
        token = "T1k7Qm2xRz"
        encoding_aes_key = "{KEY}0"
        [bot.wecom.robot.c]
        secret = "S1k7Qm2xRz"
        [bot.wecom.robot.d]
        bot_id = "AIBOT"
        token = "T1k7Qm2xRz"
        encoding_aes_key = "{KEY}"
        secret = "S1k7Qm2xRz"
        [bot.wecom.robot.e]
        bot_id = "AIBOT"
        [bot.wecom.robot."f f"]
        [bot.wecom.app.g]
        corp_id = "ww1"
        agent_id = 0
        secret = "S1k7Qm2xRz"
        tokn = "T"
        """,
    ) == [
        '  [bot.wecom.robot.a] freshness_seconds: must be greater than or equal to 1 (got "0")',
        "  [bot.wecom.robot.a] encoding_aes_key is missing",
        (
            "  [bot.wecom.robot.b] encoding_aes_key: wanted the 43 letters and digits that the admin page "
            "shows (got 44 characters)"
        ),
        "  [bot.wecom.robot.c] bot_id is missing",
        (
            "  [bot.wecom.robot.d] secret: a bot is called back (token, encoding_aes_key) or connected "
            "(secret), not both"
        ),
        (
            "  [bot.wecom.robot.e] token: is missing, and so is encoding_aes_key; "
            "a long connection has a secret instead"
        ),
        '  [bot.wecom.robot.f f]: wanted a name such as "support-2", of small letters, digits, "-" and "_"',
        (
            '  [bot.wecom.app.g] tokn is not a setting (perhaps "token"); '
            "see config.example.toml for those there are"
        ),
        "  [bot.wecom.app.g] agent_id is missing",
        "  [bot.wecom.app.g] token is missing",
        "  [bot.wecom.app.g] encoding_aes_key is missing",
    ]


def test_no_secret_is_shown_with_its_mistake(tmp_path: Path) -> None:
    assert "GU3SSGU3SS" not in "".join(
        mistakes(
            tmp_path,
            '[bot.wecom.robot.a]\ntoken = "GU3SSGU3SS"\n'
            '[bot.wecom.robot.b]\nbot_id = "B"\ntoken = "k7Qm2xRz"\n'
            'encoding_aes_key = "GU3SSGU3SS"',
        )
    )
