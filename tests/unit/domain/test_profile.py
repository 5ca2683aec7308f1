import polars as pl
import pytest

from errormap_dagster.domain.profile import benchmark_profiles, dataset_similarities

N_PREDICTIONS = 100


def errors(
    dataset: str, counts: dict[tuple[str, str], int], *, alike: bool = False
) -> pl.DataFrame:
    """So many errors of each model in each category, of other examples or of the same ones."""
    return pl.DataFrame(
        [
            {
                "dataset": dataset,
                "model": model,
                "example_id": f"{category}{n}" if alike else f"{model}{category}{n}",
                "category_id": category,
                "sampling_weight": 1.0,
            }
            for (model, category), count in counts.items()
            for n in range(count)
        ]
    )


def evaluations(*pairs: tuple[str, str]) -> pl.DataFrame:
    rows = [(dataset, model, N_PREDICTIONS, 40) for dataset, model in pairs]
    columns = ["dataset", "model", "n_predictions", "n_failures"]
    return pl.DataFrame(rows, schema=columns, orient="row")


BOTH = evaluations(("d", "m"), ("d", "n"))
EVEN = {("m", "x"): 20, ("n", "x"): 20, ("m", "y"): 20, ("n", "y"): 20}
UNEVEN = {("m", "x"): 38, ("n", "x"): 2, ("m", "y"): 20, ("n", "y"): 20}


def test_shares_are_over_all_models() -> None:
    rows = benchmark_profiles(errors("d", UNEVEN), BOTH, {})
    assert rows["error_share"].to_list() == [0.5, 0.5]
    assert rows["n_models"].to_list() == [2, 2]
    assert rows["error_rate"].to_list() == pytest.approx([0.2, 0.2])


def test_an_example_that_all_models_fail_alike_is_one_example() -> None:
    apart = benchmark_profiles(errors("d", EVEN), BOTH, {})
    alike = benchmark_profiles(errors("d", EVEN, alike=True), BOTH, {})
    assert apart["n_effective"].to_list() == pytest.approx([80, 80])
    assert alike["n_effective"].to_list() == pytest.approx([40, 40], rel=0.05)


def test_a_category_in_which_models_differ_tells_them_apart() -> None:
    rows = benchmark_profiles(errors("d", UNEVEN), BOTH, {})
    spread = dict(rows.select("category_id", "model_spread").iter_rows())
    assert spread["x"] > 0.2
    assert spread["y"] == 0
    assert rows.select("lowest_rate", "highest_rate").rows() == [(0.02, 0.38), (0.2, 0.2)]


def test_one_model_alone_has_no_spread() -> None:
    rows = benchmark_profiles(errors("d", {("m", "x"): 4}), evaluations(("d", "m")), {})
    assert rows["model_spread"].to_list() == [None]


@pytest.mark.parametrize(
    ("skills", "is_skill"),
    [({}, [None, None, None]), ({"d": {"x"}}, [None, True, False])],
)
def test_categories_are_about_the_declared_skill_or_not(
    skills: dict[str, set[str]], is_skill: list[bool | None]
) -> None:
    found = errors("d", {("m", "x"): 3, ("m", "y"): 3, ("m", "unassigned"): 3})
    rows = benchmark_profiles(found, evaluations(("d", "m")), skills)
    assert rows["category_id"].to_list() == ["unassigned", "x", "y"]
    assert rows["is_skill"].to_list() == is_skill


def off_skill(found: pl.DataFrame, skill: set[str]) -> tuple[float, float, float]:
    rows = benchmark_profiles(found, BOTH, {"d": skill})
    ends = rows.select(r"^off_skill_share.*$").unique().row(0)
    assert rows.height > 1
    return ends


def test_errors_without_a_category_are_not_off_the_skill() -> None:
    found = errors("d", {("m", "x"): 30, ("m", "y"): 10, ("m", "unassigned"): 60})
    share, low, high = off_skill(found, {"x"})
    assert share == pytest.approx(0.25)
    # Wilson's interval of 10 in 40.
    assert (low, high) == pytest.approx((0.1419, 0.4019), abs=1e-3)
    assert off_skill(found, {"x", "y"})[0] == 0
    nothing = benchmark_profiles(found, BOTH, {})
    assert nothing["off_skill_share_low"].null_count() == nothing.height


def test_the_interval_off_the_skill_knows_weights_and_examples_that_fail_alike() -> None:
    apart = errors("d", EVEN)
    heavy = pl.when(pl.col("example_id").str.ends_with("0")).then(9.0).otherwise(1.0)
    widths = [
        high - low
        for _, low, high in (
            off_skill(found, {"x"})
            for found in (
                apart,
                errors("d", EVEN, alike=True),
                apart.with_columns(sampling_weight=heavy),
            )
        )
    ]
    assert widths[0] < 0.8 * widths[1]
    assert widths[0] < 0.8 * widths[2]


def test_datasets_that_fail_alike_are_near_and_others_far() -> None:
    frames = [
        errors("d", {("m", "x"): 4, ("m", "y"): 4, ("m", "other"): 9}),
        errors("e", {("m", "x"): 2, ("m", "y"): 2}),
        errors("f", {("m", "z"): 5}),
    ]
    pairs = [(name, "m") for name in ("d", "e", "f")]
    profiles = benchmark_profiles(pl.concat(frames), evaluations(*pairs), {})
    rows = dataset_similarities(profiles.filter(pl.col("category_id") != "other"))
    distance = {(a, b): d for a, b, d in rows["dataset_a", "dataset_b", "distance"].iter_rows()}
    assert distance["e", "f"] == pytest.approx(1)
    assert distance["d", "e"] < 0.01 < distance["d", "f"]


def test_without_errors_there_is_no_profile() -> None:
    rows = benchmark_profiles(errors("d", EVEN).clear(), BOTH, {})
    assert rows.is_empty()
    assert dataset_similarities(rows).is_empty()
