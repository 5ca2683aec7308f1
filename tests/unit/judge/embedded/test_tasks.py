"""What kind of answer a task asks for."""

import dataclasses

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.tasks import (
    asks_for_json_answer,
    is_code_task,
    question_of,
    read_options,
    reference_letter,
    reference_value,
)

CASE = FailureCase("p", "d", "m", "e", "", "", None, 0.0, 1.0)
OPTIONS = "Which?\nA. one\nB. two\nC. three"


def ask(question: str, answer: str | None = None) -> FailureCase:
    return dataclasses.replace(CASE, input_text=question, correct_answer=answer)


def test_the_last_run_of_options_is_read() -> None:
    options = read_options("A. example\nB. example\n\n" + OPTIONS)
    assert [(option.letter, option.text) for option in options] == [
        ("A", "one"),
        ("B", "two"),
        ("C", "three"),
    ]


@pytest.mark.parametrize(
    ("question", "answer", "letter"),
    [
        pytest.param(OPTIONS, "B. two", "B", id="letter and text"),
        pytest.param(OPTIONS, "(C)", "C", id="letter in brackets"),
        pytest.param(OPTIONS, "Z", None, id="no such option"),
        pytest.param(OPTIONS, None, None, id="no reference"),
        pytest.param("How many?", "A", None, id="no options"),
    ],
)
def test_reference_letter(question: str, answer: str | None, letter: str | None) -> None:
    assert reference_letter(ask(question, answer)) == letter


@pytest.mark.parametrize(
    ("question", "answer", "value"),
    [
        pytest.param("How many?", "1,600", 1600, id="number"),
        pytest.param("How many?", r"\frac{1}{4}", 0.25, id="fraction"),
        pytest.param("Who?", "the queen", None, id="text"),
        pytest.param(OPTIONS, "3", None, id="multiple choice"),
        pytest.param("def f():\n    return 3", "3", None, id="code"),
        pytest.param("How many?", None, None, id="no reference"),
    ],
)
def test_reference_value(question: str, answer: str | None, value: float | None) -> None:
    assert reference_value(ask(question, answer)) == value


def test_question_stands_without_its_instructions() -> None:
    case = ask('## Question: How far?\n## Instruction\nReply in JSON with "answer".')
    assert question_of(case).strip() == "How far?"
    assert asks_for_json_answer(case)
    assert not asks_for_json_answer(ask("How far?"))
    assert not is_code_task(case)
