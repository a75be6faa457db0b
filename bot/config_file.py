"""Reads the bot's settings: one TOML file, overridden by the environment that is handed in.

The engine has the same of its own, but for what is named PROGRAM, and a test compares them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config import Bot, Config

PROGRAM: Final = "bot"
# Part of the name of whatever is not shown where it is wrong.
_HIDDEN = ("secret", "token", "key", "url", "followers")
_PROGRAMS: Final = ("bot", "engine")
# Where a table was wanted. What was given instead is not shown: it may be the whole table, secrets and all.
_NO_TABLE: Final = frozenset({"dict_type", "mapping_type", "model_attributes_type", "model_type"})

# What the library calls the name of a table that people name themselves.
_NAME: Final = "[key]"
_NUMBER: Final = ", number "
_NAME_FORM: Final = 'wanted a name such as "support-2", of small letters, digits, "-" and "_"'

Table = TypeVar("Table", bound=BaseModel)


class ConfigError(Exception):
    """Every mistake of a configuration at once, as text for the operator."""


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
    return Config(bot=_load(path, environment, bot))


def _load(path: Path | None, environment: Mapping[str, str], table: type[Table]) -> Table:
    content = _read_file(path)
    lines = _strangers(content, environment)
    own = content.get(PROGRAM)
    if isinstance(own, dict):
        content[PROGRAM] = _locate(own, path.parent if path else Path())

    not_json: list[str] = []

    class _Loaded(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix="KBDIAL_",
            env_nested_delimiter="__",
            frozen=True,
            extra="ignore",
            nested_model_default_partial_update=True,
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as pydantic calls it
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _Environment(settings_cls, environment, not_json), _File(settings_cls, content)

    fields: dict[str, Any] = {PROGRAM: (table, table())}
    try:
        loaded = create_model("Config", __base__=_Loaded, **fields)()
    except ValidationError as mistakes:
        known = set(_names_in(table))
        lines = [_line(mistake, not_json, known) for mistake in mistakes.errors()] + lines
    if lines:
        raise ConfigError(_tell(lines, path))
    read: Table = getattr(loaded, PROGRAM)
    return read


class _Environment(EnvSettingsSource):
    """The environment as it was passed in, not as the process has it.

    A value that had to be JSON and is not stays the text that it is, and is put down in `not_json`: no list
    and no table takes a text, so that it is told by its key, with all other mistakes.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], environment: Mapping[str, str], not_json: list[str]
    ) -> None:
        self._not_json = not_json
        self._environment = {name.lower(): value for name, value in environment.items() if value != ""}
        super().__init__(settings_cls)

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except (ValueError, RecursionError):
            self._not_json.append(value)
            return value

    def next_field(
        self, field: FieldInfo | Any | None, key: str, case_sensitive: bool | None = None
    ) -> FieldInfo | None:
        """The library's `next_field`, which also finds its way through a Mapping, as through a dict."""
        annotation = field.annotation if isinstance(field, FieldInfo) else field
        if get_origin(annotation) is Mapping:
            inner: FieldInfo = get_args(annotation)[-1]
            return inner
        return super().next_field(field, key, case_sensitive)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._environment


