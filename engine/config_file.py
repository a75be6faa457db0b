"""Reads the engine's settings: one TOML file, overridden by the environment that is handed in."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from engine.config import Engine


class ConfigError(Exception):
    """Every mistake of a configuration at once, as text for the operator."""


class Config(BaseSettings):
    """The whole file, as the engine sees it."""

    model_config = SettingsConfigDict(
        env_prefix="KBDIAL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        nested_model_default_partial_update=True,
    )

    engine: Engine = Engine()


def find(given: str | None, environment: Mapping[str, str]) -> Path | None:
    """The configuration file to use: the one named, else KBDIAL_CONFIG's, else ./config.toml, else none."""
    named = given or environment.get("KBDIAL_CONFIG")
    if named:
        return Path(named)
    here = Path("config.toml")
    return here if here.exists() else None


def load(path: Path | None, environment: Mapping[str, str]) -> Engine:
    """Read the file (None: the defaults) under the environment's overrides.

    Paths in the file are relative to the file, all others to the current folder.

    Raises:
        ConfigError: naming every mistake by its key.
    """
    from_file = _read_file(path)
    if "knowledge_base" in from_file:
        raise ConfigError(f"{path} has 1 mistake:\n  [[knowledge_base]] is written [[engine.knowledge_base]]")
    base = path.parent if path else Path()

    class _Loaded(Config):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _Environment(settings_cls, environment), _File(settings_cls, _from_folder(from_file, base))

    try:
        return _Loaded().engine
    except ValidationError as mistakes:
        raise ConfigError(_describe(mistakes, path)) from None
    except SettingsError:
        raise ConfigError(_describe_environment(environment)) from None


class _Environment(EnvSettingsSource):
    """The environment as it was passed in, not as the process has it."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        self._environment = {name.lower(): value for name, value in environment.items() if value != ""}
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._environment


class _File(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], content: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._content = content

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base class's signature
        return self._content.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {"engine": self._content["engine"]} if "engine" in self._content else {}


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as unreadable:
        raise ConfigError(f"{path} cannot be read: {unreadable.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError(f"{path} is not valid TOML: {broken}") from None


def _from_folder(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The content with its relative paths taken from `folder`."""
    engine = content.get("engine")
    if not isinstance(engine, dict):
        return content
    moved = dict(engine)
    data_dir = engine.get("data_dir", "data/engine")
    moved["data_dir"] = str(folder / data_dir) if isinstance(data_dir, str) else data_dir
    bases = engine.get("knowledge_base")
    if isinstance(bases, list):
        moved["knowledge_base"] = [
            {**each, "base": str(folder)} if isinstance(each, dict) else each for each in bases
        ]
    model = engine.get("model")
    if isinstance(model, dict) and isinstance(model.get("name"), str) and model["name"].startswith("."):
        moved["model"] = {**model, "name": str(folder / model["name"])}
    return {**content, "engine": moved}


def _describe(mistakes: ValidationError, path: Path | None) -> str:
    lines = [_line(mistake) for mistake in mistakes.errors()]
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    return "\n  ".join([f"{path or 'the environment'} has {count}:", *lines])


def _describe_environment(environment: Mapping[str, str]) -> str:
    """Which values should have been JSON; pydantic-settings stops at the first and does not name it."""
    tables = ("ENGINE", "MODEL", "KNOWLEDGE_BASE")
    wrong = [
        f"{name}: wanted JSON"
        for name, value in environment.items()
        if name.upper().startswith("KBDIAL_ENGINE") and name.upper().endswith(tables) and not _is_json(value)
    ]
    return "\n  ".join(["the environment has mistakes:", *wrong])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line(mistake: Any) -> str:
    *tables, key = [str(part) for part in mistake["loc"]] or ["?"]
    where = f"[{'.'.join(tables)}] {key}" if tables else f"[{key}]"
    if mistake["type"] == "extra_forbidden":
        return f"{where} is not a setting; see config.example.toml for those there are"
    if mistake["type"] == "missing":
        return f"{where} is missing"
    says = mistake["msg"].removeprefix("Value error, ")
    given = mistake["input"]
    may_show = "token" not in key and "url" not in key and "source" not in (key, *tables)
    if may_show and isinstance(given, str | int | float) and "got " not in says:
        return f'{where}: {says} (got "{given}")'
    return f"{where}: {says}"
