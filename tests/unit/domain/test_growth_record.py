"""Which errors are held out of a growing, and what is kept of it."""

import json

import pytest

from errormap_dagster.contracts.check import violations
from errormap_dagster.domain.growth import InductionStep, StepOperation
from errormap_dagster.domain.growth_record import divided, input_rows, step_rows
from errormap_dagster.domain.identity import content_id
from errormap_dagster.domain.records import JudgedError

ERRORS = [JudgedError(content_id(n), "title", "summary") for n in range(1_000)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_about_the_share_is_held_out_and_nothing_is_lost(share: float) -> None:
    inputs = divided(ERRORS, share, seed=0)
    assert sorted(inputs.grown_from + inputs.held_out, key=ERRORS.index) == ERRORS
    assert abs(len(inputs.held_out) / 1_000 - share) < 0.04


def test_whether_an_error_is_held_out_depends_on_it_and_the_seed_alone() -> None:
    held_out = set(divided(ERRORS, 0.1, seed=0).held_out)
    assert set(divided(ERRORS[:600][::-1], 0.1, seed=0).held_out) == held_out & set(ERRORS[:600])
    assert set(divided(ERRORS, 0.1, seed=1).held_out) != held_out


def test_of_few_errors_none_is_held_out() -> None:
    assert divided(ERRORS[:49], 0.5, seed=0).held_out == []


def test_the_rows_keep_their_contracts() -> None:
    step = InductionStep(
        number=1,
        operation=StepOperation.UPDATE,
        parent_category_id=None,
        n_titles=3,
        n_errors=9,
        categories=(("Wrong “sums”", "all of them"),),
        is_changed=True,
        reason="why",
    )
    steps = step_rows("induced", 2, [step])
    assert violations("taxonomy_steps", steps) == []
    assert json.loads(steps["categories"].item()) == [
        {"name": "Wrong “sums”", "description": "all of them"}
    ]
    inputs = input_rows("induced", 2, divided(ERRORS, 0.1, seed=0))
    assert violations("taxonomy_inputs", inputs) == []
    assert inputs["prediction_id"].is_sorted()
