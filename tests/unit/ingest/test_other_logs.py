import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.choices import FileMapping, Reading
from errormap_dagster.ingest.formats import FORMATS, format_of
from errormap_dagster.ingest.interface import SourceFormat

Row = dict[str, Any]
Land = Callable[..., Any]
Write = Callable[[str, Any], Path]


def ifeval(follows: object, prompt: str = "No commas.") -> Row:
    return {
        "follow_all_instructions": follows,
        "follow_instruction_list": [follows],
        "instruction_id_list": ["punctuation:no_comma"],
        "prompt": prompt,
        "response": "Well, no.",
    }


def test_ifeval_scores_an_answer_twice_and_counts_it_once(land: Land, write_jsonl: Write) -> None:
    strict = write_jsonl("results/model-a/eval_results_strict.jsonl", [ifeval(follows=False)])
    write_jsonl("results/model-a/eval_results_loose.jsonl", [ifeval(follows=True)])
    landed = land(strict.parent.parent)
    row = landed.only
    assert (row["dataset"], row["model"]) == ("ifeval", "model-a")
    assert (row["score"], row["metric"]) == (0.0, "prompt_strict")
    assert json.loads(row["correct_answer"]) == [{"instruction_id": "punctuation:no_comma"}]
    assert landed.files["eval_results_loose.jsonl"]["n_passed_over"] == 1
    assert "not chosen" in landed.details
    loose = land(strict.parent.parent, reading=Reading({"ifeval": "prompt_loose"}))
    assert loose.only["score"] == 1.0


def test_the_other_file_of_ifeval_may_come_later(land: Land, write_jsonl: Write) -> None:
    folder = "landing_of_logs/model-a"
    loose = write_jsonl(f"{folder}/eval_results_loose.jsonl", [ifeval(follows=True)])
    assert land(loose).only["metric"] == "prompt_loose"
    write_jsonl(f"{folder}/eval_results_strict.jsonl", [ifeval(follows=False)])
    landed = land()
    landed.landing.scan()
    assert landed.only["metric"] == "prompt_strict"


def test_answers_of_zeroeval_are_set_aside_with_a_remedy(land: Land, write_json: Write) -> None:
    answer = {"session_id": "s", "chat_history": ["Q"], "output": ["A"], "generator": "m"}
    landed = land(write_json("crux/m.json", [answer, answer]))
    assert landed.refused == [(1, "unscored"), (2, "unscored")]
    assert "score them with ZeroEval" in landed.details


def test_results_of_simple_evals_are_refused_with_a_remedy(land: Land, write_json: Write) -> None:
    told = {"score": 0.5, "metrics": {}, "htmls": ["<p>"], "convos": [], "metadata": {}}
    landed = land(write_json("mmlu_m_allresults.json", told))
    assert landed.files["mmlu_m_allresults.json"]["status"] == "unreadable"
    assert "Write a table with example_id" in landed.details


def test_a_document_that_is_nothing_known_is_told_how_to_be_mapped(
    land: Land, write_json: Write
) -> None:
    landed = land(write_json("config.json", {"learning_rate": 1}))
    pretty = write_json("pretty.json", {})
    pretty.write_text(json.dumps({"learning_rate": 1}, indent=2), encoding="utf-8")
    landed = land(pretty)
    assert {file["status"] for file in landed.files.values()} == {"unreadable"}
    assert landed.details.count("eclare under `mappings`") == 2


@pytest.mark.parametrize("source", FORMATS, ids=lambda source: source.name)
def test_no_format_fails_on_a_file_of_any_kind(source: SourceFormat, tmp_path: Path) -> None:
    path = tmp_path / "samples_x.jsonl"
    for content in (
        b"",
        b"{",
        b"[",
        b"PK\3\4",
        b"PAR1",
        b"\x1f\x8b",
        b"\xff\xfe",
        b'{"spec": 1}\n',
    ):
        path.write_bytes(content)
        assert source.sniff(path) in {True, False}
        assert source.companions(path) == []


MAPPING = FileMapping(
    name="answers",
    files="runs/*.json",
    records="data.rows",
    columns={
        "example_id": "meta.id",
        "input_text": "messages[0].content",
        "output_text": "messages[-1].content",
        "score": "grades.main",
    },
    values={"model": "{folder}", "dataset": "{stem}"},
)
ANSWER = {
    "meta": {"id": 7},
    "messages": [{"content": "Q?"}, {"content": "A."}],
    "grades": {"main": 0.5},
}


