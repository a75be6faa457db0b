"""Decides what to say: a claimed message goes in, an Outcome comes out.

Nothing is stored and nothing is sent here. Settings and history are read, the engine is
asked, and everything that follows (replies, changes, the question as it was answered) is
in the Outcome, which the store keeps in one transaction or not at all.
"""

from __future__ import annotations

from bot.commands.ask.highlight import bold_spans
from bot.commands.base.rate_limit import Throttle
from bot.responder.responder import Responder

__all__ = ["Responder", "Throttle", "bold_spans"]
