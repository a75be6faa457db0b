from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import config, config_file
from engine.__main__ import main
from engine.config_file import ConfigError
from engine.domain import SourceSpec


def loaded(folder: Path, text: str, environment: dict[str, str] | None = None) -> config.Engine:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return config_file.load(path, environment or {})


def mistakes(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loaded(folder, text, environment)
    return str(refused.value).splitlines()


def test_the_defaults_are_the_two_samples() -> None:
    settings = config_file.load(None, {})
    assert [(each.name, each.source, each.refresh, each.threshold) for each in settings.knowledge_base] == [
        ("default", ("engine/samples/fruit.txt",), "*/30 * * * *", 0.40),
        ("shop", ("engine/samples/shop.jsonl",), "every 15m", 0.60),
    ]
    assert (settings.listen, settings.data_dir) == ("127.0.0.1:8100", Path("data/engine"))


def test_the_samples_are_found_from_any_folder(tmp_path: Path) -> None:
    base = config.KnowledgeBase(name="x", source=("engine/samples/fruit.txt", "mine.txt"), base=tmp_path)
    sample, mine = base.sources
    assert (sample.base / sample.path).is_file()
    assert mine.base == tmp_path


def test_a_sample_of_ones_own_goes_first(tmp_path: Path) -> None:
    own = tmp_path / "engine" / "samples" / "fruit.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    base = config.KnowledgeBase(name="x", source=("engine/samples/fruit.txt",), base=tmp_path)
    assert base.sources == (SourceSpec(path="engine/samples/fruit.txt", base=tmp_path),)


def test_paths_in_the_file_start_from_the_file(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        [engine]
        data_dir = "store"
        [engine.model]
        name = "./model"
        [[engine.knowledge_base]]
        name = "faq"
        source = ["a.txt", "b/*.csv"]
        """,
    )
    assert settings.data_dir == tmp_path / "store"
    assert settings.model.name == str(tmp_path / "model")
    assert [(each.path, each.base) for each in settings.knowledge_base[0].sources] == [
        ("a.txt", tmp_path),
        ("b/*.csv", tmp_path),
    ]


def test_the_environment_wins_and_starts_from_here(tmp_path: Path) -> None:
    environment = {
        "KBDIAL_ENGINE__DATA_DIR": "elsewhere",
        "KBDIAL_ENGINE__TOKEN": "t0ken-k7Qm",
        "KBDIAL_ENGINE__MODEL__DIMENSION": "64",
        "KBDIAL_ENGINE__KNOWLEDGE_BASE": json.dumps([{"name": "faq", "source": "a.txt"}]),
    }
    settings = loaded(tmp_path, '[engine]\ndata_dir = "store"\n', environment)
    assert settings.data_dir == Path("elsewhere")
    assert settings.token.get_secret_value() == "t0ken-k7Qm"
    assert settings.model.dimension == 64
    assert settings.knowledge_base[0].sources == (SourceSpec(path="a.txt", base=Path()),)
    assert "t0ken-k7Qm" not in repr(settings)


def test_the_bots_part_is_passed_over(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[bot]\nnonsense = 1\n") == loaded(tmp_path, "")


def test_all_mistakes_are_told_at_once_by_key(tmp_path: Path) -> None:
    text = """
        [engine]
        listen = "8100"
        data_directory = "x"
        timezone = "Mars/Base"
        [engine.model]
        device = "gpu"
        remote_url = "http://user:pass@x.test"
        [[engine.knowledge_base]]
        name = "two words"
        refresh = "sometimes"
        threshold = 1.5
        scoring = "sum"
    """
    first, *rest = mistakes(tmp_path, text)
    assert first.endswith("config.toml has 9 mistakes:")
    keys = [
        "listen",
        "data_directory",
        "timezone",
        "device",
        "remote_url",
        "name",
        "refresh",
        "threshold",
        "scoring",
    ]
    for key in keys:
        assert any(f"] {key}" in line for line in rest), key
    assert not any("pass" in line for line in rest)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[engine]\nknowledge_base = []\n", "at least one knowledge base"),
        ('[[engine.knowledge_base]]\nname="a"\n[[engine.knowledge_base]]\nname="a"\n', 'are called "a"'),
        ("[engine]\nmodel = 3\n", "[engine] model"),
        ("[[engine.knowledge_base]]\n", "[engine.knowledge_base, number 1] name is missing"),
        (
            '[engine.model]\ndevice = "gpu"\n',
            'device: wanted "auto", "cpu", "cuda", "cuda:1" for',
        ),
        ('[engine.index]\nkind = "faiss"\n', '[engine.index]: there is no index "faiss", only "local"'),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, text: str, says: str) -> None:
    assert says in "\n".join(mistakes(tmp_path, text))


@pytest.mark.parametrize("content", [b"[engine", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.toml is not valid TOML"):
        config_file.load(path, {})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        config_file.load(tmp_path / "no.toml", {})


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (
            {"KBDIAL_ENGINE__KNOWLEDGE_BASE": "[{", "KBDIAL_ENGINE__MODEL__DEVICE": "gpu"},
            '[engine] knowledge_base: the environment\'s value is not JSON, wanted for example ["a"]',
        ),
        (
            {"KBDIAL_ENGINE__KNOWLEDGE_BASE": "[{", "KBDIAL_ENGINE__MODEL__DEVICE": "gpu"},
            "[engine.model] device: ",
        ),
        (
            {"KBDIAL_ENGINE__HOSTS": "kb.test"},
            '[engine] hosts: the environment\'s value is not JSON, wanted for example ["a"]',
        ),
        ({"KBDIAL_ENGIEN__TOKEN": "x"}, "KBDIAL_ENGIEN__TOKEN is not a setting; wanted KBDIAL_BOT__… or"),
    ],
)
def test_what_is_broken_or_misspelled_in_the_environment_is_told(
    environment: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigError) as told:
        config_file.load(None, environment)
    assert says in str(told.value)


def test_a_misspelled_table_is_told(tmp_path: Path) -> None:
    assert "  [enigne] is not a table; wanted [bot] or [engine]" in mistakes(tmp_path, "[enigne]\n")


@pytest.mark.parametrize(
    "table",
    [
        "[engine]\ntoken = {}",
        "[engine.model]\nremote_token = {}",
        '[engine.index]\nkind = "qdrant"\nurl = "http://127.0.0.1:6333"\napi_key = {}',
        '[engine.index]\nkind = "pgvector"\nurl = {}',
    ],
)
def test_a_secret_that_is_refused_is_not_shown(tmp_path: Path, table: str) -> None:
    told = mistakes(tmp_path, table.format('"changeme"'))
    assert "changeme" not in "\n".join(told)
    assert len(told) >= 2


def test_secrets_in_what_is_no_json_are_not_shown() -> None:
    """REL: an address with its password, or a whole table, by mistake without the quotes."""
    for name in ("KNOWLEDGE_BASE", "MODEL", "HOSTS"):
        for value in ("https://user:k7Qm2x@kb.test/faq.csv", '{remote_token: "k7Qm2x"}'):
            with pytest.raises(ConfigError) as told:
                config_file.load(None, {f"KBDIAL_ENGINE__{name}": value})
            assert "k7Qm2x" not in str(told.value)


def test_the_file_is_the_one_named_else_the_environments() -> None:
    environment = {"KBDIAL_CONFIG": "env.toml"}
    assert config_file.find("own.toml", environment) == Path("own.toml")
    assert config_file.find(None, environment) == Path("env.toml")


values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.sampled_from(
        [
            "LISTEN",
            "DATA_DIR",
            "TOKEN",
            "TIMEZONE",
            "WEB_THREADS",
            "MODEL",
            "MODEL__DIMENSION",
            "KNOWLEDGE_BASE",
        ]
    ),
    values,
)
def test_any_value_of_the_environment_is_read_or_refused(key: str, value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    with suppress(ConfigError):
        config_file.load(None, {f"KBDIAL_ENGINE__{key}": text})


def test_what_the_log_must_not_show_is_known() -> None:
    environment = {"KBDIAL_ENGINE__TOKEN": "t0ken-k7Qm", "KBDIAL_ENGINE__MODEL__REMOTE_TOKEN": "s3cret-k7Qm"}
    assert set(config_file.load(None, environment).secrets) == {"t0ken-k7Qm", "s3cret-k7Qm"}


def test_a_knowledge_base_outside_the_engines_part_is_told_where_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[[knowledge_base]]\nname = "faq"\n', encoding="utf-8")
    with pytest.raises(config_file.ConfigError, match=r"written \[\[engine.knowledge_base\]\]"):
        config_file.load(path, {})


@pytest.mark.parametrize("behind", [False, True])
def test_the_configuration_is_named_before_or_behind_the_command(tmp_path: Path, behind: bool) -> None:
    path = tmp_path / "none.toml"
    named = ["--config", str(path)]
    assert main(["check", *named] if behind else [*named, "check"], {}) == 2


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('role = "follower"\ntoken = "k7Qm-2Vx9-of-it"', "needs follow"),
        ('role = "follower"\nfollow = "http://10.0.0.5:8100"', "needs the token"),
        ('follow = "http://10.0.0.5:8100"', 'is for role = "follower" alone'),
        ('follow = "10.0.0.5:8100"', "wanted the address of another engine"),
        ('follow = "http://user:hush@10.0.0.5:8100"', "wanted the address of another engine"),
        (
            (
                'role = "follower"\nfollow = "http://10.0.0.5:8100"\ntoken = "k7Qm-2Vx9-of-it"\n'
                '[engine.index]\nkind = "qdrant"\nurl = "http://10.0.0.7:6333"\n'
                '[[engine.knowledge_base]]\nname = "default"\nscoring = "cosine"'
            ),
            "a follower searches what it has fetched",
        ),
        ("poll = 0", "greater than or equal to"),
    ],
)
def test_a_follower_needs_to_know_whom_it_follows(keys: str, says: str, tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, f"[engine]\n{keys}\n")[1:]
    assert says in mistake
    assert "hush" not in mistake
