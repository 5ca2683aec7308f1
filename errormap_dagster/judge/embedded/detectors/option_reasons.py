"""Reads what stands before a wrong option: no reason at all, a false statement, nothing computed.

Longer arguments for a wrong option are left alone: which of their sentences is the false one takes
knowledge of the world.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded.answers import numeric
from errormap_dagster.judge.embedded.detectors.multiple_choice import Choice, read_choice
from errormap_dagster.judge.embedded.findings import (
    QUOTE_LIMIT,
    Finding,
    missing,
    quote,
    unmet,
)
from errormap_dagster.judge.embedded.mentions import numbers_in, stands_in
from errormap_dagster.judge.embedded.tasks import (
    Option,
    question_of,
    question_stem,
    read_options,
    reference_letter,
)

NO_REASONING: Final = "Option chosen without reasoning"
FALSE_STATEMENT: Final = "Wrong option stated as a fact"
NOT_WORKED_OUT: Final = "Chosen value not worked out"

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        NO_REASONING: "atlas.incomplete_reasoning",
        FALSE_STATEMENT: "atlas.factual_error",
        NOT_WORKED_OUT: "atlas.incomplete_reasoning",
    }
)

_ASKS_REASONS: Final = re.compile(r"step[- ]by[- ]step|\breason|explain|explanation", re.IGNORECASE)
_PREAMBLE: Final = re.compile(
    r"let['’]?s think step by step\.?|we refer to wikipedia articles? on [^.\n]{1,80}for help\.?"
    r"|<[A-Z_|]{2,20}>|</s>|\bfinal answer\b:?",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_STATES_CHOICE: Final = re.compile(
    r"^\W*(?:therefore|thus|so|hence|then)?,?\s*(?:the |my )?(?:final |correct |best )*"
    r"(?:answer|option|choice)\b",
    re.IGNORECASE,
)
_NO_STATEMENT: Final = re.compile(
    r"[=?]|\b(?:not|no|never|nor|neither|except|false|incorrect|if|whether|options?|\w+n['’]t)\b",
    re.IGNORECASE,
)
"""Negations, conditions, questions, formulas and lists of options state no plain fact."""
_SEVERAL: Final = re.compile(r"\b(?:all|none|both|neither|either)\b", re.IGNORECASE)
"""An option like "all of these" does not make another one false."""
_WORD: Final = re.compile(r"[a-z0-9]+")
_SMALL_WORDS: Final = frozenset(
    "a an the of in on to for by and or is are was were be as with that this it its at from".split()
)
_ASKING: Final = frozenset(
    "which what who when where why how following statement statements true correct best most does"
    " do did has have had would will can could one these those question options".split()
)
_LONGEST: Final = 1_500
_FEWEST_WORDS: Final = 4
_RESTATED: Final = 0.8
_REPEATED: Final = 0.5
_FEWEST_GIVEN: Final = 2
_CLOSE: Final = 0.005
_SCALES: Final = (1.0, 100.0, 0.01, 1000.0, 0.001)
_CODES: Final = frozenset({0.0, 1.0})
"""These stand for no and yes as often as for numbers."""
_MOST_NUMERIC: Final = 0.7
_VALUE: Final = re.compile(r"^\s*[$€£]?\s*(-?\d[\d,]*(?:\.\d+)?)(?:\s*[%a-zA-Z/$°.]{0,12}){0,3}$")


def find_unreasoned_choice(case: FailureCase) -> Finding | None:
    """Return what is wrong with the little that an output gives as the reason of its option."""
    expected, output = reference_letter(case), case.output_text or ""
    options = {option.letter: option for option in read_options(case.input_text)}
    choice = read_choice(output) if expected is not None and len(output) <= _LONGEST else None
    if expected is None or choice is None or len(set(choice.letters)) != 1:
        return None
    letter = choice.letters[0]
    if letter == expected or letter not in options:
        return None
    chosen, right = options[letter], options[expected]
    sentences = _reasons(output, choice)
    if not sentences:
        return _without_reasons(case, output, choice, chosen)
    if _are_numbers(list(options.values()), chosen, right):
        return _not_worked_out(case, output, choice, chosen)
    return _false_statement(case, output, sentences, (chosen, right))


def _reasons(output: str, choice: Choice) -> list[tuple[int, int]]:
    """Return the places of the sentences that are neither preamble nor the choice itself."""
    found: list[tuple[int, int]] = []
    start = 0
    for end, following in [*(m.span() for m in _SENTENCE.finditer(output)), (len(output), 0)]:
        text = _PREAMBLE.sub("", output[start:end])
        is_choice = start <= choice.start < end or _STATES_CHOICE.match(text) is not None
        if not is_choice and len(_WORD.findall(text.lower())) >= _FEWEST_WORDS:
            found.append((start, end))
        start = following
    return found


def _without_reasons(
    case: FailureCase, output: str, choice: Choice, chosen: Option
) -> Finding | None:
    """An option with nothing before it, where the prompt asks for reasoning."""
    if not _ASKS_REASONS.search(case.input_text) or _restates(output, chosen):
        return None
    told = (
        f"The prompt asks for reasoning; the output only names option {chosen.letter}, so that no "
        "step towards it can be read."
    )
    criteria = (
        missing("Reasons towards an option", told),
        unmet("Chooses the right option", quote(output, choice.start, choice.end), "It is wrong."),
    )
    return Finding(Outcome.ERROR_FOUND, NO_REASONING, told, criteria, choice.start, 0.7)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - _SMALL_WORDS


def _restates(sentence: str, option: Option) -> bool:
    """Whether a sentence has nearly all telling words of an option."""
    wanted = _words(option.text)
    return bool(wanted) and len(wanted & _words(sentence)) >= _RESTATED * len(wanted)


def _answers(sentence: str, question: str, option: Option) -> bool:
    """Whether a sentence answers the question with the option, rather than only mentioning it."""
    own = _words(option.text) - _words(question)
    last = [part for part in _SENTENCE.split(question.strip()) if _words(part) - _ASKING][-1:]
    asked = _words(last[0]) - _ASKING if last else set[str]()
    given = _words(sentence)
    is_about = len(asked & given) >= _REPEATED * len(asked) if len(asked) > len("ab") else True
    return bool(own & given) and is_about and _restates(sentence, option)


def _false_statement(
    case: FailureCase,
    output: str,
    sentences: Sequence[tuple[int, int]],
    options: tuple[Option, Option],
) -> Finding | None:
    """The first sentence says what the wrong option says, before any reason is given for it."""
    chosen, right = options
    start, end = sentences[0]
    sentence = output[start:end].strip()
    if _NO_STATEMENT.search(sentence) or _SEVERAL.search(right.text):
        return None
    if _restates(sentence, right):
        return None
    if not _answers(sentence, question_stem(question_of(case)), chosen):
        return None
    told = (
        f"The output states as a fact what option {chosen.letter} says: {_short(sentence)!r}. By "
        f"the reference the right option is {right.letter} ({_short(right.text)!r})."
    )
    criterion = unmet("What it states is true", quote(output, start, end), told)
    return Finding(Outcome.ERROR_FOUND, FALSE_STATEMENT, told, (criterion,), start, 0.7)


def _short(text: str) -> str:
    return text if len(text) <= QUOTE_LIMIT else text[: QUOTE_LIMIT - 1] + "…"


def _value(option: Option) -> float | None:
    match = _VALUE.match(option.text)
    return float(match.group(1).replace(",", "")) if match else numeric(option.text)


def _are_numbers(options: Sequence[Option], chosen: Option, right: Option) -> bool:
    """Whether a question is answered by a number."""
    n_values = sum(1 for option in options if _value(option) is not None)
    is_asked = _value(chosen) is not None and _value(right) is not None
    return is_asked and n_values >= _MOST_NUMERIC * len(options)


def _not_worked_out(
    case: FailureCase, output: str, choice: Choice, chosen: Option
) -> Finding | None:
    """Where a number is asked for: nothing is computed, and the chosen one stands nowhere."""
    value, written = _value(chosen), numbers_in(output)
    given = numbers_in(question_stem(question_of(case)))
    if len(given) < _FEWEST_GIVEN:
        return None
    is_nothing_new = all(stands_in(number, given) for number in written)
    if value is None or value in _CODES or not is_nothing_new or "=" in output:
        return None
    if any(_is_close(value, number) for number in written):
        return None
    told = (
        f"The output chooses {chosen.letter} ({chosen.text!r}), a number that stands nowhere in "
        "its reasoning; nothing in it is worked out."
    )
    evidence = quote(output, choice.start, choice.end)
    criterion = unmet("Works out the value that it chooses", evidence, told)
    return Finding(Outcome.ERROR_FOUND, NOT_WORKED_OUT, told, (criterion,), choice.start, 0.7)


def _is_close(value: float, other: float) -> bool:
    """Whether two numbers are the same up to rounding, sign and scale."""
    return any(abs(abs(value) - abs(other) * scale) <= abs(value) * _CLOSE for scale in _SCALES)
