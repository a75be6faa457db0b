"""Marking a match right or wrong where it stands: the vote of a click in the chat, on the same answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from bot.console.pages.doing import back_with_answer, message_of, once_of
from bot.console.site import Site
from bot.domain import Channel, Verdict, Vote

LONGEST_ID = 2_000


@dataclass(frozen=True, slots=True)
class Marks:
    """A question that was asked in a channel, and what this person `said` of its entries so far."""

    channel: Channel
    answer_id: str
    said: Mapping[str, bool]


def add(routes: Blueprint, site: Site) -> None:
    @routes.post("/mark")
    def mark() -> Response:
        person = site.visitor.person
        channel = site.parts.rights.channel(person, request.form.get("channel", ""))
        answer_id = request.form.get("answer", "")
        if channel is None or site.parts.read.history.answer(channel, answer_id) is None:
            raise NotFound
        verdict, rank, entry_id = _mark()
        message = message_of(channel, person, once_of(request.form), Vote(answer_id, entry_id, verdict))
        return back_with_answer(site.parts.answer(message), request.form.get("back", ""), at=f"m{rank}")


def marks_on(site: Site, channels: Sequence[Channel], knowledge_base: str, question: str) -> Marks | None:
    """The newest time that this was asked where the visitor may see it; None where it never was."""
    person = site.visitor.person
    found = site.parts.overview.asked_as(person, channels, knowledge_base, question)
    if found is None:
        return None
    channel, answer_id = found
    labels = site.parts.read.labels.on(channel, answer_id)
    said = {past.label.entry_id: past.label.relevant for past in labels if past.person.key == person.key}
    return Marks(channel, answer_id, said)


def _mark() -> tuple[Verdict, int, str]:
    for name, verdict in _VERDICTS.items():
        rank, _, entry_id = request.form.get(name, "").partition(" ")
        if (
            rank.isascii()
            and rank.isdigit()
            and len(rank) < len("10000000")
            and 0 < len(entry_id) <= LONGEST_ID
        ):
            return verdict, int(rank), entry_id
    raise BadRequest


_VERDICTS: Mapping[str, Verdict] = {"right": "helpful", "wrong": "not helpful"}
