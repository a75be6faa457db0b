"""The words of /teach, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "teach": {
        "en": Page(
            "what votes, choices and pointed gaps here would teach the knowledge base",
            "a number of the list, no NUMBER, ID => WORDING, forget ID => WORDING, undo, history or export",
            {
                "/teach": "list it, with today's scores",
                "/teach 12": "take number 12: its entry is found by that wording from now on",
                "/teach no 12": "refuse it; it does not come up again",
                "/teach ID => Where is my parcel?": "give an entry a wording; /kb find TEXT finds its ID",
                "/teach forget ID => Where is my parcel?": "take a taught wording away from it",
                "/teach undo": "take back what was taught last; again, and it goes one step further back",
                "/teach history": "what was decided, when and by whom",
                "/teach export": "all of it as CSV",
            },
        ),
        "zh": Page(
            "本群的反馈、选择和指认的缺口可以教给知识库的问法",
            "列表中的编号、no 编号、条目编号 => 问法、forget 条目编号 => 问法、undo、history 或 export",
            {
                "/teach": "列出来，附上现在的分数",
                "/teach 12": "采纳第 12 项：以后用这种问法就能找到那一条",
                "/teach no 12": "不采纳；以后不再提出",
                "/teach 条目编号 => 我的快递到哪了？": "直接给一条内容加一种问法；编号用 /kb find 文字 查找",
                "/teach forget 条目编号 => 我的快递到哪了？": "去掉教过的这种问法",
                "/teach undo": "撤回最近一次教的内容；再发一次，再往前撤一步",
                "/teach history": "决定过什么、何时、由谁决定",
                "/teach export": "全部导出为 CSV",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Words:
    head: str
    none: str
    line: str
    line_take_back: str
    nearer: str
    doubtful: str
    why_doubtful: str
    against: str
    more: str
    how: str
    take: str
    take_it_back: str
    refuse: str
    unknown: str
    already_accepted: str
    already_refused: str
    already_undone: str
    already_gone: str
    taught: str
    took_back: str
    by_votes: str
    refused: str
    undo_hint: str
    has_it: str
    other_has_it: str
    no_entry: str
    not_taken: str
    wording_gone: str
    undone: str
    taught_again: str
    nothing_to_undo: str
    history: str
    history_none: str
    history_taught: str
    history_took_back: str
    history_refused: str
    history_undone: str
    exported: str
    export_none: str
    unscored: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        head="What this channel would teach {name}: {count}",
        none="Nothing is waiting to be taught to {name}. Helpful votes (also typed: /tune yes 1), choices "
        "and confirmed reviews come here.\n"
        "By hand: /teach ID => WORDING; /kb find TEXT finds the ID, /gaps lists the misses.",
        line="#{number} “{wording}” → {entry}: {text} · helpful: {who} · {today} today, {then} then",
        line_take_back="#{number} take “{wording}” away from {entry}: {text} · not helpful: {who}",
        nearer="  nearer to {entry}: {text} ({other} against {score})",
        doubtful="  doubtful: one person alone says so, and {entry} is much nearer: {text} "
        "({other} against {score})",
        why_doubtful="Doubtful ones come last, for such clicks are more often wrong than right; "
        "a second person's click ends the doubt, /teach NUMBER takes one all the same.",
        against="  not helpful: {who}",
        more="… and {count} more.",
        how="/teach {number} takes it, /teach no {number} refuses it.",
        take="Teach #{number}",
        take_it_back="Take away #{number}",
        refuse="Refuse #{number}",
        unknown="There is no #{number} here to teach.",
        already_accepted="#{number} was taken by {who} already ({when}). Nothing changed.",
        already_refused="#{number} was refused by {who} already ({when}). Nothing changed.",
        already_undone="#{number} was taken back by {who} ({when}). /teach {entry} => … teaches it again.",
        already_gone="There is nothing left to decide about #{number}.",
        taught="{who} taught {entry} in {name} the wording “{wording}”.",
        took_back="{who} took the wording “{wording}” away from {entry} in {name}.",
        by_votes="{count} people found {entry} helpful for “{wording}”, so it was taught that wording.",
        refused="{who} refused #{number}: “{wording}” for {entry}.",
        undo_hint="/teach undo takes it back.",
        has_it="{entry} has the wording “{wording}” already.",
        other_has_it="“{wording}” is a wording of {other} already. Take it away there first, or refuse this.",
        no_entry="There is no entry {entry} in {name}. /kb find TEXT looks for one.",
        not_taken="The knowledge base does not take “{wording}” as a wording.",
        wording_gone="{entry} was taught no wording “{wording}” that could be taken away.",
        undone="{who} took back what {entry} in {name} was taught: “{wording}”.",
        taught_again="{who} gave {entry} in {name} its wording “{wording}” back.",
        nothing_to_undo="There is nothing left here to take back.",
        history="Decided here lately:",
        history_none="Nothing was decided here yet.",
        history_taught="{when} {who}: #{number} {entry} was taught “{wording}”",
        history_took_back="{when} {who}: #{number} “{wording}” was taken away from {entry}",
        history_refused="{when} {who}: #{number} “{wording}” for {entry} was refused",
        history_undone="{when} {who}: #{number} “{wording}” for {entry} was undone",
        exported="Proposals of this channel: {count}.",
        export_none="Nothing was ever proposed here.",
        unscored="not among the best",
    ),
    "zh": Words(
        head="本群可以教给 {name} 的：{count}",
        none="目前没有要教给 {name} 的。点“有用”（或发送 /tune yes 1）、"
        "选对条目或确认复核后会出现在这里。\n"
        "直接教：/teach 条目编号 => 问法；编号用 /kb find 文字 查找，没找到答案的问题见 /gaps。",
        line="#{number} “{wording}” → {entry}：{text} · 有帮助：{who} · 现在 {today}，教后 {then}",
        line_take_back="#{number} 从 {entry} 去掉“{wording}”：{text} · 没帮助：{who}",
        nearer="  更接近 {entry}：{text}（{other}，而这一条 {score}）",
        doubtful="  存疑：只有一个人这样认为，而 {entry} 近得多：{text}（{other}，而这一条 {score}）",
        why_doubtful="存疑的排在最后，因为这样的点击多半是点错了；"
        "再有一个人认可就不再存疑，也可以用 /teach 编号 直接采纳。",
        against="  没帮助：{who}",
        more="…… 还有 {count} 项。",
        how="/teach {number} 采纳，/teach no {number} 不采纳。",
        take="采纳 #{number}",
        take_it_back="去掉 #{number}",
        refuse="不采纳 #{number}",
        unknown="这里没有待教的 #{number}。",
        already_accepted="#{number} 已由 {who} 采纳（{when}），没有改变。",
        already_refused="#{number} 已由 {who} 拒绝（{when}），没有改变。",
        already_undone="#{number} 已由 {who} 撤回（{when}）。/teach {entry} => … 可重新教。",
        already_gone="#{number} 已经没有可决定的了。",
        taught="{who} 给 {name} 的 {entry} 教了问法“{wording}”。",
        took_back="{who} 从 {name} 的 {entry} 去掉了问法“{wording}”。",
        by_votes="{count} 个人认为 {entry} 对“{wording}”有帮助，已教给它这种问法。",
        refused="{who} 没有采纳 #{number}：“{wording}” → {entry}。",
        undo_hint="/teach undo 可撤回。",
        has_it="{entry} 已经有问法“{wording}”。",
        other_has_it="“{wording}”已经是 {other} 的问法。请先在那里去掉，或不采纳这一项。",
        no_entry="{name} 里没有条目 {entry}。用 /kb find 文字 查找。",
        not_taken="知识库不接受“{wording}”作为问法。",
        wording_gone="{entry} 没有可去掉的问法“{wording}”。",
        undone="{who} 撤回了教给 {name} 的 {entry} 的问法“{wording}”。",
        taught_again="{who} 把问法“{wording}”还给了 {name} 的 {entry}。",
        nothing_to_undo="这里没有可撤回的了。",
        history="本群最近的决定：",
        history_none="这里还没有决定过什么。",
        history_taught="{when} {who}：#{number} 教给 {entry}“{wording}”",
        history_took_back="{when} {who}：#{number} 从 {entry} 去掉“{wording}”",
        history_refused="{when} {who}：#{number} 没有采纳“{wording}” → {entry}",
        history_undone="{when} {who}：#{number} 撤回“{wording}” → {entry}",
        exported="本群的建议：{count} 项。",
        export_none="这里还没有任何建议。",
        unscored="不在最佳之列",
    ),
}
