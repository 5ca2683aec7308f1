from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.ingest.choices import Reading

Row = dict[str, Any]
Land = Callable[..., Any]
WriteRun = Callable[..., Path]
FOLDER = "runs/v1/mmlu:subject=law,model=org_m"


def state(**values: object) -> Row:
    references = [
        {"output": {"text": "red"}, "tags": []},
        {"output": {"text": "blue"}, "tags": ["correct"]},
    ]
    usual: Row = {
        "instance": {"id": "id1", "input": {"text": "Which?"}, "references": references},
        "train_trial_index": 0,
        "output_mapping": {"A": "red", "B": "blue"},
        "request": {"prompt": "Shots.\nWhich?\nA. red\nB. blue\nAnswer:"},
        "result": {"success": True, "completions": [{"text": " A"}]},
    }
    return {**usual, **values}


def stats(instance: str = "id1", perturbation: str | None = None, **means: float | None) -> Row:
    entry: Row = {"instance_id": instance, "train_trial_index": 0}
    if perturbation:
        entry["perturbation"] = {"name": perturbation}
    entry["stats"] = [
        {"name": {"name": name}, **({} if mean is None else {"mean": mean})}
        for name, mean in means.items()
    ]
    return entry


def with_id(name: str, perturbation: str | None = None, **values: object) -> Row:
    made = state(**values)
    made["instance"] = {**made["instance"], "id": name}
    if perturbation:
        made["instance"]["perturbation"] = {"name": perturbation}
    return made


@pytest.fixture
def write_run(write_json: Callable[[str, Any], Path]) -> WriteRun:
    """Writes the files of a run and gives the run's folder."""

    def write(
        states: list[Row], statistics: list[Row] | None = None, *, groups: str = "mmlu"
    ) -> Path:
        adapter = {"method": "multiple_choice_joint", "model": "org/m"}
        spec = {"name": FOLDER[8:], "adapter_spec": adapter, "groups": [groups]}
        write_json(f"{FOLDER}/run_spec.json", spec)
        write_json(f"{FOLDER}/scenario.json", {"name": "mmlu"})
        write_json(f"{FOLDER}/stats.json", [])
        if statistics is not None:
            write_json(f"{FOLDER}/per_instance_stats.json", statistics)
        document = {"adapter_spec": adapter, "request_states": states}
        return write_json(f"{FOLDER}/scenario_state.json", document).parent

    return write


def test_a_run_folder_becomes_predictions(land: Land, write_run: WriteRun) -> None:
    landed = land(write_run([state()], [stats(exact_match=0.0)]))
    row = landed.only
    assert (row["dataset"], row["model"]) == ("mmlu:subject=law", "org/m")
    assert (row["example_id"], row["trial"], row["score"]) == ("id1", 1, 0.0)
    assert row["output_text"] == " A"
    assert row["correct_answer"] == "B. blue"
    assert row["input_text"].startswith("Shots.")
    statuses = {name: file["status"] for name, file in landed.files.items()}
    assert statuses.pop("scenario_state.json") == "landed"
    assert set(statuses.values()) == {"auxiliary"}


def test_the_same_instance_may_have_its_statistics_in_several_entries(
    land: Land, write_run: WriteRun
) -> None:
    told = [stats(num_references=2.0), stats(exact_match=1.0), stats(inference_runtime=3.0)]
    landed = land(write_run([state()], told))
    assert landed.only["score"] == 1.0
    assert landed.choice.metrics == ("exact_match",)


def test_a_failed_request_is_no_failed_answer(land: Land, write_run: WriteRun) -> None:
    failed = state(result={"success": False, "error": "timeout", "completions": []})
    landed = land(write_run([failed, with_id("id2")], [stats("id2", exact_match=0.0)]))
    assert landed.refused == [(1, "infrastructure_error")]
    assert landed.only["example_id"] == "id2"


def test_a_statistic_that_is_missing_is_no_zero(land: Land, write_run: WriteRun) -> None:
    told = [stats(exact_match=None), stats("id2", exact_match=0.0)]
    landed = land(write_run([state(), with_id("id2")], told))
    assert landed.refused == [(1, "unscored")]


