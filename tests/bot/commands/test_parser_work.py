from __future__ import annotations

from decimal import Decimal

import pytest

from bot.commands.gaps.grammar import AddGap, DismissGap, PointGap, SetDigest, ShowGaps
from bot.commands.inspect.grammar import Inspect
from bot.commands.kb.grammar import AddEntries, AddEntry, EditEntry, FindEntries, RemoveEntry, ShowEntry
from bot.commands.parser import parse
from bot.commands.review.grammar import Decide, ExportQueue, ReviewOff, SetReview, ShowQueue, ShowReview
from bot.commands.teach.grammar import (
    AcceptProposal,
    ExportTaught,
    ForgetWording,
    RefuseProposal,
    ShowProposals,
    ShowTaught,
    TeachWording,
    UndoTeaching,
)
from bot.commands.tune.grammar import LabelMatch, Tune
from bot.grammar.command import BadCommand, Command, Question


def read(text: str, *, mentioned: bool = False) -> Command | BadCommand | Question:
    return parse(text, names=("kbdial",), mentioned=mentioned, in_group=True)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/tune", Tune()),
        ("、tune", Tune()),
        ("/tune precision 0.95", Tune(Decimal("0.95"))),
        ("/tune precision 95%", Tune(Decimal("0.95"))),
        ("/tune yes aB-3_x 2", LabelMatch("aB-3_x", 2, relevant=True)),
        ("/tune no 2", LabelMatch("", 2, relevant=False)),
        ("/tune yes ＿aB＿＿x 2", LabelMatch("_aB__x", 2, relevant=True)),
        ("/tune no aB-3_x ２", LabelMatch("aB-3_x", 2, relevant=False)),
        ("/review", ShowReview()),
        ("/review 0.70 0.45", SetReview(Decimal("0.70"), Decimal("0.45"))),
        ("/review 70% 45%", SetReview(Decimal("0.7"), Decimal("0.45"))),
        ("/review off", ReviewOff()),
        ("/queue", ShowQueue()),
        ("/queue pool", ShowQueue(pool=True)),
        ("/queue confirm #12", Decide(12, "confirmed")),
        ("/queue dismiss 12。", Decide(12, "dismissed")),
        ("/queue clear #12", Decide(12, "cleared")),
        ("/queue confirm 12 #13,14", Decide(12, "confirmed", (13, 14))),
        ("/queue export", ExportQueue()),
        ("/gaps", ShowGaps()),
        ("/gaps add 0123abcd => Within 3 days.", AddGap("0123abcd", "Within 3 days.")),
        ("/gaps add 0123ABCD 三天内", AddGap("0123abcd", "三天内")),
        ("/gaps point 0123abcd shop-7", PointGap("0123abcd", "shop-7")),
        ("/gaps dismiss 0123abcd", DismissGap("0123abcd")),
        ("/gaps digest off", SetDigest(None)),
        ("/gaps digest daily", SetDigest("daily")),
        ("/gaps digest weekly 9 Asia/Shanghai", SetDigest("weekly", 9, "Asia/Shanghai")),
        ("/gaps digest daily 09：00", SetDigest("daily", 9)),
        ("/gaps digest daily 9点", SetDigest("daily", 9)),
        ("/kb add Wrap? =>\n1. Pay -> pack\n\n2. Send", AddEntry("Wrap?", "1. Pay -> pack\n\n2. Send")),
        ("/kb add Wrap? →\nYes", AddEntry("Wrap?", "Yes")),
        ("/kb add Wrap? => Yes\nSend?", AddEntries("Wrap? => Yes\nSend?")),
        ("/kb add Wrap?\nSend? =>\nNo", AddEntries("Wrap?\nSend? =>\nNo")),
        ("/kb add Wrap? =>", AddEntries("Wrap? =>")),
        ("/kb find gift wrap", FindEntries("gift wrap")),
        ("/kb show shop＿7", ShowEntry("shop＿7")),
        ("/kb show a b", ShowEntry("a b")),
        ("/kb show no. 7.", ShowEntry("no. 7.")),
        ("/kb show .", ShowEntry(".")),
        ("/kb remove a b", RemoveEntry("a b")),
        ("/kb edit a b 0a1b2c3d => Yes", EditEntry("a b", "Yes", "0a1b2c3d")),
        ("/gaps point 0123abcd a b？", PointGap("0123abcd", "a b？")),
        ("/teach forget Ａ１ => Where?", ForgetWording("Ａ１", "Where?")),
        (
            "/kb edit shop＿7 => Yes.\n\nFor -> 2 => euros",
            EditEntry("shop＿7", "Yes.\n\nFor -> 2 => euros"),
        ),
        ("/kb edit shop-7 0a1b2c3d → Yes", EditEntry("shop-7", "Yes", "0a1b2c3d")),
        ("/teach", ShowProposals()),
        ("/teach 12", AcceptProposal(12)),
        ("/teach #１２。", AcceptProposal(12)),
        ("/teach no 12", RefuseProposal(12)),
        ("/teach shop＿7 =》 Where is\nmy parcel?", TeachWording("shop＿7", "Where is my parcel?")),
        ("/teach forget shop-7 => Where?", ForgetWording("shop-7", "Where?")),
        ("/teach forget => Where?", TeachWording("forget", "Where?")),
        ("/teach undo", UndoTeaching()),
        ("/teach history", ShowTaught()),
        ("/teach export", ExportTaught()),
        ("、教学 12", AcceptProposal(12)),
        ("/inspect  A Text ", Inspect("A Text")),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/tune precision", "missing"),
        ("/tune precision 1", "out_of_range"),
        ("/tune precision high", "not_a_number"),
        ("/tune up", "unknown_word"),
        ("/tune yes a1", "missing"),
        ("/tune yes 0", "out_of_range"),
        ("/tune yes a1 0", "out_of_range"),
        ("/tune yes a1 1 2", "too_many"),
        ("/tune yes a:1 1", "unknown_word"),
        ("/review 0.7", "missing"),
        ("/review 0.45 0.7", "out_of_range"),
        ("/review 0.7 low", "not_a_number"),
        ("/queue confirm", "missing"),
        ("/queue confirm all", "not_a_number"),
        ("/queue pool 3", "too_many"),
        ("/kb find", "missing"),
        ("/kb show", "missing"),
        ("/kb edit shop-7", "missing"),
        ("/kb edit shop-7 =>", "missing"),
        ("/kb edit => Yes", "missing"),
        ("/teach no", "missing"),
        ("/teach me", "not_a_number"),
        ("/teach me a lesson", "too_many"),
        ("/teach undo 2", "too_many"),
        ("/teach shop-7 =>", "missing"),
        ("/gaps close", "unknown_word"),
        ("/gaps add 0123abcd", "missing"),
        ("/gaps add 0123abcd =>", "missing"),
        ("/gaps dismiss 0123abcd now", "too_many"),
        ("/gaps dismiss 123", "unknown_word"),
        ("/gaps digest daily 24", "out_of_range"),
        ("/gaps digest daily 9:30", "out_of_range"),
        ("/gaps digest daily 9 ../etc/passwd", "unknown_word"),
        ("/gaps digest off 9", "too_many"),
        ("/inspect", "missing"),
    ],
)
def test_a_wrong_value_is_named(text: str, code: str) -> None:
    bad = read(text)
    assert isinstance(bad, BadCommand)
    assert bad.code == code


def test_after_a_mention_the_slash_may_be_missing_but_not_for_inspect() -> None:
    assert read("@kbdial tune", mentioned=True) == Tune()
    assert read("@kbdial review 0.7 0.45", mentioned=True) == SetReview(Decimal("0.7"), Decimal("0.45"))
    assert read("@kbdial inspect my parcel", mentioned=True) == Question("inspect my parcel")
    assert read("@kbdial queue at the counter", mentioned=True) == Question("queue at the counter")
    assert read("@kbdial kb show shop-7", mentioned=True) == ShowEntry("shop-7")
    assert read("@kbdial kb show me the way", mentioned=True) == Question("kb show me the way")
