"""The answer that an output settles on, in a form in which equal answers are equal texts.

For the comparison of models with each other: what they agree on where they differ from the
reference. It knows multiple choice and answers stated as such; code and free text have none.
"""

from typing import Final

from errormap_dagster.judge.embedded.answers import final_answer, normalise, numeric
from errormap_dagster.judge.embedded.detectors.multiple_choice import read_choice
from errormap_dagster.judge.embedded.tasks import has_code, read_options

_LONGEST: Final = 60
"""A longer text is no answer that two models would state in the same words."""


def stated_answer(input_text: str, output_text: str) -> str | None:
    """The letter of the chosen option, or the final answer after normalisation; None if unclear."""
    options = read_options(input_text)
    if options:
        choice = read_choice(output_text)
        letters = set(choice.letters) if choice else set[str]()
        known = letters & {option.letter for option in options}
        return known.pop() if len(letters) == len(known) == 1 else None
    if has_code(input_text):
        return None
    answer = final_answer(output_text)
    return comparable(answer.text) if answer else None


def comparable(answer: str) -> str | None:
    """An answer as a text that equal answers share; None when it is empty or no short answer."""
    value = numeric(answer)
    if value is not None:
        return f"{value:.10g}"
    text = normalise(answer).casefold()
    return text if 0 < len(text) <= _LONGEST else None


def n_possible_answers(input_text: str) -> int | None:
    """How many options a multiple-choice question has; None for any other."""
    return len(read_options(input_text)) or None
