"""Results that are unused or not the answer given."""

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import results
from errormap_dagster.judge.embedded.detectors.results import (
    TITLES,
    find_other_answer,
    find_unused_result,
)
from errormap_dagster.judge.embedded.findings import Detector

QUESTION = "57 cars need 4 wheels each, 73 bikes 2 each. How many wheels are needed?"


def case(output: str, *correct: str, question: str = QUESTION, answer: str = "374") -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0, correct)


@pytest.mark.parametrize(
    ("detector", "given", "title", "shown"),
    [
        pytest.param(
            find_unused_result,
            case(
                "57 * 4 = 228\n73 * 2 = 146\nA: 146",
                "57 * 4 = 228\n73 * 2 = 146\n228 + 146 = 374\nA: 374",
            ),
            results.UNUSED,
            "57 * 4 = 228",
            id="unused",
        ),
        pytest.param(
            find_other_answer,
            case("57 * 4 = 228\nA: 611"),
            results.OTHER_ANSWER,
            "611",
            id="answer from nowhere",
        ),
    ],
)
def test_misused_result_is_found(
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
            find_unused_result,
            case("57 * 4 = 228\n228 + 73 = 301\nA: 301"),
            id="result taken up",
        ),
        pytest.param(
            find_unused_result,
            case("57 * 4 = 228\n57 + 73 = 130\nA: 130", "57 * 4 + 73 * 2 = 374\nA: 374"),
            id="correct output does without it",
        ),
        pytest.param(find_other_answer, case("685 / 9 = 76.11\nA: 76"), id="rounded answer"),
        pytest.param(
            find_other_answer, case("57 * 4 = 228\n2x = 1222\nA: 611"), id="algebra in between"
        ),
        pytest.param(find_other_answer, case("57 * 4 = 228 of 611\nA: 611"), id="stands before"),
    ],
)
def test_sound_results_have_no_finding(detector: Detector, given: FailureCase) -> None:
    assert detector(given) is None
