"""A reply as Slack shows it: the text for notifications, and the blocks.

Slack refuses the whole message when one part is too long, so every limit is kept here
for the worst input, counted after escaping. All text that is not ours passes through
`markup`; blocks are `verbatim`, so that Slack itself makes no mention or link of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot import texts
from bot.domain import Action, Answer, Choose, Document, Match, RunCommand, ShowMore, Text, TurnDial, Vote
from bot.platforms.slack import action_values
from bot.platforms.slack.markup import (
    BREAK,
    CUT,
    cut,
    escape,
    is_longer,
    keep_addresses,
    link,
    link_addresses,
    size,
)
from bot.texts.sources import place

Block = dict[str, Any]

# Slack's own limits, less a reserve of 5 % where foreign text decides the length.
SECTION = 2850
LABEL = 75
OPTION_VALUE = 150
BUTTON_VALUE = 2000
MOST_BUTTONS = 25
MOST_MEANT = 3
MESSAGE = 3900
BLOCKS = 50

# Long messages are refused as a whole, at a length that Slack does not state (reports say about 13,000).
ALL_MATCHES = 12_000
ONE_LINE = 1500
ECHO = 300
ADDRESS = 250
NAME = 80

STEPS = tuple(Decimal(hundredths).scaleb(-2) for hundredths in range(10, 91, 5))
MOST_MATCHES = BLOCKS - 6
MOST_CONTINUED = 20  # messages after that of a very long match

# Slack has no coloured text; these three are coloured everywhere.
_marks: dict[texts.Tier, str] = {"strong": "🟩", "fair": "🟨", "weak": "⬜"}


def answer_blocks(answer: Answer, now: datetime, *, in_thread: bool) -> list[Block]:
    """The whole answer. The question is repeated only where it does not stand right above."""
    answer = texts.that_fit_whole(
        replace(answer, matches=answer.matches[:MOST_MATCHES]), ALL_MATCHES, _measure
    )
    matches = answer.matches
    blocks = [] if in_thread else [_echo(answer)]
    for match in matches:
        blocks += _match(answer, match)
    if not matches:
        blocks.append(_section(escape(cut(texts.nothing_found(answer), SECTION))))
    blocks.append(_context(answer, now))
    if texts.near_tie(answer):
        blocks += _did_you_mean(answer)
    blocks.append(_dial(answer))
    return blocks


def continuations(answer: Answer) -> list[str]:
    """The parts of a very long first match that its message does not take, a message each."""
    if not answer.matches or size(answer.matches[0].text) + size(answer.matches[0].answer or "") <= SECTION:
        return []
    rest = _split_match(answer, answer.matches[0])[1]
    return rest if len(rest) <= MOST_CONTINUED else [*rest[: MOST_CONTINUED - 1], CUT]


def continuation(piece: str) -> dict[str, Any]:
    return {"text": piece, "blocks": [_section(piece)]}


def answer_text(answer: Answer) -> str:
    """The same in short, for notifications and screen readers: rank, score and title of each match."""
    if not answer.matches:
        return escape(cut(texts.nothing_found(answer), MESSAGE))
    matches = answer.matches[:MOST_MATCHES]
    room = min(ONE_LINE, MESSAGE // len(matches)) - 1
    return "\n".join(_line(match, room) for match in matches)


def as_comment(document: Document) -> str:
    """The words above a file; what its buttons would do is to be typed."""
    return escape(cut(texts.with_commands(replace(document, link="")), MESSAGE))


def text_pieces(text: Text) -> list[str]:
    """A reply in words, escaped, in as many messages as it needs; parted between lines where possible.

    Markup is off in these messages, so an address stands plain, for Slack itself to link.
    """
    return split(text.body, MESSAGE, keep_addresses) or [CUT]


def text_blocks(text: Text) -> list[Block]:
    """A reply in words as one message of any length: what does not fit is cut, and says so."""
    pieces = split(cut(text.body, ALL_MATCHES, link_addresses), SECTION)
    sections = [_section(piece) for piece in pieces]
    buttons = [
        _button(f"{action_values.RUN}:{number}", one.label.strip() or one.command, RunCommand(one.command))
        for number, one in enumerate(text.buttons[:MOST_BUTTONS])
        if size(one.command) <= BUTTON_VALUE
    ]
    return [*sections, {"type": "actions", "elements": buttons}] if buttons else sections


def split(text: str, limit: int, written: Callable[[str], str] = link_addresses) -> list[str]:
    """The text, escaped, in pieces of at most `limit`; nothing is lost but the blanks at the seams."""
    pieces = []
    rest = text.strip()
    while is_longer(rest, limit, written):
        head = cut(rest, limit + size(CUT), written).removesuffix(CUT)
        while size(written(head)) > limit:
            head = head[:-1]
        seam = head.rfind("\n")
        if seam <= 0:
            seam = head.rfind(" ")
        if seam <= 0:
            seam = len(head)
        pieces.append(written(rest[:seam].rstrip()))
        rest = rest[seam:].lstrip()
    return [piece for piece in [*pieces, written(rest)] if piece]


def _echo(answer: Answer) -> Block:
    question = cut(" ".join(answer.question.split()) or CUT, ECHO)
    return _section(f"> {escape(question)}")


def _measure(text: str) -> int:
    """The share of a message that a text takes, in characters; no block counts less than a short match."""
    return max(size(link_addresses(text)), ALL_MATCHES // MOST_MATCHES // 2)


def _match(answer: Answer, match: Match) -> list[Block]:
    """One match, whole: in one section where it fits, else its answer goes on in further ones."""
    words = texts.wording(answer.language)
    label = f"*{escape(words.answer_label)}:* "
    lines = [_head(answer, match), _text(match.text, match.bold)]
    if match.answer:
        lines.append(label + _text(match.answer, match.bold_answer))
    lines += _about(answer, match)
    if size("\n".join(lines)) <= SECTION:
        blocks = [_section("\n".join(lines))]
    else:
        blocks = [_section(piece) for piece in [*_split_match(answer, match)[0], *_about(answer, match)]]
    menu = _vote_menu(answer, match)
    return [blocks[0] | {"accessory": menu}, *blocks[1:]] if menu else blocks


def _split_match(answer: Answer, match: Match) -> tuple[list[str], list[str]]:
    """A long match in pieces: those that its message takes, and those for the messages after it."""
    head = _head(answer, match)
    label = f"*{escape(texts.wording(answer.language).answer_label)}:* "
    room = SECTION - size(head) - size(label) - 1
    first, *more = split(match.text, room) or [CUT]
    pieces = [f"{head}\n{first}", *more]
    if match.answer:
        pieces += [label + piece if at == 0 else piece for at, piece in enumerate(split(match.answer, room))]
    taken = 0
    for at, piece in enumerate(pieces):
        taken += size(piece)
        if at and taken > ALL_MATCHES:
            return pieces[:at], pieces[at:]
    return pieces, []


def _head(answer: Answer, match: Match) -> str:
    tier, word = _marks[texts.tier(match.score)], texts.tier_word(match.score, answer.language)
    return f"*{match.rank}.* {tier} {texts.bar(match.score)} *{texts.score(match.score)}* {word}"


def _about(answer: Answer, match: Match) -> list[str]:
    """The lines under a match: what of it matched, and where it comes from."""
    return [
        line for line in (escape(texts.what_matched(match, answer.language)), _source(answer, match)) if line
    ]


def _text(text: str, bold: tuple[int, int] | None) -> str:
    """Foreign text, with the sentence that answers in bold."""
    start, end = _trim(text, *bold) if bold else (0, 0)
    sentence = text[start:end]
    # Bold ends at a line break, and a star inside would end it early.
    if not sentence or end > len(text) or "*" in sentence or "\n" in sentence:
        return link_addresses(text)
    before, after = link_addresses(text[:start]), link_addresses(text[end:])
    return f"{before}{BREAK}*{link_addresses(sentence)}*{BREAK}{after}"


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    inside = text[max(start, 0) : max(end, 0)]
    lead = len(inside) - len(inside.lstrip())
    return max(start, 0) + lead, max(start, 0) + lead + len(inside.strip())


def _source(answer: Answer, match: Match) -> str:
    """The source of an entry as one short line, linked where it has an address; "" when nothing is known."""
    name = " ".join((match.title or place(match.source or "", answer.language)).split())
    if match.url:
        linked = link(match.url, cut(name, NAME))
        if size(linked) <= ADDRESS:
            return linked
    return escape(cut(name, NAME)) if match.title else ""


def _vote_menu(answer: Answer, match: Match) -> Block | None:
    """Helpful or not. Missing only when the entry's own id is too long for Slack."""
    words = texts.wording(answer.language)
    helpful = action_values.write(Vote(answer.id, match.entry_id, "helpful"))
    not_helpful = action_values.write(Vote(answer.id, match.entry_id, "not helpful"))
    if size(not_helpful) > OPTION_VALUE or size(helpful) > OPTION_VALUE:
        return None
    return {
        "type": "overflow",
        "action_id": action_values.VOTE,
        "options": [_option(words.helpful, helpful), _option(words.not_helpful, not_helpful)],
    }


