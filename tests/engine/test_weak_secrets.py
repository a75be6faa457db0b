"""What is told in tests/bot/test_weak_secrets.py of the rule itself holds for the engine's keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import config_file

KEYS = {
    "[engine] token": "[engine]\ntoken = {0}",
    "[engine.model] remote_token": "[engine.model]\nremote_token = {0}",
}


@pytest.mark.parametrize(("key", "table"), KEYS.items())
@pytest.mark.parametrize("given", [" ", "changeme", "Bearer <token>", "s3cr", "zzzzzzzzzzzz"])
def test_the_engine_starts_with_no_weak_secret_and_names_the_key(
    tmp_path: Path, key: str, table: str, given: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(table.format(f'"{given}"'), encoding="utf-8")
    with pytest.raises(config_file.ConfigError) as told:
        config_file.load(path, {})
    assert f"\n  {key}: " in str(told.value)
    assert not given.strip() or given not in str(told.value)


def test_what_the_environment_brings_is_looked_at_too() -> None:
    with pytest.raises(config_file.ConfigError, match=r"\[engine\] token: blank"):
        config_file.load(None, {"KBDIAL_ENGINE__TOKEN": " "})
