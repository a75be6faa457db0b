"""The Home tab: what concerns one person, as blocks. Pure.

A view is told to one person alone, and only what `PersonalOverview` holds for them. Foreign text passes
through `markup`, and each part is cut to Slack's limits: forty blocks at most, whatever there is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot import texts
from bot.domain import KeptProposal, Language, OwnChannel, OwnQuestion, PersonalOverview
from bot.platforms.slack.action_values import (
    HOME_AGAIN,
    HOME_GAP,
    HOME_RUN,
    write_again,
    write_gap,
    write_home,
)
from bot.platforms.slack.home_words import HomeWords, home_words
from bot.platforms.slack.markup import CUT, cut, escape

Block = dict[str, Any]

MOST_BLOCKS = 40
LABEL, SECTION, HEADER = 75, 2850, 150
QUESTION, NAME, MODEL, NOTICE = 200, 80, 80, 1000


def home_view(
    overview: PersonalOverview,
    language: Language,
    now: datetime,
    *,
    public_url: str,
    direct: str = "",
    notice: str = "",
) -> Block:
    """The view for `views.publish`. `direct` is the direct chat with this person; `notice` goes on top."""
    blocks = [_section(escape(cut(notice, NOTICE)))] if notice else []
    page = _Page(home_words(language), language, now, public_url, direct)
    blocks += page.blocks(overview)
    view: Block = {"type": "home", "blocks": blocks[:MOST_BLOCKS]}
    return view | {"private_metadata": direct} if direct else view


class _Page:
    def __init__(
        self, words: HomeWords, language: Language, now: datetime, public_url: str, direct: str
    ) -> None:
        self._words = words
        self._language = language
        self._now = now
        self._public_url = public_url
        self._direct = direct
        self._count = 0

    def blocks(self, overview: PersonalOverview) -> list[Block]:
        if not overview.may_see:
            return [_section(self._words.nothing_for_you)]
        blocks = [self._state(overview)]
        if not overview.channels:
            blocks.append(_section(self._words.no_channels))
        for number, channel in enumerate(overview.channels):
            blocks += [] if number else [_header(self._words.channels)]
            blocks += self._channel(channel)
        if overview.questions:
            blocks.append(_header(self._words.questions))
            blocks += map(self._question, overview.questions)
        blocks += self._proposals(overview)
        return [*blocks, *self._doors()]

    def _state(self, overview: PersonalOverview) -> Block:
        lines = [
            self._words.knowledge.format(
                name=escape(cut(base.name, NAME)),
                size=base.size,
                age=texts.age(base.snapshot_at, self._now, self._language),
                model=escape(cut(base.model, MODEL)),
            )
            for base in overview.knowledge
        ]
        return _context("\n".join(lines) or self._words.silent)

    def _channel(self, one: OwnChannel) -> list[Block]:
        words, name = self._words, escape(cut(one.knowledge_base, NAME))
        if one.threshold is None:
            line = words.threshold_unknown.format(name=name)
            buttons = []
        else:
            source, value = words.sources[one.threshold_source], texts.threshold(one.threshold)
            line = words.threshold.format(value=value, source=source, name=name)
            down, _, up = texts.dial_steps(one.threshold)
            steps = (("−0.05", down), ("+0.05", up))
            buttons = [self._button(label, one, f"/threshold {step:f}") for label, step in steps]
        found = [_section(f"{_mention(one)} {line}")]
        if buttons:
            found.append({"type": "actions", "elements": buttons})
        found.append(_context(self._gaps(one)))
        answers = self._answer_buttons(one)
        return [*found, {"type": "actions", "elements": answers}] if answers else found

    def _answer_buttons(self, one: OwnChannel) -> list[Block]:
        """A button for each gap that is shown; it opens a form."""
        buttons = []
        for gap in one.gaps if one.open_gaps else ():
            text = cut(_line(gap.text), QUESTION, str) or CUT
            value = write_gap(one.channel.id, gap.name, text)
            if value:
                buttons.append(self._make_button(HOME_GAP, self._words.answer_gap.format(text=text), value))
        return buttons

    def _gaps(self, one: OwnChannel) -> str:
        words = self._words
        address = f"{self._public_url}/console/channel?channel={quote(one.channel.key, safe='')}"
        lines = []
        if one.open_gaps:
            lines.append(words.gaps.format(count=one.open_gaps))
            lines += [
                "• " + words.gap.format(text=escape(cut(_line(gap.text), QUESTION)), count=gap.count)
                for gap in one.gaps
            ]
        elif one.open_gaps == 0:
            lines.append(words.no_gaps)
        if one.reviews:
            lines.append(words.reviews.format(count=one.reviews))
        return "\n".join([*lines, f"<{address}|{words.more}>"])

    def _question(self, one: OwnQuestion) -> Block:
        words = self._words
        told = (words.found if one.total else words.found_nothing).format(
            total=one.total,
            threshold=texts.threshold(one.threshold),
            best=words.no_score if one.best_score is None else texts.score(one.best_score),
            channel=_mention(one),
        )
        block = _section(f"{escape(cut(_line(one.text), QUESTION))}\n{told}")
        value = write_again(self._direct, one.knowledge_base, one.text) if self._direct else None
        return block | ({"accessory": self._make_button(HOME_AGAIN, words.again, value)} if value else {})

    def _proposals(self, overview: PersonalOverview) -> list[Block]:
        blocks: list[Block] = []
        for channel in overview.channels:
            for kept in channel.proposals:
                blocks += [] if blocks else [_header(self._words.proposals)]
                blocks.append(self._proposal(channel, kept))
        # Those that are left out wait: they come up as these are decided.
        return blocks[:6]

    def _proposal(self, channel: OwnChannel, kept: KeptProposal) -> Block:
        words = self._words
        sentence = words.teach if kept.proposal.kind == "teach" else words.take_back
        said = sentence.format(
            channel=_mention(channel),
            wording=escape(cut(_line(kept.proposal.wording), QUESTION)),
            entry=escape(cut(kept.proposal.entry_id, NAME)),
        )
        return _section(said) | {"accessory": self._button(words.accept, channel, f"/teach {kept.id}")}

    def _doors(self) -> list[Block]:
        if not self._direct:
            return []
        # A link that signs in goes to the direct chat: a view lives for ever.
        return [
            {
                "type": "actions",
                "elements": [
                    self._plain_button(self._words.open_console, self._direct, "/console"),
                    self._plain_button(self._words.help, self._direct, "/help"),
                ],
            }
        ]

    def _button(self, label: str, one: OwnChannel, command: str) -> Block:
        return self._plain_button(label, one.channel.id, command)

    def _plain_button(self, label: str, channel_id: str, command: str) -> Block:
        return self._make_button(HOME_RUN, label, write_home(channel_id, command))

    def _make_button(self, kind: str, label: str, value: str) -> Block:
        self._count += 1
        return {
            "type": "button",
            "action_id": f"{kind}:{self._count}",
            "text": _plain(label, LABEL),
            "value": value,
        }


def _mention(one: OwnChannel | OwnQuestion) -> str:
    """The channel as Slack names it to whoever looks."""
    return f"<#{one.channel.id}>"


def _line(text: str) -> str:
    return " ".join(text.split())


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, HEADER)}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text, limit, str), "emoji": False}


def _section(text: str) -> Block:
    return {"type": "section", "text": _words(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_words(text)]}


def _words(text: str) -> Block:
    return {"type": "mrkdwn", "text": text[:SECTION] or "…", "verbatim": True}
