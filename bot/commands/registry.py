"""The verbs: each with its grammar and how its argument is read.

Help pages, the command names for Slack's manifest and completion in the terminal are
made from this table and from the manual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.commands import enrolment, work
from bot.commands.base.manual import PAGES, Page
from bot.commands.tuning import export, keywords, strategy
from bot.domain import Language
from bot.grammar.arguments import Argument, count_of, threshold_of
from bot.grammar.command import (
    AddEntries,
    Ask,
    BadCommand,
    Command,
    Help,
    Inspect,
    ListKnowledgeBases,
    Refresh,
    RemoveEntry,
    ResetThreshold,
    SetLanguage,
    SetLimit,
    SetMargin,
    SetName,
    SetThreshold,
    ShowKnowledgeBase,
    ShowLanguage,
    ShowLimit,
    ShowSettings,
    ShowThreshold,
    Status,
    TryThreshold,
    UndoThreshold,
    UseKnowledgeBase,
)

PREFIX = "kbdial"  # `/kbdial VERB …` is `/VERB …`
LOWEST_LIMIT, HIGHEST_LIMIT = 1, 20
SLASH_ONLY = (Ask, Inspect, AddEntries, SetName)  # without the slash these begin ordinary sentences


@dataclass(frozen=True, slots=True)
class Verb:
    """`grammar` is the argument's shape; `words` may follow the name as they are."""

    name: str
    read: Callable[[Argument], Command | BadCommand]
    grammar: str
    example: str
    words: tuple[str, ...] = ()

    def page(self, language: Language) -> Page:
        return PAGES[language][self.name]


def _threshold(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowThreshold()
        case "reset" | "undo" if rest.text:
            return BadCommand("too_many", "threshold", given.text)
        case "reset":
            return ResetThreshold()
        case "undo":
            return UndoThreshold()
        case "try" if not rest.text:
            return BadCommand("missing", "threshold", given.text)
        case "try":
            tried = threshold_of(rest.text, "threshold")
            return replace(tried, given=given.text) if isinstance(tried, BadCommand) else TryThreshold(tried)
        case "margin" if not rest.text:
            return BadCommand("missing", "threshold", given.text)
        case "margin" if rest.text.lower() == "off":
            return SetMargin(None)
        case "margin":
            margin = threshold_of(rest.text, "threshold")
            return replace(margin, given=given.text) if isinstance(margin, BadCommand) else SetMargin(margin)
        case _:
            value = threshold_of(given.text, "threshold")
            return value if isinstance(value, BadCommand) else SetThreshold(value)


def _ask(given: Argument) -> Command | BadCommand:
    return Ask(given.written) if given.written else BadCommand("missing", "ask")


def _limit(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowLimit()
    count = count_of(given.text, "limit", lowest=LOWEST_LIMIT, highest=HIGHEST_LIMIT)
    return count if isinstance(count, BadCommand) else SetLimit(count)


def _kb(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowKnowledgeBase()
        case "list":
            return BadCommand("too_many", "kb", given.text) if rest.text else ListKnowledgeBases()
        case "add":
            return AddEntries(rest.written) if rest.written else BadCommand("missing", "kb", given.text)
        case "use" | "remove" if not rest.words:
            return BadCommand("missing", "kb", given.text)
        case "use" | "remove" if len(rest.words) > 1:
            return BadCommand("too_many", "kb", given.text)
        case "use":
            return UseKnowledgeBase(rest.text)
        case "remove":
            return RemoveEntry(rest.text)
        case _:
            return BadCommand("unknown_word", "kb", given.text)


def _language(given: Argument) -> Command | BadCommand:
    match given.text.lower():
        case "":
            return ShowLanguage()
        case "zh" | "中文" | "chinese":
            return SetLanguage("zh")
        case "en" | "英文" | "英语" | "english":
            return SetLanguage("en")
        case _:
            return BadCommand("unknown_word", "language", given.text)


def _help(given: Argument) -> Command | BadCommand:
    if not given.text:
        return Help()
    name = given.text.lower().lstrip("/、").strip()
    return Help(name) if name in VERBS else BadCommand("unknown_command", "help", given.text)


def _alone(verb: str, command: Command) -> Callable[[Argument], Command | BadCommand]:
    """How a verb is read that takes nothing."""
    return lambda given: BadCommand("too_many", verb, given.text) if given.text else command


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        verb.name: verb
        for verb in (
            Verb(
                "threshold",
                _threshold,
                "[VALUE | try VALUE | reset | undo | margin VALUE]",
                "/threshold 0.65",
                ("try", "reset", "undo", "margin"),
            ),
            Verb("ask", _ask, "QUESTION", "/ask how do I return an order?"),
            Verb("limit", _limit, "[N]", "/limit 5"),
            Verb(
                "kb",
                _kb,
                "[use NAME | list | add TEXT => ANSWER | remove ID]",
                "/kb use shop",
                ("use", "list", "add", "remove"),
            ),
            Verb(
                "strategy",
                strategy,
                "[precise | balanced | recall | moderation | NAME | off | undo]",
                "/strategy precise",
                ("precise", "balanced", "recall", "moderation", "off", "undo"),
            ),
            Verb("keywords", keywords, "[WEIGHT | off]", "/keywords 0.3", ("off",)),
            Verb("export", export, "[FROM [TO]]", "/export 2026-11-01 2026-11-30"),
            Verb(
                "tune",
                work.tune,
                "[precision SHARE | yes ANSWER RANK | no ANSWER RANK]",
                "/tune precision 0.95",
                ("precision", "yes", "no"),
            ),
            Verb("review", work.review, "[HIGH LOW | off]", "/review 0.70 0.45", ("off",)),
            Verb(
                "queue",
                work.queue,
                "[pool | confirm NUMBER | dismiss NUMBER | export]",
                "/queue confirm 12",
                ("pool", "confirm", "dismiss", "export"),
            ),
            Verb(
                "gaps",
                work.gaps,
                "[add GAP => ANSWER | point GAP ENTRY | dismiss GAP | digest daily HOUR ZONE]",
                "/gaps digest daily 09:00",
                ("add", "point", "dismiss", "digest"),
            ),
            Verb("inspect", work.inspect, "TEXT", "/inspect how do I return an order?"),
            Verb("refresh", _alone("refresh", Refresh()), "", "/refresh"),
            Verb("status", _alone("status", Status()), "", "/status"),
            Verb("settings", _alone("settings", ShowSettings()), "", "/settings"),
            Verb("language", _language, "[zh | en]", "/language zh", ("zh", "en")),
            Verb("name", enrolment.name, "[LABEL | off]", "/name Returns desk", ("off",)),
            Verb("admin", enrolment.admin, "claim CODE", "/admin claim 7KMP-2XQA-RT94", ("claim",)),
            Verb("help", _help, "[COMMAND]", "/help threshold"),
        )
    }
)
