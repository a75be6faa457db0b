"""The sentences of the Home tab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language, ThresholdSource


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeWords:
    nothing_for_you: str
    no_channels: str
    knowledge: str
    silent: str
    channels: str
    threshold: str
    threshold_unknown: str
    sources: Mapping[ThresholdSource, str]
    gaps: str
    gap: str
    no_gaps: str
    answer_gap: str
    gap_title: str
    gap_question: str
    gap_answer: str
    gap_save: str
    gap_cancel: str
    reviews: str
    questions: str
    found: str
    found_nothing: str
    no_score: str
    proposals: str
    teach: str
    take_back: str
    accept: str
    again: str
    more: str
    open_console: str
    help: str


_EN = HomeWords(
    nothing_for_you="Ask me in a channel by mentioning me, or write to me directly.",
    no_channels="You have asked nothing in a channel yet. Mention me in one, and it appears here.",
    knowledge="{name}: {size} entries, updated {age}, {model}",
    silent="The search engine does not answer just now. Questions are kept and answered later.",
    channels="Your channels",
    threshold="threshold *{value}* ({source}) · {name}",
    threshold_unknown="threshold not known just now · {name}",
    sources={"channel": "set here", "knowledge base": "from the knowledge base", "default": "default"},
    gaps="{count} questions of the last 7 days found nothing:",
    gap="{text} ({count}×)",
    no_gaps="Every question of the last 7 days found something.",
    answer_gap="Answer: {text}",
    gap_title="Add an answer",
    gap_question="Asked in <#{channel}> and not found:\n{text}",
    gap_answer="Answer",
    gap_save="Add",
    gap_cancel="Cancel",
    reviews="Waiting for review: {count} (/queue)",
    questions="Your last questions",
    found="{total} found at {threshold}, best {best}, in {channel}",
    found_nothing="nothing found at {threshold}, best {best}, in {channel}",
    no_score="no score",
    proposals="What the answers people chose would teach",
    teach="{channel}: teach “{wording}” to entry {entry}",
    take_back="{channel}: take “{wording}” away from entry {entry}",
    accept="Take it",
    again="Ask again",
    more="See it in the console",
    open_console="Open the console",
    help="Help",
)

_ZH = HomeWords(
    nothing_for_you="在频道里 @我 提问，或者直接给我发消息。",
    no_channels="您还没有在频道里提过问。在频道里 @我，这里就会显示。",
    knowledge="{name}：{size} 条，{age}更新，{model}",
    silent="搜索引擎暂时没有回应。问题会保存下来，稍后回答。",
    channels="您的频道",
    threshold="阈值 *{value}*（{source}）· {name}",
    threshold_unknown="阈值暂时不详 · {name}",
    sources={"channel": "本频道设置", "knowledge base": "来自知识库", "default": "默认"},
    gaps="最近 7 天有 {count} 个问题没有找到答案：",
    gap="{text}（{count} 次）",
    no_gaps="最近 7 天的问题都找到了答案。",
    answer_gap="作答：{text}",
    gap_title="添加答案",
    gap_question="在 <#{channel}> 里问过，没有找到：\n{text}",
    gap_answer="答案",
    gap_save="添加",
    gap_cancel="取消",
    reviews="等待复核：{count} 条（/queue）",
    questions="您最近的问题",
    found="阈值 {threshold} 时找到 {total} 条，最高 {best}，{channel}",
    found_nothing="阈值 {threshold} 时没有找到，最高 {best}，{channel}",
    no_score="无分数",
    proposals="大家选中的回答可以教给知识库的",
    teach="{channel}：给条目 {entry} 加问法“{wording}”",
    take_back="{channel}：从条目 {entry} 去掉问法“{wording}”",
    accept="采纳",
    again="再问一次",
    more="在控制台里查看",
    open_console="打开控制台",
    help="帮助",
)


def home_words(language: Language) -> HomeWords:
    return _ZH if language == "zh" else _EN
