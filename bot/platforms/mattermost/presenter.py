"""A reply as Mattermost shows it: the sentence that phones notify, and attachments with buttons.

Pure: every attempt at a delivery says the same. All text that is not ours passes through `markup`.
A match is shown whole; what does not fit into one post follows in further ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import texts
from bot.commands.registry import VERBS
from bot.domain import Answer, Document, Language, Match, Reply, Text
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.buttons import Buttons, Place
from bot.platforms.mattermost.markup import (
    CUT,
    cut,
    inert,
    inert_inside,
    link,
    link_addresses,
    one_line,
    split,
    with_bold,
)
from bot.platforms.mattermost.wording import mattermost_wording
from bot.texts import sources

# Characters of a post's message. Old databases take 4,000, which the server says of itself.
MESSAGE = 16_383
COMMAND = "/kbdial "
# All matches of one post, as they are written; the props of a post may hold 760,000 characters.
ALL_MATCHES = 120_000
_AROUND = 300  # rank, bar, score and buttons of a match, about
MOST_POSTS = 20  # of one reply
ECHO = 300
NAME = 80

# A command as it stands in a sentence; a word with a slash that no program knows would never leave
# the client.
_TYPED = re.compile(rf"(?<![\w/.:“\"@>-])/(?=(?:{'|'.join(VERBS)})(?![\w/]))")
_COLOURS: dict[texts.Tier, str] = {"strong": "#0b5d1e", "fair": "#5aa469", "weak": "#8a8a8a"}

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """One post: `message` is markdown, and so is every `text` of the attachments."""

    message: str
    attachments: tuple[JsonObject, ...] = ()


class Presenter:
    """`actions_url` is where clicks arrive; `message_limit` asks how long a message may be.

    `lead` asks what is to be typed before a command: "/kbdial ", or our name as a mention.
    """

    def __init__(
        self,
        signer: ActionSigner,
        actions_url: str,
        *,
        lead: Callable[[], str] = lambda: COMMAND,
        message_limit: Callable[[], int] = lambda: MESSAGE,
    ) -> None:
        self._signer = signer
        self._actions_url = actions_url
        self._lead = lead
        self._message_limit = message_limit

    def posts(self, reply: Reply, now: datetime, place: Place) -> tuple[Post, ...]:
        """The reply in as many posts as it takes."""
        if isinstance(reply, Answer):
            return self._answer(reply, now, place)
        buttons = self._buttons(place)
        actions = buttons.commands(texts.in_words(reply)) if buttons else []
        *first, last = self._parts(self._words_of(reply, has_buttons=bool(actions)))
        attachments = ({"fallback": "", "text": "", "actions": actions},) if actions else ()
        return (*map(Post, first), Post(last, attachments))

    def above_file(self, document: Document) -> str:
        """The words above a file; what its buttons would do is to be typed."""
        said = Text(document.body, document.language, buttons=document.buttons)
        return self._only_part(self._words_of(said), document.language)

    def in_words(self, reply: Reply, now: datetime) -> str:
        """The reply as one message of text, where there are no attachments."""
        if not isinstance(reply, Answer):
            return self._only_part(self._words_of(reply), reply.language)
        blocks = [_echo(reply), *(_match(reply, match) for match in reply.matches)]
        if not reply.matches:
            blocks.append(self._headline(reply))
        shortened = mattermost_wording(reply.language).shortened
        last = self._under(reply, now, has_buttons=False)
        room = self._message_limit() - len(last) - len(inert(shortened)) - 4
        shown = _that_fit(blocks, room)
        return "\n\n".join([*shown, *([inert(shortened)] if len(shown) < len(blocks) else []), last])

    def _words_of(self, reply: Text | Document, *, has_buttons: bool = False) -> str:
        """The words; what is a button needs none."""
        return self._typeable(texts.in_words(reply).body if has_buttons else texts.with_commands(reply))

    def _typeable(self, text: str) -> str:
        """The text, each command in it as it is to be typed here."""
        return _TYPED.sub(f"{self._lead()}/", text).replace(f"{COMMAND}/", COMMAND)

    def _parts(self, text: str) -> list[str]:
        pieces = split(text, self._message_limit()) or [CUT]
        return pieces if len(pieces) <= MOST_POSTS else [*pieces[: MOST_POSTS - 1], CUT]

    def _only_part(self, text: str, language: Language) -> str:
        """The text in one message: where that is not all, it says so."""
        limit = self._message_limit()
        if len(link_addresses(text)) <= limit:
            return link_addresses(text) or CUT
        shortened = inert(mattermost_wording(language).shortened)
        return f"{split(text, limit - len(shortened) - 1)[0]}\n{shortened}"

    def _buttons(self, place: Place) -> Buttons | None:
        has_buttons = place.has_buttons and self._signer.has_secret
        return Buttons(self._signer, self._actions_url, place) if has_buttons else None

    def _answer(self, answer: Answer, now: datetime, place: Place) -> tuple[Post, ...]:
        buttons = self._buttons(place)
        answer = texts.that_fit_whole(answer, ALL_MATCHES, lambda text: len(link_addresses(text)) + _AROUND)
        rest: list[str] = []
        attachments: list[JsonObject] = []
        if place.has_echo:
            attachments.append({"fallback": "", "text": _echo(answer)})
        for match in answer.matches:
            text = _match(answer, match)
            if len(text) > ALL_MATCHES:  # only the first can be that long, and then it is the only one
                text, *rest = self._long_match(answer, match)
            attachments.append(_attachment(match, text, buttons.votes(answer, match) if buttons else []))
        under = self._under(answer, now, has_buttons=bool(buttons))
        dial = {"actions": buttons.under(answer)} if buttons else {}
        attachments.append({"fallback": "", "text": under} | dial)
        return (Post(self._headline(answer), tuple(attachments)), *map(Post, rest[: MOST_POSTS - 1]))

    def _headline(self, answer: Answer) -> str:
        """The sentence that phones notify; it repeats no text of an entry."""
        if not answer.matches:
            return inert(self._typeable(texts.nothing_found(answer)))
        words = mattermost_wording(answer.language)
        score = texts.score(answer.matches[0].score)
        if answer.rows == 1:
            return inert(words.one_match.format(score=score))
        if answer.offset:
            return inert(words.more_matches.format(count=answer.rows, first=answer.offset + 1))
        return inert(words.matches.format(count=answer.rows, score=score))

    def _under(self, answer: Answer, now: datetime, *, has_buttons: bool) -> str:
        """The lines under the matches; without buttons, with the commands that do what they would."""
        lines = [
            texts.context_line(answer, now),
            texts.turned_by(answer),
            texts.near_tie(answer),
            *answer.notes,
        ]
        if not has_buttons:
            down, now_at, up = texts.dial_steps(answer.threshold)
            turns = [f"/threshold {texts.threshold(step)}" for step in (down, up) if step != now_at]
            words = mattermost_wording(answer.language)
            lines += [texts.near_tie_command(answer), words.turn.format(commands=words.either.join(turns))]
        return "\n".join(inert(one_line(self._typeable(line))) for line in lines if line)

    def _long_match(self, answer: Answer, match: Match) -> list[str]:
        """A match longer than any post, in pieces."""
        limit = self._message_limit() - _AROUND
        first, *more = split(match.text, limit) or [CUT]
        told = split(match.answer or "", limit)
        labelled = [f"{_label(answer)} {told[0]}", *told[1:]] if told else []
        return [f"{_head(answer, match)}\n{first}", *more, *labelled]


def _attachment(match: Match, text: str, actions: list[JsonObject]) -> JsonObject:
    fallback = inert(
        cut(f"{match.rank}. {texts.score(match.score)} {one_line(match.title or match.text)}", NAME)
    )
    made = {"fallback": fallback, "color": _COLOURS[texts.tier(match.score)], "text": text}
    return made | ({"actions": actions} if actions else {})


def _echo(answer: Answer) -> str:
    return f"> {inert_inside(cut(one_line(answer.question), ECHO)) or CUT}"


def _head(answer: Answer, match: Match) -> str:
    word = texts.tier_word(match.score, answer.language)
    return f"**{match.rank}.** {texts.bar(match.score)} **{texts.score(match.score)}** {word}"


def _label(answer: Answer) -> str:
    return f"**{inert_inside(texts.wording(answer.language).answer_label)}:**"


def _match(answer: Answer, match: Match) -> str:
    """One match, whole."""
    lines = [_head(answer, match), with_bold(match.text, match.bold)]
    if match.answer:
        lines.append(f"{_label(answer)} {with_bold(match.answer, match.bold_answer, inert_inside)}")
    about = (inert(texts.what_matched(match, answer.language)), _origin(answer, match))
    return "\n".join([*lines, *filter(None, about)])


def _origin(answer: Answer, match: Match) -> str:
    """The source of an entry as one short line, linked where it has an address; "" when nothing is known."""
    name = cut(one_line(match.title or sources.place(match.source or "", answer.language)), NAME)
    if match.url:
        return link(name, match.url)
    return inert(name) if match.title else ""


def _that_fit(blocks: Sequence[str], room: int) -> list[str]:
    """The first blocks that fit into `room` characters, with a blank line between them."""
    kept = []
    for block in blocks:
        room -= len(block) + 2
        if room < 0:
            break
        kept.append(block)
    return kept
