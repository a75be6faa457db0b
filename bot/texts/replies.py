"""Replies in words alone, for where there are no files and no buttons."""

from __future__ import annotations

from bot.domain import Document, Text
from bot.texts.languages import wording


def in_words(reply: Text | Document) -> Text:
    """A document as a reply in words, with its link; a reply in words as it is."""
    if isinstance(reply, Text):
        return reply
    # `link` is a whole sentence with the address at its end.
    body = f"{reply.body}\n{reply.link}" if reply.link else reply.body
    return Text(body, reply.language, reply.private, reply.verb, reply.buttons)


def with_commands(reply: Text | Document, mention: str = "") -> str:
    """The words, and after them what each button does that they do not explain, as the command to type.

    `mention` is what the platform wants written before a command.
    """
    words = wording(reply.language)
    typed = [
        words.to_type.format(label=button.label, command=f"{mention}{button.command}")
        for button in reply.buttons
        if not button.is_explained
    ]
    return "\n".join([in_words(reply).body, *typed])
