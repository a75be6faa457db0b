"""The review queue of a channel and the pool of what was only observed, decided many at a time."""

from __future__ import annotations

import re
from typing import get_args

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from bot.commands.review.grammar import MOST_AT_ONCE
from bot.console.channel_view import context_of
from bot.console.pages.channels import channel_asked
from bot.console.pages.doing import back_with_answer, message_of, once_of
from bot.console.site import Site
from bot.domain import ReviewState, RunCommand
from bot.store.reviews import OPEN

AT_ONCE = 60
STATES: tuple[ReviewState, ...] = tuple(state for state in get_args(ReviewState) if state in OPEN)
WORDS = ("confirm", "dismiss", "clear")
_NUMBER = re.compile(r"decide-([0-9]{1,10})")


def add(routes: Blueprint, site: Site) -> None:
    reviews = site.parts.read.reviews

    @routes.get("/review")
    def review() -> Response:
        channel = channel_asked(site)
        wanted = request.args.get("state", "queued")
        state = next((state for state in STATES if state == wanted), None)
        if state is None:
            raise NotFound
        return site.page(
            "review.html",
            channel=channel,
            context=context_of(site.parts, channel, site.visitor.person),
            state=state,
            states=STATES,
            counts=reviews.counts(channel),
            items=reviews.waiting(channel, state, AT_ONCE),
        )

    @routes.post("/review")
    def decide() -> Response:
        """One command for all that are decided alike."""
        person = site.visitor.person
        channel = site.parts.rights.channel(person, request.form.get("channel", ""))
        if channel is None:
            raise NotFound
        once, number = once_of(request.form), None
        for word in WORDS:
            chosen = [
                found.group(1)
                for name, value in request.form.items()
                if value == word and (found := _NUMBER.fullmatch(name))
            ][:MOST_AT_ONCE]
            if chosen:
                command = RunCommand(f"/queue {word} {' '.join(chosen)}")
                number = site.parts.answer(message_of(channel, person, f"{once} {word}", command))
        if number is None:
            raise BadRequest
        return back_with_answer(number, request.form.get("back", ""))
