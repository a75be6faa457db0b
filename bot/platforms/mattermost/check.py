"""The looks of `python -m bot check` at Mattermost: the account, the server, the socket, the command.

Nothing is posted and nobody is told anything. Each look returns what it found, or raises PlatformError
with what to mend.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bot.domain import Clock, PlatformError
from bot.platforms.link import as_text
from bot.platforms.mattermost import registration
from bot.platforms.mattermost.config import NAME, Mattermost
from bot.platforms.mattermost.socket_protocol import Greeting, Link, Session
from bot.platforms.mattermost.web_api import MattermostRefusal, WebApi
from bot.platforms.websocket import Wire, WireLostError

Look = Callable[[], str]
OpenWire = Callable[[str, Mapping[str, str]], Wire]

GREETING_SECONDS = 5.0
_FEWEST_CHARACTERS = 16_383


def looks(
    mattermost: Mattermost, public_url: str, open_wire: OpenWire, *, state: str | None
) -> list[tuple[str, Look]]:
    """A name and a look for each thing that may be wrong. `state`: the running bot's connection."""
    if not mattermost.is_used:
        return []
    web_api = web_api_of(mattermost, Clock())
    found: list[tuple[str, Look]] = [
        (f"{NAME} account", partial(_account, web_api, mattermost)),
        (f"{NAME} server", partial(_server, web_api)),
        (f"{NAME} connection", partial(_connection, web_api, mattermost, open_wire, state)),
    ]
    calls = (
        mattermost.command_tokens,
        mattermost.webhook_tokens,
        mattermost.action_secret.get_secret_value(),
    )
    if any(calls):
        found.append((f"{NAME} requests", partial(_requests, mattermost.url, public_url)))
    if mattermost.command_tokens:
        found.append((f"{NAME} command", partial(_command, web_api, mattermost, public_url)))
    if mattermost.webhook_tokens:
        found.append((f"{NAME} webhook", partial(_webhook, web_api, mattermost, public_url)))
    return found


def web_api_of(mattermost: Mattermost, clock: Clock, **options: Any) -> WebApi:
    """The REST API that the table opens."""
    return WebApi(
        mattermost.url,
        mattermost.bot_token.get_secret_value(),
        clock=clock,
        ca_file=mattermost.ca_file,
        **options,
    )


def socket_address(url: str, query: str = "") -> str:
    """The address of the WebSocket of a server at this address (ws or wss)."""
    return f"ws{url.removeprefix('http')}/api/v4/websocket" + (f"?{query}" if query else "")


def _account(web_api: WebApi, mattermost: Mattermost) -> str:
    try:
        me = web_api.read_self()
    except MattermostRefusal as refused:
        if web_api.is_refused:
            raise PlatformError(
                "bot_token is not valid: make a new one at Integrations → Bot Accounts (it also ends when "
                "the account of the bot's owner is deactivated)"
            ) from None
        raise PlatformError(refused.reason) from None
    if me.get("is_bot") is not True:
        raise PlatformError(
            f"bot_token belongs to @{me.get('username')}, a person's account: make a bot account at "
            "Integrations → Bot Accounts"
        )
    teams = [str(team.get("display_name")) for team in web_api.find_teams()]
    rooms = [one for one in web_api.find_channels() if one.get("type") in {"O", "P"}]
    if not teams:
        raise PlatformError(f"@{me.get('username')} is in no team: invite it into one, then into channels")
    unsigned = "" if mattermost.action_secret.get_secret_value() else "; without action_secret no buttons"
    return f"we are @{me.get('username')} in {', '.join(teams)}, in {len(rooms)} channels{unsigned}"


def _server(web_api: WebApi) -> str:
    settings = web_api.read_settings()
    site, version = str(settings.get("SiteURL") or ""), str(settings.get("Version") or "?")
    if not site:
        raise PlatformError(
            "SiteURL is not set on the server, so it refuses slash commands: System Console → Environment → "
            "Web Server"
        )
    if _place(site) != _place(web_api.url):
        raise PlatformError(
            f"the server calls itself {site} (SiteURL), and url is {web_api.url}: response addresses begin "
            "with SiteURL and would not be believed; make the two equal"
        )
    size = str(settings.get("MaxPostSize") or "")
    small = size.isascii() and size.isdigit() and int(size) < _FEWEST_CHARACTERS
    note = f"; posts hold {size} characters only, so long answers are cut" if small else ""
    return f"Mattermost {version} at {site}{note}"


