"""Pages as they are on the web: questions that unfold, steps, links, and what stands on every page."""

from pathlib import Path

from engine.source import read

FURNITURE = (
    '<div id="cookie-banner">We use cookies</div><header><ul class="menu"><li>Home</ul></header>'
    '<div class="breadcrumb">Home > Help</div>{}<div class="site-footer">2026</div>'
)


def texts(folder: Path, body: str) -> list[str]:
    (folder / "a.html").write_text(f'<meta charset="utf-8"><body>{body}</body>', encoding="utf-8")
    return [entry.text for entry in read("a.html", folder).entries]


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
