"""The bot's settings: the tables under `[bot]` with their keys, ranges and defaults, frozen once read."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.weak_secrets import OptionalSecret, Secret

SEALING_KEY_BYTES = 32
MOST_WORKERS = 64


def _check_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise ValueError(
            f'"{name}" is no time zone, wanted a name such as "Asia/Shanghai" or "UTC"'
        ) from unknown
    return name


def _listen_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 <= int(port) <= 65535):  # noqa: PLR2004 - the range of ports
        raise ValueError(f'wanted HOST:PORT, for example "127.0.0.1:8000" (got "{text}")')
    return text


def _web_address(text: str) -> str:
    try:
        address = TypeAdapter(HttpUrl).validate_python(text)
    except ValidationError:
        raise ValueError('wanted a whole address such as "https://kb.example.com"') from None
    if address.username or address.password:
        # Addresses are logged and put into chat; what lets somebody in has keys of its own.
        raise ValueError("wanted an address without user and password (got one with them)")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    try:
        backend = make_url(text).get_backend_name()
    except ArgumentError as unreadable:
        raise ValueError('wanted "sqlite:///PATH" or "postgresql+psycopg://…"') from unreadable
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError(f'wanted "sqlite:///PATH" or "postgresql+psycopg://…" (got "{backend}")')
    return text


ListenAddress = Annotated[str, AfterValidator(_listen_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Threshold = Annotated[Decimal, Field(ge=0, le=1)]


def _sealing_key(key: SecretStr) -> SecretStr:
    try:
        is_key = len(urlsafe_b64decode(key.get_secret_value())) == SEALING_KEY_BYTES
    except ValueError:
        is_key = False
    if not is_key:
        raise ValueError(
            f"wanted {SEALING_KEY_BYTES} random bytes in URL-safe base64 (openssl rand -base64 32 | tr +/ -_)"
        )
    return key


SealingKey = Annotated[Secret, AfterValidator(_sealing_key)]


class Section(BaseModel):
    """One table of the file: every key is known, and nothing changes once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Defaults(Section):
    """The settings a channel follows until it sets its own."""

    threshold: Threshold = Decimal("0.40")
    limit: int = Field(default=5, ge=1, le=20)
    knowledge_base: str = "default"
    margin: Threshold = Decimal("0.01")
    keyword_weight: Threshold = Decimal(0)


def _free_name(name: str) -> str:
    if name in {"off", "undo"}:
        raise ValueError(f'"{name}" is a word of /strategy itself, wanted another name')
    return name


StrategyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$"), AfterValidator(_free_name)]


class Strategy(Section):
    """A named set of settings of the operator's own. What is left out stays as the channel has it."""

    threshold: Threshold | None = None
    limit: int | None = Field(default=None, ge=1, le=20)
    keyword_weight: Threshold | None = None
    margin: Threshold | None = None
    review_high: Threshold | None = None
    review_low: Threshold | None = None
    about: str = ""

    @model_validator(mode="after")
    def _review_is_whole(self) -> Strategy:
        if (self.review_high is None) != (self.review_low is None):
            raise ValueError("review_high and review_low belong together")
        if (
            self.review_high is not None
            and self.review_low is not None
            and self.review_low > self.review_high
        ):
            raise ValueError("review_low must not be above review_high")
        return self


class Rates(Section):
    """Questions a minute that are answered; what comes above is kept and marked as throttled."""

    person: int = Field(default=20, ge=1)
    channel: int = Field(default=60, ge=1)


class Teaching(Section):
    """`after`: how many people's "helpful" teach a wording by themselves; 0: a person is asked each time."""

    after: int = Field(default=0, ge=0, le=1000)


def _person_key(key: str) -> str:
    # A bare name would be somebody at the machine's own terminal, who may do everything.
    if not all(key.split(":", 2)) or key.count(":") < 2:  # noqa: PLR2004 - platform, tenant, id
        raise ValueError(f'wanted PLATFORM:TENANT:ID, for example "slack:T1:U1" (got "{key}")')
    return key


PersonKey = Annotated[str, AfterValidator(_person_key)]


class Oidc(Section):
    """Signing in to the console at an OpenID provider; not used without an issuer."""

    issuer: str = ""
    client_id: str = ""
    client_secret: OptionalSecret = SecretStr("")
    claim: Literal["sub", "email"] = "sub"
    domains: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Oidc:
        if not self.issuer:
            return self
        address = TypeAdapter(HttpUrl).validate_python(self.issuer)
        if address.scheme != "https" and address.host not in {"127.0.0.1", "localhost", "[::1]"}:
            raise ValueError("issuer must be an https address")
        if not self.client_id or not self.client_secret.get_secret_value():
            raise ValueError("issuer needs client_id and client_secret beside it")
        if self.claim == "email" and not self.domains:
            raise ValueError('claim = "email" needs domains: whose addresses are believed')
        return self


class ProxyHeader(Section):
    """Signing in to the console by what a reverse proxy says of its visitor; off without a header."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]*$")] = ""
    addresses: tuple[IPvAnyNetwork, ...] = ()
    secret: OptionalSecret = SecretStr("")

    @model_validator(mode="after")
    def _is_whole(self) -> ProxyHeader:
        if self.header and not (self.addresses and self.secret.get_secret_value()):
            raise ValueError("header needs addresses and secret beside it")
        return self


class Console(Section):
    """`people`: who signs in without a link, by what they are told by, and the key that they have in chat."""

    people: Mapping[str, PersonKey] = {}
    oidc: Oidc = Oidc()
    proxy: ProxyHeader = ProxyHeader()


class Bot(Section):
    listen: ListenAddress = "127.0.0.1:8000"
    public_url: WebAddress = "http://127.0.0.1:8000"
    data_dir: Path = Path("data")
    database_url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///data/bot.db"
    engine_url: WebAddress = "http://127.0.0.1:8100"
    engine_followers: tuple[WebAddress, ...] = ()
    engine_token: OptionalSecret = SecretStr("")
    encryption_keys: tuple[SealingKey, ...] = ()
    names: tuple[str, ...] = ("知识库助手", "kbdial")
    settings_open_to: Literal["everyone", "admins"] = "everyone"
    timezone: Annotated[str, AfterValidator(_check_timezone)] = "UTC"
    questions_per_minute: Rates = Rates()
    follow_ups: bool = True
    admins: tuple[str, ...] = ()
    web_threads: int = Field(default=16, ge=4, le=256)
    workers: int = Field(default=4, ge=0, le=MOST_WORKERS)
    retention_days: int = Field(default=180, ge=4)
    defaults: Defaults = Defaults()
    teaching: Teaching = Teaching()
    strategy: Mapping[StrategyName, Strategy] = {}
    console: Console = Console()


def bot_with(platforms: Mapping[str, type[Section]]) -> type[Bot]:
    """The table [bot] with a table [bot.NAME] in it for each platform."""
    tables: dict[str, Any] = {name: (section, section()) for name, section in platforms.items()}
    return create_model("Bot", __base__=Bot, **tables)


class Config(BaseModel):
    """The whole file, as the bot sees it."""

    model_config = ConfigDict(frozen=True)

    bot: Bot = Bot()