def with_mapping(
    columns: dict[str, str] | None = None, records: str | None = None, files: str | None = None
) -> Reading:
    told = MAPPING.columns if columns is None else columns
    return Reading(mappings=(FileMapping("answers", files, records, told, MAPPING.values),))


def check_mapped(row: Row, folder: str) -> None:
    assert (row["dataset"], row["model"], row["example_id"]) == ("qa", folder, "7")
    assert (row["input_text"], row["output_text"], row["score"]) == ("Q?", "A.", 0.5)
    assert row["source_format"] == "mapped"


def test_a_declared_mapping_reads_a_document_by_its_path(land: Land, write_json: Write) -> None:
    path = write_json("runs/qa.json", {"data": {"rows": [ANSWER, 3]}})
    landed = land(path, reading=Reading(mappings=(MAPPING,)))
    check_mapped(landed.only, "runs")
    assert landed.refused == [(2, "malformed_row")]


def test_a_mapping_may_be_named_instead(land: Land, write_json: Write) -> None:
    path = write_json("other/qa.json", [ANSWER])
    check_mapped(land(path, reading=with_mapping(), named="answers").only, "other")


@pytest.mark.parametrize("records", [None, "rows"])
def test_a_mapping_reads_lists_and_lists_below_a_key(
    land: Land, write_json: Write, records: str | None
) -> None:
    path = write_json("runs/qa.json", [ANSWER] if records is None else {"n": 1, "rows": [ANSWER]})
    check_mapped(land(path, reading=with_mapping(records=records, files="*.json")).only, "runs")


def test_a_mapping_reads_json_lines(land: Land, write_jsonl: Write) -> None:
    path = write_jsonl("runs/qa.jsonl", [ANSWER])
    path.write_text(path.read_text() + "{broken\n", encoding="utf-8")
    landed = land(path, reading=with_mapping(files="qa.jsonl"))
    check_mapped(landed.only, "runs")
    assert landed.refused == [(2, "malformed_row")]


FLAT = {"example_id": "the id", "input_text": "q", "output_text": "a", "score": "ok"}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_mapping_reads_tables_by_the_names_of_their_columns(
    land: Land, tmp_path: Path, ending: str
) -> None:
    frame = pl.DataFrame({"the id": ["7"], "q": ["Q?"], "a": ["A."], "ok": [0.5]})
    path = tmp_path / "runs" / f"qa.{ending}"
    path.parent.mkdir()
    if ending == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    check_mapped(land(path, reading=with_mapping(FLAT, files="qa.*")).only, "runs")


def test_a_mapping_that_does_not_fit_says_what_is_there(
    land: Land, write_json: Write, tmp_path: Path
) -> None:
    table = tmp_path / "runs" / "t.csv"
    table.parent.mkdir()
    table.write_text("id,answer\n1,x\n", encoding="utf-8")
    document = write_json("runs/qa.json", {"items": []})
    broken = write_json("runs/broken.json", [ANSWER])
    land(table, reading=with_mapping(FLAT, files="t.csv"))
    land(document, reading=with_mapping(records="rows", files="qa.json"))
    landed = land(broken, reading=with_mapping({"score": "a[["}, files="broken.json"))
    told = landed.details
    assert "not there: a, ok, q, the id; found: id, answer" in told
    assert "has no 'rows' that the mapping's records name; it has items" in told
    assert "mappings.answers.columns in errormap.yaml is no JMESPath" in told


def test_a_mapping_that_is_declared_later_reads_what_could_not_be_read(
    land: Land, write_json: Write
) -> None:
    path = write_json("runs/qa.json", [ANSWER])
    assert land(path).rows == []
    landed = land(reading=with_mapping(files="runs/*.json"))
    landed.landing.scan()
    check_mapped(landed.only, "runs")


def test_a_format_may_be_named_where_content_does_not_tell(land: Land, write_jsonl: Write) -> None:
    row = {"example_id": "e", "model": "m", "output_text": "o", "score": 1}
    assert land(write_jsonl("d.txt", [row]), named="jsonl").only["model"] == "m"


def test_a_format_that_nobody_knows_is_an_error(land: Land, write_jsonl: Write) -> None:
    with pytest.raises(IngestError, match=r"--format x: is no known format\. Known: .*lm_eval"):
        land(write_jsonl("d.jsonl", [{}]), named="x")


def test_a_mapping_comes_before_what_the_content_looks_like(write_jsonl: Write) -> None:
    path = write_jsonl("d.jsonl", [{"example_id": "e"}])
    assert format_of(path, with_mapping(files="d.jsonl")).name == "mapped"
