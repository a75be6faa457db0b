"""Installing the app in a workspace: which may, and the exchange of Slack's code for a token.

code ─► oauth.v2.access ─► ours? wanted? ─► auth.test ─► sealed and kept
└── no ──► auth.revoke, and nothing is kept
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from bot.domain import Clock, PlatformError
from bot.platforms.slack.config import Slack
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.markup import clean
from bot.platforms.slack.token_rotation import read_expiry
from bot.platforms.slack.web_api import SlackRefusal, WebApi
from bot.platforms.slack.workspaces import ApiMaker
from bot.store.installations import Installation, Installations

# Why nothing was installed. Each is a sentence on the page.
Failure = Literal["expired", "unreached", "refused", "foreign", "unwanted"]

_id_form = re.compile(r"[A-Za-z0-9_-]{1,64}")
_code_form = re.compile(r"[A-Za-z0-9._-]{1,512}")
_TRY_AGAIN = frozenset({"invalid_code", "code_already_used", "code_expired"})

log = logging.getLogger(__name__)


class NotInstalled(Exception):
    """The installation failed, and nothing of it is kept."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation that has just been made, and the rights of the manifest that it was not given."""

    name: str
    missing_scopes: tuple[str, ...]


class Installer:
    """Installs the app. `redirect_uri` is what Slack sends people back to, character by character."""

    def __init__(
        self, slack: Slack, redirect_uri: str, installations: Installations, make_api: ApiMaker, clock: Clock
    ) -> None:
        self._slack = slack
        self._redirect_uri = redirect_uri
        self._installations = installations
        self._make_api = make_api
        self._clock = clock

    def address(self, state: str) -> str:
        """The address to which somebody is sent to say yes."""
        query = {
            "client_id": self._slack.client_id,
            "scope": ",".join(sorted(SCOPES)),
            "state": state,
            "redirect_uri": self._redirect_uri,
        }
        return f"{self._slack.api_url.removesuffix('/api')}/oauth/v2/authorize?{urlencode(query)}"

    def install(self, code: str) -> Installed:
        """Exchange the code, and keep the token.

        Raises:
            NotInstalled
            StoreError: it could not be kept.
        """
        if not _code_form.fullmatch(code):
            raise NotInstalled("refused")
        answer = self._exchange(code)
        made = replace(_installation(answer), expires_at=read_expiry(answer, self._clock.now()))
        api = self._make_api(made.token)
        if not self._is_of_our_app(made):
            _revoke(api)
            raise NotInstalled("foreign")
        if not self._is_wanted(made):
            _revoke(api)
            log.warning("slack_install_unwanted", extra={"workspace": made.team_id or made.enterprise_id})
            raise NotInstalled("unwanted")
        try:
            bot_id = str(api.call(lambda slack: slack.auth_test()).get("bot_id") or "")
        except SlackRefusal:
            raise NotInstalled("refused") from None
        except PlatformError:
            raise NotInstalled("unreached") from None
        self._installations.install(replace(made, bot_id=bot_id))
        log.info("slack_installed", extra={"workspace": made.team_id or made.enterprise_id})
        return Installed(made.name, tuple(sorted(set(SCOPES) - set(made.scopes.split(",")))))

    def _exchange(self, code: str) -> Mapping[str, Any]:
        try:
            answer = self._make_api("").call_openly(
                lambda slack: slack.oauth_v2_access(
                    client_id=self._slack.client_id,
                    client_secret=self._slack.client_secret.get_secret_value(),
                    code=code,
                    redirect_uri=self._redirect_uri,
                )
            )
        except SlackRefusal as refused:
            log.warning("slack_install_refused", extra={"code": refused.code[:100]})
            raise NotInstalled("expired" if refused.code in _TRY_AGAIN else "refused") from None
        except PlatformError:
            raise NotInstalled("unreached") from None
        return answer.data if isinstance(answer.data, dict) else {}

    def _is_of_our_app(self, made: Installation) -> bool:
        """A code is good for our client alone; this catches a Slack that mixes apps up."""
        return all(one.app_id == made.app_id for one in self._installations.all())

    def _is_wanted(self, made: Installation) -> bool:
        if self._slack.install == "anyone":
            return True
        return self._slack.install == "listed" and not {made.team_id, made.enterprise_id}.isdisjoint(
            self._slack.teams
        )


def _installation(answer: Mapping[str, Any]) -> Installation:
    """The installation in an answer of `oauth.v2.access`.

    Raises:
        NotInstalled: it says too little.
    """
    team, enterprise = _object(answer, "team"), _object(answer, "enterprise")
    is_whole = answer.get("is_enterprise_install") is True
    made = Installation(
        platform=NAME,
        app_id=_id(answer, "app_id"),
        enterprise_id=_id(enterprise, "id"),
        team_id="" if is_whole else _id(team, "id"),
        token=str(answer.get("access_token") or ""),
        refresh_token=str(answer.get("refresh_token") or ""),
        bot_user_id=_id(answer, "bot_user_id"),
        team_name="" if is_whole else _words(team, "name"),
        enterprise_name=_words(enterprise, "name"),
        scopes=_words(answer, "scope", 2000),
        installed_by=_id(_object(answer, "authed_user"), "id"),
    )
    if not (made.token.isascii() and made.token and made.app_id and (made.team_id or made.enterprise_id)):
        raise NotInstalled("refused")
    return made


def _revoke(api: WebApi) -> None:
    """Give a token back that we must not have."""
    try:
        api.call(lambda slack: slack.auth_revoke())
    except PlatformError as failed:
        log.warning("slack_not_revoked", extra={"reason": failed.reason})


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _id(parent: Mapping[str, Any], name: str) -> str:
    value = parent.get(name)
    return value if isinstance(value, str) and _id_form.fullmatch(value) else ""


def _words(parent: Mapping[str, Any], name: str, most: int = 200) -> str:
    value = parent.get(name)
    return clean(value)[:most] if isinstance(value, str) else ""
