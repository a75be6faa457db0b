"""WeCom's ways in, end to end: real envelopes, real store, real workers, and a recording WeCom."""

from __future__ import annotations

import pytest

from tests.bot.platforms.wecom.callbacks import rows, sign
from tests.bot.platforms.wecom.vectors import vector
from tests.support import wecom_codec as codec
from tests.support.wecom_program import KEY, WecomProgram


def test_a_repeated_command_changes_once_and_gets_the_same_stream_and_content(program: WecomProgram) -> None:
    body = program.wecom.message("@知识库助手 /threshold 0.65", chat="once")
    first, second = program.wecom.post(body), program.wecom.post(body)
    assert first == second
    assert first is not None
    assert first["stream"]["finish"] is True
    changed = rows(program, "SELECT old, new FROM setting_change WHERE channel LIKE '%:group:once'")
    assert changed == [(None, "0.65")]


def test_a_lost_answer_is_given_again_and_the_question_asked_once(program: WecomProgram) -> None:
    program.wecom.lose_answers(2)
    bubble = program.wecom.say("@知识库助手 lemon", chat="lost")
    assert (bubble.calls, bubble.is_finished) == (3, True)
    assert "lemon" in bubble.text
    assert bubble.card is not None
    assert rows(program, "SELECT count(*) FROM asked WHERE channel LIKE '%:group:lost'") == [(1,)]


def test_a_poll_for_a_stream_that_nobody_knows_ends_it(program: WecomProgram) -> None:
    body = program.wecom.message("x", chat="G1")
    poll = {key: body[key] for key in ("msgid", "aibotid", "chatid", "chattype", "from")}
    answer = program.wecom.post(poll | {"msgtype": "stream", "stream": {"id": "s-unknown"}}, "poll")
    assert answer is not None
    assert answer["stream"] == {
        "id": "s-unknown",
        "finish": True,
        "content": "这条回答已经过期，请重新提问。",
    }


def test_a_stream_is_told_to_its_own_room_only(program: WecomProgram) -> None:
    bubble = program.wecom.say("@知识库助手 lemon", chat="mine")
    body = program.wecom.message("x", chat="other")
    poll = {key: body[key] for key in ("msgid", "aibotid", "chatid", "chattype", "from")}
    answer = program.wecom.post(poll | {"msgtype": "stream", "stream": {"id": bubble.stream}}, "poll")
    assert answer is not None
    assert "lemon" not in answer["stream"]["content"]


def test_a_long_answer_is_cut_at_a_line_and_the_rest_follows(program: WecomProgram) -> None:
    wecom = program.wecom
    for line in ("/kb use long", "/limit 20", "/threshold 0"):
        wecom.say(f"@知识库助手 {line}", chat="long")
    seen = len(wecom.api.seen)
    bubble = wecom.say("@知识库助手 鱼", chat="long")
    program.settle(lambda: len(wecom.api.seen) > seen)
    after = wecom.api.seen[-1]
    assert bubble.text.endswith("（未完，见下一条）")
    assert after.to == "group:long"
    shown = [line for line in (bubble.text + "\n" + after.text).splitlines() if line.startswith("**")]
    assert [line.split(".")[0] for line in shown] == [f"**{rank}" for rank in range(1, 21)]


def test_entering_a_chat_without_ids_greets(program: WecomProgram) -> None:
    assert "/help" in program.wecom.enter("newcomer")


@pytest.mark.parametrize("name", ["aibot-echostr", "official-url-verify"])
def test_verification_gives_back_the_exact_bytes(name: str, program: WecomProgram) -> None:
    """The vectors have keys and times of their own, so only their plaintext is used here."""
    plain = vector(name)["plaintext"]
    echo = codec.encrypt(KEY, plain, "")
    answer = program.wecom.callback(
        "GET", "/wecom/robot/support", sign(program, echo) | {"echostr": echo}, b""
    )
    assert (answer.status, answer.body) == (200, plain.encode())


def test_a_message_and_a_press_of_one_number_both_count(program: WecomProgram) -> None:
    """REL34. The first to come takes nothing from the second, and a repeat of either is one still."""
    wecom = program.wecom
    bubble = wecom.say("@知识库助手 fig", chat="numbers", msgid="n-77")
    wecom.press(bubble, "threshold:0.35", msgid="n-77")
    wecom.press(bubble, "threshold:0.30", msgid="n-78")
    asked = [
        wecom.post(wecom.message("@知识库助手 /threshold 0.65", chat="numbers", msgid="n-78")) for _ in "ab"
    ]
    assert asked[0] == asked[1]
    changed = rows(program, "SELECT new FROM setting_change WHERE channel LIKE '%:group:numbers' ORDER BY id")
    assert [new for (new,) in changed] == ["0.35", "0.30", "0.65"]


