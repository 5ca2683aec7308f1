"""Quantities of a word problem that are left out, invented or misread."""

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import quantities
from errormap_dagster.judge.embedded.detectors.quantities import (
    TITLES,
    find_invented_quantity,
    find_left_out_quantity,
    find_share_as_amount,
)
from errormap_dagster.judge.embedded.findings import Detector

QUESTION = "A phone costs $400. Ann has $80 and earns $10 an hour for 20 hours. What is lacking?"
CORRECT = "10 * 20 = 200\n200 + 80 = 280\n400 - 280 = 120\nA: 120"


def case(output: str, *correct: str, question: str = QUESTION, answer: str = "120") -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0, correct)


@pytest.mark.parametrize(
    ("detector", "given", "title", "shown"),
    [
        pytest.param(
            find_left_out_quantity,
            case("10 * 20 = 200\n400 - 200 = 200\nA: 200", CORRECT),
            quantities.LEFT_OUT,
            "'$80'",
            id="left out though correct outputs use it",
        ),
        pytest.param(
            find_left_out_quantity,
            case("10 * 20 = 200\n400 - 200 = 200\nA: 200"),
            quantities.LEFT_OUT,
            "'$80'",
            id="left out of the whole output",
        ),
        pytest.param(
            find_left_out_quantity,
            case(
                "30 - 8 = 22\nA: 22",
                question="Of 30 eggs 8 break, twice that come.",
                answer="44",
            ),
            quantities.LEFT_OUT,
            "'twice'",
            id="relation left out",
        ),
        pytest.param(
            find_invented_quantity,
            case("10 * 20 = 200\n977 - 200 = 777\nA: 777"),
            quantities.INVENTED,
            "977",
            id="invented",
        ),
        pytest.param(
            find_share_as_amount,
            case("400 - 30 = 370\nA: 370", question="A phone for $400 is 30% off.", answer="280"),
            quantities.SHARE_AS_AMOUNT,
            "30%",
            id="percentage taken off as an amount",
        ),
    ],
)
def test_misuse_of_a_quantity_is_found(
    detector: Detector, given: FailureCase, title: str, shown: str
) -> None:
    finding = detector(given)
    assert finding is not None
    assert finding.error_title == title
    assert title in TITLES
    assert shown in finding.error_summary
    assert all((item.evidence or "") in (given.output_text or "") for item in finding.criteria)


@pytest.mark.parametrize(
    ("detector", "given"),
    [
        pytest.param(
            find_left_out_quantity,
            case("She has $80.\n10 * 20 = 200\n400 - 200 = 200\nA: 200"),
            id="mentioned and no correct output to compare with",
        ),
        pytest.param(
            find_left_out_quantity,
            case("10 * 20 = 200\n400 - 200 = 200\nA: 200", "400 - 200 = 120\nA: 120"),
            id="correct outputs do without it",
        ),
        pytest.param(
            find_left_out_quantity,
            case("30 - 8 = 22\nA: 22", question="Of 30 eggs 8 break on 2 days.", answer="11"),
            id="small count without a correct output",
        ),
        pytest.param(
            find_invented_quantity,
            case("400 + 80 = 480\n480 * 60 = 28800\nA: 28800"),
            id="conversion factor",
        ),
        pytest.param(
            find_invented_quantity,
            case("The hours bring = 977\n977 - 80 = 897\nA: 897"),
            id="given by an equation before",
        ),
        pytest.param(
            find_invented_quantity,
            case("977 - 80 = 897\nA: 897", "977 - 857 = 120\nA: 120"),
            id="known to a correct output",
        ),
        pytest.param(
            find_share_as_amount,
            case("100 - 30 = 70\nA: 70", question="A phone for $400 is 30% off.", answer="280"),
            id="what is left of a hundred per cent",
        ),
        pytest.param(find_share_as_amount, case(CORRECT), id="right answer"),
    ],
)
def test_sound_use_of_quantities_has_no_finding(detector: Detector, given: FailureCase) -> None:
    assert detector(given) is None
