from __future__ import annotations

from bot.pipeline.readiness import Readiness
from bot.store import StoreError


def test_what_cannot_be_read_or_written_is_a_reason_and_an_end_is_the_only_one() -> None:
    wrong = {"read": "", "write": ""}

    def look() -> None:
        if wrong["read"]:
            raise StoreError(wrong["read"])

    readiness = Readiness(look=look, problem=lambda: wrong["write"])
    assert readiness.reasons_not_ready() == []

    wrong["write"] = "the disk is full"
    assert readiness.reasons_not_ready() == ["database: the disk is full"]
    wrong["read"] = "the server is gone"
    assert readiness.reasons_not_ready() == ["database: the server is gone"]
    readiness.end()
    assert readiness.reasons_not_ready() == ["stopping"]
