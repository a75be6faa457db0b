"""The engine's settings: one TOML file, overridden by the environment, frozen once read.

Nothing is read when this module is imported. The `[bot]` part of the same file is the
bot's business and is passed over here.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from engine import timetable
from engine.domain import SourceSpec
from engine.source import spec
from engine.source.spec import SourceTable
from engine.weak_secrets import OptionalSecret

FALLBACK_THRESHOLD = 0.40
"""What holds where neither the question nor the knowledge base names a threshold."""

_NAME = re.compile(r"\w[\w-]{0,63}")
_INSTALLED = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """Every mistake of a configuration at once, as text for the operator."""


def _listen_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 <= int(port) <= 65535):  # noqa: PLR2004 - the range of ports
        raise ValueError(f'wanted HOST:PORT, for example "127.0.0.1:8100" (got "{text}")')
    return text


def _knowledge_base_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f'wanted up to 64 letters, digits, "-" and "_" (got "{text}")')
    return text


def _check_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError(
            f'"{name}" is no time zone, wanted a name such as "Asia/Shanghai" or "UTC"'
        ) from unknown
    return name


def _timetable(text: str) -> str:
    timetable.parse(text)
    return text


def _text_is_searched(parts: tuple[str, ...]) -> tuple[str, ...]:
    if "text" not in parts:
        raise ValueError('wanted ["text"] or ["text", "answer"]; the text is always searched')
    return parts


def _web_address(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError(
            'wanted the address of a server such as "http://127.0.0.1:8080/v1", its token in remote_token'
        )
    return text.rstrip("/")


Step = Literal["fold", "simplify", "join", "unend", "frame", "marks", "numbers"]
ListenAddress = Annotated[str, AfterValidator(_listen_address)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Model(_Section):
    """Which model turns texts into vectors, and on what."""

    name: str = Field(default="bundled", min_length=1)
    source: Literal["huggingface", "modelscope"] = "huggingface"
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,2})?)$")
    dimension: int = Field(default=0, ge=0, le=65536)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    longest_tokens: int = Field(default=512, ge=8, le=32768)
    prepare: Literal["auto"] | tuple[Step, ...] = "auto"
    remote_url: Annotated[str, AfterValidator(_web_address)] = ""
    remote_token: OptionalSecret = SecretStr("")


class KnowledgeBase(_Section):
    """One knowledge base. `base` is the folder that relative sources start from."""

    name: Annotated[str, AfterValidator(_knowledge_base_name)]
    source: Annotated[tuple[str | SourceTable, ...], PlainValidator(spec.several)] = ()
    refresh: Annotated[str, AfterValidator(_timetable)] = "*/30 * * * *"
    scoring: Literal["auto", "cosine", "either"] = "cosine"
    search: Annotated[tuple[Literal["text", "answer"], ...], AfterValidator(_text_is_searched)] = ("text",)
    threshold: float | None = Field(default=None, ge=-1, le=1, allow_inf_nan=False)
    floor: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    instruction: str = Field(default="", max_length=2000)
    base: Path = Path()

    @property
    def sources(self) -> tuple[SourceSpec, ...]:
        """Each source with the folder it starts from; the samples are found wherever kbdial is installed."""
        return tuple(each.located(_folder_of(each.path, self.base)) for each in map(spec.table, self.source))

    @property
    def timetable(self) -> timetable.Timetable:
        return timetable.parse(self.refresh)


def _folder_of(spec: str, base: Path) -> Path:
    is_sample = spec.startswith("engine/samples/")
    return _INSTALLED if is_sample and not (base / spec).exists() else base


SAMPLES = (
    KnowledgeBase(name="default", source=("engine/samples/fruit.txt",), threshold=0.40),
    KnowledgeBase(name="shop", source=("engine/samples/shop.jsonl",), refresh="every 15m", threshold=0.60),
)


class Engine(_Section):
    listen: ListenAddress = "127.0.0.1:8100"
    data_dir: Path = Path("data/engine")
    token: OptionalSecret = SecretStr("")
    hosts: tuple[str, ...] = ()
    timezone: Annotated[str, AfterValidator(_check_timezone)] = "UTC"
    web_threads: int = Field(default=64, ge=4, le=512)
    waiting_questions: int = Field(default=48, ge=1, le=4096)
    vector_cache_mib: int = Field(default=4096, ge=0, le=1 << 24)
    model: Model = Model()
    knowledge_base: tuple[KnowledgeBase, ...] = SAMPLES

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the log must not show, whoever says it."""
        return tuple(each.get_secret_value() for each in (self.token, self.model.remote_token))

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        names = [each.name for each in self.knowledge_base]
        if not names:
            raise ValueError("there must be at least one knowledge base")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'two knowledge bases are called "{twice[0]}"')
        return self

    @model_validator(mode="after")
    def _refuse_instruction_for_bundled_model(self) -> Self:
        told = [each.name for each in self.knowledge_base if each.instruction]
        if told and self.model.name == "bundled":
            raise ValueError(
                f'knowledge base "{told[0]}" has an instruction, but the bundled model takes none;'
                " name another model, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _line_is_shorter_than_the_threads(self) -> Self:
        # Each waiting question holds a web thread; some must be left to say "come back later".
        if self.waiting_questions >= self.web_threads:
            raise ValueError(
                f"waiting_questions ({self.waiting_questions}) must be less than web_threads"
                f" ({self.web_threads})"
            )
        return self


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
