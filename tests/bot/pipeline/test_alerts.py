from __future__ import annotations

from bot.pipeline.alerts import Alerts
from bot.platforms.host import Condition


class Operators:
    def __init__(self) -> None:
        self.is_wrong = False
        self.given_up = 3
        self.heard: list[str] = []
        self.news: list[str] = []
        self.alerts = Alerts(
            (Condition(lambda: self.is_wrong, "wrong", "well again"),),
            given_up=lambda: self.given_up,
            tell=self.heard.append,
            take_news=self.take_news,
        )

    def take_news(self) -> list[str]:
        taken, self.news = self.news, []
        return taken

    def look(self, *, is_wrong: bool) -> list[str]:
        self.is_wrong = is_wrong
        self.heard.clear()
        self.alerts.look()
        return list(self.heard)


def test_what_stays_wrong_is_told_once_and_so_is_its_end() -> None:
    operators = Operators()
    heard = [operators.look(is_wrong=is_wrong) for is_wrong in (True, True, True, False, False)]
    assert heard == [[], ["wrong"], [], ["well again"], []]


def test_what_passes_by_itself_is_not_told() -> None:
    operators = Operators()
    assert [operators.look(is_wrong=is_wrong) for is_wrong in (True, False, True, False)] == [[], [], [], []]


def test_what_was_given_up_since_the_last_look_is_told_with_its_number() -> None:
    operators = Operators()
    assert operators.look(is_wrong=False) == []
    operators.given_up = 5
    (told,) = operators.look(is_wrong=False)
    assert "2 条" in told
    operators.given_up = 1
    assert operators.look(is_wrong=False) == []


def test_news_is_told_at_the_next_look_and_once() -> None:
    operators = Operators()
    operators.news = ["gone", "back"]
    assert [operators.look(is_wrong=False) for _ in range(2)] == [["gone", "back"], []]
