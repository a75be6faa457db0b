"""The verbs: each with its grammar, its help and how its argument is read.

Help pages, the command names for Slack's manifest and completion in the terminal are
made from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.commands import enrolment, work
from bot.commands.arguments import Argument, count_of, threshold_of
from bot.commands.kinds import (
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
from bot.commands.tuning import export, keywords, strategy
from bot.domain import Language

PREFIX = "kbdial"  # `/kbdial VERB …` is `/VERB …`
LOWEST_LIMIT, HIGHEST_LIMIT = 1, 20
SLASH_ONLY = (Ask, Inspect, AddEntries, SetName)  # without the slash these begin ordinary sentences


@dataclass(frozen=True, slots=True)
class Verb:
    """`grammar` is the argument's shape; `takes` completes "/threshold takes …"."""

    name: str
    read: Callable[[Argument], Command | BadCommand]
    grammar: str
    example: str
    help: Mapping[Language, str]
    takes: Mapping[Language, str]
    words: tuple[str, ...] = ()


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
            return tried if isinstance(tried, BadCommand) else TryThreshold(tried)
        case "margin" if not rest.text:
            return BadCommand("missing", "threshold", given.text)
        case "margin" if rest.text.lower() == "off":
            return SetMargin(None)
        case "margin":
            margin = threshold_of(rest.text, "threshold")
            return margin if isinstance(margin, BadCommand) else SetMargin(margin)
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


def _both(zh: str, en: str) -> Mapping[Language, str]:
    return MappingProxyType({"zh": zh, "en": en})


_NOTHING = _both("不带参数", "nothing")

VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        verb.name: verb
        for verb in (
            Verb(
                "threshold",
                _threshold,
                "[VALUE | try VALUE | reset | undo | margin VALUE]",
                "/threshold 0.65",
                _both(
                    "查看或设置本群的阈值，达到阈值的内容才显示；"
                    "try 只预览，reset 恢复默认，undo 退回上一个值；"
                    "margin 设置前两条分差小于多少时提示（off 恢复默认）",
                    "show or set how sure a match must be in this channel; try only previews, "
                    "reset goes back to the default, undo to the value before; margin sets how near the "
                    "first two matches may be before the reply says so (off: the default)",
                ),
                _both("0 到 1 之间的数（最多四位小数）", "a number from 0 to 1 with at most four decimals"),
                ("try", "reset", "undo", "margin"),
            ),
            Verb(
                "ask",
                _ask,
                "QUESTION",
                "/ask how do I return an order?",
                _both("提问", "ask a question"),
                _both("一个问题", "a question"),
            ),
            Verb(
                "limit",
                _limit,
                "[N]",
                "/limit 5",
                _both("查看或设置每次回复显示几条", "show or set how many matches a reply shows"),
                _both(
                    f"{LOWEST_LIMIT} 到 {HIGHEST_LIMIT} 之间的整数",
                    f"a whole number from {LOWEST_LIMIT} to {HIGHEST_LIMIT}",
                ),
            ),
            Verb(
                "kb",
                _kb,
                "[use NAME | list | add TEXT => ANSWER | remove ID]",
                "/kb use shop",
                _both(
                    "查看或切换本群的知识库，列出全部，添加内容（可以多行，一行一条）或删除一条",
                    "show or choose this channel's knowledge base, list all, "
                    "add entries (one a line), remove one",
                ),
                _both(
                    "use 名称、list、add 问题 => 答复 或 remove 编号",
                    "use NAME, list, add TEXT => ANSWER or remove ID",
                ),
                ("use", "list", "add", "remove"),
            ),
            Verb(
                "strategy",
                strategy,
                "[precise | balanced | recall | moderation | NAME | off | undo]",
                "/strategy precise",
                _both(
                    "查看或选用一套设置：precise 宁缺毋滥，balanced 折中，"
                    "recall 宁多勿漏，moderation 内容审核；"
                    "off 恢复之前的设置，undo 退回上一次选用",
                    "show or choose a named set of settings: precise shows only what is sure, balanced the "
                    "middle, recall rather too much, moderation is for review; off puts back what was set "
                    "before, undo takes the last choice back",
                ),
                _both("一套设置的名字、off 或 undo", "the name of a strategy, off or undo"),
                ("precise", "balanced", "recall", "moderation", "off", "undo"),
            ),
            Verb(
                "keywords",
                keywords,
                "[WEIGHT | off]",
                "/keywords 0.3",
                _both(
                    "查看或设置关键词在排序中的权重，off 恢复默认",
                    "show or set the share of keywords in the ranking; off goes back to the default",
                ),
                _both("0 到 1 之间的数，或 off", "a number from 0 to 1, or off"),
                ("off",),
            ),
            Verb(
                "export",
                export,
                "[FROM [TO]]",
                "/export 2026-11-01 2026-11-30",
                _both(
                    "把本群的提问、结果、反馈和设置变更导出为 CSV 表格",
                    "hand out this channel's questions, matches, feedback and changes as CSV",
                ),
                _both(
                    "最多两个日期（先早后晚，年-月-日）",
                    "at most two dates, the earlier first, as YEAR-MONTH-DAY",
                ),
            ),
            Verb(
                "tune",
                work.tune,
                "[precision SHARE | yes ANSWER RANK | no ANSWER RANK]",
                "/tune precision 0.95",
                _both(
                    "根据本群标注过的答复建议阈值：F1 最高的，以及能保证想要的精确率的；"
                    "yes 和 no 标注某条答复的第几条是否正确",
                    "the threshold that this channel's own labelled answers suggest: the one of best F1, and "
                    "the lowest that reaches a wanted precision; yes and no say whether a match of an answer "
                    "is right",
                ),
                _both(
                    "precision 加 0 到 1 之间的数，或 yes/no 加答复编号和名次",
                    "precision and a number between 0 and 1, or yes or no with an answer and a rank",
                ),
                ("precision", "yes", "no"),
            ),
            Verb(
                "review",
                work.review,
                "[HIGH LOW | off]",
                "/review 0.70 0.45",
                _both(
                    "两个阈值：达到高阈值的消息进入复核队列，达到低阈值的会被观察并抽样；off 关闭",
                    "two thresholds: what reaches HIGH goes to the review queue, what reaches LOW is "
                    "observed and sampled; off ends it",
                ),
                _both(
                    "两个 0 到 1 之间的数（先高后低），或 off",
                    "two numbers from 0 to 1, the higher first, or off",
                ),
                ("off",),
            ),
            Verb(
                "queue",
                work.queue,
                "[pool | confirm NUMBER | dismiss NUMBER | export]",
                "/queue confirm 12",
                _both(
                    "查看复核队列并处理：confirm 确认，dismiss 忽略；pool 查看抽样，export 导出表格",
                    "list the review queue and decide: confirm or dismiss; pool lists the sample of what was "
                    "only observed, export hands all of it out as CSV",
                ),
                _both(
                    "pool、confirm 编号、dismiss 编号或 export",
                    "pool, confirm NUMBER, dismiss NUMBER or export",
                ),
                ("pool", "confirm", "dismiss", "export"),
            ),
            Verb(
                "gaps",
                work.gaps,
                "[add GAP => ANSWER | point GAP ENTRY | dismiss GAP | digest daily HOUR ZONE]",
                "/gaps digest daily 09:00",
                _both(
                    "没有找到有用答复的问题，最常问的在前：add 添加答复，point 指向已有内容，dismiss 忽略；"
                    "digest daily、weekly 或 off 设置定期摘要，可以写整点和时区",
                    "the questions that found nothing helpful, the most frequent first: add an answer, point "
                    "to an existing entry, or dismiss; digest daily, weekly or off has them told by the "
                    "clock, at a full hour and in a time zone",
                ),
                _both(
                    "add 编号 => 答复、point 编号 条目、dismiss 编号，"
                    "或 digest daily/weekly/off 加整点和时区",
                    "add GAP => ANSWER, point GAP ENTRY, dismiss GAP, or digest daily, weekly or off with a "
                    "full hour and a time zone",
                ),
                ("add", "point", "dismiss", "digest"),
            ),
            Verb(
                "inspect",
                work.inspect,
                "TEXT",
                "/inspect how do I return an order?",
                _both(
                    "查看一段文字背后的向量和最接近的内容",
                    "the vector behind a text, and the entries nearest to it",
                ),
                _both("一段文字", "a text"),
            ),
            Verb(
                "refresh",
                _alone("refresh", Refresh()),
                "",
                "/refresh",
                _both("立即更新本群的知识库", "bring this channel's knowledge base up to date now"),
                _NOTHING,
            ),
            Verb(
                "status",
                _alone("status", Status()),
                "",
                "/status",
                _both("查看检索服务和知识库的状态", "say how search and the knowledge base are doing"),
                _NOTHING,
            ),
            Verb(
                "settings",
                _alone("settings", ShowSettings()),
                "",
                "/settings",
                _both(
                    "查看本群的全部设置，以及谁在什么时候改过",
                    "show this channel's settings, and who changed them when",
                ),
                _NOTHING,
            ),
            Verb(
                "language",
                _language,
                "[zh | en]",
                "/language zh",
                _both("查看或设置本群的回复语言", "show or set the language of the replies here"),
                _both("zh（中文）或 en（英文）", "zh or en"),
                ("zh", "en"),
            ),
            Verb(
                "name",
                enrolment.name,
                "[LABEL | off]",
                "/name Returns desk",
                _both(
                    "查看或设置本群的名称，用于导出和统计；off 取消",
                    "show or set what this channel is called in exports and figures; off takes it away",
                ),
                _both(
                    f"最多 {enrolment.LONGEST_NAME} 个字的名称，或 off",
                    f"a name of at most {enrolment.LONGEST_NAME} characters, or off",
                ),
                ("off",),
            ),
            Verb(
                "admin",
                enrolment.admin,
                "claim CODE",
                "/admin claim 7KMP-2XQA-RT94",
                _both(
                    "用一次性代码成为管理员；代码由运维人员运行 python -m bot admin-code 得到",
                    "become an admin with a one-time code, which the operator prints with "
                    "python -m bot admin-code",
                ),
                _both("claim 和一个代码", "claim and a code"),
                ("claim",),
            ),
            Verb(
                "help",
                _help,
                "[COMMAND]",
                "/help threshold",
                _both("查看全部指令，或某一个指令的用法", "list the commands, or explain one"),
                _both("一个指令的名字", "the name of a command"),
            ),
        )
    }
)
