"""The buttons and menus under a reply, each signed for the channel in which it is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot import texts
from bot.domain import Action, Answer, Choose, Match, RunCommand, ShowMore, Text, TurnDial, Vote
from bot.platforms.mattermost import action_values
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.action_values import ActionValue
from bot.platforms.mattermost.markup import as_label, cut, one_line
from bot.platforms.mattermost.wording import mattermost_wording

LABEL = 60
MOST_BUTTONED = 5  # matches with two buttons each; from one more on there are two menus for all
MOST_MEANT = 3
MOST_COMMANDS = 25

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """The place where a reply is shown.

    `is_private`: to one person alone, in a post that cannot be changed. `has_buttons` where a click
    would reach the channel that the reply is about. `has_echo` where the question does not stand above.
    """

    channel_id: str
    is_private: bool = False
    has_buttons: bool = True
    has_echo: bool = False


class Buttons:
    """The buttons of one reply. An id holds letters and digits only: with any other the button is dead."""

    def __init__(self, signer: ActionSigner, actions_url: str, place: Place) -> None:
        self._signer = signer
        self._actions_url = actions_url
        self._place = place

    def votes(self, answer: Answer, match: Match) -> list[JsonObject]:
        """Helpful or not, beside a match; none where there are too many matches for that."""
        if len(answer.matches) > MOST_BUTTONED:
            return []
        words = texts.wording(answer.language)
        return [
            self._button(f"up{match.rank}", words.helpful, Vote(answer.id, match.entry_id, "helpful")),
            self._button(
                f"down{match.rank}", words.not_helpful, Vote(answer.id, match.entry_id, "not helpful")
            ),
        ]

    def under(self, answer: Answer) -> list[JsonObject]:
        """The rows under an answer: what was meant, the votes of many matches, the dial, more."""
        return [*self._meant(answer), *self._vote_menus(answer), *self._dial(answer)]

    def commands(self, text: Text) -> list[JsonObject]:
        return [
            self._button(f"run{number}", one.label.strip() or one.command, RunCommand(one.command))
            for number, one in enumerate(text.buttons[:MOST_COMMANDS])
        ]

    def _dial(self, answer: Answer) -> list[JsonObject]:
        words = texts.wording(answer.language)
        down, now, up = texts.dial_steps(answer.threshold)
        made = [
            self._button("dialdown", "−0.05", TurnDial(answer.id, down, now)),
            self._button("dialstay", texts.threshold(now), TurnDial(answer.id, now, now)),
            self._button("dialup", "+0.05", TurnDial(answer.id, up, now)),
            self._menu(
                "dialto",
                words.dial,
                ActionValue(action_values.DIAL_TO, answer.id, f"{now:f}"),
                [(f"{step:.2f}", f"{step:.2f}") for step in action_values.STEPS],
            ),
        ]
        shown = answer.offset + len(answer.matches)
        if answer.matches and answer.rows > shown:
            made.append(self._button("more", words.more, ShowMore(answer.id, shown)))
        return made

    def _meant(self, answer: Answer) -> list[JsonObject]:
        """The matches after the first of a near tie, to say which one was meant."""
        if not texts.near_tie(answer):
            return []
        words = texts.wording(answer.language)
        return [
            self._button(
                f"choose{match.rank}",
                words.did_you_mean_match.format(rank=match.rank, name=one_line(match.title or match.text)),
                Choose(answer.id, match.entry_id),
            )
            for match in answer.matches[1 : 1 + MOST_MEANT]
        ]

    def _vote_menus(self, answer: Answer) -> list[JsonObject]:
        if len(answer.matches) <= MOST_BUTTONED:
            return []
        words = mattermost_wording(answer.language)
        return [
            self._vote_menu("helpful", words.which_helped, "up", answer),
            self._vote_menu("unhelpful", words.which_did_not, "down", answer),
        ]

    def _vote_menu(self, id_: str, label: str, verdict: str, answer: Answer) -> JsonObject:
        menu = ActionValue(action_values.RATE, answer.id, verdict)
        options = [
            (
                f"{match.rank}. {one_line(match.title or match.text)}",
                self._signer.offer(menu, match.entry_id, self._place.channel_id),
            )
            for match in answer.matches
        ]
        return self._menu(id_, label, menu, options)

    def _button(self, id_: str, label: str, action: Action) -> JsonObject:
        return self._action(id_, "button", label, action_values.write(action))

    def _menu(
        self, id_: str, label: str, value: ActionValue, options: Sequence[tuple[str, str]]
    ) -> JsonObject:
        listed = [{"text": as_label(cut(text, LABEL)), "value": chosen} for text, chosen in options]
        return self._action(id_, "select", label, value) | {"options": listed}

    def _action(self, id_: str, kind: str, label: str, value: ActionValue) -> JsonObject:
        context = self._signer.context(value, self._place.channel_id, is_private=self._place.is_private)
        return {
            "id": id_,
            "type": kind,
            "name": as_label(cut(label, LABEL)),
            "integration": {"url": self._actions_url, "context": context},
        }
