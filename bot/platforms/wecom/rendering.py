"""A reply as WeCom's markdown, for a phone: one column, no tables, no pictures.

Three places show it, with different limits and, in one, no colours; the words are the
same. What does not fit into one message comes back as further pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot import texts
from bot.commands.registry import VERBS
from bot.domain import Answer, Document, Language, Match, Reply, Text
from bot.platforms.wecom.markup import (
    cut,
    emphasise,
    escape,
    inline,
    link,
    link_addresses,
    one_line,
    with_bold,
)
from bot.platforms.wecom.split_markdown import split
from bot.platforms.wecom.wording import wecom_wording
from bot.texts.sources import place

_LINK = 600  # as it is written: one Chinese character of an address takes nine
_NAME = 80

# The newer markdown of the robots has no colours; these three are coloured everywhere.
_marks: dict[texts.Tier, str] = {"strong": "🟩", "fair": "🟨", "weak": "⬜"}
_colours: dict[texts.Tier, str] = {"strong": "info", "fair": "warning", "weak": "comment"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place for replies: what one message takes, and what the matches of an answer may together."""

    limit_bytes: int
    answer_bytes: int
    has_colours: bool = False


# A stream and one later reply; that later reply alone.
ROBOT = Place(limit_bytes=20_480, answer_bytes=36_000)
LATER = Place(limit_bytes=20_480, answer_bytes=18_000)
APP = Place(limit_bytes=2_048, answer_bytes=7_200, has_colours=True)
WEBHOOK = Place(limit_bytes=4_096, answer_bytes=12_000, has_colours=True)
# Rank, bar, score and origin of a match, about.
_AROUND_BYTES = 150
_LONGEST_QUOTE = 120
_COMMAND = re.compile(rf"(?<![\w/.:“\"@>-])/(?=(?:{'|'.join(VERBS)})(?![\w/]))")


def fitting(answer: Answer, place: Place) -> Answer:
    """The answer with as many matches as are shown there whole; the others come with "more"."""
    return texts.that_fit_whole(
        answer, place.answer_bytes, lambda text: len(link_addresses(text).encode()) + _AROUND_BYTES // 2
    )


def pieces(
    reply: Reply,
    place: Place,
    now: datetime,
    *,
    mention: str = "",
    has_card: bool = False,
    is_late: bool = False,
) -> tuple[str, ...]:
    """The reply in as many messages as it needs; an answer that `is_late` quotes its question.

    Without a card an answer ends with the commands that turn the dial. Commands are to be
    typed as they stand; `mention` is what a group has to write before them ("@name ").
    """
    if not isinstance(reply, Answer):
        body = escape(_with_mentions(reply, mention), link_addresses)
        if isinstance(reply, Text) and reply.dial is not None and not has_card:
            body += "\n" + _turn(reply.dial, reply.language, mention)
    else:
        body = _answer(fitting(reply, place), place, now, mention=mention, has_card=has_card)
        if is_late:
            body = f"> {inline(cut(one_line(reply.question).strip(), _LONGEST_QUOTE))}\n\n{body}"
    words = wecom_wording(reply.language)
    return split(body, place.limit_bytes, words.continued, reserve_bytes=len(words.cut_short.encode()))


def only_piece(body: tuple[str, ...], language: Language) -> str:
    """The first piece where no other can follow: it says that it was cut."""
    words = wecom_wording(language)
    return body[0] if len(body) == 1 else body[0].removesuffix(words.continued) + words.cut_short


def _answer(answer: Answer, place: Place, now: datetime, *, mention: str, has_card: bool) -> str:
    turned = texts.turned_by(answer)
    blocks = [inline(one_line(turned))] if turned else []
    blocks += [_match(answer, match, place) for match in answer.matches]
    if not answer.matches:
        blocks.append(escape(texts.nothing_found(answer, mention)))
    # A card has a choice of matches beside its "helpful".
    meant = None if has_card else texts.near_tie_command(answer, mention)
    under = [texts.context_line(answer, now), texts.near_tie(answer), meant, *answer.notes]
    last = [inline(one_line(line)) for line in under if line]
    if not has_card:
        last.append(_turn(answer.threshold, answer.language, mention))
    return "\n\n".join([*blocks, "\n".join(last)])


def _match(answer: Answer, match: Match, place: Place) -> str:
    lines = [f"**{match.rank}.** {emphasise(match.text, match.bold)}", _score(answer, match, place)]
    matched = texts.what_matched(match, answer.language)
    if matched:
        lines.append(inline(matched))
    origin = _origin(answer, match)
    if origin:
        lines.append(origin)
    if match.answer:
        # Last, because a line after a quote would be taken into it.
        label = f"{texts.wording(answer.language).answer_label}:"
        told = f"{escape(label)} " + with_bold(match.answer, match.bold_answer)
        lines += [f"> {line}" for line in told.split("\n") if line]
    return "\n".join(lines)


def _with_mentions(reply: Text | Document, mention: str) -> str:
    """The words, each command in them as a group has to type it."""
    # The help has a line for each command, and says once what goes before it.
    if not mention or reply.verb in {"", "help"}:
        return texts.with_commands(reply, mention)
    return _COMMAND.sub(f"{mention}/", texts.with_commands(reply))


def _score(answer: Answer, match: Match, place: Place) -> str:
    tier, word = texts.tier(match.score), texts.tier_word(match.score, answer.language)
    measure = f"{texts.bar(match.score)} {texts.score(match.score)}"
    if place.has_colours:
        return f'<font color="{_colours[tier]}">{measure} {word}</font>'
    return f"{_marks[tier]} {measure} {word}"


def _origin(answer: Answer, match: Match) -> str:
    # The name of a file on a server says nothing here, but for a link without a title.
    name = match.title or (place(match.source or "", answer.language) if match.url else "")
    label = cut(one_line(name).strip(), _NAME)
    linked = link(label, match.url) if match.url else ""
    shown = linked if 0 < len(linked) <= _LINK else inline(label)
    return f"{texts.wording(answer.language).source}: {shown}" if shown else ""


def _turn(value: Decimal, language: Language, mention: str) -> str:
    words = wecom_wording(language)
    down, _, up = texts.dial_steps(value)
    steps = [step for step in (down, up) if step != value]
    commands = words.either.join(f"{inline(mention)}/threshold {texts.threshold(step)}" for step in steps)
    return words.turn.format(commands=commands)
