"""What may stand under `source`, and that no mistake in it shows an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import config_file
from engine.config_file import ConfigError
from engine.domain import SourceSpec
from engine.source import spec
from engine.source.spec import SourceTable

SECRET = "hunter2"


def sources(folder: Path, written: str) -> tuple[SourceSpec, ...]:
    path = folder / "config.toml"
    path.write_text(f'[[engine.knowledge_base]]\nname = "kb"\n{written}\n', encoding="utf-8")
    return config_file.load(path, {}).knowledge_base[0].sources


def test_a_source_is_a_line_a_table_or_a_list_of_both(tmp_path: Path) -> None:
    assert sources(tmp_path, 'source = "faq.csv"') == (SourceSpec(path="faq.csv", base=tmp_path),)
    assert sources(tmp_path, 'source = {path = "faq.csv"}') == (SourceSpec(path="faq.csv", base=tmp_path),)
    assert sources(
        tmp_path,
        'source = ["faq.csv", "https://kb.test/faq.csv", {url = "https://kb.test/b", headers = {A = "b"}}, '
        '{url = "sqlite:///kb.db", query = "SELECT 1 AS text"}]',
    ) == (
        SourceSpec(path="faq.csv", base=tmp_path),
        SourceSpec(url="https://kb.test/faq.csv", base=tmp_path),
        SourceSpec(url="https://kb.test/b", headers={"A": "b"}, base=tmp_path),
        SourceSpec(url="sqlite:///kb.db", query="SELECT 1 AS text", base=tmp_path),
    )


def test_tables_of_sources_come_from_the_environment_too() -> None:
    given = '[{"name": "kb", "source": {"url": "https://kb.test/a.csv", "headers": {"X": "y"}}}]'
    base = config_file.load(None, {"KBDIAL_ENGINE__KNOWLEDGE_BASE": given}).knowledge_base[0]
    assert base.source == (SourceTable(url="https://kb.test/a.csv", headers={"X": "y"}),)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('source = ""', "a source has either a path or a url, and it may not be empty"),
        ('source = {path = "a", url = "https://b.test"}', "a source has either a path or a url"),
        ('source = {path = "a", query = "SELECT 1"}', "headers and query belong to a source with a url"),
        (f'source = "postgresql://u:{SECRET}@h/d"', "wanted an http:// or https:// address, or that of a"),
        (f'source = "ftp://u:{SECRET}@h/d"', "wanted an http:// or https:// address, or that of a"),
        (f'source = "https://u:{SECRET}@h:port/d"', "the url of a source has no host, or a port that is no"),
        (f'source = {{url = "https://u:{SECRET}@h/d", query = "SELECT 1"}}', "a query belongs to the url of"),
        (
            f'source = {{url = "sqlite:///{SECRET}", query = "q", headers = {{a = "b"}}}}',
            "headers belong to an",
        ),
        ('source = {url = "https://a.test", user = "me"}', '"user" is no key of a source; there are path,'),
        (
            f'source = {{url = "https://a.test", headers = "{SECRET}"}}',
            "headers of a source are a table such",
        ),
        ("source = {url = 5}", "path, url and query of a source are strings"),
        ("source = 5", "wanted a path, an address, or a table such as"),
        ("source = [5]", "wanted a path, an address, or a table such as"),
        ("floor = 1.5", "less than or equal to 1"),
    ],
)
def test_a_mistake_is_named_and_shows_no_address(tmp_path: Path, written: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        sources(tmp_path, written)
    key = written.partition(" ")[0]
    assert f"[engine.knowledge_base, number 1] {key}: " in str(refused.value)
    assert says in str(refused.value)
    assert SECRET not in str(refused.value)


def test_no_value_shows_its_address_or_headers() -> None:
    spec = SourceTable(url=f"https://u:{SECRET}@h", headers={"A": SECRET})
    assert SECRET not in repr(spec)
    assert SECRET not in repr(spec.to_spec(Path()))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["http://[", "x://y"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["path", "url", "query", "headers", "x"]), inner, max_size=3)
    ),
)


@given(anything)
def test_anything_is_a_list_of_sources_or_a_value_error(value: Any) -> None:
    try:
        found = spec.several(value)
    except ValueError:
        return
    assert all(bool(spec.table(each).path) != bool(spec.table(each).url) for each in found)
