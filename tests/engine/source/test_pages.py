"""Pages as they are on the web: questions that unfold, steps, links, and what stands on every page."""

from pathlib import Path

import pytest

from engine.domain import Entry
from engine.source import read

FURNITURE = (
    '<div id="cookie-banner">We use cookies</div><header><ul class="menu"><li>Home</ul></header>'
    '<div class="breadcrumb">Home > Help</div>{}<div class="site-footer">2026</div>'
)


def texts(folder: Path, body: str) -> list[str]:
    return [entry.text for entry in entries(folder, body)]


def entries(folder: Path, body: str) -> tuple[Entry, ...]:
    (folder / "a.html").write_text(f'<meta charset="utf-8"><body>{body}</body>', encoding="utf-8")
    return read("a.html", folder).entries


def markdown(folder: Path, text: str) -> list[tuple[str | None, str]]:
    (folder / "a.md").write_text(text, encoding="utf-8")
    return [(entry.title, entry.text) for entry in read("a.md", folder).entries]


def test_what_stands_on_every_page_is_left_out(tmp_path: Path) -> None:
    body = FURNITURE.format('<div class="content"><h2>Returns</h2><p>Within seven days.</p></div>')
    assert texts(tmp_path, body) == ["Returns\nWithin seven days."]


def test_questions_that_unfold_are_pieces_of_their_own(tmp_path: Path) -> None:
    unfolding = "<h1>FAQ</h1>" + "".join(
        f"<details><summary>{each}?</summary><p>{each} it is.</p></details>" for each in ("One", "Two")
    )
    assert texts(tmp_path, unfolding) == ["One?\nOne it is.", "Two?\nTwo it is."]
    terms = "<h1>FAQ</h1><dl><dt>One?<dd>Yes.<dt>Two?<dd>No.</dl>"
    assert texts(tmp_path, terms) == ["One?\nYes.", "Two?\nNo."]


def test_steps_are_numbered_and_links_say_where_they_lead(tmp_path: Path) -> None:
    body = '<ol start="3"><li>open</li><li>see <a href="https://a.test/x?b=1">here</a></li></ol>'
    assert texts(tmp_path, body) == ["3. open\n4. see here (https://a.test/x?b=1)"]


def test_a_step_in_a_paragraph_keeps_its_number_and_a_step_may_set_its_own(tmp_path: Path) -> None:
    body = (
        '<ol><li><p>open</p></li><li value="5"><div>close</div></li><li> <b>end</b></li></ol><ul><li>x</ul>'
    )
    assert texts(tmp_path, body) == ["1. open\n\n5. close\n\n6. end\n\nx"]


@pytest.mark.parametrize(
    "body",
    [
        "<p><b>Who pays?</b></p><p>We do.</p><p><strong>1. Where is it?</strong></p><p>On its way.</p>",
        "<p><b>Who pays?</b><br>We do.</p><p><b>1. Where is it?</b><br>On its way.</p>",
        "<div><b><span>Who pays?</span></b></div>We do.<p>1. <b>Where is it?</b> </p>On its way.",
        "<p>Q: Who pays?</p><p>A: We do.</p><p>Q: 1. Where is it?<br>A: On its way.</p>",
    ],
)
def test_questions_in_bold_or_marked_as_such_begin_a_piece(tmp_path: Path, body: str) -> None:
    found = entries(tmp_path, f"<h1>FAQ</h1>{body}")
    assert [entry.text for entry in found] == ["Who pays?\nWe do.", "1. Where is it?\nOn its way."]
    assert [entry.wordings for entry in found] == [("Who pays?",), ("Where is it?",)]


@pytest.mark.parametrize(
    "body",
    [
        "<p>See <b>who pays?</b></p><p>Below.</p>",
        "<p><b>Who pays?</b> is the question.</p><p>Below.</p>",
        "<p><b>Returns</b></p><p>Below.</p>",
        "<p>Q: Who pays?</p><p>Nobody knows.</p>",
        "<p>A. first</p><p>B. second</p>",
    ],
)
def test_bold_words_and_lone_marks_are_no_questions(tmp_path: Path, body: str) -> None:
    (entry,) = entries(tmp_path, f"<h1>FAQ</h1>{body}")
    assert entry.title == "FAQ"
    assert entry.wordings == ()
    assert entry.text.startswith(("FAQ\nA. first", "FAQ\nSee", "FAQ\nWho", "FAQ\nReturns", "FAQ\nQ: Who"))


def test_what_stands_below_the_questions_belongs_to_none(tmp_path: Path) -> None:
    body = "<h1>FAQ</h1><details><summary>Who?</summary>We.</details><p>Call us.</p><h1>Shop</h1><p>Open.</p>"
    assert [(each.title, each.text) for each in entries(tmp_path, body)] == [
        ("FAQ › Who?", "Who?\nWe."),
        ("FAQ", "FAQ\nCall us."),
        ("Shop", "Shop\nOpen."),
    ]
    closed = "<h1>FAQ</h1><details><summary>Who?</summary>We.</details>"
    assert texts(tmp_path, closed + "<h1>End</h1>") == ["Who?\nWe.", "End"]


