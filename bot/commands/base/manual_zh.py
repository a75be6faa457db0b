"""The manual in Chinese (simplified), short and plain: the readers are customer-service colleagues."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.commands.enrolment import LONGEST_NAME
from bot.grammar.page import Page

PAGES: Mapping[str, Page] = MappingProxyType({
    "threshold": Page(
        "多像才显示（本群的阈值）",
        "0 到 1 之间的数（最多四位小数）",
        {
            "/threshold": "查看",
            "/threshold 0.65": "设置本群的阈值，写 65% 也可以",
            "/threshold try 0.65": "只预览对最近问题的影响，不改动",
            "/threshold undo": "退回上一个值",
            "/threshold reset": "恢复默认",
            "/threshold margin 0.02": "前两条分差小于它时提示；也可以 off",
        },
    ),
    "ask": Page("提问", "一个问题", {}),
    "limit": Page(
        "每次回复显示几条",
        "1 到 20 之间的整数",
        {"/limit": "查看", "/limit 3": "最多三条；其余在有按钮的平台上点「更多」"},
    ),
    "kb": Page(
        "本群的知识库和里面的内容",
        "use 名称、list、add 问题 => 答复 或 remove 编号",
        {
            "/kb": "查看本群用的是哪一个",
            "/kb list": "列出全部",
            "/kb use shop": "换成另一个",
            "/kb add 可以送礼包装吗？ => 可以，每件 5 元。": "添加一条；可以写多行，一行一条",
            "/kb remove 编号": "删除在这里添加的一条",
        },
    ),
    "strategy": Page(
        "选用一套设置",
        "一套设置的名字、off 或 undo",
        {
            "/strategy": "查看本群选用的和全部可选的",
            "/strategy precise": "宁缺毋滥",
            "/strategy balanced": "折中，适合多数团队",
            "/strategy recall": "宁多勿漏",
            "/strategy moderation": "内容审核",
            "/strategy off": "恢复选用之前的设置",
            "/strategy undo": "撤销上一次选用",
        },
    ),
    "keywords": Page(
        "关键词在排序中的权重",
        "0 到 1 之间的数，或 off",
        {"/keywords": "查看", "/keywords 0.3": "排序时关键词占三成，分数不变", "/keywords off": "恢复默认"},
    ),
    "export": Page(
        "把本群的提问、结果、反馈和设置变更导出为 CSV 表格",
        "最多两个日期（先早后晚，年-月-日）",
        {
            "/export": "全部导出",
            "/export 2026-11-01": "从这一天起",
            "/export 2026-11-01 2026-11-30": "从这一天到那一天",
        },
    ),
    "tune": Page(
        "根据本群标注过的答复建议阈值",
        "precision 加 0 到 1 之间的数，或 yes/no 加答复编号和名次",
        {
            "/tune": "最均衡的（F1 最高）",
            "/tune precision 0.95": "显示的结果 95% 正确时的最低阈值",
            "/tune yes VOaJynk-Edti 1": "那条答复的第一条是对的；不对就用 no",
        },
    ),
    "review": Page(
        "两个阈值，把消息送去复核",
        "两个 0 到 1 之间的数（先高后低），或 off",
        {
            "/review": "查看",
            "/review 0.70 0.45": "达到 0.70 进入复核队列，达到 0.45 的被观察，五条抽一条",
            "/review off": "关闭",
        },
    ),
    "queue": Page(
        "等待复核的内容",
        "pool、confirm 编号、dismiss 编号或 export",
        {
            "/queue": "查看队列",
            "/queue confirm 12": "确认这一条",
            "/queue dismiss 12": "忽略这一条",
            "/queue pool": "查看抽样",
            "/queue export": "全部导出为 CSV 表格",
        },
    ),
    "gaps": Page(
        "没有找到有用答复的问题",
        "add 编号 => 答复、point 编号 条目、dismiss 编号，或 digest daily/weekly/off 加整点和时区",
        {
            "/gaps": "列出这些问题，最常问的在前",
            "/gaps add 6f64c6e6 => 需要三天。": "补上答复，成为一条新内容",
            "/gaps point 6f64c6e6 条目编号": "答案就是已有的这一条",
            "/gaps dismiss 6f64c6e6": "不需要答复",
            "/gaps digest daily 09:00 Asia/Shanghai": "每天整点发送摘要；也可以 weekly 或 off",
        },
    ),
    "inspect": Page("查看一段文字背后的向量和最接近的内容", "一段文字", {}),
    "refresh": Page("立即更新本群的知识库", "不带参数", {}),
    "status": Page("查看检索服务和知识库的状态", "不带参数", {}),
    "settings": Page("查看本群的全部设置，以及谁在什么时候改过", "不带参数", {}),
    "language": Page(
        "本群的回复语言",
        "zh（中文）或 en（英文）",
        {"/language": "查看", "/language zh": "中文", "/language en": "英文"},
    ),
    "name": Page(
        "本群在导出和统计里的名称",
        f"最多 {LONGEST_NAME} 个字的名称，或 off",
        {"/name": "查看", "/name 售后一组": "设置", "/name off": "取消"},
    ),
    "admin": Page(
        "用一次性代码成为管理员；代码由运维人员运行 python -m bot admin-code 得到", "claim 和一个代码", {}
    ),
    "help": Page("查看全部指令，或某一个指令的用法", "一个指令的名字", {}),
})  # fmt: skip
