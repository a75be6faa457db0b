"""PDF as a person reads it: columns one after the other, tables by rows, and no running headers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import SourceContents
from engine.extract.layout import Line, Run, read_in_order, without_furniture
from engine.source import read
from tests.support.documents import a_placed_pdf

Texts = list[tuple[float, float, str]]

RETURNS = ["Returns are accepted within", "seven days of delivery if the", "box is unopened and complete."]
REFUNDS = ["Refunds go to the card that", "paid and take three days or", "longer where a bank is slow."]
BATTERIES = ["Batteries must be shipped", "separately in the red bag", "that comes with the device."]
MODELS = [["Model", "Power", "Warranty"], ["KB-100", "900 W", "1 year"], ["KB-101", "910 W", "2 years"]]


def column(left: float, lines: Sequence[str], top: float = 700, step: float = 14) -> Texts:
    return [(left, top - step * number, line) for number, line in enumerate(lines)]


def side_by_side(*columns: Texts) -> Texts:
    """The columns drawn line after line, as most programs do not and some do."""
    return [text for row in zip_longest(*columns) for text in row if text is not None]


def grid(rows: Sequence[Sequence[str]], top: float = 700, step: float = 18) -> Texts:
    return list(
        chain.from_iterable(
            column(60 + 140 * n, each, top, step) for n, each in enumerate(zip(*rows, strict=True))
        )
    )


def contents(folder: Path, *pages: Texts) -> SourceContents:
    (folder / "a.pdf").write_bytes(a_placed_pdf(*pages))
    return read("a.pdf", folder)


def text(folder: Path, *pages: Texts) -> str:
    return "\n\n".join(entry.text for entry in contents(folder, *pages).entries)


def one_after_the_other(*columns: Texts) -> Texts:
    return list(chain(*columns))


@pytest.mark.parametrize("draw", [side_by_side, one_after_the_other])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, draw: Callable[..., Texts]) -> None:
    page = draw(column(60, RETURNS), column(320, BATTERIES))
    assert text(tmp_path, page) == f"{' '.join(RETURNS)}\n\n{' '.join(BATTERIES)}"


def test_three_columns_between_lines_over_the_whole_width(tmp_path: Path) -> None:
    wide = "This line runs over all of the three columns of the page, from its left margin to the right one."
    page = [
        (50.0, 740.0, wide),
        *side_by_side(column(50, RETURNS), column(220, REFUNDS), column(390, BATTERIES)),
        (50.0, 600.0, "Below them " + wide.lower()),
    ]
    assert text(tmp_path, page).split("\n\n") == [
        wide,
        " ".join(RETURNS),
        " ".join(REFUNDS),
        " ".join(BATTERIES),
        "Below them " + wide.lower(),
    ]


def test_columns_of_other_lengths_and_heights_are_columns_too(tmp_path: Path) -> None:
    page = [*column(320, BATTERIES, top=693), *column(60, RETURNS + REFUNDS)]
    assert text(tmp_path, page).split("\n\n") == [" ".join(each) for each in (RETURNS, REFUNDS, BATTERIES)]


def test_columns_of_chinese_are_joined_without_blanks(tmp_path: Path) -> None:
    left = ["收到货七天内可以申请退货，商品", "须保持包装完好，配件与赠品一并", "寄回，运费由责任方承担。"]
    right = ["电池须单独装入随机附带的红色袋", "中寄出，不得与其他物品混装，否", "则快递公司有权拒收。"]
    page = side_by_side(column(60, left), column(320, right))
    assert text(tmp_path, page) == "\n\n".join(["".join(left), "".join(right)])


def test_a_word_that_was_taken_apart_is_put_together(tmp_path: Path) -> None:
    lines = ["Returns are accepted with-", "in seven days of delivery, and"]
    assert text(tmp_path, column(60, lines)) == "Returns are accepted within seven days of delivery, and"


def test_a_table_is_read_by_rows_with_its_header_and_what_stands_around_it(tmp_path: Path) -> None:
    page = [(60.0, 740.0, "All prices:"), *grid(MODELS), (60.0, 600.0, "Tax included.")]
    assert text(tmp_path, page).split("\n") == [
        "All prices:",
        "",
        "Model: KB-100 | Power: 900 W | Warranty: 1 year",
        "Model: KB-101 | Power: 910 W | Warranty: 2 years",
        "",
        "Tax included.",
    ]


def test_a_cell_that_is_longer_than_its_line_stays_one(tmp_path: Path) -> None:
    rows = [
        ["Part", "Fee", "Note"],
        ["Lid", "5 yuan", "only where it is"],
        ["", "", "broken"],
        ["Box", "6 yuan", "-"],
    ]
    assert text(tmp_path, grid(rows)).split("\n") == [
        "Part: Lid | Fee: 5 yuan | Note: only where it is broken",
        "Part: Box | Fee: 6 yuan | Note: -",
    ]


@pytest.mark.parametrize("header", [["Question", "Answer"], None])
def test_a_table_of_questions_gives_an_entry_a_row(tmp_path: Path, header: list[str] | None) -> None:
    rows = [
        ["Who pays for the parcel?", "We do if it is broken."],
        ["Where is my parcel now?", "On its way to your door."],
    ]
    given = [header, *rows] if header else rows
    page = [(x * 2 - 60, y, each) for x, y, each in grid(given)]
    assert [[each.text, each.answer] for each in contents(tmp_path, page).entries] == rows


def test_a_table_over_pages_is_one_and_its_header_is_not_taken_for_that_of_the_pages(tmp_path: Path) -> None:
    pages = [
        [(60.0, 760.0, "ACME Manual"), *grid([MODELS[0], [f"KB-{n}", f"{n} W", f"{n} years"], *MODELS[1:]])]
        for n in range(3)
    ]
    lines = text(tmp_path, *pages).split("\n")
    assert len(lines) == 9
    assert all(line.startswith("Model: KB-") and " | Power: " in line for line in lines)


BODIES = [
    ["We accept returns within", "a week. The box must be"],
    ["unopened and whole. Batteries", "are excluded from returns."],
    ["Refunds go to the card. They", "take three days."],
    ["Call us in the morning.", "We answer in the evening."],
]
WHOLE = " ".join(chain(*BODIES[:2]))


def pages_with(header: Sequence[str], footer: Sequence[str]) -> list[Texts]:
    return [
        [(60, 760, header[n % len(header)]), *column(60, body), (280, 40, footer[n])]
        for n, body in enumerate(BODIES)
    ]


@pytest.mark.parametrize(
    "footer",
    ["{}", "- {} -", "Page {} of 9", "{} / 9", "第 {} 页 共 9 页", "第{}页", "ACME Manual | {}", "p. {}"],
)
@pytest.mark.parametrize("first", [1, 17])
def test_headers_and_page_numbers_are_left_out_and_the_text_goes_on(
    tmp_path: Path, footer: str, first: int
) -> None:
    pages = pages_with(["ACME Customer Care v7"], [footer.format(first + n) for n in range(4)])
    found = text(tmp_path, *pages)
    assert found.split("\n\n")[0] == WHOLE
    assert "ACME" not in found
    assert not any(footer.format(first + n) in found.split("\n\n") for n in range(4))


def test_left_and_right_pages_may_have_headers_of_their_own(tmp_path: Path) -> None:
    found = text(tmp_path, *pages_with(["ACME", "Customer Care"], ["2026"] * 4))
    assert WHOLE in found
    assert not {"ACME", "Customer", "2026"} & set(found.split())


def test_what_stands_on_one_page_or_does_not_count_them_is_text(tmp_path: Path) -> None:
    found = text(
        tmp_path, *pages_with(["Returns", "Batteries", "Refunds", "Calls"], ["42", "7", "99", "1000"])
    )
    assert all(
        each in found for each in ("Returns", "Batteries", "Refunds", "Calls", "42", "7", "99", "1000")
    )
    assert "Page 1 of 1" in text(tmp_path, [*column(60, BODIES[0]), (280, 40, "Page 1 of 1")])


def test_titles_of_slides_are_no_page_numbers(tmp_path: Path) -> None:
    found = text(tmp_path, *pages_with([f"Question {n}" for n in range(1, 5)], ["", "", "", ""]))
    assert all(f"Question {n}" in found for n in range(1, 5))


def test_a_page_on_its_side_is_read_as_it_is_shown(tmp_path: Path) -> None:
    page = side_by_side(column(60, RETURNS, top=500), column(320, BATTERIES, top=500))
    (tmp_path / "a.pdf").write_bytes(a_placed_pdf(page, rotate=90))
    assert [entry.text for entry in read("a.pdf", tmp_path).entries] == [
        f"{' '.join(RETURNS)}\n\n{' '.join(BATTERIES)}"
    ]


def test_what_stands_beside_the_paper_is_not_read(tmp_path: Path) -> None:
    page = [*column(60, RETURNS), (60.0, -50.0, "secret"), (700.0, 700.0, "secret")]
    assert text(tmp_path, page) == " ".join(RETURNS)


def test_letters_of_another_size_are_a_paragraph_of_their_own() -> None:
    small = [Run("small", 0, 80, 40, 90), Run("letters", 0, 68, 40, 78)]
    parts = list(read_in_order([Run("Large", 0, 100, 60, 120), *small]))
    assert [(part.text, part.height) for part in parts if isinstance(part, Line)] == [
        ("Large", 20),
        ("small", 10),
        ("letters", 10),
    ]


def test_a_page_without_end_of_words_is_read_in_time(tmp_path: Path) -> None:
    page = [(12.0 * (n % 50), 10.0 + 7 * (n // 50), f"{n}") for n in range(5_000)]
    (tmp_path / "a.pdf").write_bytes(a_placed_pdf(page, size=3))
    said = " ".join(entry.text for entry in read("a.pdf", tmp_path).entries)
    assert {"0", "4999"} <= set(said.split())


sentences = st.lists(st.text(alphabet="abcdefg", min_size=22, max_size=24), min_size=2, max_size=12)


@given(st.lists(sentences, min_size=1, max_size=3), st.booleans())
def test_any_columns_of_sentences_are_read_in_their_order(columns: list[list[str]], is_even: bool) -> None:
    runs = [
        Run(line, 200 * n, 700 - 12 * at - (0 if is_even else 4 * n), 200 * n + 6 * len(line), 710 - 12 * at)
        for n, lines in enumerate(columns)
        for at, line in enumerate(lines)
    ]
    said = [part.text for part in read_in_order(runs) if isinstance(part, Line)]
    assert said == [line for lines in columns for line in lines]


boxes = st.builds(
    lambda text, x, y, width: Run(text, x, y, x + width, y + 10),
    st.text(alphabet="ab1?|", min_size=1, max_size=4),
    st.integers(0, 500),
    st.integers(0, 700),
    st.integers(1, 300),
)


@given(st.lists(boxes, max_size=30))
def test_no_word_of_any_page_is_lost_or_said_twice(runs: list[Run]) -> None:
    said: list[str] = []
    for part in read_in_order(runs):
        said += (
            part.text.split() if isinstance(part, Line) else " ".join(chain(*(r.cells for r in part))).split()
        )
    assert sorted(said) == sorted(run.text for run in runs)


@given(st.lists(st.lists(boxes, max_size=8), max_size=5))
def test_of_pages_that_have_nothing_in_common_nothing_is_taken(pages: list[list[Run]]) -> None:
    different = [
        [Run(f"{n}x{at}y", r.left, r.bottom, r.right, r.top) for at, r in enumerate(page)]
        for n, page in enumerate(pages)
    ]
    assert without_furniture(different) == different
