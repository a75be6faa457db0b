"""The pages of gaps and of teaching."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_teach": ("Teaching", "教学"),
    "teach_hint": (
        "What votes would teach {name}: each becomes one more wording of its entry.",
        "投票会教给 {name} 的内容：每条成为该条目的一个新说法。",
    ),
    "teach_none": ("Nothing waits to be taught here.", "没有待教的内容。"),
    "teach_count": ("{count} wait", "{count} 条待处理"),
    "would_teach": ("Teach “{wording}” to", "把“{wording}”教给"),
    "would_take_back": ("Take “{wording}” away from", "收回“{wording}”，来自"),
    "score_today": ("today {score}", "目前 {score}"),
    "score_then": ("then {score}", "教后 {score}"),
    "not_among_best": ("beyond the best 200", "不在前 200 条"),
    "voted_by": ("found helpful by {who}", "{who} 认为有用"),
    "voted_against": ("not by {who}", "{who} 认为没用"),
    "nearer_to": (
        "It is as near or nearer to {entry} ({score}): {text}",
        "它与 {entry}（{score}）同样接近或更近：{text}",
    ),
    "do_teach": ("Teach it", "教入"),
    "do_take_back": ("Take it away", "收回"),
    "do_refuse": ("Refuse", "拒绝"),
    "undo_teaching": ("Undo the last", "撤销上一次"),
    "teach_by_hand": ("Teach by hand", "手动教入"),
    "entry_id": ("Id of the entry", "条目编号"),
    "a_wording": ("Wording", "说法"),
    "taught_lately": ("Decided lately", "最近的决定"),
    "nothing_taught": ("Nothing was decided yet.", "还没有决定。"),
    "taught_csv": ("All of it as CSV", "全部导出（CSV）"),
    "state_accepted": ("taught", "已教入"),
    "state_refused": ("refused", "已拒绝"),
    "state_undone": ("undone", "已撤销"),
    "show_channel": ("Show", "查看"),
    "item_keys": (
        "Keys: J and K go on and back; the underlined letters press the buttons.",
        "按键：J、K 前后移动；按钮上带下划线的字母可直接按下。",
    ),
}
