from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Dropped, Entry, SourceContents
from engine.source import MANAGED, merge
from engine.source.gather import assign_ids

texts = st.lists(
    st.tuples(st.text(max_size=3), st.just("") | st.text(alphabet="ab2", min_size=1, max_size=2)),
    max_size=30,
    unique_by=(lambda pair: pair[0], lambda pair: pair[1] or object()),
)


@given(texts, st.integers(min_value=1, max_value=2))
def test_ids_differ_and_do_not_depend_on_the_order(texts: list[tuple[str, str]], characters: int) -> None:
    ids = dict(zip(texts, assign_ids(texts, characters=characters), strict=True))
    turned = texts[::-1]
    assert len(set(ids.values())) == len(texts)
    assert all(ids[text, given] == given for text, given in texts if given)
    assert dict(zip(turned, assign_ids(turned, characters=characters), strict=True)) == ids


def test_sources_are_merged_in_order_and_ids_are_told_apart_by_their_file() -> None:
    one = Entry("1", "How to pay?", source="a.txt")
    other = Entry("2", "Where is it?", source="b.txt")
    repeat = Entry("9", "How  to pay?", "In cash.", source="b.txt")
    first = SourceContents((one,), 2, (Dropped("a.txt:2", "blank"),))
    found = merge([first, SourceContents((other, repeat, Entry("1", "New", source="b.txt")), 3)])
    assert [entry.text for entry in found.entries] == ["How to pay?", "Where is it?", "New"]
    assert [entry.id.partition("-")[0] for entry in found.entries] == ["1", "2", "1"]
    assert len({entry.id for entry in found.entries}) == 3
    assert found.read == 5
    assert found.dropped == (
        Dropped("b.txt, id 9", "repeats a.txt, id 1, with another answer; the first is kept"),
        Dropped("a.txt:2", "blank"),
    )
    assert found.dropped[0].details["left_out"] == "In cash."


def test_what_was_added_in_chat_keeps_the_id_by_which_it_is_removed() -> None:
    added = SourceContents((Entry("1", "Added", source=MANAGED),), 1)
    found = merge([SourceContents((Entry("1", "Filed", source="a.txt"),), 1), added])
    assert [entry.id == "1" for entry in found.entries] == [False, True]
