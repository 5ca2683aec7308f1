import pytest

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.detectors import multiple_choice, output_state
from errormap_dagster.judge.embedded.detectors.multiple_choice import (
    find_choice_error,
    read_choice,
)

QUESTION = "How many legs do three spiders have?\nOptions:\nA. 18\nB. 24\nC. 30\nD. 8\n"
WORDS = (
    "Which river flows through Vienna?\nA. The Elbe in Bohemia\nB. The river Rhine\n"
    "C. The long Danube river\nD. The Vltava river\n"
)


def case(output: str, question: str = QUESTION, answer: str = "B") -> FailureCase:
    return FailureCase("p", "d", "m", "e", question, output, answer, 0.0, 1.0)


@pytest.mark.parametrize(
    ("output", "letters"),
    [
        ("The answer is (B).", ("B",)),
        ("Answer: B", ("B",)),
        ('{"reasoning": "...", "answer": "C"}', ("C",)),
        ("The most fitting answer to the question is:\n\nD. 8", ("D",)),
        ("So the answer is (A) and (C).", ("A", "C")),
        ("The answer is (A). The answer is (B). The answer is (D).", ("A", "B", "D")),
        ("First I thought the answer is A. " + "But no. " * 60 + "The answer is B.", ("B",)),
        (r"\boxed{C}", ("C",)),
        ("B", ("B",)),
    ],
)
def test_the_choice_is_read_in_the_usual_forms(output: str, letters: tuple[str, ...]) -> None:
    choice = read_choice(output)
    assert choice is not None
    assert choice.letters == letters


@pytest.mark.parametrize("output", ["Spiders have many legs.", "the answer is a mystery"])
def test_no_choice_is_read_where_there_is_none(output: str) -> None:
    assert read_choice(output) is None


@pytest.mark.parametrize(
    ("given", "title"),
    [
        pytest.param(
            case("Each has 8 legs. 3 x 8 = 24. The answer is (C)."),
            multiple_choice.WRONG_LETTER,
            id="right result, wrong letter",
        ),
        pytest.param(
            case("It is the long Danube river, so the answer is (A).", WORDS, "C"),
            multiple_choice.WRONG_LETTER,
            id="right text, wrong letter",
        ),
        pytest.param(case("They have many legs."), multiple_choice.NO_OPTION, id="no option"),
        pytest.param(
            case("Each spider has eight legs, so we multiply three by eig"),
            output_state.CUT_OFF,
            id="cut off before the choice",
        ),
        pytest.param(case("The answer is (A) or (B)."), multiple_choice.SEVERAL, id="two options"),
        pytest.param(case("The answer is (H)."), multiple_choice.UNKNOWN, id="no such option"),
    ],
)
def test_a_wrong_choice_is_told_with_a_quote(given: FailureCase, title: str) -> None:
    finding = find_choice_error(given)
    assert finding is not None
    assert finding.error_title == title
    for criterion in finding.criteria:
        assert criterion.evidence is None or criterion.evidence in (given.output_text or "")


def test_the_right_option_means_that_the_scorer_missed_it() -> None:
    finding = find_choice_error(case("The answer is (B)."))
    assert finding is not None
    assert finding.outcome is Outcome.NO_ERROR_FOUND


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("Spiders have 6 legs. 3 x 6 = 18. The answer is (A).", id="wrong throughout"),
        pytest.param("24 = 3 x 8 is too many. The answer is (A).", id="a number taken apart"),
    ],
)
def test_a_wrong_option_that_follows_from_the_reasoning_is_left_alone(output: str) -> None:
    assert find_choice_error(case(output)) is None


def test_other_tasks_are_left_alone() -> None:
    assert find_choice_error(case("The answer is (A).", "How many legs?", "24")) is None


def test_the_letter_of_a_concluding_sentence_is_the_choice() -> None:
    choice = read_choice("Spiders have 8 legs. Therefore, the true statement is (B).")
    assert choice is not None
    assert choice.letters == ("B",)


def test_a_result_that_the_reasoning_goes_on_from_contradicts_nothing() -> None:
    output = "3 x 8 = 24 legs in all, of which 18 are used. The answer is (A)."
    assert find_choice_error(case(output)) is None


def test_a_formula_that_is_never_closed_is_cut_off() -> None:
    finding = find_choice_error(case(r"The number of legs is $n = \frac{24}"))
    assert finding is not None
    assert finding.error_title == output_state.CUT_OFF


def test_the_right_value_without_a_letter_is_a_matter_of_form() -> None:
    finding = find_choice_error(case(r"3 x 8 legs are \boxed{24}."))
    assert finding is not None
    assert finding.error_title == multiple_choice.NO_LETTER
