"""The gain of asking a follow-up in a thread together with the thread's first question.

    python -m benchmarks.followups [--threshold 0.40] [--show]

`followups.jsonl` holds invented pairs over the two knowledge bases that ship: a question, what is asked after
it in its thread, and the entry that answers that (none for what is no question). RISE was chosen on part 1;
part 2 was written before anything of it was looked at. Each pair goes through the whole bot and the engine
with the bundled model, at each knowledge base's own threshold or at the one that is given.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot import app
from bot.domain import Answer, Channel, IncomingMessage, Membership, MessageKey, Person, Surface
from engine.config import Model
from engine.encoder import load
from tests.support.program import a_program, samples

PAIRS = Path(__file__).with_suffix(".jsonl")
ANN = Person("slack", "T1", "U1")
MANY = {"person": 10_000, "channel": 10_000}

Pair = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--threshold", default="")
    options.add_argument("--show", action="store_true", help="print what was shown")
    given = options.parse_args()
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    counted: dict[tuple[int, str], Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        # Without workers each message is answered here, so that what was decided can be looked at.
        keys: dict[str, Any] = {"workers": 0, "questions_per_minute": MANY}
        with a_program(Path(folder), *samples(), encoder=lambda: load(Model()), **keys) as program:
            for number, pair in enumerate(pairs):
                room = _Room(program.app, f"C{number}")
                room.say(f"/kb use {pair['knowledge_base']}")
                if given.threshold:
                    room.say(f"/threshold {given.threshold}")
                room.say(pair["thread"])
                answer = room.say(pair["follow_up"])
                counts = counted.setdefault((pair["part"], pair["language"]), Counter())
                counts.update(_kinds(pair, answer))
                if given.show and answer and answer.thread_question:
                    print(answer.question, [match.text for match in answer.matches], pair["gold"])
    print("| part | language | found alone | nothing alone | of these right | wrong | chat answered |")
    print("|---|---|---|---|---|---|---|")
    for (part, language), counts in sorted(counted.items()):
        chat = f"{counts['chat answered']} of {counts['chat']}"
        figures = [counts[kind] for kind in ("alone", "nothing", "right", "wrong")]
        print(f"| {part} | {language} | {' | '.join(map(str, figures))} | {chat} |")


class _Room:
    """A room with one thread in it."""

    def __init__(self, running: app.App, name: str) -> None:
        self._app = running
        self._channel = Channel("slack", "T1", name)
        self._said = 0

    def say(self, text: str) -> Answer | None:
        self._said += 1
        key = MessageKey("message", f"{self._channel.id}:{self._said}")
        said = IncomingMessage(
            channel=self._channel,
            person=ANN,
            keys=(key,),
            surface=Surface.MESSAGE,
            text=text,
            mentioned=True,
            membership=Membership.MEMBER,
            thread="1700000000.000100",
        )
        self._app.inbox.accept(said)
        item = self._app.inbox.claim()
        assert item is not None
        outcome = self._app.responder.reply_to(item)
        for delivery in self._app.inbox.complete(item, outcome):
            self._app.outbox.complete(delivery, "sent")
        return next((reply for reply in outcome.replies if isinstance(reply, Answer)), None)


def _kinds(pair: Pair, answer: Answer | None) -> Iterator[str]:
    """The counts that a pair adds to."""
    is_answered = bool(answer and answer.matches)
    is_together = bool(answer and answer.thread_question)
    if pair["gold"] is None:
        yield "chat"
        if is_answered:
            yield "chat answered"
    elif is_answered and not is_together:
        yield "alone"
    else:
        yield "nothing"
        if is_together and answer:
            first = answer.matches[0]
            is_right = first.entry_id == pair["gold"] or first.text.startswith(pair["gold"])
            yield "right" if is_right else "wrong"


if __name__ == "__main__":
    main()
