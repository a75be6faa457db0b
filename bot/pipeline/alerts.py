"""Alerts for operators: that something is wrong, and that it is well again.

Looked at every minute. What is wrong only at one look is nobody's business yet; what was
given up is told at once, for it does not come back by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.platforms.host import Condition
from bot.texts.alerts import GIVEN_UP

PATIENCE_LOOKS = 2


class Alerts:
    """`given_up` counts all dead letters there are; `tell` says a sentence to the operators.

    `take_news` gives sentences that are told as they come, each once.
    """

    def __init__(
        self,
        conditions: Iterable[Condition],
        *,
        given_up: Callable[[], int],
        tell: Callable[[str], None],
        take_news: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._looks = dict.fromkeys(conditions, 0)
        self._given_up = given_up
        self._tell = tell
        self._take_news = take_news
        self._known: int | None = None

    def look(self) -> None:
        for condition, looks in self._looks.items():
            if condition.is_so():
                self._looks[condition] = looks + 1
                if looks + 1 == PATIENCE_LOOKS:
                    self._tell(condition.begins)
            else:
                self._looks[condition] = 0
                if looks >= PATIENCE_LOOKS:
                    self._tell(condition.ends)
        for sentence in self._take_news():
            self._tell(sentence)
        self._count()

    def _count(self) -> None:
        """Tell of dead letters that are new; those from before the start were told by an earlier life."""
        before, self._known = self._known, self._given_up()
        if before is not None and self._known > before:
            self._tell(GIVEN_UP.format(count=self._known - before))
