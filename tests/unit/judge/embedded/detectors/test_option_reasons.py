"""The little that an output gives as the reason of a wrong option."""

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import option_reasons
from errormap_dagster.judge.embedded.detectors.option_reasons import find_unreasoned_choice

ASK = "Think step by step and finish with the answer.\nQuestion: "
RIVER = f"{ASK}Which river flows through Vienna?\nA. The Elbe\nB. The Rhine\nC. The Danube\n"
SUM = f"{ASK}He pays $40 rent and $25 for food. What does he pay?\nA. $15\nB. $65\nC. $75\n"
ALL = f"{ASK}What flows through Vienna?\nA. The Wien\nB. The Danube\nC. Both of these\n"


def case(output: str, question: str = RIVER, answer: str = "C") -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0)


@pytest.mark.parametrize(
    ("given", "title"),
    [
        pytest.param(
            case("The river that flows through Vienna is the Rhine. The answer is (B)."),
            option_reasons.FALSE_STATEMENT,
            id="a false statement",
        ),
        pytest.param(
            case("The Rhine flows through Vienna. It rises in the Alps. The answer is (B)."),
            option_reasons.FALSE_STATEMENT,
            id="a false statement and more",
        ),
        pytest.param(case("The answer is (B)."), option_reasons.NO_REASONING, id="only the letter"),
        pytest.param(
            case("Let's think step by step. The answer is (B)."),
            option_reasons.NO_REASONING,
            id="only a preamble",
        ),
        pytest.param(
            case("He has to add up all that he pays. The answer is (C).", SUM, "B"),
            option_reasons.NOT_WORKED_OUT,
            id="a number from nowhere",
        ),
    ],
)
def test_a_choice_without_good_reason_is_named_and_quoted(given: FailureCase, title: str) -> None:
    finding = find_unreasoned_choice(given)

    assert finding is not None
    assert finding.error_title == title
    assert title in option_reasons.TITLES
    assert all((item.evidence or "") in (given.output_text or "") for item in finding.criteria)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(case("The Danube flows there. The answer is (C)."), id="right option"),
        pytest.param(
            case("The Rhine does not flow through Vienna. The answer is (B)."), id="a negation"
        ),
        pytest.param(
            case("The Rhine is a river of the Alps. The answer is (B)."), id="no answer in it"
        ),
        pytest.param(
            case("Vienna lies in Austria. The Rhine flows through Vienna. The answer is (B)."),
            id="another statement first",
        ),
        pytest.param(
            case("The Danube flows through Vienna. The answer is (B).", ALL, "C"),
            id="true beside another that is",
        ),
        pytest.param(
            case("The answer is (B).", RIVER.removeprefix(ASK)), id="no reasoning asked for"
        ),
        pytest.param(
            case("He pays 40 + 35 = 75. The answer is (C).", SUM, "B"), id="a calculation"
        ),
        pytest.param(
            case("The rent is twice the food. The answer is (C).", "A. 1\nB. 2\nC. 3\n", "B"),
            id="nothing given to compute with",
        ),
        pytest.param(case("The answer is (B) or (A)."), id="several options"),
        pytest.param(case("Vienna lies on a river."), id="no option"),
    ],
)
def test_a_choice_that_cannot_be_judged_so_gives_no_finding(given: FailureCase) -> None:
    assert find_unreasoned_choice(given) is None