class _File(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], content: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._content = content

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base class's signature
        return self._content.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {PROGRAM: self._content[PROGRAM]} if PROGRAM in self._content else {}


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as unreadable:
        raise ConfigError(f"{path} cannot be read: {unreadable.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError(f"{path} is not valid TOML: {broken}") from None


def _strangers(content: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Tables beside `bot` and `engine`, the only ones with a meaning: most likely one of them, misspelled."""
    ours = ("KBDIAL_BOT", "KBDIAL_ENGINE", "KBDIAL_CONFIG")
    tables = [_stranger(name) for name in content if name not in _PROGRAMS]
    variables = [
        f"{name} is not a setting; wanted KBDIAL_BOT__… or KBDIAL_ENGINE__…"
        for name in sorted(environment)
        if name.startswith("KBDIAL_") and name.partition("__")[0] not in ours
    ]
    return tables + variables


def _stranger(table: str) -> str:
    if table == "knowledge_base":
        return "[[knowledge_base]] is written [[engine.knowledge_base]]"
    return f"[{table}] is not a table; wanted [bot] or [engine]"


def _tell(lines: Sequence[str], path: Path | None) -> str:
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    return "\n  ".join([f"{path or 'the environment'} has {count}:", *lines])


def _names_in(table: type[BaseModel]) -> Iterator[str]:
    """The names of all keys and tables below this one."""
    for name, field in table.model_fields.items():
        yield name
        for section in _sections(field.annotation):
            yield from _names_in(section)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)


def _line(mistake: Any, not_json: Sequence[str], known: Collection[str]) -> str:
    *tables, key = _keys(mistake["loc"]) or ["?"]
    where = f"[{'.'.join(tables)}] {key}" if tables else f"[{key}]"
    given = mistake["input"]
    if mistake["type"] == "missing":
        return f"{where} is missing"
    if key == _NAME:
        where = f"[{'.'.join(tables)}]"
    elif isinstance(given, Mapping) and not any(_NUMBER in table for table in tables):
        # A table as a whole is wrong, not one key of it. Within a list it is written as the value of a key.
        where = f"[{'.'.join([*tables, key])}]"
    if mistake["type"] == "extra_forbidden":
        near = "".join(f' (perhaps "{name}")' for name in get_close_matches(key, known, 1))
        return f"{where} is not a setting{near}; see config.example.toml for those there are"
    if any(given is each for each in not_json) and mistake["type"] != "literal_error":
        return f"{where}: {_in_json(given, [*tables, key], mistake)}"
    if mistake["type"] in _NO_TABLE:
        return f"{where}: must be a table of keys and values"
    says = _in_words(mistake)
    is_told = "got " in says or f'"{given}"' in says
    got = f' (got "{given}")' if isinstance(given, str | int | float) and not is_told else ""
    return f"{where}: {says}{got}" if _may_show([*tables, key]) else f"{where}: {says}"


def _keys(place: Sequence[str | int]) -> list[str]:
    """The names of the tables and the key; what stands in a list is told by the list's key and its number."""
    keys: list[str] = []
    for part in place:
        if keys and isinstance(part, int):
            keys[-1] += f"{_NUMBER}{part + 1}"
        else:
            keys.append(str(part))
    return keys


def _in_words(mistake: Any) -> str:
    """The library's own messages, for somebody who has never seen Python."""
    if mistake["type"] == "tuple_type":
        return 'must be a list, for example ["a", "b"]'
    if mistake["type"] == "string_pattern_mismatch":
        return _NAME_FORM if mistake["loc"][-1] == _NAME else "wanted the form that config.example.toml shows"
    if mistake["type"] == "path_type":
        return "must be a path in quotes"
    says = str(mistake["msg"]).removeprefix("Value error, ")
    return says.replace("Input should be", "must be", 1).replace("String should", "must", 1)


def _in_json(given: str, keys: Sequence[str], mistake: Any) -> str:
    example = '["a"]' if mistake["type"] == "tuple_type" else '{"key": "value"}'
    # A word, or a list without its quotes. Whatever is more than that may hold a secret.
    is_plain = given.replace(",", "").replace(" ", "").isalnum()
    got = f' (got "{given}")' if is_plain and _may_show(keys) else ""
    return f"the environment's value is not JSON, wanted for example {example}{got}"


def _may_show(keys: Sequence[str]) -> bool:
    return not any(word in key for key in keys for word in _HIDDEN)


def _locate(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The table with its relative paths taken from `folder`."""
    moved = dict(table)
    moved["data_dir"] = table.get("data_dir", "data")
    moved["database_url"] = table.get("database_url", "sqlite:///data/bot.db")
    if isinstance(moved["data_dir"], str):
        moved["data_dir"] = str(folder / moved["data_dir"])
    url = moved["database_url"]
    if isinstance(url, str) and url.startswith("sqlite:///"):
        moved["database_url"] = "sqlite:///" + str(folder / url.removeprefix("sqlite:///"))
    return moved
