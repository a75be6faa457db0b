from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

from bot.domain import FailedSource, Language, LeftOut
from bot.texts import sources
from bot.texts.refreshing import RefreshWording, refresh_wording
from bot.texts.sources import SourceWording, source_wording

ENGINE = Path(__file__).parents[3] / "engine"
THEN = datetime(2026, 5, 3, 8, 30, tzinfo=UTC)


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def sentences(words: SourceWording) -> dict[str, str]:
    plain = {each.name: getattr(words, each.name) for each in fields(words)}
    return {name: told for name, told in plain.items() if isinstance(told, str)}


def shown(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"


@pytest.mark.parametrize("field", [each.name for each in fields(RefreshWording)])
def test_both_languages_fill_in_the_same_values(field: str) -> None:
    zh, en = (getattr(refresh_wording(language), field) for language in ("zh", "en"))
    assert placeholders(zh) == placeholders(en)


def test_both_languages_know_the_same_codes_and_their_details() -> None:
    zh, en = source_wording("zh"), source_wording("en")
    for ours, theirs in ((zh.failures, en.failures), (zh.kinds, en.kinds), (zh.reasons, en.reasons)):
        assert {code: placeholders(told) for code, told in ours.items()} == {
            code: placeholders(told) for code, told in theirs.items()
        }
    for name, told in sentences(zh).items():
        # The engine's own sentence is English, and shown to nobody else.
        assert placeholders(told) == placeholders(sentences(en)[name]) - {"reason"} or name == "left_out"


@pytest.mark.parametrize(
    ("source", "en", "zh"),
    [
        (
            FailedSource("a.csv", "a.csv:12 is no row of a CSV file: a quote is open"),
            ("⚠️ a.csv:12 is no row of a CSV file: a quote is open; nothing of it is served."),
            "⚠️ a.csv 无法读取（第 12 行），原因见引擎日志；其中没有内容可用。",
        ),
        (
            FailedSource("a.csv", "a.csv:12 is no row of a CSV file: a quote is open", "bad_row"),
            "⚠️ a.csv:12 is no row of a CSV file: a quote is open; nothing of it is served.",
            "⚠️ a.csv 有一行无法读取（第 12 行）；其中没有内容可用。",
        ),
        (
            FailedSource("/srv/kb/a.csv", "…", "moving", 3, THEN, THEN),
            (
                "⚠️ a.csv is still being written and is read again next time (since 2026-05-03);"
                " its 3 entries of 2026-05-03 are served."
            ),
            "⚠️ a.csv 还在写入，下次再读（从 2026-05-03 起）；仍在使用 2026-05-03 的 3 条。",
        ),
        (
            FailedSource("a.csv", "of a newer engine", "of a newer engine"),
            "⚠️ a.csv cannot be read: of a newer engine; nothing of it is served.",
            "⚠️ a.csv 无法读取，原因见引擎日志；其中没有内容可用。",
        ),
    ],
)
def test_a_failing_source_is_told_in_the_language_of_the_reader(
    source: FailedSource, en: str, zh: str
) -> None:
    assert (sources.failing(source, shown, "en"), sources.failing(source, shown, "zh")) == (en, zh)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_reason_without_its_details_is_told_all_the_same(language: Language) -> None:
    assert sources.left_out(LeftOut("a.csv:3", "english", "too_long"), language) == (
        "· a.csv:3: english" if language == "en" else "· a.csv:3：没有采用，原因见引擎日志"
    )


def test_what_is_quoted_is_one_short_line_and_never_a_template() -> None:
    told = LeftOut("a.csv:1", "…", "above_header", {"text": "{0} {why}\n" + "x" * 200})
    said = sources.left_out(told, "en")
    assert said.startswith("· a.csv:1: stands above the header: {0} {why} xxx")
    assert (len(said.splitlines()), len(said)) == (1, len("· a.csv:1: stands above the header: ") + 80)


def test_every_reason_of_the_engine_has_words_here() -> None:
    words = source_wording("zh")
    told = dict(_codes())
    assert {code for code, kind in told.items() if kind == "Dropped"} - set(words.reasons) == set()
    known = {"unreadable", *words.failures, *words.kinds}
    assert {code for code, kind in told.items() if kind != "Dropped"} - known == set()


def _codes() -> Iterator[tuple[str, str]]:
    """The codes that the engine's code gives, each with the class that carries it."""
    places = {"Dropped": 2, "SourceError": 1, "Refused": 1, "FailedSource": None}
    for path in ENGINE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Dict):
                for key, value in zip(call.keys, call.values, strict=True):
                    if _text(key) == "code" and "extract" in path.parts and _text(value):
                        yield _text(value), "Dropped"
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id not in places:
                continue
            at = places[call.func.id]
            given = [call.args[at]] if at is not None and len(call.args) > at else []
            given += [each.value for each in call.keywords if each.arg == "code"]
            yield from ((_text(each), call.func.id) for each in given if _text(each))


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
