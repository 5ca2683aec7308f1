"""Pages over tables that a home may lack: what they say until then, and what they show after."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from starlette.testclient import TestClient

from errormap_dagster.explorer.app import explorer
from errormap_dagster.queries.errors import Version, places
from errormap_dagster.queries.signatures import scopes
from errormap_dagster.queries.similarity import similar_datasets
from errormap_dagster.queries.spending import spending
from errormap_dagster.queries.suspects import suspects
from errormap_dagster.queries.tables import Tables
from errormap_dagster.report.page import report
from errormap_dagster.store import Store

Put = Callable[[str, Sequence[Mapping[str, object]]], None]

SUSPECT = {
    "dataset": "word_problems",
    "example_id": "<b>1",
    "rank": 1,
    "suspicion": 2.5,
    "reasons": ["models_agree_on_another_answer"],
    "correct_answer": "<i>7",
    "other_answer": "8",
    "n_models_agreeing": 3,
    "n_models_correct": 0,
    "n_models": 5,
    "n_models_answering": 4,
    "n_no_error_found": 2,
    "n_errors_named": 1,
    "n_references": 1,
    "verdict": None,
    "note": None,
}
NOISE = {
    "dataset": "word_problems",
    "n_examples": 14,
    "n_suspects": 1,
    "n_reviewed": 0,
    "n_wrong": 0,
    "suspect_share": 0.07,
    "suspect_share_low": 0.01,
    "suspect_share_high": 0.3,
    "noise_share": None,
    "noise_share_low": None,
    "noise_share_high": None,
}
SCORE = {
    "dataset": "word_problems",
    "model": "aster-3b",
    "success_rate": 0.5,
    "rank": 2,
    "success_rate_without_suspects": 0.55,
    "rank_without_suspects": 1,
    "success_rate_without_wrong": None,
    "rank_without_wrong": None,
}


def test_suspect_gold_says_how_it_is_made_and_then_shows_its_reasons(home: Path, put: Put) -> None:
    shutil.rmtree(home / "tables" / "suspect_gold", ignore_errors=True)
    store = Store(home / "tables")
    assert suspects(Tables(store)) is None
    assert "errormap run" in TestClient(explorer(store)).get("/suspects").text
    put("suspect_gold", [{**SUSPECT, "example_id": "2", "suspicion": 1.0}, SUSPECT])
    shown = TestClient(explorer(store)).get("/suspects").text
    assert shown.index("&lt;b&gt;1") < shown.index("example <bdi>2")
    assert "models agree on another answer" in shown
    assert "of the 4 that answered 3 agree" in shown
    assert "the judge named an error in 1 failure" in shown
    assert "&lt;i&gt;7" in shown
    assert "/failures?dataset=word_problems&amp;example=%3Cb%3E1" in shown


def test_suspect_gold_tells_its_share_and_what_it_does_to_scores(home: Path, put: Put) -> None:
    for table, row in (("suspect_gold", SUSPECT), ("gold_noise", NOISE), ("gold_scores", SCORE)):
        put(table, [row])
    client = TestClient(explorer(Store(home / "tables")))
    shown = client.get("/suspects?dataset=word_problems").text
    assert "no verdicts yet" in shown
    assert "Scores with and without them" in shown
    assert "aster-3b" in shown


def test_a_table_that_cannot_be_read_is_told_with_the_remedy(home: Path) -> None:
    (home / "tables" / "signatures" / "part.parquet").write_bytes(b"broken")
    answer = TestClient(explorer(Store(home / "tables"))).get("/signatures")
    assert answer.status_code == 503
    assert "load the page again" in answer.text


def test_a_mean_or_group_of_datasets_has_a_heat_map_that_leads_to_failures(home: Path) -> None:
    path = home / "tables" / "signatures" / "part.parquet"
    rows = pl.read_parquet(path)
    overall = rows.filter(pl.col("dataset") == "all")
    names = ("all (macro)", "group:<i>sums", "group:<i>sums (macro)")
    more = [
        overall.with_columns(dataset=pl.lit(name), is_too_few=pl.lit(name.startswith("group")))
        for name in names
    ]
    pl.concat([rows, *more]).write_parquet(path)
    found = scopes(Tables(Store(home / "tables")))
    assert [(scope.kind, scope.name, scope.is_macro) for scope in found[:4]] == [
        ("all", "all datasets", False),
        ("all", "all datasets", True),
        ("group", "<i>sums", False),
        ("group", "<i>sums", True),
    ]
    assert {scope.kind for scope in found[4:]} == {"dataset"}
    client = TestClient(explorer(Store(home / "tables")))
    assert "each error counts once" in client.get("/signatures").text
    assert "each error counts once" not in client.get("/signatures?dataset=word_problems").text
    of_group = client.get("/signatures", params={"dataset": "group:<i>sums"}).text
    assert "the datasets of the group <bdi>&lt;i&gt;sums" in of_group
    assert "too few errors to say" in of_group
    shown = client.get("/signatures?dataset=all+%28macro%29").text
    assert "each of which counts once" in shown
    assert "too few errors to say" not in shown
    cell = re.search(r'<td class="cell h\d"><a href="([^"]*)"', shown)
    assert cell
    assert client.get(cell.group(1).replace("&amp;", "&")).status_code == 200


CALL = {
    "call_id": "c1",
    "stage": "analyse",
    "judge": "openai:<b>gpt</b>",
    "status": "ok",
    "attempts": 2,
    "prompt_tokens": 1_000,
    "completion_tokens": 50,
    "cost_usd": 0.25,
    "seconds": 3.0,
    "called_at": datetime(2026, 1, 2, 3, tzinfo=UTC),
}


def test_calls_are_counted_by_stage_and_day_and_an_unknown_price_is_no_zero(
    home: Path, put: Put
) -> None:
    unknown = {**CALL, "call_id": "c2", "stage": "classify", "cost_usd": None}
    put("judge_calls", [CALL, {**CALL, "call_id": "c3"}, unknown])
    found = spending(Tables(Store(home / "tables")))
    assert found.n_calls == 3
    assert found.cost_usd == 0.5
    assert [(row["stage"], row["n_calls"], row["cost_usd"]) for row in found.groups] == [
        ("analyse", 2, 0.5),
        ("classify", 1, None),
    ]
    assert [row["n_calls"] for row in found.days] == [3]
    shown = TestClient(explorer(Store(home / "tables"))).get("/costs").text
    assert "$0.5000" in shown
    assert "not known" in shown
    assert "&lt;b&gt;gpt&lt;/b&gt;" in shown


def test_a_failure_leads_to_the_call_that_its_diagnosis_was_paid_for(home: Path, put: Put) -> None:
    put("judge_calls", [CALL])
    path = next((home / "tables" / "judged_errors").rglob("part.parquet"))
    rows = pl.read_parquet(path).with_columns(call_id=pl.lit("c1"))
    rows.write_parquet(path)
    client = TestClient(explorer(Store(home / "tables")))
    shown = client.get(f"/failure?id={rows['prediction_id'][0]}").text
    assert "1,000 + 50 tokens" in shown
    assert "$0.2500" in shown


def test_a_dataset_names_the_others_that_fail_alike(home: Path, put: Put) -> None:
    pair = {"taxonomy": "atlas", "version": 1, "distance": 0.25, "n_errors": 9}
    rows = [
        {**pair, "dataset_a": "short_code", "dataset_b": "word_problems", "distance": 0.75},
        {**pair, "dataset_a": "word_problems", "dataset_b": "zebras"},
        {**pair, "dataset_a": "short_code", "dataset_b": "zebras"},
    ]
    put("dataset_similarities", rows)
    tables = Tables(Store(home / "tables"))
    found = similar_datasets(tables, Version("atlas", 1), "word_problems")
    assert [(row.dataset, row.distance) for row in found] == [
        ("zebras", 0.25),
        ("short_code", 0.75),
    ]
    shown = TestClient(explorer(Store(home / "tables"))).get("/datasets?dataset=word_problems").text
    assert "Datasets that fail alike" in shown


def test_categories_that_do_not_hold_are_marked_wherever_they_are_shown(
    home: Path, put: Put
) -> None:
    category = {"taxonomy": "atlas", "version": 1}
    ids = places(Tables(Store(home / "tables")), Version("atlas", 1))
    rows = [{**category, "category_id": name, "is_unstable": True} for name in ids]
    put("taxonomy_category_quality", rows)
    client = TestClient(explorer(Store(home / "tables")))
    pages = ("/", "/signatures", "/taxonomy", "/compare?a=aster-3b&b=birch-8b")
    for path in (*pages, "/datasets?dataset=word_problems"):
        assert "(unstable)" in client.get(path).text, path
    # Each card, tile and finding tells it itself.
    listed = client.get("/failures?outcome=assigned").text
    assert listed.count("(unstable)") == 25
    one = re.search(r"/failure\?[^\"]*id=[0-9a-f]+", listed)
    assert one
    assert "(unstable)" in client.get(one[0].replace("&amp;", "&")).text
    tile = client.get("/taxonomy").text.partition("<foreignObject")[2].partition("</foreignObject")
    assert "(unstable)" in tile[0]
    parts = report(Tables(Store(home / "tables")), "").split("<section")
    for part in parts:
        told = part.startswith(
            (' id="findings', ' id="signatures', ' id="models', ' id="categories')
        )
        assert not told or "(unstable)" in part, part[:40]
    put("taxonomy_category_quality", [{**row, "is_unstable": None} for row in rows])
    client = TestClient(explorer(Store(home / "tables")))
    assert "(unstable)" not in client.get("/signatures").text


def test_versions_tell_how_good_they_are_and_a_dash_where_nothing_was_measured(home: Path) -> None:
    shown = TestClient(explorer(Store(home / "tables"))).get("/versions").text
    assert "How good they are" in shown
    assert "–</td>" in shown


DEVIATION = {
    "taxonomy": "atlas",
    "version": 1,
    "dataset": "word_problems",
    "model": "<i>m",
    "category_id": "any",
    "rate": 0.6,
    "mean_rate": 0.4,
    "rate_deviation": 0.2,
    "rate_deviation_low": 0.1,
    "rate_deviation_high": 0.3,
    "q_value": 0.01,
    "is_significant": True,
}


def test_a_dataset_lists_the_models_that_depart_from_the_mean_by_more_than_chance(
    home: Path, put: Put
) -> None:
    put("model_deviations", [DEVIATION, {**DEVIATION, "is_significant": False}])
    client = TestClient(explorer(Store(home / "tables")))
    shown = client.get("/datasets?dataset=word_problems").text
    assert shown.count("&lt;i&gt;m") == 1
    assert "all failures" in shown
    assert "No model departs from the mean" in client.get("/datasets?dataset=short_code").text


def test_a_dataset_tells_what_it_measures_with_its_interval(home: Path, put: Put) -> None:
    path = home / "tables" / "benchmark_profiles" / "part.parquet"
    row = pl.read_parquet(path).filter(pl.col("dataset") == "word_problems").row(0, named=True)
    ends = {"off_skill_share": 0.25, "off_skill_share_low": 0.14, "off_skill_share_high": 0.4}
    told = {**row, "error_share": 0.61, "error_share_low": 0.52, "error_share_high": 0.73}
    put("benchmark_profiles", [{**told, **ends, "model_spread": 0.074, "is_skill": False}])
    client = TestClient(explorer(Store(home / "tables")))
    shown = client.get("/datasets?dataset=word_problems").text
    for words in ("25\u00a0%", "14–40\u00a0%", "61\u00a0%", "52–73\u00a0%", "7.4", "off the skill"):
        assert words in shown, words
    put("benchmark_profiles", [row])
    undeclared = TestClient(explorer(Store(home / "tables"))).get("/datasets?dataset=word_problems")
    assert "is not declared" in undeclared.text
    shutil.rmtree(home / "tables" / "benchmark_profiles")
    without = TestClient(explorer(Store(home / "tables"))).get("/datasets?dataset=word_problems")
    assert "mean share" in without.text


def test_a_suspect_example_shows_its_question_and_the_option_that_models_agree_on(
    home: Path, put: Put
) -> None:
    path = next((home / "tables" / "raw_predictions").rglob("part.parquet"))
    rows = pl.read_parquet(path)
    question = "Which is even?\nA. one\nB. <b>two\nC. three"
    rows.with_columns(input_text=pl.lit(question)).write_parquet(path)
    here = {"dataset": path.parts[-3].partition("=")[2], "example_id": rows["example_id"][0]}
    put("suspect_gold", [{**SUSPECT, **here, "other_answer": "B"}])
    shown = TestClient(explorer(Store(home / "tables"))).get("/suspects").text
    assert "B. &lt;b&gt;two</dd>" in shown
    assert "Which is even?" in shown
