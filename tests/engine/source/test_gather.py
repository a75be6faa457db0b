from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Dropped, Entry, Reading
from engine.source import merged
from engine.source.gather import identified

texts = st.lists(
    st.tuples(st.text(max_size=3), st.just("") | st.text(alphabet="ab2", min_size=1, max_size=2)),
    max_size=30,
    unique_by=(lambda pair: pair[0], lambda pair: pair[1] or object()),
)


@given(texts, st.integers(min_value=1, max_value=2))
def test_ids_differ_and_do_not_depend_on_the_order(texts: list[tuple[str, str]], characters: int) -> None:
    ids = dict(zip(texts, identified(texts, characters=characters), strict=True))
    turned = texts[::-1]
    assert len(set(ids.values())) == len(texts)
    assert all(ids[text, given] == given for text, given in texts if given)
    assert dict(zip(turned, identified(turned, characters=characters), strict=True)) == ids


def test_sources_are_merged_in_order_and_the_first_keeps_text_and_id() -> None:
    one = Entry("1", "How to pay?", source="a.txt")
    other = Entry("2", "Where is it?", source="b.txt")
    first = Reading((one,), 2, (Dropped("a.txt:2", "blank"),))
    second = Reading(
        (other, Entry("9", "How  to pay?", source="b.txt"), Entry("1", "New", source="b.txt")), 3
    )
    assert merged([first, second]) == Reading(
        (one, other),
        5,
        (
            Dropped("a.txt:2", "blank"),
            Dropped("b.txt, id 9", "repeats a.txt, id 1"),
            Dropped("b.txt, id 1", "its id is already used in a.txt"),
        ),
    )
