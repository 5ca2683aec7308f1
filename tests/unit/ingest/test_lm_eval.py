import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errormap_dagster.ingest.choices import Reading

Row = dict[str, Any]
Land = Callable[..., Any]
Write = Callable[[str, Any], Path]
DATE = "2026-01-02T03-04-05.678901"
SAMPLES, RESULTS = f"out/org__m/samples_my_task_{DATE}.jsonl", f"out/org__m/results_{DATE}.json"


def sample(**values: object) -> Row:
    usual: Row = {
        "doc_id": 0,
        "doc": {"question": "How many?"},
        "target": "4",
        "arguments": {"gen_args_0": {"arg_0": "Q: How many?\nA:", "arg_1": {"until": ["\n"]}}},
        "resps": [["There are 5."]],
        "filtered_resps": ["5"],
        "filter": "strict-match",
        "metrics": ["exact_match"],
        "exact_match": 0.0,
    }
    return {**usual, **values}


def results(**values: object) -> Row:
    usual: Row = {
        "results": {"my_task": {"exact_match,strict-match": 0.0, "exact_match,flexible": 0.5}},
        "configs": {"my_task": {"metric_list": [{"metric": "exact_match"}]}},
        "higher_is_better": {"my_task": {"exact_match": True}},
        "model_name": "org/m",
        "config": {"model_args": "pretrained=org/m"},
    }
    return {**usual, **values}


def pairs(*log_likelihoods: float) -> Row:
    told = [[str(value), "False"] for value in log_likelihoods]
    return {"resps": [[pair] for pair in told], "filtered_resps": told}


def choices(*texts: str, context: str = "Q: Which?\nA:") -> Row:
    requests = {f"gen_args_{n}": {"arg_0": context, "arg_1": t} for n, t in enumerate(texts)}
    return {"arguments": requests}


def test_a_sample_becomes_a_prediction_with_what_the_results_say(
    land: Land, write_jsonl: Write, write_json: Write
) -> None:
    write_json(RESULTS, results())
    row = land(write_jsonl(SAMPLES, [sample()])).only
    assert (row["dataset"], row["model"]) == ("my_task", "org/m")
    assert row["input_text"] == "Q: How many?\nA:"
    assert row["output_text"] == "There are 5."
    assert (row["correct_answer"], row["score"], row["metric"]) == ("4", 0.0, "exact_match")
    assert row["higher_is_better"] is True
    assert row["run_id"] == DATE


def test_one_example_is_one_failure_however_many_filters_scored_it(
    land: Land, write_jsonl: Write, write_json: Write
) -> None:
    write_json(RESULTS, results())
    both = [sample(), sample(filter="flexible", exact_match=1.0)]
    landed = land(write_jsonl(SAMPLES, both))
    assert [row["score"] for row in landed.rows] == [0.0]
    assert landed.files[Path(SAMPLES).name]["n_passed_over"] == 1
    assert landed.adds_up()
    assert landed.choice.filter == "strict-match"
    assert landed.choice.filters == ("strict-match", "flexible")


def test_a_setting_chooses_the_filter(land: Land, write_jsonl: Write, write_json: Write) -> None:
    write_json(RESULTS, results())
    both = [sample(), sample(filter="flexible", exact_match=1.0)]
    landed = land(write_jsonl(SAMPLES, both), reading=Reading(filters={"my_task": "flexible"}))
    assert landed.only["score"] == 1.0


def test_a_filter_that_is_not_there_is_an_error_that_names_those_that_are(
    land: Land, write_jsonl: Write
) -> None:
    landed = land(write_jsonl(SAMPLES, [sample()]), reading=Reading(filters={"my_task": "x"}))
    assert landed.files[Path(SAMPLES).name]["status"] == "unreadable"
    assert "datasets.my_task.filter in errormap.yaml is 'x'" in landed.details
    assert "strict-match" in landed.details


def test_a_changed_setting_reads_the_file_again(
    land: Land, write_jsonl: Write, write_json: Write
) -> None:
    write_json(RESULTS, results())
    path = write_jsonl(SAMPLES, [sample(), sample(filter="flexible", exact_match=1.0)])
    assert land(path).only["score"] == 0.0
    landed = land(reading=Reading(filters={"my_task": "flexible"}))
    assert landed.landing.pending_files() == [path.name]
    landed.landing.scan()
    assert landed.only["score"] == 1.0
    assert landed.landing.pending_files() == []
    of_another = Reading(filters={"my_task": "flexible", "other": "x"})
    assert land(reading=of_another).landing.pending_files() == []


