"""The engine's settings: the tables under `[engine]`, with keys, ranges and defaults; frozen once read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    model_validator,
)

from engine import timetable
from engine.domain import SourceSpec
from engine.index import registry
from engine.source import spec
from engine.source.spec import SourceTable
from engine.weak_secrets import OptionalSecret

FALLBACK_THRESHOLD = 0.40
"""What holds where neither the question nor the knowledge base names a threshold."""

_NAME = re.compile(r"\w[\w-]{0,63}")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]{1,2})?")
_INSTALLED = Path(__file__).resolve().parent.parent


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


def _publisher_address(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    is_plain = not (parts.username or parts.password or parts.path.strip("/") or parts.query)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        raise ValueError('wanted the address of another engine such as "http://10.0.0.5:8100"')
    return text.rstrip("/")


def _device(text: str) -> str:
    if not _DEVICE.fullmatch(text):
        raise ValueError(f'wanted "auto", "cpu", "cuda", "cuda:1" for a second card, or "mps" (got "{text}")')
    return text


Step = Literal["fold", "simplify", "join", "unend", "frame", "marks", "numbers"]
ListenAddress = Annotated[str, AfterValidator(_listen_address)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Model(_Section):
    """The model that turns texts into vectors, and the device that it runs on."""

    name: str = Field(default="bundled", min_length=1)
    source: Literal["huggingface", "modelscope"] = "huggingface"
    device: Annotated[str, AfterValidator(_device)] = "auto"
    dimension: int = Field(default=0, ge=0, le=65536)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    longest_tokens: int = Field(default=512, ge=8, le=32768)
    processes: int = Field(default=0, ge=0, le=64)
    prepare: Literal["auto"] | tuple[Step, ...] = "auto"
    remote_url: Annotated[str, AfterValidator(_web_address)] = ""
    remote_token: OptionalSecret = SecretStr("")


class KnowledgeBase(_Section):
    """One knowledge base. `base` is the folder that relative sources start from."""

    name: Annotated[str, AfterValidator(_knowledge_base_name)]
    source: Annotated[tuple[str | SourceTable, ...], PlainValidator(spec.several)] = ()
    refresh: Annotated[str, AfterValidator(_timetable)] = "*/30 * * * *"
    scoring: Literal["auto", "cosine", "either"] = "auto"
    search: Annotated[tuple[Literal["text", "answer"], ...], AfterValidator(_text_is_searched)] = ("text",)
    threshold: float | None = Field(default=None, ge=-1, le=1, allow_inf_nan=False)
    floor: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    instruction: str = Field(default="", max_length=2000)
    base: Path = Path()

    @property
    def sources(self) -> tuple[SourceSpec, ...]:
        """Each source with the folder it starts from; the samples are found wherever kbdial is installed."""
        return tuple(each.to_spec(_folder_of(each.path, self.base)) for each in map(spec.table, self.source))

    @property
    def timetable(self) -> timetable.Timetable:
        return timetable.parse(self.refresh)


def _folder_of(spec: str, base: Path) -> Path:
    is_sample = spec.startswith("engine/samples/")
    return _INSTALLED if is_sample and not (base / spec).exists() else base


# The numbers of the tutorial, and those measured for the shop, are cosines.
SAMPLES = (
    KnowledgeBase(name="default", source=("engine/samples/fruit.txt",), scoring="cosine", threshold=0.40),
    KnowledgeBase(
        name="shop",
        source=("engine/samples/shop.jsonl",),
        refresh="every 15m",
        scoring="cosine",
        threshold=0.60,
    ),
)


class Engine(_Section):
    listen: ListenAddress = "127.0.0.1:8100"
    data_dir: Path = Path("data/engine")
    token: OptionalSecret = SecretStr("")
    role: Literal["publisher", "follower"] = "publisher"
    follow: Annotated[str, AfterValidator(_publisher_address)] = ""
    poll: float = Field(default=5, ge=0.05, le=3600, allow_inf_nan=False)
    max_lag: float = Field(default=0, ge=0, le=1e7, allow_inf_nan=False)
    hosts: tuple[str, ...] = ()
    timezone: Annotated[str, AfterValidator(_check_timezone)] = "UTC"
    web_threads: int = Field(default=64, ge=4, le=512)
    waiting_questions: int = Field(default=48, ge=1, le=4096)
    vector_cache_mib: int = Field(default=4096, ge=0, le=1 << 24)
    model: Model = Model()
    index: registry.IndexTable = registry.DEFAULT
    knowledge_base: tuple[KnowledgeBase, ...] = SAMPLES

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that the log must not show, whoever says them."""
        own = tuple(each.get_secret_value() for each in (self.token, self.model.remote_token))
        return own + self.index.secrets

    @model_validator(mode="after")
    def _only_bundled_model_has_processes(self) -> Self:
        if self.model.processes > 1 and (self.model.name != "bundled" or self.model.remote_url):
            raise ValueError(
                f"[engine.model] processes is {self.model.processes}, which is for the bundled model;"
                " any other runs in one: leave it out, or set it to 1"
            )
        return self

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
    def _follower_knows_its_publisher(self) -> Self:
        if self.role == "publisher" and self.follow:
            raise ValueError('follow is for role = "follower" alone')
        if self.role == "follower" and not self.follow:
            raise ValueError('role = "follower" needs follow, the address of the publisher')
        if self.role == "follower" and not self.token.get_secret_value():
            raise ValueError('role = "follower" needs the token of the publisher, which is its own, too')
        if self.role == "follower" and self.index.kind != registry.DEFAULT.kind:
            raise ValueError(
                f'a follower searches what it has fetched, with kind = "{registry.DEFAULT.kind}"'
            )
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
    def _scorings_are_those_of_the_index(self) -> Self:
        known = registry.scorings_of(self.index)
        for each in self.knowledge_base:
            if each.scoring not in known:
                raise ValueError(
                    f'knowledge base "{each.name}" is scored by "{each.scoring}", which the index'
                    f' "{self.index.kind}" cannot promise, only by {", ".join(sorted(known))}'
                )
        return self
