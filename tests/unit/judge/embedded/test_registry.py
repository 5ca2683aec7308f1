from collections import defaultdict
from importlib import import_module
from pkgutil import iter_modules

from errormap_dagster.atlas.loader import load_atlas
from errormap_dagster.judge.embedded import detectors
from errormap_dagster.judge.embedded.registry import (
    DETECTORS,
    INTENDED_CATEGORY,
    WHOLE_OUTPUT_DETECTORS,
)

MODULES = [
    import_module(f"{detectors.__name__}.{module.name}")
    for module in iter_modules(detectors.__path__)
]


def test_every_title_of_every_detector_is_registered_and_means_one_category() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        for title, category in getattr(module, "TITLES", {}).items():
            meanings[title].add(category)
    assert meanings == {title: {category} for title, category in INTENDED_CATEGORY.items()}


def test_titles_are_meant_for_categories_of_the_atlas() -> None:
    known = {category.category_id for category in load_atlas()}
    assert set(INTENDED_CATEGORY.values()) <= known


def test_titles_are_short() -> None:
    assert [title for title in INTENDED_CATEGORY if len(title.split()) > 6] == []


def test_no_detector_is_asked_twice() -> None:
    asked = [*WHOLE_OUTPUT_DETECTORS, *DETECTORS]
    assert len(asked) == len(set(asked))
