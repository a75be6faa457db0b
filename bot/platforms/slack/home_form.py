"""The form that the Home tab opens: an answer for a question that found nothing. Pure."""

from __future__ import annotations

from typing import Any

from bot.domain import Language
from bot.platforms.slack.home_words import home_words
from bot.platforms.slack.markup import cut, escape

# What it is known by, and its one field.
GAP_FORM, GAP_FIELD = "gap", "answer"
TITLE, LABEL, QUESTION = 24, 75, 200
LONGEST_ANSWER = 3000


def gap_form(channel_id: str, gap: str, question: str, language: Language, *, direct: str) -> dict[str, Any]:
    """The view for `views.open`. What it is about travels in it and comes back with the answer."""
    words = home_words(language)
    asked = words.gap_question.format(channel=channel_id, text=escape(cut(question, QUESTION)))
    return {
        "type": "modal",
        "callback_id": GAP_FORM,
        "private_metadata": f"{channel_id}|{gap}|{direct}",
        "title": _plain(words.gap_title, TITLE),
        "submit": _plain(words.gap_save, TITLE),
        "close": _plain(words.gap_cancel, TITLE),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": asked, "verbatim": True}},
            {
                "type": "input",
                "block_id": GAP_FIELD,
                "label": _plain(words.gap_answer, LABEL),
                "element": {
                    "type": "plain_text_input",
                    "action_id": GAP_FIELD,
                    "multiline": True,
                    "max_length": LONGEST_ANSWER,
                },
            },
        ],
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(text, limit, str), "emoji": False}