def test_perturbed_instances_are_passed_over_unless_set(land: Land, write_run: WriteRun) -> None:
    states = [state(), with_id("id1", "typos")]
    told = [stats(exact_match=1.0), stats("id1", "typos", exact_match=0.0)]
    folder = write_run(states, told)
    landed = land(folder)
    assert landed.only["score"] == 1.0
    assert landed.files["scenario_state.json"]["n_passed_over"] == 1
    assert landed.choice.filters == ("none", "typos", "all")
    only = land(folder, reading=Reading(filters={"mmlu:subject=law": "typos"}))
    assert only.only["score"] == 0.0
    both = land(folder, reading=Reading(filters={"mmlu:subject=law": "all"}))
    assert [(row["trial"], row["score"]) for row in both.rows] == [(1, 1.0), (2, 0.0)]


def test_training_trials_are_trials(land: Land, write_run: WriteRun) -> None:
    states = [state(), state(train_trial_index=1)]
    told = [stats(exact_match=0.0), {**stats(exact_match=1.0), "train_trial_index": 1}]
    rows = land(write_run(states, told)).rows
    assert [(row["trial"], row["score"]) for row in rows] == [(1, 0.0), (2, 1.0)]


def test_of_the_requests_for_each_reference_the_predicted_one_is_kept(
    land: Land, write_run: WriteRun
) -> None:
    split = [state(reference_index=n, request_mode="original") for n in (0, 1)]
    calibration = [state(reference_index=n, request_mode="calibration") for n in (0, 1)]
    landed = land(write_run([*split, *calibration], [stats(exact_match=1.0, predicted_index=1.0)]))
    row = landed.only
    assert (row["output_text"], row["correct_answer"]) == ("blue", "B. blue")
    assert row["input_text"] == "Which?\nOptions:\nA. red\nB. blue"
    assert landed.files["scenario_state.json"]["n_passed_over"] == 3
    assert landed.adds_up()


@pytest.mark.parametrize(
    ("group", "metric"),
    [("mmlu", "exact_match"), ("legalbench", "quasi_exact_match"), ("wmt_14", "bleu_4")],
)
def test_the_main_metric_is_that_of_the_group(
    land: Land, write_run: WriteRun, group: str, metric: str
) -> None:
    told = [stats(logprob=-1.0, bleu_4=0.1, quasi_exact_match=1.0, exact_match=0.0)]
    assert land(write_run([state()], told, groups=group)).only["metric"] == metric


def test_graded_metrics_come_before_exact_ones_where_answers_are_open(
    land: Land, write_run: WriteRun
) -> None:
    told = [stats(exact_match=0.0, f1_score=0.5)]
    assert land(write_run([state()], told, groups="narrative_qa")).only["metric"] == "f1_score"


def test_the_schema_of_the_suite_names_metric_and_direction(
    land: Land, write_run: WriteRun, write_json: Callable[[str, Any], Path]
) -> None:
    folder = write_run([state()], [stats(exact_match=1.0, toxicity=0.5)])
    groups = [{"name": "mmlu", "environment": {"main_name": "toxicity"}}]
    metrics = [{"name": "toxicity", "lower_is_better": True}]
    write_json("runs/v1/schema.json", {"metrics": metrics, "run_groups": groups})
    row = land(folder).only
    assert (row["metric"], row["score"], row["higher_is_better"]) == ("toxicity", 0.5, False)


def test_a_setting_names_another_metric(land: Land, write_run: WriteRun) -> None:
    folder = write_run([state()], [stats(exact_match=0.0, f1_score=0.5)])
    landed = land(folder, reading=Reading(metrics={"mmlu:subject=law": "exact_match"}))
    assert landed.only["score"] == 0.0


def test_a_chat_is_shown_as_messages_and_thoughts_before_the_answer(
    land: Land, write_run: WriteRun
) -> None:
    messages = [{"role": "system", "content": "Brief."}, {"role": "user", "content": "Which?"}]
    completion = {"text": "A", "thinking": {"text": "Red?"}}
    chat = state(
        request={"prompt": "", "messages": messages},
        result={"success": True, "completions": [completion]},
    )
    row = land(write_run([chat], [stats(exact_match=0.0)])).only
    assert row["input_text"] == "system: Brief.\n\nuser: Which?"
    assert row["output_text"] == "<think>\nRed?\n</think>\nA"


def test_a_run_without_its_statistics_says_what_is_missing_until_they_come(
    land: Land, write_run: WriteRun, write_json: Callable[[str, Any], Path]
) -> None:
    landed = land(write_run([state()]))
    assert landed.files["scenario_state.json"]["status"] == "unreadable"
    assert "has no per_instance_stats.json beside it" in landed.details
    late = write_json(f"{FOLDER}/per_instance_stats.json", [stats(exact_match=0.0)])
    assert land(late).only["score"] == 0.0
