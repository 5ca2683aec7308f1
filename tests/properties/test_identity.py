import struct

from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.domain.identity import content_id, example_hash, hash_fraction
from errormap_dagster.evaluations import Evaluation

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PARTS = st.lists(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS, max_size=5
)
Parts = list[str | int | float | bool | None]


def typed(parts: Parts) -> list[tuple[str, object]]:
    """Parts told apart as ``content_id`` must: 1, 1.0, True and "1" differ, as do 0.0 and -0.0."""
    return [
        (type(part).__name__, struct.pack(">d", part) if isinstance(part, float) else part)
        for part in parts
    ]


@given(PARTS, PARTS)
def test_different_parts_have_different_ids(left: Parts, right: Parts) -> None:
    assert (content_id(*left) == content_id(*right)) is (typed(left) == typed(right))


@given(st.integers(0, 10), TEXTS)
def test_a_draw_lies_in_the_half_open_unit_interval(seed: int, key: str) -> None:
    assert 0 <= hash_fraction(seed, key) < 1


@given(TEXTS.filter(bool), TEXTS.filter(bool))
def test_a_key_names_its_evaluation_and_no_range(dataset: str, model: str) -> None:
    evaluation = Evaluation(dataset, model)
    assert Evaluation.from_key(evaluation.key) == evaluation
    assert evaluation.key.count("|") == 1
    assert "..." not in evaluation.key


@given(st.text(), st.text() | st.none())
def test_an_example_has_one_hash_in_whatever_case_and_spacing(
    question: str, answer: str | None
) -> None:
    hashed = example_hash(question, answer)
    assert (hashed is None) == (not question.strip())
    assert example_hash(f"  {question}\n", answer and f"{answer}\t ") == hashed
    ascii_only = question.encode("ascii", "ignore").decode()
    assert example_hash(ascii_only.upper(), answer) == example_hash(ascii_only.lower(), answer)


@given(st.text("ab", min_size=1), st.text("ab", min_size=1))
def test_question_and_reference_do_not_run_into_each_other(one: str, two: str) -> None:
    assert example_hash(f"x {one}", two) != example_hash("x", f"{one} {two}")
