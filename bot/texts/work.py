"""The sentences of /tune, /review, /queue, /gaps and /inspect, and of another model's news."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkWording:
    """As `Wording`: one of each language, with the same placeholders."""

    # /tune
    tune_labels: str
    tune_rescored: str
    tune_left_out: str
    tune_now: str
    tune_best: str
    tune_wanted: str
    tune_wanted_none: str
    tune_interval: str
    tune_open_interval: str
    tune_no_interval: str
    tune_apply: str
    tune_is_set: str
    tune_too_close: str
    tune_none: str
    tune_few: str
    tune_wide: str
    tune_label_these: str
    tune_nothing_to_label: str
    tune_question: str
    tune_yes: str
    tune_no: str
    tune_lowest: str
    tune_picture: str
    tune_chart: str
    tune_chart_now: str
    tune_chart_best: str
    tune_no_match: str
    # /review and /queue
    review_shown: str
    review_none: str
    review_set: str
    review_off: str
    review_queued: str
    review_observed: str
    queue_empty: str
    queue_head: str
    queue_pool_head: str
    queue_line: str
    queue_more: str
    queue_pool: str
    queue_confirm: str
    queue_dismiss: str
    queue_clear: str
    queue_cleared: str
    queue_already_cleared: str
    queue_confirmed: str
    queue_dismissed: str
    queue_already_confirmed: str
    queue_already_dismissed: str
    queue_unknown: str
    queue_exported: str
    queue_export_none: str
    # /gaps
    gaps_none: str
    gaps_head: str
    gaps_line: str
    gaps_no_score: str
    gaps_score: str
    gaps_also: str
    gaps_private: str
    gaps_how: str
    gaps_dismiss: str
    gaps_added: str
    gaps_pointed: str
    gaps_dismissed: str
    gaps_unknown: str
    gaps_not_added: str
    gaps_no_entry: str
    gaps_more: str
    gaps_taken: str
    taught_live: str
    taught_soon: str
    taught_failed: str
    digest_head: str
    digest_nowhere: str
    digest_off: str
    digest_daily: str
    digest_weekly: str
    # another model
    model_carried: str
    model_carried_by_all: str
    model_kept: str
    model_changed: str
    # /inspect
    inspect_head: str
    inspect_no_tokens: str
    inspect_values: str
    inspect_histogram: str
    inspect_nearest: str
    inspect_line: str
    inspect_no_keywords: str
    inspect_picture: str


_EN = WorkWording(
    tune_labels="Labelled answers: {labels}, right ones: {relevant}, questions: {questions}.",
    tune_rescored="Scored again with today's model: {count}.",
    tune_left_out="Left out, because today's model does not rank them among its best: {count}.",
    tune_now="Now {threshold}: precision {precision}, recall {recall} of what was labelled, F1 {f1}.",
    tune_best="Best F1: {threshold} ({interval}): precision {precision}, recall {recall} of what was "
    "labelled, F1 {f1}.",
    tune_wanted="Precision {wanted}: from {threshold} up ({interval}) it is {precision}, and at least "
    "{bound} with 95 % confidence; recall {recall} of what was labelled.",
    tune_wanted_none="Precision {wanted}: these labels prove it for no threshold.",
    tune_interval="95 % interval {low} to {high}",
    tune_open_interval="95 % interval from {low} up, without an end",
    tune_no_interval="no interval",
    tune_apply="Set {threshold}",
    tune_too_close="Right and wrong lie too close together for a threshold to part them; none is offered.",
    tune_is_set="That is the threshold here already.",
    tune_none="Nobody has said yet which answers here are right. Every helpful / not helpful counts.",
    tune_few="Not enough yet: at least {right} right and {wrong} wrong answers are needed for a suggestion.",
    tune_wide="Not enough yet: the interval is wider than {width}.",
    tune_label_these="These would help most. Is the entry an answer to the question?",
    tune_nothing_to_label="There is nothing left to label among the last questions: ask some more.",
    tune_question="{number}. “{question}” → {entry} ({score})",
    tune_yes="{number} right",
    tune_no="{number} wrong",
    tune_lowest="Nothing below {score} has been labelled, so lower thresholds are unknown ground.",
    tune_picture="Precision, recall and F1 at every threshold; the black line is today's.",
    tune_chart="threshold, F1, precision, recall:",
    tune_chart_now="◄ now",
    tune_chart_best="◄ best F1",
    tune_no_match="This answer has no match {rank}.",
    review_shown="From {high} up a message goes to the review queue, from {low} up it is observed.",
    review_none="There is no review here. /review 0.70 0.45 starts one.",
    review_set="{who} set the review: from {high} up a message goes to the queue, from {low} up it is "
    "observed.",
    review_off="{who} ended the review. What is in the queue stays there.",
    review_queued="In the review queue: the best match, {score}, reaches {high}.",
    review_observed="Under observation: the best match, {score}, reaches {low}.",
    queue_empty="The queue is empty. Decided so far: {decided}.",
    queue_head="Waiting for a decision: {count}",
    queue_pool_head="A sample of what was only observed: {count}",
    queue_line="#{number} {when} {who}: “{question}” → {entry} ({score})",
    queue_more="… and {count} more.",
    queue_pool="Observed: {observed}; a sample of {pooled} can be looked at with /queue pool.",
    queue_confirm="Confirm #{number}",
    queue_dismiss="Not this: #{number}",
    queue_clear="Only clear #{number}",
    queue_cleared="{who} took #{number} out of the queue. Nothing is said of the match.",
    queue_already_cleared="#{number} was taken out by {who} already ({when}). Nothing changed.",
    queue_confirmed="{who} confirmed #{number}.",
    queue_dismissed="{who} said that #{number} is not it.",
    queue_already_confirmed="#{number} was confirmed by {who} already ({when}). Nothing changed.",
    queue_already_dismissed="{who} said already that #{number} is not it ({when}). Nothing changed.",
    queue_unknown="There is no #{number} in this queue.",
    queue_exported="Items in the queue of this channel: {count}.",
    queue_export_none="Nothing was ever put into this queue.",
    gaps_none="No question of the last {days} days is left without a helpful answer.",
    gaps_head="Questions of the last {days} days that found nothing helpful:",
    gaps_line="{gap} · {count}× · best score {score}: “{question}”",
    gaps_no_score="none",
    gaps_score="{score} (entry {entry})",
    gaps_also="      also: {questions}",
    gaps_private="Asked privately and not shown: {count}.",
    gaps_how="To close one: /gaps add {gap} => ANSWER, /gaps point {gap} ENTRY-ID or /gaps dismiss {gap}",
    gaps_dismiss="Dismiss {gap}",
    gaps_added="{who} answered “{question}” in {name}.",
    gaps_pointed="{who} pointed “{question}” to {entry}; wordings taught to it: {count}.",
    gaps_dismissed="{who} dismissed “{question}”.",
    gaps_unknown="There is no open question {gap} here (any more). /gaps lists them.",
    gaps_not_added="Nothing was added.",
    gaps_no_entry="There is no entry {entry} in {name}.",
    gaps_more="… and {count} more: {command}",
    gaps_taken="“{question}” is a wording of {entry} already, and stays there.",
    taught_live="They find it now. /teach undo takes them back.",
    taught_soon="They find it within a minute. /teach undo takes them back.",
    taught_failed="They are kept, but the refresh failed; they find it after the next one that works.",
    digest_head="The digest of this channel.",
    digest_nowhere="I can only answer here and never speak first, so there is no digest. /gaps shows the "
    "same at any time. A WeCom group gets one when a webhook stands in it: WECOM.md tells operators how.",
    digest_off="{who} ended the digest.",
    digest_daily="{who} asked for a digest of open questions every day at {hour}:00 ({timezone}).",
    digest_weekly="{who} asked for a digest of open questions every Monday at {hour}:00 ({timezone}).",
    model_carried="{name} answers with another model or scoring now, whose scores are different. "
    "The threshold here went from {old} to {new}: of the last {count} questions as many pass as before "
    "({share}). /threshold undo brings {old} back.",
    model_carried_by_all="{name} answers with another model or scoring now, whose scores are different. "
    "The threshold here went from {old} to {new}: of the last {count} questions of all channels as many "
    "pass as before ({share}); too few were asked here. /threshold undo brings {old} back.",
    model_kept="{name} answers with another model or scoring now, whose scores are different. "
    "The threshold here is still {old}, because too few questions were asked to carry it over; "
    "/threshold try shows what another would do.",
    model_changed="{name} answers with another model or scoring now ({model}), whose scores are different "
    "from those before.",
    inspect_head="{model}: {dimension} dimensions, norm {norm}, {tokens} tokens",
    inspect_no_tokens="?",
    inspect_values="First {count} values:",
    inspect_histogram="How the values are spread:",
    inspect_nearest="Nearest entries in {name}:",
    inspect_line="{rank}. {score} (meaning {cosine}, keywords {keyword}) {entry} [{id}]",
    inspect_no_keywords="–",
    inspect_picture="How the {dimension} values of the vector are spread.",
)

_ZH = WorkWording(
    tune_labels="共有 {labels} 条已标注的答复，来自 {questions} 个问题，其中 {relevant} 条正确。",
    tune_rescored="其中 {count} 条用现在的模型重新算了分。",
    tune_left_out="现在的模型没有把它们排在前面，未计入：{count} 条。",
    tune_now="当前 {threshold}：精确率 {precision}，召回率（仅按已标注的算）{recall}，F1 {f1}。",
    tune_best="F1 最高：{threshold}（{interval}），精确率 {precision}，召回率（仅按已标注的算）{recall}，"
    "F1 {f1}。",
    tune_wanted="精确率 {wanted}：从 {threshold} 起（{interval}）为 {precision}，"
    "有 95 % 的把握不低于 {bound}；召回率（仅按已标注的算）{recall}。",
    tune_wanted_none="精确率 {wanted}：现有标注还不能证明任何阈值能做到。",
    tune_interval="95 % 区间 {low} 到 {high}",
    tune_open_interval="95 % 区间从 {low} 起，没有上限",
    tune_no_interval="没有区间",
    tune_apply="设为 {threshold}",
    tune_too_close="对的和不对的分数太接近，没有可以设置的阈值能分开，因此不给建议。",
    tune_is_set="这里的阈值已经是这个值。",
    tune_none="还没有人说过哪些答复是对的。每次点“有用”或“没用”都算。",
    tune_few="标注还不够：至少要有 {right} 条正确、{wrong} 条错误，才能给出建议。",
    tune_wide="标注还不够：区间比 {width} 还宽。",
    tune_label_these="标注下面这些最有帮助。这条内容回答了问题吗？",
    tune_nothing_to_label="最近的问题都标注过了，请再多问一些。",
    tune_question="{number}. “{question}” → {entry}（{score}）",
    tune_yes="{number} 对",
    tune_no="{number} 不对",
    tune_lowest="低于 {score} 的内容还没有标注过，更低的阈值效果未知。",
    tune_picture="各个阈值的精确率、召回率和 F1；黑线是当前阈值。",
    tune_chart="阈值、F1、精确率、召回率：",
    tune_chart_now="◄ 当前",
    tune_chart_best="◄ F1 最高",
    tune_no_match="这条答复没有第 {rank} 条。",
    review_shown="达到 {high} 的消息进入复核队列，达到 {low} 的会被观察。",
    review_none="这里没有开启复核。发送 /review 0.70 0.45 即可开启。",
    review_set="{who} 设置了复核：达到 {high} 的消息进入队列，达到 {low} 的会被观察。",
    review_off="{who} 关闭了复核。队列里已有的会保留。",
    review_queued="已进入复核队列：最高分 {score}，达到 {high}。",
    review_observed="观察中：最高分 {score}，达到 {low}。",
    queue_empty="队列是空的。已处理：{decided} 条。",
    queue_head="等待处理：{count} 条",
    queue_pool_head="从观察的消息中抽取的样本：{count} 条",
    queue_line="#{number} {when} {who}：“{question}” → {entry}（{score}）",
    queue_more="……还有 {count} 条。",
    queue_pool="观察中 {observed} 条；抽样 {pooled} 条，用 /queue pool 查看。",
    queue_confirm="确认 #{number}",
    queue_dismiss="不是 #{number}",
    queue_clear="只移出 #{number}",
    queue_cleared="{who} 把 #{number} 移出了队列，不作判断。",
    queue_already_cleared="#{number} 已由 {who} 移出（{when}），没有改动。",
    queue_confirmed="{who} 确认了 #{number}。",
    queue_dismissed="{who} 判断 #{number} 不是。",
    queue_already_confirmed="#{number} 已由 {who} 确认（{when}），没有改动。",
    queue_already_dismissed="#{number} 已由 {who} 判断为不是（{when}），没有改动。",
    queue_unknown="这个队列里没有 #{number}。",
    queue_exported="本群的复核队列：{count} 条。",
    queue_export_none="这个队列里从来没有过内容。",
    gaps_none="最近 {days} 天的问题都有有用的答复。",
    gaps_head="最近 {days} 天没有找到有用答复的问题：",
    gaps_line="{gap} · {count} 次 · 最高分 {score}：“{question}”",
    gaps_no_score="无",
    gaps_score="{score}（条目 {entry}）",
    gaps_also="      还有：{questions}",
    gaps_private="私下提问、不显示的：{count} 个。",
    gaps_how="处理方法：/gaps add {gap} => 答复、/gaps point {gap} 条目编号 或 /gaps dismiss {gap}",
    gaps_dismiss="忽略 {gap}",
    gaps_added="{who} 在 {name} 里回答了“{question}”。",
    gaps_pointed="{who} 把“{question}”指向了 {entry}，教给它的问法：{count} 个。",
    gaps_dismissed="{who} 忽略了“{question}”。",
    gaps_unknown="这里没有（或已经没有）未解决的问题 {gap}。发送 /gaps 查看。",
    gaps_not_added="没有添加。",
    gaps_no_entry="{name} 里没有编号为 {entry} 的内容。",
    gaps_more="……还有 {count} 个：{command}",
    gaps_taken="“{question}”已经是 {entry} 的问法，保持不变。",
    taught_live="现在用这些问法就能搜到。发送 /teach undo 可以撤回。",
    taught_soon="一分钟内用这些问法就能搜到。发送 /teach undo 可以撤回。",
    taught_failed="问法已保存，但更新失败；下次更新成功后才能搜到。",
    digest_head="本群的定期摘要。",
    digest_nowhere="我在这里只能回答，不能主动发言，所以没有定期摘要；随时可以用 /gaps 查看。"
    "企业微信群里放一个群机器人 webhook 就能收到，做法见 WECOM.zh.md（请找管理员）。",
    digest_off="{who} 关闭了定期摘要。",
    digest_daily="{who} 设置了定期摘要：每天 {hour}:00（{timezone}）。",
    digest_weekly="{who} 设置了定期摘要：每周一 {hour}:00（{timezone}）。",
    model_carried="{name} 换了模型或计分方式，分数和以前不同。这里的阈值从 {old} 换算为 {new}："
    "最近 {count} 个问题中，能通过的和以前一样多（{share}）。发送 /threshold undo 可退回 {old}。",
    model_carried_by_all="{name} 换了模型或计分方式，分数和以前不同。这里的阈值从 {old} 换算为 {new}："
    "本群提问太少，因此按所有群最近 {count} 个问题换算，能通过的和以前一样多（{share}）。"
    "发送 /threshold undo 可退回 {old}。",
    model_kept="{name} 换了模型或计分方式，分数和以前不同。提问太少，无法换算，这里的阈值仍是 {old}；"
    "用 /threshold try 可以预览别的值。",
    model_changed="{name} 换了模型或计分方式（{model}），分数和以前不同。",
    inspect_head="{model}：{dimension} 维，模长 {norm}，{tokens} 个词元",
    inspect_no_tokens="未知",
    inspect_values="前 {count} 个值：",
    inspect_histogram="数值的分布：",
    inspect_nearest="{name} 里最接近的内容：",
    inspect_line="{rank}. {score}（语义 {cosine}，关键词 {keyword}）{entry} [{id}]",
    inspect_no_keywords="无",
    inspect_picture="向量 {dimension} 个数值的分布。",
)


def work_wording(language: Language) -> WorkWording:
    return _ZH if language == "zh" else _EN
