from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.domain.records import Category, JudgedError
from errormap_dagster.judge.embedded.categories import grow_categories
from errormap_dagster.judge.embedded.classification import classify_errors
from errormap_dagster.judge.embedded.registry import INTENDED_CATEGORY
from errormap_dagster.judge.interface import TaxonomyLimits

ATLAS = load_atlas()


def error(title: str, summary: str = "", key: str = "p") -> JudgedError:
    return JudgedError(key, title, summary)


def test_every_title_of_the_analyst_goes_to_the_category_it_is_meant_for() -> None:
    errors = [error(title, key=title) for title in INTENDED_CATEGORY]
    found = {answer.prediction_id: answer.category_id for answer in classify_errors(errors, ATLAS)}
    assert found == dict(INTENDED_CATEGORY)


def test_an_unknown_title_goes_where_the_words_are_alike() -> None:
    (answer,) = classify_errors(
        [error("Misread letter case", "the answer is not in lower case letters as asked")], ATLAS
    )
    assert answer.category_id == "atlas.formatting_error"
    assert 0 < answer.confidence < 1
    assert answer.runner_up_category_id != answer.category_id


def test_what_is_like_nothing_is_other_and_says_how_far_off() -> None:
    (answer,) = classify_errors([error("Zxqv", "blorp frumious")], ATLAS)
    assert answer.category_id is None
    assert "no category is like it" in answer.reason


def test_the_answer_does_not_depend_on_what_is_classified_beside_it() -> None:
    one = error("Misread letter case", "not in lower case")
    many = [error(f"Title {n}", f"some words {n}", key=str(n)) for n in range(50)]
    assert classify_errors([one], ATLAS)[0] == classify_errors([*many, one], ATLAS)[-1]


def test_only_categories_without_children_are_chosen() -> None:
    tree = [
        Category("top", None, 1, "Counting", "counting items", "e", "c", 1, "induced"),
        Category("leaf", "top", 2, "Counting words", "counting words", "e", "c", 1, "induced"),
    ]
    (answer,) = classify_errors([error("Counting", "counting items")], tree)
    assert answer.category_id == "leaf"


def test_grown_categories_take_the_errors_they_were_grown_from() -> None:
    titles = ["Empty output", "Wrong letter case", "Addition error"]
    errors = [error(titles[n % 3], f"{titles[n % 3]} here", key=f"p{n:03}") for n in range(90)]
    categories = grow_categories(errors, TaxonomyLimits()).categories
    names = {category.category_id: category.name for category in categories}
    for given, answer in zip(errors, classify_errors(errors, categories), strict=True):
        assert names[answer.category_id or ""].startswith(given.error_title)


def test_without_categories_every_error_is_other() -> None:
    assert classify_errors([error("A title")], [])[0].category_id is None
