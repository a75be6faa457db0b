"""The pages of knowledge bases: entries found, written, changed, removed, and what people said of them."""

from __future__ import annotations

import re

import pytest

from tests.bot.console.conftest import HOSTILE
from tests.support.console import ANN, EVE, LIN, Visitor, a_visitor
from tests.support.program import Program

PAGE = "/console/knowledge/default"
ROOM = "terminal:local:kitchen"


@pytest.fixture
def lin(program: Program) -> Visitor:
    return a_visitor(program, LIN, program.app.url)


def write(visitor: Visitor, once: str, **fields: str) -> str:
    """The page that comes after the form."""
    form = {"channel": ROOM, "once": once, "back": PAGE, **fields}
    gone = visitor.post(f"{PAGE}/write", **form)
    assert gone.status_code == 303
    return visitor.get(gone.headers["Location"]).text


def said(page: str) -> str:
    (text,) = re.findall(r'class="said" role="status">(.*?)</div>', page, re.DOTALL)
    return str(text)


def id_in(text: str) -> str:
    (entry,) = re.findall(r"added (\S+) to default", text)
    return str(entry)


def hash_on(page: str) -> str:
    (read,) = re.findall(r'name="hash" value="([^"]+)"', page)
    return str(read)


def test_an_entry_is_written_found_changed_and_removed(program: Program, lin: Visitor) -> None:
    told = said(write(lin, "k1", text="Do you wrap?", answer="Yes.\r\nFor two euros."))
    entry = id_in(told)
    found = lin.get(f"{PAGE}?find=two+EUROS").text
    assert "1 entries hold" in found
    assert entry in found
    page = lin.get(f"{PAGE}/entry?id={entry}").text
    assert "Yes.\nFor two euros.</textarea>" in page
    first = hash_on(page)
    changed = said(write(lin, "k2", id=entry, hash=first, text="Do you wrap?", answer="No.\nNever."))
    assert f"changed {entry} in default" in changed
    history = lin.get(f"{PAGE}/entry?id={entry}").text
    assert re.findall(r"<span>(added|changed)</span><span>(\w+)</span>", history) == [
        ("changed", "lin"),
        ("added", "lin"),
    ]
    assert "For two euros.</p></details>" in history
    late = said(write(lin, "k3", id=entry, hash=first, text="Do you wrap?", answer="Mine."))
    assert "Never." in late
    assert "Mine." in late
    assert program.app.engine.show_entry("default", entry).answer == "No.\nNever."
    form = {"verb": "/kb remove", "argument": entry, "kb": "default", "channel": ROOM, "once": "k4"}
    assert lin.post("/console/do", **form).status_code == 303
    assert lin.get(f"{PAGE}/entry?id={entry}").status_code == 404


def test_an_entry_of_a_file_is_shown_and_not_to_be_changed(program: Program, lin: Visitor) -> None:
    apple = next(each for each in program.app.engine.entries("default", 20).entries if each.text == "apple")
    page = lin.get(f"{PAGE}/entry?id={apple.id}").text
    assert "is changed there" in page
    assert f"{PAGE}/write" not in page
    told = said(write(lin, "k5", id=apple.id, hash="0" * 16, text="pear", answer=""))
    assert "can only be changed there" in told


def test_a_wording_is_taught_beside_its_entry_and_says_by_whom(program: Program, lin: Visitor) -> None:
    lemon = next(each for each in program.app.engine.entries("default", 20).entries if "lemon" in each.text)
    form = {"verb": "/teach", "argument": lemon.id, "answer": "citrus of both kinds", "kb": "default"}
    gone = lin.post("/console/do", channel=ROOM, once="t1", back=f"{PAGE}/entry?id={lemon.id}", **form)
    page = lin.get(gone.headers["Location"]).text
    assert "citrus of both kinds" in said(page)
    assert "taught by lin" in page
    undone = {"verb": "/teach", "argument": "undo", "kb": "default"}
    assert lin.post("/console/do", channel=ROOM, once="t2", **undone).status_code == 303
    assert "taught by lin" not in lin.get(f"{PAGE}/entry?id={lemon.id}").text


def test_pages_follow_each_other_to_the_last_entry(lin: Visitor) -> None:
    path, seen = "/console/knowledge/many", 0
    while path:
        page = lin.get(path).text
        seen += page.count('class="lines" href=')
        following = re.findall(r'rel="next" href="([^"]+)"', page)
        path = following[0].replace("&amp;", "&") if following else ""
    assert seen >= 800


def test_what_people_said_of_an_entry_stands_beside_it_for_those_who_may_see_the_channel(
    program: Program,
) -> None:
    ann = a_visitor(program, ANN, program.app.url)
    page = ann.get("/console/dial?kb=default&q=apple&t=0.10").text
    (answer,) = re.findall(r'name="answer" value="([^"]+)"', page)
    entry = re.findall(r'name="right" value="1 ([^"]+)"', page)[0]
    form = {"channel": "slack:T1:C1", "answer": answer, "right": f"1 {entry}", "once": "v1"}
    ann.post("/console/mark", **form)
    page = ann.get(f"{PAGE}/entry?id={entry}").text
    assert re.search(r"<td class=\"lines\">apple</td><td>Right</td><td>Ann</td>", page)
    eve = a_visitor(program, EVE, program.app.url)
    assert "Nobody has said anything yet." in eve.get(f"{PAGE}/entry?id={entry}").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_entries_and_searches_stay_text(program: Program, lin: Visitor, text: str) -> None:
    def opened(path: str, **query: str) -> str:
        return lin.client.get(path, query_string=query, base_url=lin.origin).text

    entries = program.app.engine.entries("default", 50).entries
    pages = [opened(f"{PAGE}/entry", id=each.id) for each in entries if each.text == text]
    pages.append(opened(PAGE, find=text[:40]))
    assert len(pages) == 2
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "a" * 20_001}, 400),
        ({"text": "a", "channel": "slack:T9:C1"}, 404),
        ({"text": "a", "once": ""}, 400),
    ],
)
def test_senseless_forms_write_nothing(lin: Visitor, fields: dict[str, str], status: int) -> None:
    form = {"channel": ROOM, "once": "s1", **fields}
    assert lin.post(f"{PAGE}/write", **form).status_code == status
    assert lin.post("/console/knowledge/none/write", **form).status_code in {400, 404}


def test_unknown_bases_entries_and_pages_are_not_found(lin: Visitor) -> None:
    assert lin.get("/console/knowledge/none").status_code == 404
    assert lin.get(f"{PAGE}/entry?id=").status_code == 404
    assert lin.get(f"{PAGE}?from=9999999").status_code == 200
