"""The dial over a pasted list, many questions at once, and marks where a match stands."""

from __future__ import annotations

import io
import re

import pytest

from bot.console.questions_file import questions_in
from bot.console.trial import STEPS
from bot.domain import Query
from tests.bot.console.conftest import HOSTILE
from tests.support.console import ANN, BOB, EVE, LIN, Visitor, a_visitor
from tests.support.program import Program

LIST = "an apple\n...\n\nlemon\n"


@pytest.fixture
def lin(program: Program) -> Visitor:
    return a_visitor(program, LIN, program.app.url)


def scores(page: str) -> list[float]:
    return [float(score) for score in re.findall(r'data-score="([^"]+)"', page)]


def test_a_pasted_list_is_compared_as_a_knowledge_base_is_and_kept_nowhere(
    program: Program, lin: Visitor
) -> None:
    page = lin.post("/console/dial/list", texts="abcd\napple\n!!\nlemon and lime", q="apple", t="0.10").text
    engine = program.app.engine
    served = {match.text: match.score for match in engine.search(Query("apple", "default", -1.0, 20)).matches}
    assert scores(page)[0] == served["apple"] == 1.0
    assert set(scores(page)) <= {served["abcd"], served["apple"], served["lemon and lime"]}
    assert "of 3 entries at 0.10" in page
    assert "1 lines without" in page
    assert program.app.engine.knowledge_base("default").size == 9
    assert "lemon and lime" not in lin.get("/console/dial/list").text
    assert 'q=apple"' not in lin.get("/console/dial/list").text


def test_a_list_without_words_or_beyond_all_measure_ends_in_a_sentence(lin: Visitor) -> None:
    assert "no line with a letter" in lin.post("/console/dial/list", texts="...\n!!", q="apple").text
    assert lin.post("/console/dial/list", texts="a\n" * 2_001, q="apple").status_code == 413
    assert lin.post("/console/dial/list", texts="a" * 250_000, q="apple").status_code == 413
    assert lin.post("/console/dial/list.csv", texts="", q="apple").status_code == 404
    assert lin.get("/console/dial/list").status_code == 200


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_lines_and_questions_stay_text(lin: Visitor, text: str) -> None:
    page = lin.post("/console/dial/list", texts=f"{text}\napple", q=text, t="0.10").text
    page += lin.post("/console/dial/batch", kb="default", questions=text).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    table = lin.post("/console/dial/list.csv", texts=f"=1+1 apple {text}", q="apple", t="0.10").text
    assert ",=1+1" not in table


def test_many_questions_are_counted_at_each_step_as_one_by_one(program: Program, lin: Visitor) -> None:
    questions = ["apple", "zzzz", "lemon", "apple"]
    page = lin.post("/console/dial/batch", kb="default", questions="\n".join(questions), t="0.60").text
    found = {
        question: program.app.engine.search(Query(question, "default", 0.6, 1)).total
        for question in questions
    }
    answered = sum(total > 0 for total in found.values())
    assert f"{answered} of 3 questions find something at 0.60" in page
    table = lin.post("/console/dial/batch.csv", kb="default", questions="\n".join(questions)).text
    rows = [line.split(",") for line in table.splitlines()]
    column = rows[0].index("0.60")
    assert {row[0]: int(row[column]) for row in rows[1:]} == found
    assert rows[0][-len(STEPS) :] == list(STEPS)


def test_questions_come_out_of_a_file_however_a_spreadsheet_wrote_it(lin: Visitor) -> None:
    assert questions_in("编号,问题\r\n1,怎么退货？\r\n2,\r\n".encode("gb18030")) == ("怎么退货？",)
    assert questions_in("\ufeffapple,1\nlemon\napple\n".encode()) == ("apple", "lemon")
    assert questions_in("编号\t问题\n1\t怎么退货？\n".encode("utf-16")) == ("怎么退货？",)
    assert questions_in(b"id;question\n1;one, two?\n") == ("one, two?",)
    # To another separator than its own, this file is one endless cell.
    assert questions_in(b'question\na;"' + b"b\n" * 70_000) == ('a;"b', "b")
    assert questions_in(b"") == questions_in(b"\n,\n") == ()
    file = (io.BytesIO(b"id,question\n1,apple\n"), "asked.csv")
    page = lin.post("/console/dial/batch", kb="default", questions="", file=file).text
    assert "1 of 1 questions" in page
    assert lin.post("/console/dial/batch", kb="none", questions="a").status_code == 404
    endless = (io.BytesIO(b'question\n"' + b"a" * 140_000 + b'"\n'), "asked.csv")
    assert lin.post("/console/dial/batch", kb="default", file=endless).status_code == 400


def test_a_match_is_marked_where_it_stands_as_a_vote_on_the_channels_answer(program: Program) -> None:
    ann = a_visitor(program, ANN, program.app.url)
    page = ann.get("/console/dial?kb=default&q=apple&t=0.10").text
    (answer,) = re.findall(r'name="answer" value="([^"]+)"', page)
    (first, *_) = re.findall(r'name="right" value="1 ([^"]+)"', page)
    form = {"channel": "slack:T1:C1", "answer": answer, "once": "m1", "back": "/console/dial?q=apple"}
    for name in ("right", "wrong"):
        gone = ann.post("/console/mark", **form, **{name: f"1 {first}"})
        assert gone.status_code == 303
        assert gone.headers["Location"].endswith("#m1")
        page = ann.get("/console/dial?kb=default&q=apple&t=0.10").text
        assert re.findall("marked (?:right|wrong)", page) == [f"marked {name}"]
    for person, status in ((EVE, 404), (BOB, 303)):
        other = a_visitor(program, person, program.app.url)
        assert other.post("/console/mark", **form, right=f"1 {first}").status_code == status
    assert ann.post("/console/mark", **form, right="x").status_code == 400
    assert 'id="mark"' not in ann.get("/console/dial?kb=default&q=never+asked").text
