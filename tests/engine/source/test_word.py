"""DOCX as Word shows it: text boxes, numbers, notes and headings; and not what it hides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import SourceContents
from engine.extract.numbering import write_number
from engine.source import read
from tests.support.documents import a_docx, a_table, a_zip, docx_parts

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACES = (
    f'<w:document xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="urn:wps" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
)


def parts(*paragraphs: str, styles: str = "", **others: str) -> dict[str, str | bytes]:
    """The parts of a DOCX; `styles` are more of them, `others` whole parts by name."""
    found = docx_parts(*paragraphs)
    document = str(found["word/document.xml"])
    found["word/document.xml"] = SPACES + document.partition(">")[2]
    found["word/styles.xml"] = str(found["word/styles.xml"]).replace("</w:styles>", f"{styles}</w:styles>")
    for name, content in others.items():
        found[f"word/{name}.xml"] = f'<w:{name} xmlns:w="{W}">{content}</w:{name}>'
    return found


def reading(folder: Path, content: dict[str, str | bytes]) -> SourceContents:
    (folder / "a.docx").write_bytes(a_zip(content))
    return read("a.docx", folder)


def texts(folder: Path, *paragraphs: str, styles: str = "", **others: str) -> list[str]:
    found = reading(folder, parts(*paragraphs, styles=styles, **others))
    return [entry.text for entry in found.entries]


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def box(*paragraphs: str) -> str:
    return f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"


def drawn(content: str) -> str:
    return f"<w:drawing><wps:wsp><wps:txbx>{content}</wps:txbx></wps:wsp></w:drawing>"


def old_drawn(content: str) -> str:
    return f"<w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict>"


WARNING = box(paragraph(run("No water.")))
BOXES = {
    "both ways": f"<mc:AlternateContent><mc:Choice>{drawn(WARNING)}</mc:Choice>"
    f"<mc:Fallback>{old_drawn(WARNING)}</mc:Fallback></mc:AlternateContent>",
    "the new way": f"<mc:AlternateContent><mc:Choice>{drawn(WARNING)}</mc:Choice></mc:AlternateContent>",
    "the old way": old_drawn(WARNING),
    "only the old way can be read": "<mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice>"
    f"<mc:Fallback>{old_drawn(WARNING)}</mc:Fallback></mc:AlternateContent>",
    "without alternatives": drawn(WARNING),
}


@pytest.mark.parametrize("name", BOXES)
def test_a_text_box_stands_once_below_its_paragraph(tmp_path: Path, name: str) -> None:
    around = paragraph(run("Repairs are free."), f"<w:r>{BOXES[name]}</w:r>")
    assert texts(tmp_path, "# Manual", around, "Call us.") == [
        "Manual\nRepairs are free.\n\nNo water.\n\nCall us."
    ]


def test_boxes_in_a_group_and_in_a_box_are_all_read(tmp_path: Path) -> None:
    inner = box(paragraph(run("two"), f"<w:r>{drawn(box(paragraph(run('three'))))}</w:r>"))
    group = f"<w:drawing><g>{drawn(box(paragraph(run('one'))))}{drawn(inner)}</g></w:drawing>"
    assert texts(tmp_path, paragraph(f"<w:r>{group}</w:r>")) == ["one\n\ntwo\n\nthree"]


STYLES = (
    '<w:style w:type="character" w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Own"><w:basedOn w:val="Secret"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Inner"><w:rPr><w:vanish w:val="1"/></w:rPr></w:style>'
)
HIDDEN = {
    "itself": paragraph(run("80", "<w:vanish/>")),
    "by a style": paragraph(run("80", '<w:rStyle w:val="Secret"/>')),
    "by what a style is based on": paragraph(run("80", '<w:rStyle w:val="Own"/>')),
    "by its paragraph": paragraph(run("80"), properties='<w:pStyle w:val="Inner"/>'),
    "in a table": a_table([["a", "b"], ["c", "d"]])
    .replace("<w:t>c<", "<w:t>80<")
    .replace("<w:tr><w:tc><w:p><w:r><w:t>80", "<w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p><w:r><w:t>80"),
    "in a box": paragraph(f"<w:r>{drawn(box(paragraph(run('80', '<w:vanish/>'))))}</w:r>"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_is_in_no_entry_and_told(tmp_path: Path, name: str) -> None:
    found = reading(tmp_path, parts("The fee is 129.", HIDDEN[name], styles=STYLES))
    assert "80" not in "".join(entry.text for entry in found.entries)
    assert [(each.where, each.reason, each.code) for each in found.dropped] == [
        ("a.docx", "holds hidden text (1 times), which is not read", "hidden_text")
    ]


def test_what_is_shown_in_spite_of_its_style_is_read(tmp_path: Path) -> None:
    shown = paragraph(run("129", '<w:vanish w:val="0"/>'), properties='<w:pStyle w:val="Inner"/>')
    found = reading(tmp_path, parts(shown, styles=STYLES))
    assert [entry.text for entry in found.entries] == ["129"]
    assert found.dropped == ()


def levels(*given: tuple[str, str], kind: str = "0", more: str = "") -> str:
    found = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{style}"/><w:lvlText w:val="{text}"/>'
        f"{more}</w:lvl>"
        for at, (style, text) in enumerate(given)
    )
    return f'<w:abstractNum w:abstractNumId="{kind}">{found}</w:abstractNum>'


def a_list(number: str, kind: str = "0", override: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{kind}"/>{override}</w:num>'


def step(text: str, level: int = 0, number: str = "1") -> str:
    given = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return paragraph(run(text), properties=given)


@pytest.mark.parametrize(
    ("style", "text", "labels"),
    [
        ("decimal", "%1.", ["1.", "2.", "3."]),
        ("decimal", "第%1步", ["第1步", "第2步", "第3步"]),
        ("chineseCountingThousand", "%1、", ["一、", "二、", "三、"]),
        ("lowerLetter", "(%1)", ["(a)", "(b)", "(c)"]),
        ("upperRoman", "%1.", ["I.", "II.", "III."]),
        ("decimalEnclosedCircleChinese", "%1", ["①", "②", "③"]),
        ("ideographTraditional", "%1、", ["甲、", "乙、", "丙、"]),
        ("decimalZero", "%1", ["01", "02", "03"]),
    ],
)
def test_steps_carry_the_numbers_that_word_shows(
    tmp_path: Path, style: str, text: str, labels: list[str]
) -> None:
    steps = [step(each) for each in ("open", "sign in", "confirm")]
    found = texts(tmp_path, "# Steps", *steps, numbering=levels((style, text)) + a_list("1"))
    assert found == [
        f"Steps\n{labels[0]} open\n{labels[1]} sign in\n{labels[2]} confirm",
    ]


def test_bullets_have_no_number_and_a_paragraph_between_does_not_begin_anew(tmp_path: Path) -> None:
    numbering = levels(("decimal", "%1."), ("bullet", "•")) + a_list("1")
    found = texts(tmp_path, step("open"), step("any door", 1), "Wait.", step("sign in"), numbering=numbering)
    assert found == ["1. open\nany door\n\nWait.\n\n2. sign in"]


def test_steps_within_steps_and_numbered_headings(tmp_path: Path) -> None:
    numbering = levels(("decimal", "%1"), ("decimal", "%1.%2")) + a_list("1")
    headed = '<w:pStyle w:val="H1"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    found = reading(
        tmp_path,
        parts(
            paragraph(run("Returns"), properties=headed),
            step("ask", 1),
            step("send", 1),
            paragraph(run("Refunds"), properties=headed),
            step("wait", 1),
            numbering=numbering,
        ),
    )
    assert [(entry.title, entry.text) for entry in found.entries] == [
        ("1 Returns", "1 Returns\n1.1 ask\n1.2 send"),
        ("2 Refunds", "2 Refunds\n2.1 wait"),
    ]


def test_two_lists_of_one_kind_go_on_counting_unless_one_begins_anew(tmp_path: Path) -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbering = levels(("decimal", "%1.")) + a_list("1") + a_list("2") + a_list("3", override=anew)
    steps = [step("a"), step("b", number="2"), step("c", number="3"), step("d", number="3")]
    assert texts(tmp_path, *steps, numbering=numbering) == ["1. a\n2. b\n1. c\n2. d"]


def test_a_style_may_number_its_paragraphs(tmp_path: Path) -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="Step"><w:name w:val="Step"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    numbering = levels(("decimal", "%1)"), more='<w:pStyle w:val="Step"/>') + a_list("1")
    styled = [paragraph(run(each), properties='<w:pStyle w:val="Step"/>') for each in "ab"]
    none = '<w:pStyle w:val="Step"/><w:numPr><w:numId w:val="0"/></w:numPr>'
    found = texts(tmp_path, *styled, paragraph(run("c"), properties=none), styles=styles, numbering=numbering)
    assert found == ["1) a\n2) b\n\nc"]


def test_levels_of_outline_are_headings_and_the_list_of_contents_is_left_out(tmp_path: Path) -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="章"/>'
        '<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Sub"><w:basedOn w:val="Own"/>'
        '<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="T1"><w:name w:val="toc 1"/></w:style>'
    )
    styled = {name: f'<w:pStyle w:val="{name}"/>' for name in ("Own", "Sub", "T1")}
    found = reading(
        tmp_path,
        parts(
            paragraph(run("Returns … 3"), properties=styled["T1"]),
            paragraph(run("Returns"), properties=styled["Own"]),
            paragraph(run("Refunds"), properties=styled["Sub"]),
            "In five days.",
            paragraph(run("Shop"), properties='<w:outlineLvl w:val="0"/>'),
            "Open.",
            styles=styles,
        ),
    )
    assert [(entry.title, entry.text) for entry in found.entries] == [
        ("Returns › Refunds", "Refunds\nIn five days."),
        ("Shop", "Shop\nOpen."),
    ]


def test_fields_pronunciation_and_formulas_lose_no_word(tmp_path: Path) -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('tui')}</w:rt><w:rubyBase>{run('退')}</w:rubyBase></w:ruby></w:r>"
    field = f'<w:fldSimple w:instr="DATE">{run("3 May")}</w:fldSimple>'
    formula = "<m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath>"
    line = paragraph(ruby, run("货 by "), field, run(" is "), formula, "<w:r><w:cr/></w:r>", run("end"))
    assert texts(tmp_path, line) == ["退货 by 3 May is a+b\nend"]


def test_a_footnote_stands_below_its_paragraph(tmp_path: Path) -> None:
    cited = paragraph(run("Free"), '<w:r><w:footnoteReference w:id="2"/></w:r>', run(" everywhere."))
    note = f'<w:footnote w:id="2">{paragraph(run("Not in Tibet."))}</w:footnote>'
    found = texts(tmp_path, "# Fees", cited, "Ask us.", "# More", "Text.", footnotes=note)
    assert found == ["Fees\nFree[1] everywhere.\n[1] Not in Tibet.\n\nAsk us.", "More\nText."]


def test_the_strict_edition_of_the_format_is_read_alike(tmp_path: Path) -> None:
    found = parts(step("open"), step("close"), numbering=levels(("decimal", "%1.")) + a_list("1"))
    strict: dict[str, str | bytes] = {
        name: str(part).replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
        for name, part in found.items()
    }
    assert [entry.text for entry in reading(tmp_path, strict).entries] == ["1. open\n2. close"]


def test_bare_headings_and_numbers_of_questions_are_no_part_of_what_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(
        a_docx("# 3.1. Who pays?", "We do.", "# 二、谁付款？", "我们。", "# 1.2 Who?", "I.")
    )
    found = read("a.docx", tmp_path).entries
    assert [each.wordings for each in found] == [("Who pays?",), ("谁付款？",), ("Who?",)]


@given(st.integers(min_value=1, max_value=9999))
def test_chinese_numbers_say_what_they_count(number: int) -> None:
    units = {"十": 10, "百": 100, "千": 1000}
    digits = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
    total, digit = 0, 1
    for sign in write_number(number, "chineseCounting"):
        if sign in units:
            total += digit * units[sign]
            digit = 0
        else:
            digit = digits[sign]
    assert total + (digit if number % 10 else 0) == number


@given(
    st.integers(min_value=-5, max_value=100_000), st.sampled_from(["lowerRoman", "upperLetter", "cardinal"])
)
def test_any_number_is_written_in_any_style(number: int, style: str) -> None:
    assert write_number(number, style)
