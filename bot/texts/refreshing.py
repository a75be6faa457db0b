"""The sentences about how a refresh ended, and what became of added entries."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshWording:
    """The sentences on refreshes; like `Wording`, one for each language with the same placeholders."""

    started: str
    unchanged: str
    done: str
    partial: str
    held_back: str
    failed: str
    why: str
    forgotten: str
    too_long: str
    left_out: str
    notes: str
    conflict: str
    conflict_more: str
    added: str
    added_line: str
    repeated: str
    contradicted: str
    replace: str
    replace_by_hand: str
    dropped: str
    dropped_line: str
    findable: str
    findable_soon: str
    findable_not: str
    findable_others: str
    shadowed: str
    shadowed_same: str
    take_back: str
    holds: str
    holds_soon: str
    holds_later: str
    holds_not: str


_EN = RefreshWording(
    started="{name} is being brought up to date; I will say here how it ended. "
    "Questions are answered meanwhile.",
    unchanged="{name} is up to date: nothing has changed, {kept} entries from {read} rows.",
    done="{name} is up to date: {kept} entries from {read} rows; added {added}, changed {changed}, "
    "removed {removed}.",
    partial="{name} is up to date in part: {kept} entries from {read} rows; added {added}, "
    "changed {changed}, removed {removed}.",
    held_back="{name} stays as it was rolled back: its sources still say what was rolled back from.",
    failed="{name} could not be brought up to date. What it held before is still served.",
    why="The reason: {reason}",
    forgotten="The engine no longer knows how the refresh of {name} ended. /status tells more.",
    too_long="The refresh of {name} still runs after {minutes} minutes. /status says how far it is.",
    left_out="Left out: {count}.",
    notes="To be known: {count}.",
    conflict="“{text}” has two answers.\n· {first} says: {kept} (this is served)\n· {where} says: {left_out}",
    conflict_more="More with two answers: {count}.",
    added="Added to {name}: {count}.",
    added_line="· {text} (/kb remove {entry} takes it back)",
    repeated="Known already: {count}.",
    contradicted="“{text}” is known already, with another answer.\n"
    "· it says: {kept}\n· yours, not taken: {left_out}",
    replace="Replace the answer of {entry}",
    replace_by_hand="To replace it: {command}",
    dropped="Left out: {count}.",
    dropped_line="· line {line}: {reason}",
    findable="They can be found now.",
    findable_soon="I will say here when they can be found.",
    findable_not="They are saved, but the refresh failed; they can be found after the next one that works.",
    findable_others="What else was added can be found now: {count}.",
    shadowed="“{text}” cannot be found: {first} has it with another answer, which comes first.\n"
    "· {first} says: {kept}\n· yours: {left_out}\nChange it in {first}, or take yours back.",
    shadowed_same="“{text}” stands in {first} with the same answer, so that one is found.",
    take_back="Take {entry} back",
    holds="It holds now.",
    holds_soon="It holds within a minute.",
    holds_later="I will say here when it holds.",
    holds_not="It is saved, but the refresh failed; it holds after the next one that works.",
)

_ZH = RefreshWording(
    started="正在更新 {name}，结果会发在这里，期间可以照常提问。",
    unchanged="{name} 已是最新：没有变化，{read} 行，共 {kept} 条。",
    done="{name} 已是最新：{read} 行，共 {kept} 条；新增 {added}，修改 {changed}，删除 {removed}。",
    partial="{name} 只更新了一部分：{read} 行，共 {kept} 条；新增 {added}，修改 {changed}，删除 {removed}。",
    held_back="{name} 保持回退后的内容：来源仍是回退前的内容。",
    failed="{name} 更新失败，仍使用以前的内容。",
    why="原因：{reason}",
    forgotten="引擎已不知道 {name} 的更新结果。请看 /status。",
    too_long="{name} 的更新已超过 {minutes} 分钟，还没有结束。进度见 /status。",
    left_out="未采用：{count} 项。",
    notes="请注意：{count} 项。",
    conflict="“{text}”有两个答复：\n· {first}：{kept}（正在使用）\n· {where}：{left_out}",
    conflict_more="还有 {count} 条有两个答复。",
    added="已加入 {name}：{count} 条。",
    added_line="· {text}（/kb remove {entry} 可以撤回）",
    repeated="已经有了：{count} 条。",
    contradicted="“{text}”已经有了，但答复不同：\n· 现有：{kept}\n· 新答复（未采用）：{left_out}",
    replace="替换 {entry} 的答复",
    replace_by_hand="要替换请发送：{command}",
    dropped="未采用：{count} 条。",
    dropped_line="· 第 {line} 行：{reason}",
    findable="现在就能搜到。",
    findable_soon="能搜到时会在这里告诉大家。",
    findable_not="内容已保存，但更新失败；下次更新成功后才能搜到。",
    findable_others="另外加入的现在能搜到：{count} 条。",
    shadowed="“{text}”搜不到：{first} 里已有不同的答复，以它为准。\n"
    "· {first}：{kept}\n· 新添加：{left_out}\n请在 {first} 里修改，或撤回这一条。",
    shadowed_same="“{text}”在 {first} 里已有相同的答复，搜到的是那一条。",
    take_back="撤回 {entry}",
    holds="已经生效。",
    holds_soon="一分钟内生效。",
    holds_later="生效时会在这里告诉大家。",
    holds_not="已保存，但更新失败；下次更新成功后生效。",
)


def refresh_wording(language: Language) -> RefreshWording:
    return _ZH if language == "zh" else _EN
