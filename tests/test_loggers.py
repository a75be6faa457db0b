"""The suite's own ground: pytest may look at the loggers while a bot's thread imports one."""

from __future__ import annotations

import logging

from tests.support.loggers import SteadyTable


def test_the_loggers_can_be_walked_while_one_is_made() -> None:
    manager = logging.Logger.manager

    for number, _ in enumerate(manager.loggerDict.values()):
        if number == 0:
            logging.getLogger("made.meanwhile")

    assert isinstance(manager.loggerDict, SteadyTable)
    assert "made.meanwhile" in manager.loggerDict
