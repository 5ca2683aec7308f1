import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import output_state
from errormap_dagster.judge.embedded.detectors.output_state import (
    find_cut_off,
    find_missing_attempt,
)

QUESTION = "Write a short letter to your landlord about the heating in the flat and ask for repair."
SPANISH = (
    "Estimado señor, le escribo porque la calefacción de la casa no funciona desde el lunes y "
    "los niños tienen frío por la noche. Le pido que la repare lo antes posible."
)


def case(output: str | None, question: str = QUESTION, answer: str | None = None) -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0)


@pytest.mark.parametrize(
    ("output", "title"),
    [
        pytest.param(None, output_state.EMPTY, id="nothing at all"),
        pytest.param("", output_state.EMPTY, id="an empty text"),
        pytest.param(" \n\t", output_state.EMPTY, id="white space"),
        pytest.param("None", output_state.EMPTY, id="the text None"),
        pytest.param(
            "I'm sorry, but I can't help with that.", output_state.REFUSAL, id="an apology"
        ),
        pytest.param(
            "As an AI language model, I cannot write letters.", output_state.REFUSAL, id="as an AI"
        ),
        pytest.param(
            "Dear sir, " + "the heating is broken again. " * 40,
            output_state.REPETITION,
            id="one sentence over and over",
        ),
        pytest.param(
            "Dear sir, " + "the heating is broken again. " * 40 + "the heat",
            output_state.REPETITION,
            id="cut in the last repetition",
        ),
        pytest.param(SPANISH, output_state.LANGUAGE, id="another language"),
    ],
)
def test_an_output_without_an_attempt_is_told(output: str | None, title: str) -> None:
    finding = find_missing_attempt(case(output))
    assert finding is not None
    assert finding.error_title == title
    for criterion in finding.criteria:
        assert criterion.evidence is None or criterion.evidence in (output or "")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(case("Dear sir, the heating is broken. Please repair it."), id="an attempt"),
        pytest.param(case("None", answer="None"), id="None is the answer"),
        pytest.param(
            case("I'm sorry to hear that. " + "The heating needs a new valve. " * 3), id="sympathy"
        ),
        pytest.param(case(SPANISH, QUESTION + " Write in Spanish."), id="asked for"),
        pytest.param(case("| --- | --- |\n" * 60), id="a long table rule"),
        pytest.param(case("4"), id="a short answer"),
    ],
)
def test_an_attempt_is_left_to_the_other_detectors(given: FailureCase) -> None:
    assert find_missing_attempt(given) is None


def test_a_text_that_breaks_off_is_told() -> None:
    text = "The heating in the flat has been out of order for a week now. " * 4
    finding = find_cut_off(case(text + "We would like to ask you to send somebody who can"))
    assert finding is not None
    assert finding.error_title == output_state.CUT_OFF


def test_a_text_with_an_end_is_not_cut_off() -> None:
    assert find_cut_off(case("The heating has been out of order for a week now. " * 6)) is None
