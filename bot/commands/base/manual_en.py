"""The manual in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.commands.enrolment import LONGEST_NAME
from bot.grammar.page import Page

PAGES: Mapping[str, Page] = MappingProxyType({
    "threshold": Page(
        "how sure a match must be to be shown here",
        "a number from 0 to 1 with at most four decimals",
        {
            "/threshold": "show it",
            "/threshold 0.65": "set it for this channel; 65% is the same",
            "/threshold try 0.65": "only see what it would do to the last questions",
            "/threshold undo": "back to the value before",
            "/threshold reset": "back to the default",
            "/threshold margin 0.02": "say when the first two matches are closer than this; or off",
        },
    ),
    "ask": Page("ask a question", "a question", {}),
    "limit": Page(
        "how many matches a reply shows",
        "a whole number from 1 to 20",
        {"/limit": "show it", "/limit 3": "three at most; the rest behind “more”, where there are buttons"},
    ),
    "kb": Page(
        "the knowledge base of this channel, and its entries",
        "use NAME, list, add TEXT => ANSWER or remove ID",
        {
            "/kb": "show which one this channel asks",
            "/kb list": "list all",
            "/kb use shop": "ask another one here",
            "/kb add Do you gift-wrap? => Yes, for 2 euros.": "add an entry; several lines add one each",
            "/kb remove ID": "remove an entry that was added here",
        },
    ),
    "strategy": Page(
        "a named set of settings",
        "the name of a strategy, off or undo",
        {
            "/strategy": "show the one chosen here, and all there are",
            "/strategy precise": "show only what is sure",
            "/strategy balanced": "the middle, for most teams",
            "/strategy recall": "show rather too much",
            "/strategy moderation": "for the review of messages",
            "/strategy off": "back to what was set before it",
            "/strategy undo": "take the last choice back",
        },
    ),
    "keywords": Page(
        "the share of keywords in the ranking",
        "a number from 0 to 1, or off",
        {
            "/keywords": "show it",
            "/keywords 0.3": "rank three tenths by words; the scores stay as they are",
            "/keywords off": "back to the default",
        },
    ),
    "export": Page(
        "this channel's questions, matches, feedback and changes as CSV",
        "at most two dates, the earlier first, as YEAR-MONTH-DAY",
        {
            "/export": "all of them",
            "/export 2026-11-01": "from this day on",
            "/export 2026-11-01 2026-11-30": "from the one day to the other",
        },
    ),
    "tune": Page(
        "the threshold that this channel's own judged answers suggest",
        "precision and a number between 0 and 1, or yes or no with an answer and a rank",
        {
            "/tune": "the one with the best balance (F1)",
            "/tune precision 0.95": "the lowest at which 95 of 100 shown matches are right",
            "/tune yes VOaJynk-Edti 1": "the first match of that answer is right; no: it is wrong",
        },
    ),
    "review": Page(
        "two thresholds that send messages to review",
        "two numbers from 0 to 1, the higher first, or off",
        {
            "/review": "show them",
            "/review 0.70 0.45": "from 0.70 into the queue, from 0.45 observed and one in five sampled",
            "/review off": "end it",
        },
    ),
    "queue": Page(
        "what waits for review",
        "pool, confirm NUMBER, dismiss NUMBER or export",
        {
            "/queue": "list it",
            "/queue confirm 12": "this one is what it was taken for",
            "/queue dismiss 12": "this one is not",
            "/queue pool": "list the sample of what was only observed",
            "/queue export": "all of it as CSV",
        },
    ),
    "gaps": Page(
        "the questions that found nothing helpful",
        "add GAP => ANSWER, point GAP ENTRY, dismiss GAP, or digest daily, weekly or off with a full hour "
        "and a time zone",
        {
            "/gaps": "list them, the most frequent first",
            "/gaps add 6f64c6e6 => It takes three days.": "answer one, as a new entry",
            "/gaps point 6f64c6e6 ENTRY": "the answer is an entry that there is",
            "/gaps dismiss 6f64c6e6": "this one needs no answer",
            "/gaps digest daily 09:00 Asia/Shanghai": "have them told by the clock; weekly, or off",
        },
    ),
    "inspect": Page("the vector behind a text, and the entries nearest to it", "a text", {}),
    "refresh": Page("bring this channel's knowledge base up to date now", "nothing", {}),
    "status": Page("how search and the knowledge base are doing", "nothing", {}),
    "settings": Page("this channel's settings, and who changed them when", "nothing", {}),
    "language": Page(
        "the language of the replies here",
        "zh or en",
        {"/language": "show it", "/language zh": "Chinese", "/language en": "English"},
    ),
    "name": Page(
        "what this channel is called in exports and figures",
        f"a name of at most {LONGEST_NAME} characters, or off",
        {"/name": "show it", "/name Returns desk": "set it", "/name off": "take it away"},
    ),
    "admin": Page(
        "become an admin with a one-time code; the operator prints one with python -m bot admin-code",
        "claim and a code",
        {},
    ),
    "help": Page("list the commands, or explain one", "the name of a command", {}),
})  # fmt: skip
