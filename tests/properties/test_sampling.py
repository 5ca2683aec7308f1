import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from errormap_dagster.domain.sampling import SamplingPlan, sample_failures

PLANS = st.builds(
    SamplingPlan,
    share=st.floats(0.01, 1.0),
    cap_per_evaluation=st.none() | st.integers(1, 30),
    minimum_per_evaluation=st.integers(1, 20),
    seed=st.integers(0, 5),
)
SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=4)


def failures(sizes: list[int]) -> pl.DataFrame:
    """One evaluation per size."""
    rows = [
        {"prediction_id": f"{model}-{n}", "dataset": "d", "model": f"m{model}"}
        for model, size in enumerate(sizes)
        for n in range(size)
    ]
    return pl.DataFrame(rows)


def sampled_ids(frame: pl.DataFrame) -> set[str]:
    return set(frame.filter("is_sampled")["prediction_id"])


@given(SIZES, PLANS)
def test_no_failure_is_lost_and_the_weights_stand_for_all(
    sizes: list[int], plan: SamplingPlan
) -> None:
    found = sample_failures(failures(sizes), plan)
    assert sorted(found["prediction_id"]) == sorted(failures(sizes)["prediction_id"])
    for (_, model), rows in found.group_by("dataset", "model"):
        size = sizes[int(str(model)[1:])]
        chosen = rows.filter("is_sampled")
        assert abs(chosen["sampling_weight"].sum() - size) < 1e-9
        assert chosen.height >= min(
            size, plan.minimum_per_evaluation, plan.cap_per_evaluation or size
        )
        assert chosen.height <= (plan.cap_per_evaluation or size)


@given(SIZES, PLANS, st.integers(1, 40))
def test_another_model_changes_no_draw(sizes: list[int], plan: SamplingPlan, more: int) -> None:
    before = sample_failures(failures(sizes), plan)
    after = sample_failures(failures([*sizes, more]), plan)
    known = after.filter(pl.col("prediction_id").is_in(before["prediction_id"].to_list()))
    assert known.equals(before)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 1.0), st.integers(0, 5))
def test_added_failures_take_nothing_out_of_a_share(
    size: int, more: int, share: float, seed: int
) -> None:
    plan = SamplingPlan(share=share, minimum_per_evaluation=1, seed=seed)
    before = sample_failures(failures([size]), plan)
    after = sampled_ids(sample_failures(failures([size + more]), plan))
    lost = sampled_ids(before) - after
    # The one failure that only the minimum had let in may give way to one below the share.
    assert len(lost) <= 1


@given(SIZES, st.integers(0, 5))
def test_the_default_reads_everything(sizes: list[int], seed: int) -> None:
    found = sample_failures(failures(sizes), SamplingPlan(seed=seed))
    assert found["is_sampled"].all()
    assert set(found["sampling_weight"]) == {1.0}
