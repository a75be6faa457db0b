"""The entry that somebody means by the id they typed."""

from __future__ import annotations

from bot.commands.base.ports import Engine
from bot.domain import EngineError


def find_id(engine: Engine, knowledge_base: str, entry_id: str, typed: str) -> str:
    """The id as it was typed where an entry has it, else `entry_id`, what folding made of that.

    Nothing is asked where the two are one: `typed` is then empty. Raises EngineError.
    """
    if not typed:
        return entry_id
    try:
        return engine.show_entry(knowledge_base, typed).id
    except EngineError as error:
        if error.code != "unknown_entry":
            raise
        return entry_id
