"""The sentences of the pages that install the app."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language

# For operators, whose language nobody has set: both, a line each.
ENDED = (
    "⚠️ Slack 工作区 {name} 不再安装此应用（{why}）；设置保留，需要时请重新安装。\n"
    "The app is not installed in the Slack workspace {name} any more ({why}). Its settings stay; to go on, "
    "install it again."
)
TEAMS_OUT = (
    "⚠️ Slack 组织把以下工作区移出了此应用：{teams}。\n"
    "The Slack organisation took workspaces out of the app: {teams}."
)
TEAMS_IN = (
    "✅ Slack 组织把以下工作区加入了此应用：{teams}。\n"
    "The Slack organisation put workspaces into the app: {teams}."
)

# The pages that install the app: a heading and a sentence each; of "button", the heading is the label.
PAGES: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "button": ("Add to Slack", ""),
        "install": (
            "Add kbdial to your workspace",
            "kbdial answers questions from a knowledge base. Everybody in your workspace sees its answers.",
        ),
        "installed": (
            "kbdial is in {name}",
            "Invite it to a channel (/invite @kbdial) and ask: @kbdial how do I get a refund?",
        ),
        "installed_partly": (
            "kbdial is in {name}, with fewer rights than it asks for",
            "Missing: {scopes}. Update the app from its manifest and install it once more.",
        ),
        "denied": ("Not installed", "Slack was told no. Nothing was kept."),
        "expired": (
            "Please start again",
            "This link was used already, is older than ten minutes, or was begun in another browser.",
        ),
        "unreached": ("Slack did not answer", "Nothing was kept. Please try again."),
        "refused": (
            "Slack refused",
            "Nothing was kept. Whoever runs kbdial finds the reason in its log.",
        ),
        "foreign": ("Another app", "Slack named another app than this one. Nothing was kept."),
        "unwanted": (
            "Not for this workspace",
            "Whoever runs this kbdial has not opened it to your workspace. The access was given back.",
        ),
        "busy": ("Too many at once", "Please try again in some minutes."),
        "away": ("kbdial cannot keep anything just now", "Please try again in a moment."),
        "wrong_host": ("Another address", "Please open {address}"),
    },
    "zh": {
        "button": ("添加到 Slack", ""),
        "install": (
            "把 kbdial 添加到您的工作区",
            "kbdial 用知识库回答问题，工作区里的人都能看到它的回答。",
        ),
        "installed": (
            "kbdial 已加入 {name}",
            "把它拉进频道（/invite @kbdial），然后提问：@kbdial 怎么申请退货？",
        ),
        "installed_partly": (
            "kbdial 已加入 {name}，但权限不全",
            "缺少：{scopes}。有些功能不能用；请用应用清单更新应用，再安装一次。",
        ),
        "denied": ("没有安装", "您在 Slack 里选择了拒绝。什么都没有保存。"),
        "expired": ("请重新开始", "这个链接已经用过、超过十分钟，或者是在另一个浏览器里打开的。"),
        "unreached": ("Slack 没有回应", "什么都没有保存。请再试一次。"),
        "refused": ("Slack 拒绝了", "什么都没有保存。原因在 kbdial 的日志里，请联系运行它的人。"),
        "foreign": ("不是这个应用", "Slack 返回的是另一个应用。什么都没有保存。"),
        "unwanted": (
            "没有对这个工作区开放",
            "运行这个 kbdial 的人没有向您的工作区开放它，所以权限已经退回，什么都没有保存。",
        ),
        "busy": ("现在人太多", "请过几分钟再试。"),
        "away": ("kbdial 现在无法保存", "请稍后再试。"),
        "wrong_host": ("地址不对", "请打开 {address}"),
    },
}
