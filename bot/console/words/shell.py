"""Around every page: navigation, signing in, refusals."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "skip": ("Skip to the content", "跳到正文"),
    "pages": ("Pages", "页面"),
    "sign_out": ("Sign out", "退出"),
    "done": ("Done.", "已完成。"),
    "under_way": ("Under way …", "正在处理……"),
    "download": ("Download", "下载"),
    "apply": ("Apply", "应用"),
    "choose": ("Choose", "选择"),
    "set": ("Set", "设为"),
    "answer": ("Answer", "答案"),
    "next_page": ("Next page", "下一页"),
    # signing in
    "sign_in_title": ("Sign in", "登录"),
    "sign_in_hint": (
        "The link is good once. Looking at this page has not used it up.",
        "这个链接只能使用一次；打开本页不会用掉它。",
    ),
    "sign_in_as": ("Sign in as {name}", "以 {name} 的身份登录"),
    "sign_in_sentence": (
        "Write /console to the bot in a direct chat, or run `python -m bot console` on its machine.",
        "请在与机器人的私聊中发送 /console，或在其机器上运行 `python -m bot console`。",
    ),
    "sign_in_by_provider": ("Sign in with your organisation", "使用组织账号登录"),
    "provider_away_title": ("The sign-in service does not answer", "登录服务无响应"),
    "provider_away_sentence": (
        "Try again in a minute, or ask the bot for a link with /console.",
        "请稍后再试，或向机器人发送 /console 获取链接。",
    ),
    "provider_refused_title": ("Signing in did not work", "登录失败"),
    "provider_refused_sentence": (
        "The sign-in was begun elsewhere, is too old, or was refused. Begin again.",
        "登录不是在本浏览器中开始的、已过期或被拒绝，请重新开始。",
    ),
    "not_listed_title": ("You are not listed here", "你不在名单中"),
    "not_listed_sentence": (
        "You are signed in there, but nobody has listed you here: [bot.console] people, or domains.",
        "你已在登录服务中登录，但此处尚未登记：请联系运维人员配置 [bot.console] people 或 domains。",
    ),
    "not_the_proxy_title": ("This did not come from the proxy", "请求不是来自代理"),
    "not_the_proxy_sentence": (
        "The header that names a visitor is taken from the listed proxies alone.",
        "只接受来自所列代理的访客标识。",
    ),
    "signed_out_title": ("Signed out", "已退出"),
    "signed_out_sentence": ("You can close this page.", "可以关闭本页了。"),
    "logins_title": ("Where you are signed in", "登录记录"),
    "logins_hint": (
        "A login ends after 8 hours without use, and after 7 days in any case.",
        "8 小时未使用或满 7 天后，登录自动失效。",
    ),
    "browser": ("Browser", "浏览器"),
    "unknown_browser": ("unknown", "未知"),
    "this_one": ("this one", "当前"),
    "signed_in_at": ("Signed in", "登录时间"),
    "seen_at": ("Last seen", "最近使用"),
    "end": ("End", "结束"),
    "end_all": ("End all of them", "全部结束"),
    # refusals
    "bad_request_title": ("That was not understood", "无法理解该请求"),
    "bad_request_sentence": ("Go back and try again.", "请返回后重试。"),
    "not_found_title": ("There is nothing here", "这里什么也没有"),
    "not_found_sentence": (
        "It does not exist, or it is not yours to see.",
        "它不存在，或者你无权查看。",
    ),
    "not_allowed_title": ("Not like this", "不支持的请求方式"),
    "not_allowed_sentence": (
        "This address takes forms only, or none.",
        "这个地址只接受表单，或不接受表单。",
    ),
    "gone_title": ("Gone", "已失效"),
    "gone_sentence": ("It was here once.", "它曾经在这里。"),
    "link_gone_title": ("This link is no longer good", "链接已失效"),
    "link_gone_sentence": (
        "It was used already, or it is older than ten minutes. Ask for a new one.",
        "它已被使用，或已超过十分钟。请重新获取。",
    ),
    "too_large_title": ("Too much at once", "内容过大"),
    "too_large_sentence": (
        "Send at most 256 KiB, and at most 2,000 lines.",
        "一次最多 256 KiB、2,000 行。",
    ),
    "forged_title": ("This did not come from our page", "请求不是从本站页面发出的"),
    "forged_sentence": (
        "Nothing was changed. Go back, reload the page and try again.",
        "没有做任何更改。请返回、刷新页面后重试。",
    ),
    "forged_sign_in_title": ("Open the link in this browser", "请在本浏览器中打开链接"),
    "forged_sign_in_sentence": (
        "The link is still good: open it again, and then press the button. Cookies must be allowed.",
        "链接仍然有效：请重新打开它，再点击按钮。浏览器需要允许 Cookie。",
    ),
    "wrong_host_title": ("Wrong address", "地址不对"),
    "wrong_host_sentence": (
        "The console is reached under the address in [bot] public_url:",
        "请使用 [bot] public_url 中配置的地址访问：",
    ),
    "busy_title": ("One moment", "请稍候"),
    "busy_sentence": (
        "Many people are here just now. This page tries again by itself.",
        "当前使用的人较多，本页会自动重试。",
    ),
    "engine_away_title": ("The engine does not answer", "引擎暂无响应"),
    "engine_away_sentence": (
        "It may be loading its model. This page tries again by itself.",
        "它可能正在加载模型，本页会自动重试。",
    ),
    "store_away_title": ("The database does not answer", "数据库暂无响应"),
    "store_away_sentence": ("This page tries again by itself.", "本页会自动重试。"),
    "mistake_title": ("That went wrong", "出错了"),
    "mistake_sentence": (
        "It was our mistake, and it is in the log of the bot.",
        "这是程序的错误，详情见机器人的日志。",
    ),
}
