import pytest

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded import literal_differences as differences
from errormap_dagster.judge.embedded.detectors import literals

PROMPT = (
    "Complete the assertion with a literal.\n\ndef f(values):\n    return values[: len(values)]\n\n"
    'assert f([1]) == ??\n\nPresent your answer as json: {"reasoning": "___", "answer": "___"}'
)


def case(answer: str, expected: str | None, prompt: str = PROMPT) -> FailureCase:
    output = f'{{\n    "reasoning": "The list is walked once.",\n    "answer": {answer}\n}}'
    return FailureCase("p", "d", "m", "e", prompt, output, expected, 0.0, 1.0)


@pytest.mark.parametrize(
    ("answer", "expected", "title"),
    [
        pytest.param('"7"', "12", differences.WRONG_VALUE, id="number far off"),
        pytest.param('"7"', "8", differences.OFF_BY_ONE, id="number off by one"),
        pytest.param('"True"', "False", differences.WRONG_TRUTH, id="truth value"),
        pytest.param('"[1, 2]"', "[1, 2, 3]", differences.LEFT_OUT, id="element lacks"),
        pytest.param('"[1, 2, 3]"', "[2, 3]", differences.SURPLUS, id="element too many"),
        pytest.param('"[4, 4]"', "[4, 4, 4]", differences.WRONG_COUNT, id="run too short"),
        pytest.param('"[1, 7, 9]"', "[1, 2]", differences.WRONG_VALUE, id="other length"),
        pytest.param("\"{'a': 1}\"", "{'a': 1, 'b': 2}", differences.LEFT_OUT, id="key lacks"),
        pytest.param("\"{'a': 1, 'b': 2}\"", "{'a': 1}", differences.SURPLUS, id="key too many"),
        pytest.param('"abcdef"', "'bcd'", differences.SURPLUS, id="characters too many"),
        pytest.param('"abxdef"', "'abcdef'", differences.WRONG_CHARACTERS, id="one character"),
        pytest.param('"upper case"', "'lover cast'", differences.WRONG_VALUE, id="more of them"),
        pytest.param(
            '"aaab"', "'aaaab'", differences.WRONG_COUNT, id="run of characters too short"
        ),
        pytest.param('"[2, 1]"', "[1, 2]", differences.WRONG_ORDER, id="order of elements"),
        pytest.param("\"'cba'\"", "'abc'", differences.WRONG_ORDER, id="order of characters"),
        pytest.param('"(1, 2)"', "[1, 2]", differences.WRONG_TYPE, id="tuple for list"),
        pytest.param("\"'hello world'\"", "'Hello world'", differences.WRONG_CHARACTERS, id="case"),
        pytest.param('"a b"', "'a  b'", differences.WRONG_CHARACTERS, id="white space"),
        pytest.param('"xyz"', "'abcdefg'", differences.WRONG_VALUE, id="another string"),
        pytest.param("[1, 9]", "[1, 2]", differences.WRONG_VALUE, id="answer as bare JSON"),
        pytest.param("\"{'a': 9}\"", "{'a': 1}", differences.WRONG_VALUE, id="value of a key"),
        pytest.param('"KeyError"', "[1]", literals.CLAIMS_ERROR, id="error claimed"),
    ],
)
def test_a_wrong_literal_is_named_by_how_it_differs(answer: str, expected: str, title: str) -> None:
    failure = case(answer, expected)

    finding = literals.find_wrong_literal(failure)

    assert finding is not None
    assert finding.error_title == title
    assert title in literals.TITLES
    assert failure.output_text is not None
    assert all(
        item.evidence is None or item.evidence in failure.output_text for item in finding.criteria
    )
    assert failure.output_text[finding.position] == answer.strip('"')[0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param('"[1,2]"', "[1, 2]", id="spacing"),
        pytest.param('"\\"ab\\""', "'ab'", id="quotes"),
        pytest.param('"8.50"', "8.5", id="digits"),
    ],
)
def test_the_same_value_in_other_writing_is_no_error(answer: str, expected: str) -> None:
    finding = literals.find_wrong_literal(case(answer, expected))

    assert finding is not None
    assert finding.outcome is Outcome.NO_ERROR_FOUND
    assert finding.error_title is None


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(case('"1"', None), id="no reference"),
        pytest.param(case('"1"', "the whole list"), id="reference is no literal"),
        pytest.param(case('"f(1) + 2"', "[1]"), id="answer is no literal"),
        pytest.param(case('"20"', "'20'"), id="only the quotes differ"),
        pytest.param(case("\"'20'\"", "20"), id="only the quotes are too many"),
        pytest.param(case('"5"', "4", prompt="What is 2 + 2?"), id="no function in the prompt"),
    ],
)
def test_what_cannot_be_told_gives_no_finding(failure: FailureCase) -> None:
    assert literals.find_wrong_literal(failure) is None


def test_the_first_differing_element_is_named() -> None:
    finding = literals.find_wrong_literal(case('"[1, 5, 3]"', "[1, 2, 3]"))

    assert finding is not None
    assert "element 2 is 5 instead of 2" in finding.error_summary


CALL = (
    "Complete the assertion with a literal.\n\ndef f(text, n):\n    return text\n\n"
    'assert f("ab-cd", 3) == ??\n\nPresent your answer as json: {"answer": "___"}'
)


@pytest.mark.parametrize(
    ("answer", "expected", "title"),
    [
        pytest.param('"abcd"', "'ab-cd'", differences.CHANGE, id="a change that does not happen"),
        pytest.param('"ab-cd"', "'abcd'", differences.NO_CHANGE, id="a change overlooked"),
        pytest.param('"4"', "3", differences.WRONG_VALUE, id="off by one where nothing is counted"),
    ],
)
def test_a_wrong_literal_is_held_against_what_the_function_was_called_with(
    answer: str, expected: str, title: str
) -> None:
    finding = literals.find_wrong_literal(case(answer, expected, CALL))

    assert finding is not None
    assert finding.error_title == title


def test_white_space_of_a_predicted_string_is_quoted_with_it() -> None:
    finding = literals.find_wrong_literal(case('"  7 7 "', "'     7     '"))

    assert finding is not None
    assert finding.criteria[-1].evidence == "  7 7 "