@pytest.mark.parametrize(
    "sign",
    [
        '<sup><a href="#n1" id="r1">[1]</a></sup>',
        '<sup id="r1"><a href="#n1">1</a></sup>',
        '<a href="#n1" id="r1"><sup>1</sup></a>',
    ],
)
def test_a_footnote_stands_below_the_paragraph_that_refers_to_it(tmp_path: Path, sign: str) -> None:
    body = (
        f"<h1>Fees</h1><p>Free{sign} everywhere.</p><h1>More</h1><p>Text.</p>"
        '<ol><li id="n1"><p>Not in Tibet. <a href="#r1">↩</a></p></li>'
        '<li id="n2"><sup><a href="#r1">a</a></sup> Nobody refers to it.</li></ol>'
    )
    first, second = texts(tmp_path, body)
    assert first.endswith("everywhere.\n[1] Not in Tibet.")
    assert "Tibet" not in second
    assert "Nobody refers to it." in second


def test_a_footnote_in_a_table_stays_with_its_row(tmp_path: Path) -> None:
    row = '<tr><td>A<td>5<sup><a href="#n">1</a></sup></tr><tr><td>B<td>6</tr>'
    body = f'<table><tr><th>City<th>Fee</tr>{row}</table><p id="n">In yuan.</p>'
    (text,) = texts(tmp_path, body)
    assert text.split("\n")[0] == "City: A | Fee: 51 [1] In yuan."


def test_notes_that_refer_to_each_other_and_are_cited_without_end_cost_little(tmp_path: Path) -> None:
    cited = '<p>x<sup><a href="#n">1</a></sup></p>' * 300
    loop = '<div id="n">n<sup><a href="#m">2</a></sup></div><div id="m">m<sup><a href="#n">1</a></sup></div>'
    assert texts(tmp_path, cited + loop)
    long = f'<div id="n">{"very long " * 100}</div>'
    assert sum("very long" in text for text in texts(tmp_path, cited + long)) <= 4


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("---\ntitle: 退货政策\ntags: [a]\n---", "退货政策"),
        ('---\ntags:\n  - title: no\ntitle: "Returns: the rules" # of 2026\n---', "Returns: the rules"),
        ("---\ntitle: 'Returns'\n...", "Returns"),
        ("---\ntitle: >-\n  Returns and\n  refunds\nauthor: x\n---", "Returns and refunds"),
        ("---\ntitle: Returns # old\n---", "Returns"),
        ('+++\ntitle = "Returns"\ndate = 2026-01-01\n+++', "Returns"),
    ],
)
def test_a_title_above_the_text_is_its_heading(tmp_path: Path, front: str, title: str) -> None:
    assert markdown(tmp_path, f"{front}\n\nWithin seven days.\n") == [(title, f"{title}\nWithin seven days.")]
    assert markdown(tmp_path, f"{front}\n\n# Own\n\ntext\n") == [("Own", "Own\ntext")]


@pytest.mark.parametrize(
    "front", ["---\n---", "---\nauthor: x\n---", "+++\nno toml\n+++", "---\ntitle:\n---"]
)
def test_lines_above_the_text_without_a_title_are_left_out(tmp_path: Path, front: str) -> None:
    assert markdown(tmp_path, f"{front}\nWithin seven days.\n") == [("a", "Within seven days.")]


def test_markdown_keeps_its_notes_links_terms_and_steps(tmp_path: Path) -> None:
    text = (
        "# Fees\n\nFree[^1] within^[inline note] China.\n\n[^1]: Not in Tibet.\n\n"
        "3. open [here](https://a.test)\n\n4. ![a picture](x.png)\n\n# Terms\n\nParcel\n: up to 5 kg\n\n"
        "<details>\n<summary>Who pays?</summary>\n\nWe **do**.\n\n</details>\n"
    )
    assert markdown(tmp_path, text) == [
        (
            "Fees",
            (
                "Fees\nFree[1] within[2] China.\n[1] Not in Tibet.\n[2] inline note\n\n"
                "3. open here (https://a.test)\n\n4. a picture"
            ),
        ),
        ("Terms › Parcel", "Parcel\nup to 5 kg"),
        ("Terms › Who pays?", "Who pays?\nWe do."),
    ]


@pytest.mark.parametrize(
    "style",
    [
        '<h2><button data-bs-target="#{panel}">{question}</button></h2><div id="{panel}" hidden>',
        '<button class="accordion">{question}</button><div class="panel">',
        '<button aria-controls="{panel}">{question}</button><div id="{panel}" style="display:none">',
        '<div class="faq" role="button" aria-controls="{panel}">{question}</div><div id="{panel}" hidden>',
    ],
)
def test_what_a_question_unfolds_when_pressed_is_its_answer(tmp_path: Path, style: str) -> None:
    body = "".join(
        f"{style.format(question=question, panel=f'panel{number}')}<p>{answer}</p></div>"
        for number, (question, answer) in enumerate([("Who pays?", "We do."), ("运费谁出？", "我们。")])
    )
    found = entries(tmp_path, f"<h1>FAQ</h1>{body}")
    assert [(each.text, each.wordings) for each in found] == [
        ("Who pays?\nWe do.", ("Who pays?",)),
        ("运费谁出？\n我们。", ("运费谁出？",)),
    ]


def test_other_buttons_and_what_they_open_are_not_read(tmp_path: Path) -> None:
    body = (
        "<h1>Returns <button>Copy</button></h1><button>Need help?</button><p>Within seven days.</p>"
        '<button aria-expanded="false" aria-controls="m">Menu</button><div id="m" hidden>secret</div>'
        '<button data-bs-target="#login">Log in</button><div id="login" style="display:none">secret</div>'
    )
    assert texts(tmp_path, body) == ["Returns\nWithin seven days."]
