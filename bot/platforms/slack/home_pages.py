"""Publishes Home tabs: when somebody opens theirs, and after what they did on it.

    opened ──► line (the newest of a person wins) ──► views.publish ──► done
                 ▲                                          │
                 └──── again in 5, 10, 20 … s, five times ──┘

An opening is not stored: it changes nothing, and the next one shows the same. What somebody *does* on the
tab is a message like any other, and its reply is told on the tab.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import texts
from bot.domain import Answer, Clock, Delivery, Language, Person, PlatformError
from bot.platforms.host import PersonalReads
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.home import home_view
from bot.platforms.slack.home_form import gap_form
from bot.platforms.slack.home_parser import FormWanted, HomeOpened
from bot.platforms.slack.web_api import SlackRefusal
from bot.platforms.slack.workspace import Workspace
from bot.platforms.slack.workspaces import Workspaces
from bot.store import StoreError

MOST_WAITING = 1000
MOST_TRIES = 5
FIRST_WAIT_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    opened: HomeOpened
    at: float
    tries: int = 0


class HomePages:
    """A thread that publishes. Safe to share between threads."""

    def __init__(
        self,
        workspaces: Workspaces,
        personal: PersonalReads,
        language_of: Callable[[Person], Language],
        clock: Clock,
        public_url: str,
    ) -> None:
        self._workspaces = workspaces
        self._personal = personal
        self._language_of = language_of
        self._clock = clock
        self._public_url = public_url
        self._due: dict[tuple[Workspace, str], _Due] = {}
        self._forms: deque[FormWanted] = deque(maxlen=MOST_WAITING)
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._is_stopping = False
            self._thread = threading.Thread(target=self._run, name="slack home tabs", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def open(self, opened: HomeOpened) -> None:
        """Queue the tab of a person who opened it; of each person only the latest opening waits."""
        with self._changed:
            key = (opened.workspace, opened.user)
            if key in self._due or len(self._due) < MOST_WAITING:
                self._due[key] = _Due(opened, self._clock.steady())
            self._changed.notify_all()

    def open_form(self, wanted: FormWanted) -> None:
        """Queue the form to answer a gap. Slack takes it for three seconds, so it comes before all tabs."""
        with self._changed:
            self._forms.append(wanted)
            self._changed.notify_all()

    def tell(self, delivery: Delivery) -> str:
        """Show the reply to what somebody did on their tab, on it.

        Raises:
            PlatformError
        """
        address = delivery.address
        workspace = Workspace.of_address(address) or Workspace(team=delivery.channel.tenant)
        opened = HomeOpened(workspace, address.get("user", ""), address.get("direct", ""))
        reply = delivery.reply
        self._publish(opened, notice="" if isinstance(reply, Answer) else texts.in_words(reply).body)
        return ""

    def step(self) -> bool:
        """Show one that is due; whether there was one."""
        now = self._clock.steady()
        with self._changed:
            wanted = self._forms.popleft() if self._forms else None
        if wanted is not None:
            self._show_form(wanted)
            return True
        with self._changed:
            due = next((one for one in self._due.values() if one.at <= now), None)
            if due is None:
                return False
            del self._due[due.opened.workspace, due.opened.user]
        try:
            self._publish(due.opened)
        except PlatformError as failed:
            self._put_back(due, failed, now)
        return True

    def _show_form(self, wanted: FormWanted) -> None:
        """Once: whoever saw none presses again."""
        language = self._language_of(wanted.person)
        view = gap_form(wanted.channel.id, wanted.gap, wanted.question, language, direct=wanted.direct)
        try:
            access = self._workspaces.exactly(wanted.workspace)
            access.web_api.call(lambda slack: slack.views_open(trigger_id=wanted.trigger, view=view))
        except (PlatformError, StoreError) as failed:
            log.warning("slack_form_not_shown", extra={"reason": str(failed)})

    def _publish(self, opened: HomeOpened, notice: str = "") -> None:
        person = Person(NAME, opened.workspace.tenant, opened.user)
        try:
            access = self._workspaces.exactly(opened.workspace)
            overview = self._personal.overview(person)
        except StoreError as failed:
            raise PlatformError(f"the Home tab cannot be filled: {failed}") from None
        view = home_view(
            overview,
            self._language_of(person),
            self._clock.now(),
            public_url=self._public_url,
            direct=opened.direct,
            notice=notice,
        )
        try:
            access.web_api.call(lambda slack: slack.views_publish(user_id=opened.user, view=view))
        except SlackRefusal as refused:
            self._workspaces.note_refusal(access, refused.code)
            raise

    def _put_back(self, due: _Due, failed: PlatformError, now: float) -> None:
        again = replace(due, at=now + _wait_seconds(due.tries, failed), tries=due.tries + 1)
        if failed.permanent or again.tries >= MOST_TRIES:
            log.warning("slack_home_given_up", extra={"reason": failed.reason})
            return
        with self._changed:
            # A newer opening is already in the line.
            self._due.setdefault((due.opened.workspace, due.opened.user), again)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopping or self._is_due(), self._idle_seconds())
                if self._is_stopping:
                    return
            try:
                while self.step():
                    pass
            except Exception:
                # The top of a step: one bad view does not end the others.
                log.exception("step_failed", extra={"loop": "slack home tabs"})

    def _is_due(self) -> bool:
        return bool(self._forms) or any(one.at <= self._clock.steady() for one in self._due.values())

    def _idle_seconds(self) -> float | None:
        """The seconds until the first tab is due; None where none waits, for an opening wakes the thread."""
        if not self._due:
            return None
        return max(min(one.at for one in self._due.values()) - self._clock.steady(), 0.0)


def _wait_seconds(tries: int, failed: PlatformError) -> float:
    return max(FIRST_WAIT_SECONDS * float(2**tries), failed.retry_after_seconds or 0.0)
