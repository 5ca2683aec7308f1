"""Which categories of a list mean the same."""

from collections.abc import Sequence

import pytest

from errormap_dagster.domain.growth import Draft
from errormap_dagster.domain.records import JudgedError
from errormap_dagster.domain.synonyms import merged_synonyms


def members(*titles: str) -> list[JudgedError]:
    return [JudgedError(f"{n}{title}", title, "s") for n, title in enumerate(titles)]


def merged(drafts: Sequence[Draft], errors: Sequence[Sequence[JudgedError]]) -> list[str]:
    return [draft.name for draft in merged_synonyms(drafts, errors)[0]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Calculation error", "Wrong calculations"),
        ("Unit conversion", "Conversion of units"),
        ("Incorrect method", "Method mistake"),
    ],
)
def test_names_of_the_same_telling_words_are_synonyms(one: str, other: str) -> None:
    drafts = [Draft(one, "first text"), Draft(other, "second words"), Draft("Skipped step", "x")]
    assert merged(drafts, [members("a", "b"), members("c"), members("d")]) == [one, "Skipped step"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Unit conversion: metres", "Unit conversion: hours"),
        ("Missing unit", "Extra unit"),
        ("Addition error", "Subtraction error"),
        ("Early stop", "Late stop"),
    ],
)
def test_names_that_share_words_are_not(one: str, other: str) -> None:
    drafts = [Draft(one, f"Errors of {one}"), Draft(other, f"Errors of {other}")]
    assert merged(drafts, [members("a"), members("b")]) == [one, other]


def test_other_names_for_the_same_description_are_when_errors_are_shared() -> None:
    told = "The model adds or multiplies numbers and gets a wrong result"
    drafts = [Draft("Arithmetic slip", told), Draft("Computation", told), Draft("Misread", "text")]
    shared = [members("sum", "product"), members("sum", "product", "sum"), members("task")]
    assert merged(drafts, shared) == ["Computation", "Misread"]
    apart = [members("sum"), members("product"), members("task")]
    assert merged(drafts, apart) == ["Arithmetic slip", "Computation", "Misread"]


def test_a_title_that_is_everywhere_makes_no_synonyms() -> None:
    drafts = [Draft("Title: comma", "comma missing"), Draft("Title: sign", "sign missing")]
    assert merged(drafts, [members("t"), members("t")]) == ["Title: comma", "Title: sign"]


def test_the_larger_one_stays_with_the_errors_and_the_base_of_both() -> None:
    drafts = [Draft("Unit", "d", ("u",)), Draft("Units wrong", "e", ("w",)), Draft("Other way", "")]
    kept, errors, (step,) = merged_synonyms(drafts, [members("a"), members("b", "c"), members("d")])
    assert kept[0] == Draft("Units wrong", "e", ("w", "u"), step.reason)
    assert [len(own) for own in errors] == [3, 1]
    assert step.is_changed
    assert "'Unit' means the same as 'Units wrong'" in step.reason
