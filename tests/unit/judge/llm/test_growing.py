"""Taxonomies grown in front of the scripted endpoint: how many calls, with faults, and again."""

import math
from collections import Counter

import pytest

from analyst import analyst
from asking import Place, settings_for
from errormap_dagster.domain.growth import Growth, StepOperation
from errormap_dagster.domain.records import JudgedError
from errormap_dagster.domain.taxonomy import validate_categories
from errormap_dagster.judge.interface import TaxonomyLimits
from errormap_dagster.judge.llm.judge import LlmJudge
from faults import faulty
from responses import Script
from server import JudgeServer

ERRORS = [JudgedError(f"p{n:04}", f"slip {n % 700}", f"summary {n % 90}") for n in range(900)]
LIMITS = TaxonomyLimits(max_depth=2, max_categories_per_level=6, stop_after_unchanged=0)
TITLES_PER_CALL = 100


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint asks for none, but the client wants one."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def grown(place: Place, script: Script = analyst, base: Growth | None = None) -> tuple[Growth, int]:
    """What grows, and the number of calls that were made for it."""
    with JudgeServer(script) as server:
        settings = settings_for(server.base_url, titles_per_call=TITLES_PER_CALL)
        judge = LlmJudge(settings, place.url, "run")
        growth = judge.build_categories(ERRORS, LIMITS, base.categories if base else ())
        return growth, judge.effort().n_calls


def test_calls_grow_with_the_batches_and_the_lists_and_with_nothing_else(place: Place) -> None:
    growth, n_calls = grown(place)
    validate_categories(growth.categories)
    counts = Counter(step.operation for step in growth.steps)
    top = [step for step in growth.steps if step.parent_category_id is None]
    n_read = sum(s.operation in {StepOperation.GENERATE, StepOperation.UPDATE} for s in top)
    assert n_read == math.ceil(700 / TITLES_PER_CALL)
    n_lists = len({step.parent_category_id for step in growth.steps})
    assert n_lists <= 1 + LIMITS.max_categories_per_level
    assert counts[StepOperation.REVIEW] <= n_lists
    by_stage = Counter(call.stage for call in place.rows())
    assert sum(by_stage.values()) == n_calls
    recorded = {call.call_id for call in place.rows()}
    assert all(step.call_id in recorded for step in growth.steps if step.call_id)


def test_faults_of_the_endpoint_change_nothing_of_what_grows(place: Place) -> None:
    smooth, _ = grown(Place(place.folder / "smooth"))
    script = faulty({429: 0.1, 500: 0.1}, broken_json=0.1, then=analyst, seed=5)
    rough, _ = grown(place, script)
    assert script.n_injected > 0
    assert rough == smooth


def test_what_was_grown_once_is_grown_again_without_a_call(place: Place) -> None:
    first, n_calls = grown(place)
    again, n_again = grown(place)
    assert n_calls > 0
    assert (again, n_again) == (first, 0)


def test_a_taxonomy_that_is_grown_on_another_keeps_the_ids_of_what_goes_on(place: Place) -> None:
    first, _ = grown(place)
    second, _ = grown(place, base=first)
    validate_categories(second.categories)
    before = {category.category_id for category in first.categories}
    assert before & {category.category_id for category in second.categories}
    told = {i for claim in second.claims for i in claim.from_category_ids}
    assert told <= before
