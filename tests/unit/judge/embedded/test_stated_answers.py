import pytest

from errormap_dagster.judge.embedded.stated_answers import comparable, stated_answer

QUESTION = "Which?\nA. one\nB. two\nC. three"


@pytest.mark.parametrize(
    ("question", "output", "answer"),
    [
        (QUESTION, "So the answer is (B).", "B"),
        (QUESTION, "The answer is B and C.", None),
        (QUESTION, "The answer is P.", None),
        (QUESTION, "I do not know.", None),
        ("What is 3 - 6?", "The answer is -3.", "-3"),
        ("What is it?", "\\boxed{\\frac{1}{2}}", "0.5"),
        ("What is it?", '{"answer": "Paris"}', "paris"),
        ("def f(x):\n    return x\nWhat is f(1)?", "The answer is 2.", None),
    ],
)
def test_the_answer_of_an_output_is_told_where_it_is_clear(
    question: str, output: str, answer: str | None
) -> None:
    assert stated_answer(question, output) == answer


def test_equal_answers_are_equal_texts() -> None:
    assert comparable("$1,000$") == comparable("1000.0") == "1000"
    assert comparable("0.5") == comparable("\\frac{1}{2}")
    assert comparable("") is None
    assert comparable("word " * 50) is None
