"""The configuration says everything that is wrong with it, at once and by key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bot import config, config_file
from bot.platforms.registry import BOT
from bot.platforms.slack.adapter import ADAPTER
from bot.platforms.wecom.adapter import ADAPTER as WECOM


def load(tmp_path: Path, toml: str, **environment: str) -> config.Bot:
    path = tmp_path / "config.toml"
    path.write_text(toml, encoding="utf-8")
    return config_file.load(path, environment, BOT).bot


def test_the_defaults_work_without_a_file() -> None:
    bot = config_file.load(None, {}, BOT).bot
    assert (bot.listen, bot.database_url, bot.defaults.threshold) == (
        "127.0.0.1:8000",
        "sqlite:///data/bot.db",
        Decimal("0.40"),
    )
    assert not ADAPTER.section_of(bot).is_called


def test_the_environment_overrides_the_file_key_by_key(tmp_path: Path) -> None:
    bot = load(
        tmp_path,
        '[bot]\nnames = ["kb"]\n[bot.defaults]\nthreshold = 0.5\nlimit = 7\n',
        KBDIAL_BOT__DEFAULTS__LIMIT="9",
        KBDIAL_BOT__SLACK__SIGNING_SECRETS='["one-k7Qm2x", "two-k7Qm2x"]',
        KBDIAL_BOT__LISTEN="",
    )
    assert (bot.defaults.threshold, bot.defaults.limit, bot.names) == (Decimal("0.5"), 9, ("kb",))
    assert [secret.get_secret_value() for secret in ADAPTER.section_of(bot).signing_secrets] == [
        "one-k7Qm2x",
        "two-k7Qm2x",
    ]
    assert bot.listen == "127.0.0.1:8000"


def test_paths_in_the_file_are_relative_to_the_file_and_others_to_the_folder_here(tmp_path: Path) -> None:
    assert load(tmp_path, "[bot]\n").database_url == f"sqlite:///{tmp_path}/data/bot.db"
    assert load(tmp_path, '[bot]\ndata_dir = "state"\n').data_dir == tmp_path / "state"
    absolute = load(tmp_path, '[bot]\ndatabase_url = "sqlite:////var/lib/kbdial/bot.db"\n')
    assert absolute.database_url == "sqlite:////var/lib/kbdial/bot.db"
    from_environment = load(tmp_path, "[bot]\n", KBDIAL_BOT__DATABASE_URL="sqlite:///other.db")
    assert from_environment.database_url == "sqlite:///other.db"


def test_all_mistakes_are_told_at_once_by_key_and_secrets_are_not_shown(tmp_path: Path) -> None:
    toml = """
        [bot]
        listen = "everywhere"
        timezone = "Mars"
        typo = 1
        [bot.defaults]
        threshold = 65
        [bot.slack]
        bot_token = ["planted-secret"]
    """
    with pytest.raises(config_file.ConfigError) as told:
        load(tmp_path, toml, KBDIAL_BOT__DEFAULTS__LIMIT="many")
    text = str(told.value)
    assert text.splitlines()[0] == f"{tmp_path}/config.toml has 6 mistakes:"
    assert '[bot] listen: wanted HOST:PORT, for example "127.0.0.1:8000" (got "everywhere")' in text
    assert '[bot] timezone: "Mars" is no time zone' in text
    assert "[bot] typo is not a setting; see config.example.toml" in text
    assert '[bot.defaults] threshold: must be less than or equal to 1 (got "65")' in text
    assert "[bot.defaults] limit: " in text
    assert "[bot.slack] bot_token: " in text
    assert "planted-secret" not in text


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (b"[bot", "is not valid TOML"),
        ("[bot]\nnames = ['知识库']\n".encode("gb18030"), "is not valid TOML"),
        (b"bot = 3\n", "[bot]"),
        (
            b'[bot]\ndatabase_url = "mysql://x"\n',
            'wanted "sqlite:///PATH" or "postgresql+psycopg://…" (got "mysql")',
        ),
        (b'[bot]\ndatabase_url = "?"\n', 'wanted "sqlite:///PATH"'),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, toml: bytes, says: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(toml)
    with pytest.raises(config_file.ConfigError) as told:
        config_file.load(path, {}, BOT)
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("toml", "environment", "says"),
    [
        ("[other]\n", {}, "[other] is not a table; wanted [bot] or [engine]"),
        ("", {"KBDIAL_BTO__LISTEN": "x"}, "KBDIAL_BTO__LISTEN is not a setting; wanted KBDIAL_BOT__… or"),
        (
            "",
            {"KBDIAL_BOT__NAMES": "kbdial"},
            '[bot] names: the environment\'s value is not JSON, wanted for example ["a"] (got "kbdial")',
        ),
        (
            "",
            {"KBDIAL_BOT": "x"},
            '[bot]: the environment\'s value is not JSON, wanted for example {"key": "value"} (got "x")',
        ),
    ],
)
def test_what_is_misspelled_or_not_built_is_told(
    tmp_path: Path, toml: str, environment: dict[str, str], says: str
) -> None:
    with pytest.raises(config_file.ConfigError) as told:
        load(tmp_path, toml, **environment)
    assert says in str(told.value)


def test_what_is_no_json_in_the_environment_hides_no_other_mistake(tmp_path: Path) -> None:
    with pytest.raises(config_file.ConfigError) as told:
        load(
            tmp_path,
            "[bot]\ntypo = 1\n",
            KBDIAL_BOT__SLACK__SIGNING_SECRETS="planted-k7Qm2x",
            KBDIAL_BOT__DEFAULTS__LIMIT="many",
            KBDIAL_BTO__LISTEN="x",
        )
    text = str(told.value)
    assert text.splitlines()[0] == f"{tmp_path}/config.toml has 4 mistakes:"
    assert "[bot.slack] signing_secrets: the environment's value is not JSON" in text
    assert "[bot.defaults] limit: " in text
    assert "[bot] typo is not a setting" in text
    assert "KBDIAL_BTO__LISTEN is not a setting" in text
    assert "planted-k7Qm2x" not in text


def test_tables_and_lists_within_tables_of_free_names_may_come_from_the_environment(tmp_path: Path) -> None:
    bot = load(
        tmp_path,
        '[bot.wecom.robot.support]\nbot_id = "b1"\nsecret = "k7Qm2x-of-support"\n',
        KBDIAL_BOT__WECOM__ROBOT__SUPPORT__RESPONSE_HOSTS='["https://wecom.example.com"]',
        KBDIAL_BOT__WECOM__ROBOT__DESK='{"bot_id": "b2", "secret": "k7Qm2x-of-the-desk"}',
        KBDIAL_BOT__STRATEGY__CONTRACTS='{"threshold": 0.8}',
        KBDIAL_BOT__STRATEGY__CONTRACTS__LIMIT="3",
        KBDIAL_BOT__CONSOLE__PEOPLE__ANNA="slack:T1:U1",
    )
    robots = WECOM.section_of(bot).robot
    assert robots["support"].bot_id == "b1"
    assert robots["support"].response_hosts == ("https://wecom.example.com",)
    assert robots["desk"].bot_id == "b2"
    contracts = bot.strategy["contracts"]
    assert (contracts.threshold, contracts.limit) == (Decimal("0.8"), 3)
    assert bot.console.people == {"anna": "slack:T1:U1"}


@pytest.mark.parametrize(
    ("toml", "environment"),
    [
        ('[bot]\nslack = "planted-k7Qm2x"\n', {}),
        ('[bot.wecom.robot]\nsupport = "planted-k7Qm2x"\n', {}),
        ('[bot]\nstrategy = "planted-k7Qm2x"\n', {}),
        ("", {"KBDIAL_BOT__WECOM__ROBOT__SUPPORT": '{"token": "planted-k7Qm2x"'}),
        ("", {"KBDIAL_BOT__WECOM__ROBOT__SUPPORT": '"planted-k7Qm2x"'}),
        ("", {"KBDIAL_BOT__WECOM": '{"robot": "planted-k7Qm2x"}'}),
        ("", {"KBDIAL_BOT": '{"slack": "planted-k7Qm2x"}'}),
    ],
)
def test_what_stands_where_a_table_belongs_is_not_shown(
    tmp_path: Path, toml: str, environment: dict[str, str]
) -> None:
    with pytest.raises(config_file.ConfigError) as told:
        load(tmp_path, toml, **environment)
    assert "has 1 mistake:" in str(told.value)
    assert "planted-k7Qm2x" not in str(told.value)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[bot.slak]", '[bot.slak] is not a setting (perhaps "slack"); see'),
        (
            '[bot.slack]\nsigning_secret = "x"',
            'signing_secret is not a setting (perhaps "signing_secrets")',
        ),
        (
            "[bot.strategy.contracts]\nreview_high = 0.9",
            "[bot.strategy.contracts]: review_high and",
        ),
        (
            "[bot.strategy.Mine]",
            '[bot.strategy.Mine]: wanted a name such as "support-2"',
        ),
        (
            "[bot]\nquestions_per_minute = 5",
            "questions_per_minute: must be a table of keys and values",
        ),
        (
            '[bot]\npublic_url = "kb.example.com"',
            'public_url: wanted a whole address such as "https',
        ),
        (
            '[bot.slack]\ncommand_prefix = "KB "',
            "command_prefix: wanted the form that config",
        ),
    ],
)
def test_what_people_get_wrong_is_told_in_their_words(tmp_path: Path, toml: str, says: str) -> None:
    with pytest.raises(config_file.ConfigError) as told:
        load(tmp_path, toml)
    assert says in str(told.value)


def test_a_value_that_should_be_a_list_is_told_without_a_word_of_python(tmp_path: Path) -> None:
    with pytest.raises(config_file.ConfigError) as told:
        load(tmp_path, '[bot]\nnames = "kbdial"\n')
    assert '[bot] names: must be a list, for example ["a", "b"] (got "kbdial")' in str(told.value)


def test_the_secrets_of_a_list_are_not_shown_either(tmp_path: Path) -> None:
    with pytest.raises(config_file.ConfigError) as told:
        load(tmp_path, "[bot.slack]\nsigning_secrets = [99887766]\n")
    assert "signing_secrets" in str(told.value)
    assert "99887766" not in str(told.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(config_file.ConfigError, match=r"nothere\.toml cannot be read: No such file"):
        config_file.load(tmp_path / "nothere.toml", {}, BOT)


def test_the_file_is_the_named_one_else_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_file.find(None, {}) is None
    (tmp_path / "config.toml").touch()
    assert config_file.find(None, {}) == Path("config.toml")
    assert config_file.find(None, {"KBDIAL_CONFIG": "a.toml"}) == Path("a.toml")
    assert config_file.find("b.toml", {"KBDIAL_CONFIG": "a.toml"}) == Path("b.toml")