def _context(answer: Answer, now: datetime) -> Block:
    lines = [texts.context_line(answer, now)]
    # Slack takes ten elements.
    lines += [line for line in (texts.turned_by(answer), texts.near_tie(answer), *answer.notes[:6]) if line]
    return {"type": "context", "elements": [_words(escape(cut(line, SECTION))) for line in lines]}


def _dial(answer: Answer) -> Block:
    words = texts.wording(answer.language)
    down, now, up = texts.dial_steps(answer.threshold)
    elements = [
        _button(action_values.DOWN, "−0.05", TurnDial(answer.id, down, now)),
        _button(action_values.STAY, texts.threshold(now), TurnDial(answer.id, now, now)),
        _button(action_values.UP, "+0.05", TurnDial(answer.id, up, now)),
        _menu(answer, words.dial),
    ]
    shown = answer.offset + len(answer.matches)
    if answer.matches and answer.rows > shown:
        elements.append(_button(action_values.MORE, words.more, ShowMore(answer.id, shown)))
    return {"type": "actions", "elements": elements}


def _did_you_mean(answer: Answer) -> list[Block]:
    """The matches after the first, to say which one was meant."""
    words = texts.wording(answer.language)
    buttons = []
    for match in answer.matches[1 : 1 + MOST_MEANT]:
        action = Choose(answer.id, match.entry_id)
        name = " ".join((match.title or match.text).split())
        label = words.did_you_mean_match.format(rank=match.rank, name=name)
        if size(action_values.write(action)) <= BUTTON_VALUE:
            buttons.append(_button(f"{action_values.CHOOSE}:{match.rank}", label, action))
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _menu(answer: Answer, label: str) -> Block:
    options = [
        _option(f"{step:.2f}", action_values.write(TurnDial(answer.id, step, answer.threshold)))
        for step in STEPS
    ]
    return {
        "type": "static_select",
        "action_id": action_values.TO,
        "placeholder": _plain(label),
        "options": options,
    }


def _button(action_id: str, label: str, action: Action) -> Block:
    return {
        "type": "button",
        "action_id": action_id,
        "text": _plain(label),
        "value": action_values.write(action),
    }


def _option(label: str, value: str) -> Block:
    return {"text": _plain(label), "value": value}


def _plain(label: str) -> Block:
    return {"type": "plain_text", "text": cut(label, LABEL, str), "emoji": False}


def _section(text: str) -> Block:
    return {"type": "section", "text": _words(text)}


def _words(text: str) -> Block:
    return {"type": "mrkdwn", "text": text or CUT, "verbatim": True}


def _line(match: Match, limit: int) -> str:
    head = f"{match.rank}. {texts.score(match.score)} "
    name = " ".join((match.title or match.text).split())
    return head + escape(cut(name, limit - size(head)))