def test_an_operator_who_looks_at_the_address_reads_a_plain_line(program: WecomProgram) -> None:
    for path in ("/wecom/robot/support", "/wecom/app/support"):
        answer = program.wecom.callback("GET", path, {}, b"")
        assert answer.status == 200
        assert b"kbdial listens here" in answer.body


def test_an_unknown_name_is_404(program: WecomProgram) -> None:
    for path in ("/wecom/robot/nobody", "/wecom/app/nobody"):
        assert program.wecom.callback("GET", path, {}, b"").status == 404
        assert program.wecom.callback("POST", path, {}, b"{}").status == 404


def test_an_event_without_an_id_is_answered_once(program: WecomProgram) -> None:
    """SEC08: an application's press carries no id of its own."""
    program.application.say("/threshold 0.5", user="lisi")
    program.settle()
    card = next(sent for sent in reversed(program.wecom.api.seen) if sent.kind == "template_card")
    task = card.body["task_id"]
    program.application.lose_answers(2)
    program.application.press("threshold:0.55", task, user="lisi")
    program.settle()
    changes = rows(program, "SELECT new FROM setting_change WHERE channel LIKE '%:app:1000002:lisi'")
    assert changes == [("0.50",), ("0.55",)]


def test_foreign_text_rings_nobody_and_forges_no_link(program: WecomProgram) -> None:
    """SEC22, SEC23: in the stream, in a later reply, and through the application."""
    wecom = program.wecom
    for line in ("/kb use hostile", "/threshold 0"):
        wecom.say(f"@知识库助手 {line}", chat="hostile")
        program.application.say(line, user="lisi")
        program.settle()
    seen = len(wecom.api.seen)
    bubble = wecom.say("@知识库助手 angel <@all>", chat="hostile")
    wecom.press(bubble, "threshold:0.05")
    program.application.say("angel <@all>", user="lisi")
    program.settle(lambda: len(wecom.api.seen) >= seen + 3)
    later, answer, card = sorted(wecom.api.seen[seen:], key=lambda sent: (sent.to, sent.kind))
    assert (later.to, answer.to, card.kind) == ("group:hostile", "lisi", "template_card")
    assert wecom.rung == []
    assert wecom.api.rung == []
    for shown in (bubble.text, later.text, answer.text):
        assert "angel" in shown
        # An address may be a link to itself, and to nothing else.
        without_itself = shown.replace("[https://evil.test](https://evil.test)", "")
        for forged in ("](https://evil.test)", "![](", "<@all>", "<@zhangsan>"):
            assert forged not in without_itself


def test_a_file_follows_through_the_webhook_that_stands_in_the_group(program: WecomProgram) -> None:
    wecom = program.wecom
    wecom.say("@知识库助手 lemon", chat="exporting")
    bubble = wecom.say("@知识库助手 /export", chat="exporting")
    program.settle(lambda: any(sent.to == "KEY2" for sent in wecom.api.seen))
    assert "/console/export/" in bubble.text
    assert [(sent.kind, sent.text) for sent in wecom.api.seen if sent.to == "KEY2"] == [("file", "")]
    ((name, content),) = wecom.api.files.values()
    assert name.endswith(".csv")
    assert b"lemon" in content


def test_thumbs_under_an_answer_of_one_match_are_a_vote_and_others_are_counted(program: WecomProgram) -> None:
    wecom = program.wecom
    wecom.say("@知识库助手 /limit 1", chat="G1")
    one = wecom.say("@知识库助手 fig", chat="G1")
    several = wecom.say("@知识库助手 lemon", chat="rated")
    wecom.rate(one.stream, accurate=True)
    wecom.rate(several.stream, accurate=False)
    wecom.rate("s-unknown")
    program.settle()
    assert rows(program, "SELECT person, relevant FROM label") == [("wecom:AIBOT1:lisi", 1)]
    assert b'reason="rated inaccurate"' in program.app.metrics.text()


def test_an_admin_is_made_by_a_code_once(program: WecomProgram) -> None:
    code = program.app.admins.new_code()
    wecom = program.wecom
    assert "现在是管理员" in wecom.say(f"/admin claim {code.lower()}", chat="", user="boss").text
    assert "代码不对" in wecom.say(f"/admin claim {code}", chat="", user="thief").text
    assert rows(program, "SELECT person FROM admin") == [("wecom:AIBOT1:boss",)]
    assert code.replace("-", "") not in str(rows(program, "SELECT * FROM admin_code"))
