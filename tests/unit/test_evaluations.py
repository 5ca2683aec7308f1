import pytest
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.evaluations import Evaluation

NAMES = st.text(min_size=1, max_size=40)


def test_ordinary_names_stay_readable() -> None:
    assert Evaluation("gsm8k", "org/model-7b (chat)").key == "gsm8k|org/model-7b (chat)"


@given(NAMES, NAMES)
def test_a_key_names_exactly_one_evaluation(dataset: str, model: str) -> None:
    evaluation = Evaluation(dataset, model)
    assert Evaluation.from_key(evaluation.key) == evaluation
    assert evaluation.key.count("|") == 1


@pytest.mark.parametrize("unsafe", ["a...b", "a\nb", "a\x00b", "task|5"])
def test_what_dagster_would_misread_is_escaped(unsafe: str) -> None:
    key = Evaluation("d", unsafe).key
    assert unsafe not in key
    assert Evaluation.from_key(key).model == unsafe
