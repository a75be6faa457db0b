"""The pages of knowledge bases."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_knowledge": ("Knowledge", "知识库管理"),
    "find": ("Find", "查找"),
    "find_hint": ("Text, answer, wording or id", "内容、答案、说法或编号"),
    "found_entries": ("{count} entries", "{count} 条"),
    "holding": ("{count} entries hold “{text}”", "含“{text}”的有 {count} 条"),
    "nothing_found": ("Nothing holds this.", "没有包含它的条目。"),
    "show_every": ("Show all", "显示全部"),
    "previous_page": ("Previous page", "上一页"),
    "source": ("Source", "来源"),
    "written_here": ("written here", "在此写入"),
    "add_entry": ("Add an entry", "添加条目"),
    "entry_text": ("Text, as people ask", "内容（用户怎么问）"),
    "entry_answer": ("Answer (optional)", "答案（可选）"),
    "add": ("Add", "添加"),
    "in_channel": ("As a command in", "以命令形式在此频道执行"),
    "no_channel": (
        "To change something here, ask a question in a channel first: every change is a command in one.",
        "要在此修改内容，请先在某个频道提问：每次修改都是该频道里的一条命令。",
    ),
    "edit_entry": ("Change", "修改"),
    "save": ("Save", "保存"),
    "remove": ("Remove", "删除"),
    "foreign_hint": (
        "This entry comes from {source} and is changed there. Wordings can be taught here.",
        "该条目来自 {source}，请在那里修改。可以在此教它新的说法。",
    ),
    "wordings": ("Other wordings", "相似问"),
    "no_wordings": ("None yet.", "还没有。"),
    "from_source": ("from its source", "来自来源"),
    "taught_by": ("taught by {who}, {when}", "由 {who} 于 {when} 教入"),
    "taught_because": ("because of", "依据"),
    "teach_wording": ("Teach a wording", "教一个说法"),
    "teach": ("Teach", "教入"),
    "votes": ("What people said of it", "用户评价"),
    "no_votes": ("Nobody has said anything yet.", "还没有人评价。"),
    "led_here": ("Questions that led to it", "由这些问题而来"),
    "by_whom": ("Who", "谁"),
    "said_of_it": ("Verdict", "评价"),
    "decision_added": ("answered by this entry", "以此条目作答"),
    "decision_pointed": ("pointed to this entry", "指向此条目"),
    "try_it": ("Ask this on the dial", "在旋钮页提问"),
    "to_entries": ("Back to the entries", "返回条目列表"),
}
