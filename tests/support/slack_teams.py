"""Several workspaces of the recording Slack: codes, tokens, and which token may do what where."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.support.slack import JsonObject, RecordingSlack

CLIENT_ID, CLIENT_SECRET = "11.22", "s3cr3t-of-the-app"
SCOPES = (
    "app_mentions:read,channels:history,chat:write,commands,files:write,groups:history,"
    "im:history,mpim:history,users:read"
)


@dataclass
class Team:
    """A workspace; `team` "" is a whole organisation. Each install gives another token.

    With `rotates` each token ends after twelve hours, and `refresh_tokens` are those not yet used.
    """

    team: str
    enterprise: str = ""
    app_id: str = "A1"
    scopes: str = SCOPES
    tokens: list[str] = field(default_factory=list)
    rotates: bool = False
    refresh_tokens: list[str] = field(default_factory=list)

    @property
    def bot_user(self) -> str:
        return f"U0{self.team or self.enterprise}"


class SlackTeams:
    """Answers what has to do with installing; `revoked` is every token that was given back."""

    def __init__(self, slack: RecordingSlack) -> None:
        self.slack = slack
        self.revoked: list[str] = []
        self._codes: dict[str, Team] = {}
        self._by_token: dict[str, Team] = {}
        self._numbers = itertools.count(1)
        slack.answers["oauth.v2.access"] = self._exchange
        slack.answers["auth.revoke"] = self._revoke
        slack.answers["auth.test"] = self._test

    def code(self, team: Team) -> str:
        """A new OAuth code, with which Slack sends the browser back after a yes."""
        code = f"code-{next(self._numbers)}"
        self._codes[code] = team
        return code

    def tokens_used(self, method: str) -> list[str]:
        """The token of each call of this method, in order."""
        pairs = zip(self.slack.calls, self.slack.headers, strict=True)
        return [
            headers["authorization"].removeprefix("Bearer ") for (name, _), headers in pairs if name == method
        ]

    def _exchange(self, given: JsonObject) -> JsonObject:
        if given.get("grant_type") == "refresh_token":
            return self._refresh(str(given.get("refresh_token")))
        team = self._codes.pop(str(given.get("code")), None)
        return self._grant(team) if team else {"ok": False, "error": "invalid_code"}

    def _refresh(self, refresh_token: str) -> JsonObject:
        for team in {id(one): one for one in self._by_token.values()}.values():
            if refresh_token in team.refresh_tokens:
                team.refresh_tokens.remove(refresh_token)
                return self._grant(team)
        return {"ok": False, "error": "invalid_refresh_token"}

    def _grant(self, team: Team) -> JsonObject:
        token = f"xoxb-{team.team or team.enterprise}-{next(self._numbers)}"
        team.tokens.append(token)
        self._by_token[token] = team
        answer: dict[str, Any] = {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "scope": team.scopes,
            "bot_user_id": team.bot_user,
            "app_id": team.app_id,
            "team": {"id": team.team, "name": f"Team <{team.team}>"} if team.team else None,
            "enterprise": {"id": team.enterprise, "name": "Org"} if team.enterprise else None,
            "is_enterprise_install": not team.team,
            "authed_user": {"id": "U7"},
        }
        if team.rotates:
            team.refresh_tokens.append(f"xoxe-{next(self._numbers)}")
            answer |= {"refresh_token": team.refresh_tokens[-1], "expires_in": 43_200}
        return answer

    def _last_token(self) -> str:
        return self.slack.tokens[-1]

    def _revoke(self, _: JsonObject) -> JsonObject:
        self.revoked.append(self._last_token())
        return {"ok": True, "revoked": True}

    def _test(self, _: JsonObject) -> JsonObject:
        team = self._by_token.get(self._last_token())
        if team is None:
            return {"ok": False, "error": "invalid_auth"}
        return {"ok": True, "user": "kbdial", "user_id": team.bot_user, "bot_id": "B1", "team_id": team.team}
