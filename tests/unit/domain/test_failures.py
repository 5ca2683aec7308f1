import polars as pl
import pytest

from errormap_dagster.domain.failures import failure_rule, find_failures, published_threshold
from errormap_dagster.errors import SettingsError


def predictions(*scores: float, direction: bool | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "prediction_id": [f"p{n}" for n in range(len(scores))],
            "dataset": "d",
            "model": "m",
            "example_id": [f"e{n}" for n in range(len(scores))],
            "trial": 1,
            "score": list(scores),
            "metric": "accuracy",
            "higher_is_better": [direction] * len(scores),
        },
        schema_overrides={"score": pl.Float64, "higher_is_better": pl.Boolean, "trial": pl.Int64},
    )


@pytest.mark.parametrize(
    ("dataset", "threshold"),
    [
        ("mmlu_pro", 1.0),
        ("MMLU-Pro", 1.0),
        ("gpqa_diamond", 1.0),
        ("omni-math", 0.5),
        ("medhelm_aci", 3.5),
        ("medec", 0.7),
        ("my_mmlu_pro", None),
        ("gsm8k", None),
    ],
)
def test_published_thresholds_are_found_by_name(dataset: str, threshold: float | None) -> None:
    assert published_threshold(dataset) == threshold


@pytest.mark.parametrize(
    ("dataset", "scores", "setting", "direction", "failed"),
    [
        pytest.param("d", (0.0, 0.5, 1.0), None, None, 2, id="anything below 1 fails by default"),
        pytest.param("d", (0.0, 0.0), None, None, 2, id="a dataset that all fail has failures"),
        pytest.param("d", (0.0, 0.5, 1.0), 0.5, None, 1, id="a setting outranks the default"),
        pytest.param("omni-math", (0.4, 0.5), None, None, 1, id="a published threshold"),
        pytest.param(
            "omni-math", (0.4, 0.5), 0.9, None, 2, id="a setting outranks a published one"
        ),
        pytest.param("d", (0.0, 0.1), None, False, 1, id="lower is better: 0 is success"),
        pytest.param("d", (2.0, 40.0), 3.0, False, 1, id="lower is better with a setting"),
        pytest.param("d", (2.0, 9.0), 3.5, None, 1, id="any scale with a setting"),
    ],
)
def test_the_rule_is_absolute(
    dataset: str,
    scores: tuple[float, ...],
    setting: float | None,
    direction: bool | None,
    failed: int,
) -> None:
    frame = predictions(*scores)
    rule = failure_rule(dataset, frame, threshold=setting, higher_is_better=direction)
    assert find_failures(frame, rule).height == failed


def test_the_files_direction_counts_where_no_setting_says_otherwise() -> None:
    frame = predictions(0.0, 0.2, direction=False)
    assert find_failures(frame, failure_rule("d", frame)).height == 1
    chosen = failure_rule("d", frame, higher_is_better=True)
    assert find_failures(frame, chosen).height == 2


def test_full_marks_on_an_unknown_scale_are_not_guessed() -> None:
    with pytest.raises(SettingsError, match=r"datasets\.d\.threshold"):
        failure_rule("d", predictions(55.0, 80.0))


def test_contradicting_directions_ask_for_a_setting() -> None:
    both = pl.concat([predictions(0.0, direction=True), predictions(1.0, direction=False)])
    with pytest.raises(SettingsError, match=r"datasets\.d\.higher_is_better"):
        failure_rule("d", both)