@pytest.mark.parametrize(
    ("metric", "taken"),
    [
        ("acc", "no"),
        ("acc_norm", "a long one"),
        ("acc_bytes", "a long one"),
    ],
)
def test_the_choice_taken_follows_the_metric(
    land: Land, write_jsonl: Write, metric: str, taken: str
) -> None:
    asked = {**choices(" no", " a long one"), **pairs(-2.0, -3.0)}
    both = sample(**asked, metrics=["acc", "acc_norm", "acc_bytes"], acc=0, acc_norm=1, acc_bytes=1)
    row = land(
        write_jsonl(SAMPLES, [{**both, "target": "1"}]), reading=Reading({"my_task": metric})
    ).only
    assert row["output_text"] == taken
    assert row["metric"] == metric


def test_mutual_information_doubles_the_requests_but_not_the_choices(
    land: Land, write_jsonl: Write
) -> None:
    asked = {
        f"gen_args_{n}": {"arg_0": context, "arg_1": choice}
        for n, (context, choice) in enumerate(
            [("Q:", " rare"), ("Q:", " usual"), ("", " rare"), ("", " usual")]
        )
    }
    told = pairs(-5.0, -4.0, -9.0, -4.5)
    one = sample(
        arguments=asked, **told, metrics=["acc_mutual_info"], acc_mutual_info=1.0, target=0
    )
    row = land(write_jsonl(SAMPLES, [one])).only
    assert row["output_text"] == row["correct_answer"] == "rare"
    assert row["input_text"] == "Q:\nOptions:\nA. rare\nB. usual"


def test_a_target_that_is_an_index_becomes_the_text_of_its_choice(
    land: Land, write_jsonl: Write
) -> None:
    one = sample(
        **choices(" red", " blue"), **pairs(-1.0, -2.0), target="1", metrics=["acc"], acc=0
    )
    row = land(write_jsonl(SAMPLES, [one])).only
    assert (row["correct_answer"], row["output_text"]) == ("blue", "red")


def test_letters_as_choices_are_not_listed_again(land: Land, write_jsonl: Write) -> None:
    one = sample(**choices(" A", " B"), **pairs(-1.0, -2.0), target=1, metrics=["acc"], acc=0)
    assert land(write_jsonl(SAMPLES, [one])).only["input_text"] == "Q: Which?\nA:"


def test_choices_may_be_the_contexts(land: Land, write_jsonl: Write) -> None:
    asked = {
        "gen_args_0": {"arg_0": "Ann was late", "arg_1": " so she ran."},
        "gen_args_1": {"arg_0": "Bob was late", "arg_1": " so she ran."},
    }
    one = sample(arguments=asked, **pairs(-2.0, -1.0), target="0", metrics=["acc"], acc=0)
    row = land(write_jsonl(SAMPLES, [one])).only
    assert (row["output_text"], row["correct_answer"]) == ("Bob was late", "Ann was late")


def test_a_chat_prompt_is_a_list_with_the_json_of_the_messages(
    land: Land, write_jsonl: Write
) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Q?"}]
    asked = {"gen_args_0": {"arg_0": [json.dumps(messages)], "arg_1": {}}}
    row = land(write_jsonl(SAMPLES, [sample(arguments=asked)])).only
    assert row["input_text"] == "system: Be brief.\n\nuser: Q?"


def test_old_layouts_have_no_filter_no_metrics_and_lists_of_arguments(
    land: Land, write_jsonl: Write
) -> None:
    old = {k: v for k, v in sample().items() if k not in {"filter", "metrics"}}
    old["arguments"] = [["Q: How many?\nA:", {"until": ["\n"]}]]
    row = land(write_jsonl("out/model-x/samples_my_task.jsonl", [old])).only
    assert (row["dataset"], row["model"]) == ("my_task", "model-x")
    assert (row["metric"], row["input_text"]) == ("exact_match", "Q: How many?\nA:")


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [
        ("f1", [1, 0], "no_instance_score"),
        ("mcc", [1, 1], "no_instance_score"),
        ("brier_score", [[0.5, 0.5], 1], "no_instance_score"),
        ("word_perplexity", [-30.5, 12], "no_instance_score"),
        ("perplexity", -3.5, "no_instance_score"),
        ("exact_match", float("nan"), "unscored"),
        ("exact_match", float("inf"), "unscored"),
        ("exact_match", None, "unscored"),
        ("exact_match", "n/a", "score_not_a_number"),
    ],
)
def test_a_value_that_is_no_score_of_an_answer_sets_its_row_aside(
    land: Land, write_jsonl: Write, metric: str, value: object, reason: str
) -> None:
    landed = land(write_jsonl(SAMPLES, [sample(metrics=[metric], **{metric: value})]))
    assert landed.refused == [(1, reason)]
    assert landed.rows == []


