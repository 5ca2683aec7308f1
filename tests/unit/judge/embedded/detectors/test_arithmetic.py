"""Calculations that are wrong when computed again."""

import pytest

from errormap_dagster.domain.records import FailureCase
from errormap_dagster.judge.embedded.detectors import arithmetic
from errormap_dagster.judge.embedded.detectors.arithmetic import TITLES, find_miscalculation


def case(output: str | None, question: str = "How many?") -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, "999", 0.0, 1.0)


@pytest.mark.parametrize(
    ("output", "title", "values"),
    [
        pytest.param("So 17 + 25 = 41.", arithmetic.ADDITION, ("42", "41"), id="sum"),
        pytest.param("90 - 37 = <<90-37=63>>63", arithmetic.SUBTRACTION, ("53", "63"), id="note"),
        pytest.param(r"\(12 \times 12 = 124\)", arithmetic.MULTIPLICATION, ("144",), id="LaTeX"),
        pytest.param(r"\\frac{84}{4} = 24", arithmetic.DIVISION, ("21", "24"), id="in JSON"),
        pytest.param("20% * 90 = 30", arithmetic.PERCENTAGE, ("18", "30"), id="percentage"),
        pytest.param("15,000 * 2 = 3,000", arithmetic.DECIMAL_PLACE, ("30000",), id="zero lost"),
        pytest.param("2^{10} = 1000", arithmetic.POWER, ("1024", "1000"), id="power"),
        pytest.param("3 * 4 + 9 = 22", arithmetic.MIXED, ("21", "22"), id="two operations"),
        pytest.param("(3 + 4) * 2 = 6 + 4", arithmetic.REWRITING, ("14", "10"), id="rewriting"),
        pytest.param("2 + 2 = 4, then 5 + 6 = 12", arithmetic.ADDITION, ("11", "12"), id="second"),
    ],
)
def test_wrong_calculation_is_found(output: str, title: str, values: tuple[str, ...]) -> None:
    finding = find_miscalculation(case(output))
    assert finding is not None
    assert finding.error_title == title
    assert title in TITLES
    assert all(value in finding.error_summary for value in values)
    assert all((criterion.evidence or "") in output for criterion in finding.criteria)
    assert output[finding.position].isdigit() or output[finding.position] in "\\("


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(None, id="no output"),
        pytest.param("", id="empty"),
        pytest.param("3 + 4 = 7", id="right"),
        pytest.param("3 + 4 = 8. Wait, 3 + 4 = 7.", id="taken back"),
        pytest.param("3 * 9 = 28\nLeft are 40 - 27 = 13", id="goes on with the true value"),
        pytest.param("If 3 + 4 = 8 then all is lost", id="assumed"),
        pytest.param("3 + 4 = 8, which is not true", id="rejected"),
        pytest.param("x + 3 = 8", id="equation"),
        pytest.param("10 / 3 = 3.3", id="rounded"),
    ],
)
def test_other_outputs_have_no_finding(output: str | None) -> None:
    assert find_miscalculation(case(output)) is None


def test_code_is_not_read_as_arithmetic() -> None:
    assert find_miscalculation(case("3 + 4 = 8", "def f(x):\n    return x")) is None


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("Then f(20) = a(20 - 15) + 20 = 15.", id="a variable before a bracket"),
        pytest.param("The area is A3 = (6/7) * 30.", id="a numbered name"),
        pytest.param(
            r"\(2.4 \mathrm{~J} \left(\frac{1}{1.6 \times 10^{-19}}\right) = 1.5\)", id="a unit"
        ),
        pytest.param("With x1 = 1 and x2 = 2 we have 1x1 + 2x2 = 10.", id="numbered variables"),
        pytest.param(r"\(\frac{40 \times 10^3}{4} = 10\) km", id="a thousand from a unit"),
        pytest.param("20! = 2^18 * 3^8 * 5^4", id="an argument about forms"),
    ],
)
def test_what_may_be_meant_otherwise_is_no_miscalculation(output: str) -> None:
    assert find_miscalculation(case(output)) is None


def test_a_sum_of_large_numbers_is_no_rewriting() -> None:
    finding = find_miscalculation(case("8 * 10^7 + 6 * 10^7 = 1.8 * 10^8"))
    assert finding is not None
    assert finding.error_title == arithmetic.MIXED


def test_a_calculation_that_comes_to_the_reference_is_wrong_however_little() -> None:
    output = "He has 10,200 * (1 + 0.05/2) = 10,407.50 in the end.\nA: 10407.5"
    failure = FailureCase("p", "d", "m", "e", "How much?", output, "10455", 0.0, 1.0)
    finding = find_miscalculation(failure)
    assert finding is not None
    assert "10455" in finding.error_summary


def test_the_amount_after_to_is_read() -> None:
    finding = find_miscalculation(case("The blue squares amount to 4 squares + 14 = 16 squares."))
    assert finding is not None
    assert "18" in finding.error_summary
