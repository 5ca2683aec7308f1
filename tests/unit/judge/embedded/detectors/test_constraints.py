import json

import pytest

from errormap_dagster.domain.records import FailureCase, Outcome
from errormap_dagster.judge.embedded import constraint_checks as words
from errormap_dagster.judge.embedded import constraint_language as language
from errormap_dagster.judge.embedded import constraint_layout as layout
from errormap_dagster.judge.embedded.detectors.constraints import (
    TITLES,
    find_violated_constraint,
)


def listed(output: str, *instructions: dict[str, object], score: float = 0.0) -> FailureCase:
    reference = json.dumps(list(instructions))
    return FailureCase("p", "d", "m", "e", "Write it.", output, reference, score, 1.0)


def stated(prompt: str, output: str) -> FailureCase:
    return FailureCase("p", "d", "m", "e", prompt, output, None, 0.0, 1.0)


def rule(kind: str, **parameters: object) -> dict[str, object]:
    return {"instruction_id": f"en:{kind}", **parameters}


NO_COMMA = rule("punctuation:no_comma")
WORDS = rule("length_constraints:number_words", relation="at least", num_words=5)
SENTENCES = rule("length_constraints:number_sentences", relation="less than", num_sentences=3)
PARAGRAPHS = rule("length_constraints:number_paragraphs", num_paragraphs=2)
OPENING = rule(
    "length_constraints:nth_paragraph_first_word",
    num_paragraphs=2,
    nth_paragraph=2,
    first_word="then",
)
KEYWORDS = rule("keywords:existence", keywords=["river", "boat"])
FREQUENCY = rule("keywords:frequency", keyword="sun", relation="at least", frequency=2)
FORBIDDEN = rule("keywords:forbidden_words", forbidden_words=["rain"])
LETTERS = rule("keywords:letter_frequency", letter="q", let_relation="less than", let_frequency=1)
UPPER = rule("change_case:english_capital")
LOWER = rule("change_case:english_lowercase")
CAPITALS = rule(
    "change_case:capital_word_frequency", capital_relation="less than", capital_frequency=2
)
BULLETS = rule("detectable_format:number_bullet_lists", num_bullets=2)
STARS = rule("detectable_format:number_highlighted_sections", num_highlights=2)
PLACES = rule("detectable_content:number_placeholders", num_placeholders=2)
SECTIONS = rule("detectable_format:multiple_sections", section_spliter="SECTION", num_sections=2)
TITLE = rule("detectable_format:title")
JSON = rule("detectable_format:json_format")
CHOICE = rule("detectable_format:constrained_response")
POSTSCRIPT = rule("detectable_content:postscript", postscript_marker="P.S.")
REPEAT = rule("combination:repeat_prompt", prompt_to_repeat="Name a bird.")
TWO = rule("combination:two_responses")
END = rule("startend:end_checker", end_phrase="That is all.")
QUOTED = rule("startend:quotation")
HINDI = rule("language:response_language", language="hi")
GERMAN = rule("language:response_language", language="de")
ENGLISH_TEXT = "The boat is on the river and it is the best of all that we have in the world."


@pytest.mark.parametrize(
    ("output", "instruction", "title"),
    [
        pytest.param("One, two.", NO_COMMA, words.PUNCTUATION, id="comma"),
        pytest.param("Only three words", WORDS, words.LENGTH_MISSED, id="too few words"),
        pytest.param("A b. C d. E f. G h.", SENTENCES, words.LENGTH_MISSED, id="sentences"),
        pytest.param("a\n***\nb\n***\nc", PARAGRAPHS, layout.COUNT_MISSED, id="paragraphs"),
        pytest.param("a\n\nb", PARAGRAPHS, layout.STRUCTURE_MISSING, id="no divider"),
        pytest.param("One.\n\nNow two.", OPENING, layout.OPENING_MISSING, id="first word"),
        pytest.param("One.", OPENING, layout.COUNT_MISSED, id="paragraphs at blank lines"),
        pytest.param("A river.", KEYWORDS, words.KEYWORD_MISSING, id="keyword"),
        pytest.param("The Sun.", FREQUENCY, words.KEYWORD_COUNT, id="keyword count"),
        pytest.param("So much Rain!", FORBIDDEN, words.FORBIDDEN_WORD, id="forbidden"),
        pytest.param("Quite.", LETTERS, words.LETTER_COUNT, id="letter"),
        pytest.param("ALL BUT one", UPPER, words.WRONG_CASE, id="small letter"),
        pytest.param("all But one", LOWER, words.WRONG_CASE, id="capital letter"),
        pytest.param("USA and NASA", CAPITALS, words.CAPITAL_COUNT, id="capital words"),
        pytest.param("* a\n* b\n- c", BULLETS, layout.COUNT_MISSED, id="bullets"),
        pytest.param("a, b", BULLETS, layout.STRUCTURE_MISSING, id="no bullets"),
        pytest.param("*one* only", STARS, layout.COUNT_MISSED, id="highlights"),
        pytest.param("[name]", PLACES, layout.COUNT_MISSED, id="placeholders"),
        pytest.param("SECTION 1\na", SECTIONS, layout.COUNT_MISSED, id="sections"),
        pytest.param("# Title", TITLE, layout.STRUCTURE_MISSING, id="title"),
        pytest.param("Sure: {}", JSON, layout.NOT_JSON, id="json"),
        pytest.param("Yes.", CHOICE, layout.OUTSIDE_CHOICES, id="choice"),
        pytest.param("Bye.", POSTSCRIPT, layout.STRUCTURE_MISSING, id="postscript"),
        pytest.param("A crow.", REPEAT, layout.OPENING_MISSING, id="repeat"),
        pytest.param("a\n***\nb", TWO, layout.STRUCTURE_MISSING, id="no six stars"),
        pytest.param("a******b******c", TWO, layout.COUNT_MISSED, id="three responses"),
        pytest.param("That is all. Bye.", END, layout.ENDING_MISSING, id="ending"),
        pytest.param('He said "no"', QUOTED, layout.QUOTATION, id="quotation"),
        pytest.param(ENGLISH_TEXT, HINDI, language.WRONG_LANGUAGE, id="other script"),
        pytest.param(ENGLISH_TEXT, GERMAN, language.WRONG_LANGUAGE, id="other words"),
    ],
)
def test_a_broken_constraint_is_named(
    output: str, instruction: dict[str, object], title: str
) -> None:
    finding = find_violated_constraint(listed(output, instruction))

    assert finding is not None
    assert finding.error_title == title
    assert title in TITLES
    assert all(item.evidence is None or item.evidence in output for item in finding.criteria)