def test_a_metric_of_answers_comes_before_one_of_the_whole_set(
    land: Land, write_jsonl: Write
) -> None:
    one = sample(metrics=["perplexity", "f1", "acc"], perplexity=-1.5, f1=[0, 1], acc=1.0)
    landed = land(write_jsonl(SAMPLES, [one]))
    assert (landed.only["metric"], landed.only["score"]) == ("acc", 1.0)


def test_the_hash_of_a_document_joins_runs_of_subsets(land: Land, write_jsonl: Write) -> None:
    first = sample(doc_id=7, doc_hash="a" * 64)
    again = sample(doc_id=0, doc_hash="a" * 64, exact_match=1.0)
    paths = [
        write_jsonl(f"out/m{n}/samples_t_{DATE}.jsonl", [s]) for n, s in enumerate((first, again))
    ]
    rows = land(*paths).rows
    assert {row["example_id"] for row in rows} == {"a" * 16}
    assert len({row["example_hash"] for row in rows}) == 1


def test_the_name_of_a_task_may_hold_what_cuts_file_names(
    land: Land, write_jsonl: Write, write_json: Write
) -> None:
    told = results(configs={"a_b_c": {}, "b_c": {}}, results={}, higher_is_better={})
    write_json(f"out/results_{DATE}.json", told)
    landed = land(write_jsonl(f"out/samples_a_b_c_{DATE}.jsonl", [sample()]))
    assert landed.only["dataset"] == "a_b_c"


@pytest.mark.parametrize(
    ("told", "model"),
    [
        ({"model_name": "org/m"}, "org/m"),
        ({"model_name": None, "config": {"model_args": "pretrained=a/b,dtype=auto"}}, "a/b"),
        ({"model_name": None, "config": {"model_args": {"model": "gpt"}}}, "gpt"),
        ({"model_name": "x7qd", "model_source": "dummy", "config": {"model_args": {}}}, "dummy"),
        (None, "org__m"),
    ],
)
def test_the_model_is_that_of_the_results_never_a_random_name(
    land: Land, write_jsonl: Write, write_json: Write, told: Row | None, model: str
) -> None:
    if told is not None:
        write_json(RESULTS, results(**told))
    assert land(write_jsonl(SAMPLES, [sample()])).only["model"] == model


def test_results_that_come_later_are_read_with_the_samples(
    land: Land, write_jsonl: Write, write_json: Write
) -> None:
    samples = write_jsonl(SAMPLES, [sample()])
    assert land(samples).only["model"] == "org__m"
    landed = land(write_json(RESULTS, results()))
    assert landed.only["model"] == "org/m"
    assert landed.files[Path(RESULTS).name]["status"] == "auxiliary"


def test_a_later_run_of_the_same_model_is_a_further_trial(land: Land, write_jsonl: Write) -> None:
    first = write_jsonl(SAMPLES, [sample()])
    second = write_jsonl(SAMPLES.replace("2026-01-02", "2026-01-03"), [sample(exact_match=1.0)])
    for order in ([second], [first]):
        landed = land(*order)
    assert [(row["trial"], row["score"]) for row in landed.rows] == [(1, 0.0), (2, 1.0)]
    assert landed.refused == []


def test_a_copy_of_a_run_is_a_duplicate(land: Land, write_jsonl: Write) -> None:
    paths = [write_jsonl(f"{name}/m/samples_t_{DATE}.jsonl", [sample()]) for name in "ab"]
    landed = land(*(path.parent.parent for path in paths))
    assert len(landed.rows) == 1
    assert landed.adds_up()


def test_a_broken_line_costs_itself_alone(land: Land, write_jsonl: Write) -> None:
    path = write_jsonl(SAMPLES, [sample(), sample(doc_id=1)])
    path.write_text(path.read_text()[:-40] + '\n{"doc_id": ' + "[" * 100_000, encoding="utf-8")
    landed = land(path)
    assert len(landed.rows) == 1
    assert landed.refused == [(2, "malformed_row"), (3, "malformed_row")]