def _connection(web_api: WebApi, mattermost: Mattermost, open_wire: OpenWire, state: str | None) -> str:
    """Ask the bot that runs, or open a connection beside it: a server lets an account have many."""
    if state == "live":
        return "the running bot is connected"
    headers = {"Authorization": f"Bearer {mattermost.bot_token.get_secret_value()}"}
    try:
        wire = open_wire(socket_address(web_api.url), headers)
    except WireLostError as lost:
        raise PlatformError(
            f"the WebSocket of {web_api.url} is not reached: {lost}; a proxy before the server must let "
            "`Upgrade` pass, and not cut what is silent for 60 s"
        ) from None
    try:
        greeting = _greeting_on(wire)
    except WireLostError as lost:
        raise PlatformError(f"the WebSocket ended before its greeting ({lost})") from None
    finally:
        wire.close()
    if greeting is None:
        raise PlatformError("the WebSocket opens, but does not take bot_token")
    return f"a WebSocket opens and knows us (version {greeting.version or 'unknown'})"


def _greeting_on(wire: Wire) -> Greeting | None:
    link, clock = Link(Session()), Clock()
    first = link.begin(clock.steady())
    if first is not None:
        wire.send(as_text(first))
    ends = clock.steady() + GREETING_SECONDS
    while (left := ends - clock.steady()) > 0 and not link.is_dead(clock.steady()):
        text = wire.receive(left)
        meant = link.take(text, clock.steady()) if text is not None else None
        if isinstance(meant, Greeting):
            return meant
    return None


def _requests(url: str, public_url: str) -> str:
    """A line on the server's calls to us, which only its administrator can test. Raises PlatformError."""
    host = urlsplit(public_url).hostname or ""
    if _is_loopback(host) and not _is_loopback(urlsplit(url).hostname or ""):
        raise PlatformError(
            f"[bot] public_url is {public_url}, which only this machine reaches: clicks and commands come "
            "from the Mattermost server"
        )
    said = f"clicks and commands come to {public_url}/mattermost/…"
    if _is_reserved(host):
        said += (
            f"; {host} is a reserved address, which Mattermost calls only when it stands in System Console → "
            "Environment → Developer → Allow untrusted internal connections (written just like that)"
        )
    return said


def _webhook(web_api: WebApi, mattermost: Mattermost, public_url: str) -> str:
    """The outgoing webhooks that lead to us, and what they do not bring."""
    known = {token.get_secret_value() for token in mattermost.webhook_tokens}
    return _together(_webhook_states(web_api, known, f"{public_url}/mattermost/webhook")) + (
        "; they bring posts of public channels alone (no private ones, no direct messages), and what we do "
        "not take at once never comes again"
    )


def _webhook_states(web_api: WebApi, known: set[str], url: str) -> Iterator[tuple[bool, str]]:
    for team in web_api.find_teams():
        name = str(team.get("display_name"))
        try:
            hooks = web_api.find_hooks(str(team.get("id")))
        except MattermostRefusal:
            yield True, f"{name}: we may not see its outgoing webhooks"
            continue
        ours = [hook for hook in hooks if url in (hook.get("callback_urls") or ())]
        if not ours:
            yield False, f"{name}: no outgoing webhook has the callback URL {url}"
        elif not known.issuperset(str(hook.get("token")) for hook in ours):
            yield False, f"{name}: the token of an outgoing webhook is not in webhook_tokens"
        else:
            yield True, f"{name}: {len(ours)} outgoing webhooks lead here"


def _command(web_api: WebApi, mattermost: Mattermost, public_url: str) -> str:
    known = {token.get_secret_value() for token in mattermost.command_tokens}
    return _together(_command_states(web_api, known, public_url))


def _together(told: Iterator[tuple[bool, str]]) -> str:
    """All of these, or PlatformError with those that are wrong."""
    states = list(told)
    wrong = [state for is_right, state in states if not is_right]
    if wrong:
        raise PlatformError("; ".join(wrong))
    return "; ".join(state for _, state in states)


def _command_states(web_api: WebApi, known: set[str], public_url: str) -> Iterator[tuple[bool, str]]:
    for team in web_api.find_teams():
        name = str(team.get("display_name"))
        try:
            ours = registration.find_ours(web_api, str(team.get("id")))
        except MattermostRefusal:
            yield True, f"{name}: we may not see its commands; type /{registration.TRIGGER} there to try it"
            continue
        if ours is None:
            yield False, f"{name}: /{registration.TRIGGER} is not registered (python -m bot mattermost)"
        elif ours.get("url") != registration.address(public_url):
            yield False, f"{name}: /{registration.TRIGGER} goes to {ours.get('url')}"
        elif ours.get("token") not in known:
            yield False, f"{name}: the token of /{registration.TRIGGER} is not in command_tokens"
        else:
            yield True, f"{name}: /{registration.TRIGGER} is registered"


def _place(url: str) -> tuple[str, str, int, str]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port, parts.path.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_reserved(host: str) -> bool:
    """Whether the name shows that it is reserved: a private address, or a name without a dot."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host