@pytest.mark.parametrize(
    ("output", "instruction"),
    [
        pytest.param("One two.", NO_COMMA, id="no comma"),
        pytest.param(ENGLISH_TEXT.upper(), UPPER, id="capitals in English"),
        pytest.param("These are five words exactly", WORDS, id="enough words"),
        pytest.param("A b.", SENTENCES, id="few sentences"),
        pytest.param("a\n***\nb", PARAGRAPHS, id="paragraphs"),
        pytest.param("One.\n\nThen, two.", OPENING, id="first word"),
        pytest.param("Riverboat", KEYWORDS, id="keywords inside of words"),
        pytest.param("Sun and sunshine", FREQUENCY, id="keyword count"),
        pytest.param("A train.", FORBIDDEN, id="forbidden only inside of a word"),
        pytest.param("* a\n- b\n** c", BULLETS, id="bullets"),
        pytest.param("*one* **two**", STARS, id="highlights"),
        pytest.param("<<Title>>\nText", TITLE, id="title"),
        pytest.param('```json\n{"a": 1}\n```', JSON, id="json in a fence"),
        pytest.param("My answer is no.", CHOICE, id="choice"),
        pytest.param("Bye. p.s. More.", POSTSCRIPT, id="postscript"),
        pytest.param("NAME a bird.\nA crow.", REPEAT, id="repeat"),
        pytest.param("a******b", TWO, id="two responses"),
        pytest.param('Bye. "That is all."', END, id="ending"),
        pytest.param('"All of it"', QUOTED, id="quotation"),
    ],
)
def test_a_failure_that_keeps_all_constraints_shows_no_error(
    output: str, instruction: dict[str, object]
) -> None:
    finding = find_violated_constraint(listed(output, instruction))

    assert finding is not None
    assert finding.outcome is Outcome.NO_ERROR_FOUND
    assert finding.error_title is None


def test_every_constraint_gets_a_criterion_and_the_first_broken_one_is_the_error() -> None:
    finding = find_violated_constraint(
        listed("It has, so to say, rain", WORDS, NO_COMMA, FORBIDDEN)
    )

    assert finding is not None
    assert finding.error_title == words.PUNCTUATION
    assert len(finding.criteria) == 3
    assert "has 2" in finding.error_summary
    assert "1 further constraint is broken" in finding.error_summary


@pytest.mark.parametrize(
    ("output", "instruction"),
    [
        pytest.param("नमस्ते दुनिया यह एक वाक्य है", HINDI, id="script of several languages"),
        pytest.param("YES", UPPER, id="right letter case, language unknown"),
        pytest.param("anything", rule("new:unknown_rule"), id="unknown instruction"),
        pytest.param("A b. C d. E f.", rule("length_constraints:number_sentences"), id="no number"),
    ],
)
def test_a_constraint_that_cannot_be_checked_is_no_error(
    output: str, instruction: dict[str, object]
) -> None:
    assert find_violated_constraint(listed(output, instruction)) is None


@pytest.mark.parametrize(
    ("prompt", "output", "title"),
    [
        pytest.param("Tell it. Do not use any commas.", "Yes, no.", words.PUNCTUATION, id="comma"),
        pytest.param(
            "Your entire response should be in lowercase letters.",
            "No.",
            words.WRONG_CASE,
            id="low",
        ),
        pytest.param("Answer in at least 20 words.", "Too short.", words.LENGTH_MISSED, id="words"),
        pytest.param("Give exactly three bullet points.", "* a", layout.COUNT_MISSED, id="bullets"),
        pytest.param(
            "The word sun should appear at least 2 times.", "Sun.", words.KEYWORD_COUNT, id="word"
        ),
        pytest.param(
            'End your response with the phrase "Good night."',
            "Bye.",
            layout.ENDING_MISSING,
            id="end",
        ),
        pytest.param(
            "Give a title wrapped in double angular brackets.",
            "# Hi",
            layout.STRUCTURE_MISSING,
            id="title",
        ),
    ],
)
def test_constraints_are_read_from_the_prompt_where_there_is_no_reference(
    prompt: str, output: str, title: str
) -> None:
    finding = find_violated_constraint(stated(prompt, output))

    assert finding is not None
    assert finding.error_title == title


@pytest.mark.parametrize(
    ("prompt", "output"),
    [
        pytest.param("Write about a comma.", "Yes, no.", id="no rule"),
        pytest.param("Use at least 3 words in all capital letters.", "one two", id="some words"),
        pytest.param("Answer in at least 2 words.", "Long enough.", id="kept"),
        pytest.param("def f():\n    # no commas\n", "f(1, 2)", id="code"),
    ],
)
def test_a_prompt_without_a_broken_rule_gives_no_finding(prompt: str, output: str) -> None:
    assert find_violated_constraint(stated(prompt, output)) is None
