"""Reads the bot's settings: one TOML file, overridden by the environment that is handed in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bot.config import Bot, Config

_PROGRAMS = ("bot", "engine")


class ConfigError(Exception):
    """Every mistake of a configuration at once, as text for the operator."""


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="KBDIAL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        nested_model_default_partial_update=True,
    )

    bot: Bot


def find(given: str | None, environment: Mapping[str, str]) -> Path | None:
    """The configuration file to use: the one named, else KBDIAL_CONFIG's, else ./config.toml, else none."""
    named = given or environment.get("KBDIAL_CONFIG")
    if named:
        return Path(named)
    here = Path("config.toml")
    return here if here.exists() else None


def load(path: Path | None, environment: Mapping[str, str], bot: type[Bot]) -> Config:
    """Read the file (None: the defaults) under the environment's overrides; `bot` is its table [bot].

    Paths in the file are relative to the file, all others to the current folder.

    Raises:
        ConfigError: naming every mistake by its key.
    """
    from_file = _read_file(path)
    base = path.parent if path else Path()

    class _Loaded(_Settings):
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

    lines = _strangers(from_file, environment)
    try:
        loaded = create_model("Config", __base__=_Loaded, bot=(bot, bot()))()
    except ValidationError as mistakes:
        lines = [_line(mistake) for mistake in mistakes.errors()] + lines
    except SettingsError as unreadable:
        lines.insert(0, str(unreadable.__cause__))
    if lines:
        raise ConfigError(_tell(lines, path))
    return Config(bot=loaded.bot)


class _Environment(EnvSettingsSource):
    """The environment as it was passed in, not as the process has it."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        self._environment = {name.lower(): value for name, value in environment.items() if value != ""}
        super().__init__(settings_cls)

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            got = f' (got "{value}")' if _may_show([field_name.lower()]) else ""
            raise ValueError(
                f'the environment\'s value of {field_name.lower()} is not JSON, wanted for example ["a"]{got}'
            ) from None

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._environment


class _File(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], content: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._content = content

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base class's signature
        return self._content.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {"bot": self._content["bot"]} if "bot" in self._content else {}


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
    bot = content.get("bot")
    if not isinstance(bot, dict):
        return content
    moved = dict(bot)
    moved["data_dir"] = bot.get("data_dir", "data")
    moved["database_url"] = bot.get("database_url", "sqlite:///data/bot.db")
    if isinstance(moved["data_dir"], str):
        moved["data_dir"] = str(folder / moved["data_dir"])
    url = moved["database_url"]
    if isinstance(url, str) and url.startswith("sqlite:///"):
        moved["database_url"] = "sqlite:///" + str(folder / url.removeprefix("sqlite:///"))
    return {**content, "bot": moved}


def _strangers(content: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """What stands where only `bot` and `engine` have a meaning: most likely one of them, misspelled."""
    ours = ("KBDIAL_BOT", "KBDIAL_ENGINE", "KBDIAL_CONFIG")
    tables = [
        f"[{name}] is not a table; wanted [bot] or [engine]" for name in content if name not in _PROGRAMS
    ]
    variables = [
        f"{name} is not a setting; wanted KBDIAL_BOT__… or KBDIAL_ENGINE__…"
        for name in sorted(environment)
        if name.startswith("KBDIAL_") and name.partition("__")[0] not in ours
    ]
    return tables + variables


def _tell(lines: Sequence[str], path: Path | None) -> str:
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    return "\n  ".join([f"{path or 'the environment'} has {count}:", *lines])


def _line(mistake: Any) -> str:
    *tables, key = _keys(mistake["loc"]) or ["?"]
    where = f"[{'.'.join(tables)}] {key}" if tables else f"[{key}]"
    if mistake["type"] == "extra_forbidden":
        return f"{where} is not a setting; see config.example.toml for those there are"
    if mistake["type"] == "missing":
        return f"{where} is missing"
    says = _in_words(mistake)
    given = mistake["input"]
    got = f' (got "{given}")' if isinstance(given, str | int | float) and "got " not in says else ""
    return f"{where}: {says}{got}" if _may_show([*tables, key]) else f"{where}: {says}"


def _keys(place: Sequence[str | int]) -> list[str]:
    """The names of the tables and the key; what stands in a list is told by the list's key and its number."""
    *before, last = place or ("",)
    if before and isinstance(last, int):
        *before, name = before
        last = f"{name}, number {last + 1}"
    return [str(part) for part in (*before, last)] if place else []


def _in_words(mistake: Any) -> str:
    """The library's own messages, for somebody who has never seen Python."""
    if mistake["type"] == "tuple_type":
        return 'must be a list, for example ["a", "b"]'
    return str(mistake["msg"]).removeprefix("Value error, ").replace("Input should be", "must be", 1)


def _may_show(keys: Sequence[str]) -> bool:
    return not any(word in key for key in keys for word in ("secret", "token", "key", "url"))
