import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from errormap_dagster.ingest.choices import Reading

Row = dict[str, Any]
Land = Callable[..., Any]
WriteLog = Callable[..., Path]
ZSTANDARD = 93


def sample(**values: object) -> Row:
    usual: Row = {
        "id": 1,
        "epoch": 1,
        "input": "How many?",
        "target": "4",
        "output": {"choices": [{"message": {"role": "assistant", "content": "Five."}}]},
        "scores": {"match": {"value": "I"}},
    }
    return {**usual, **values}


def header(**values: object) -> Row:
    spec = {"task": "pkg/counting", "model": "openai/gpt-x", "run_id": "r", "eval_id": "e"}
    return {"version": 2, "status": "success", "eval": spec, **values}


@pytest.fixture
def write_eval(tmp_path: Path) -> WriteLog:
    """Writes an ``.eval`` file of some members."""

    def write(members: Mapping[str, Any], name: str = "log.eval") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, value in members.items():
                archive.writestr(member, json.dumps(value))
        return path

    return write


def eval_of(*samples: Row, **told: object) -> Row:
    members = {f"samples/{s['id']}_epoch_{s['epoch']}.json": s for s in samples}
    return {"_journal/start.json": header(), **members, "header.json": header(**told)}


def with_zstandard_frames(path: Path) -> None:
    """Rewrite a zip so that each member is of method 93, in two frames."""
    out, directory = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(path) as archive:
        infos = [(info, archive.read(info)) for info in archive.infolist()]
    for info, content in infos:
        half = len(content) // 2
        frames = [pa.compress(c, "zstd", asbytes=True) for c in (content[:half], content[half:])]
        packed, name = b"".join(frames), info.filename.encode()
        sizes = (zlib.crc32(content), len(packed), len(content), len(name))
        at = out.tell()
        out.write(struct.pack("<4s5H3L2H", b"PK\3\4", 63, 0, ZSTANDARD, 0, 33, *sizes, 0))
        out.write(name + packed)
        directory.write(
            struct.pack("<4s6H3L5H2L", b"PK\1\2", 63, 63, 0, ZSTANDARD, 0, 33, *sizes, *[0] * 5, at)
        )
        directory.write(name)
    at, listed = out.tell(), directory.getvalue()
    n = len(infos)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, n, n, len(listed), at, 0)
    path.write_bytes(out.getvalue() + listed + end)


def test_a_sample_becomes_a_prediction(land: Land, write_eval: WriteLog) -> None:
    row = land(write_eval(eval_of(sample()))).only
    assert (row["dataset"], row["model"], row["example_id"]) == ("counting", "gpt-x", "1")
    assert (row["input_text"], row["output_text"], row["correct_answer"]) == (
        "How many?",
        "Five.",
        "4",
    )
    assert (row["score"], row["metric"], row["trial"], row["run_id"]) == (0.0, "match", 1, "e")


def test_both_containers_of_a_log_give_the_same_rows(
    land: Land, write_eval: WriteLog, write_json: Callable[[str, Any], Path]
) -> None:
    samples = [sample(), sample(id="b", epoch=2)]
    zipped = land(write_eval(eval_of(*samples))).rows
    landed = land(write_json("log.json", {**header(), "samples": samples}))
    assert landed.files["log.json"]["status"] == "duplicate"
    assert landed.rows == zipped


def test_members_compressed_with_zstandard_are_read(land: Land, write_eval: WriteLog) -> None:
    path = write_eval(eval_of(sample(), sample(id=2)))
    with_zstandard_frames(path)
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {ZSTANDARD}
    assert [row["example_id"] for row in land(path).rows] == ["1", "2"]


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("C", 1.0),
        ("P", 0.5),
        ("I", 0.0),
        ("N", 0.0),
        (True, 1.0),
        (False, 0.0),
        (0.65, 0.65),
        (1, 1.0),
        ("0.25", 0.25),
        ("yes", 1.0),
        ("No", 0.0),
    ],
)
def test_values_of_scores_are_read_as_inspect_reads_them(
    land: Land, write_eval: WriteLog, value: object, score: float
) -> None:
    assert land(write_eval(eval_of(sample(scores={"s": {"value": value}})))).only["score"] == score


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"scores": {"match": {"value": math.nan}}}, "unscored"),
        ({"scores": {"match": {"value": None}}}, "unscored"),
        ({"scores": {"match": {"value": [1, 0]}}}, "no_instance_score"),
        ({"scores": {"match": {"value": "maybe"}}}, "score_not_a_number"),
        ({"scores": {}}, "unscored"),
        ({"scores": None}, "unscored"),
        ({"error": {"message": "docker"}, "scores": {}}, "infrastructure_error"),
        ({"error": {"message": "docker"}}, "infrastructure_error"),
        ({"limit": {"type": "message", "limit": 50}}, "infrastructure_error"),
        ({"invalidation": {"reason": "leak"}}, "infrastructure_error"),
    ],
)
def test_what_is_no_failure_of_the_model_is_set_aside(
    land: Land, write_json: Callable[[str, Any], Path], values: Row, reason: str
) -> None:
    landed = land(write_json("log.json", {**header(), "samples": [sample(**values), sample(id=2)]}))
    assert landed.refused == [(1, reason)]
    assert landed.only["example_id"] == "2"
    assert landed.adds_up()


def test_the_last_edit_of_a_score_counts(land: Land, write_eval: WriteLog) -> None:
    edits = [{"value": "I"}, {"value": "C"}, {"value": "UNCHANGED", "answer": "x"}]
    edited = {"match": {"value": "I", "history": edits}}
    assert land(write_eval(eval_of(sample(scores=edited)))).only["score"] == 1.0


def test_of_several_scorers_the_first_of_the_results_counts_or_the_one_set(
    land: Land, write_eval: WriteLog
) -> None:
    scores = {"a": {"value": "I"}, "b": {"value": {"style": 1, "truth": 0.5}}, "c": {"value": 0}}
    told = {"results": {"scores": [{"name": "c"}, {"name": "a"}]}}
    path = write_eval(eval_of(sample(scores=scores), **told))
    landed = land(path)
    assert landed.only["metric"] == "c"
    assert landed.choice.metrics == ("c", "a", "b/style", "b/truth")
    again = land(path, reading=Reading(metrics={"counting": "b/truth"}))
    assert (again.only["metric"], again.only["score"]) == ("b/truth", 0.5)


def test_epochs_are_trials(land: Land, write_eval: WriteLog) -> None:
    twice = [sample(), sample(epoch=2, scores={"match": {"value": "C"}})]
    rows = land(write_eval(eval_of(*twice))).rows
    assert [(row["trial"], row["score"]) for row in rows] == [(1, 0.0), (2, 1.0)]


def test_a_second_run_of_the_same_task_is_a_further_trial(land: Land, write_eval: WriteLog) -> None:
    spec = {"task": "counting", "model": "openai/gpt-x", "eval_id": "f"}
    land(write_eval(eval_of(sample(), eval=spec), "second.eval"))
    landed = land(write_eval(eval_of(sample(scores={"match": {"value": "C"}})), "first.eval"))
    assert [(row["run_id"], row["trial"]) for row in landed.rows] == [("e", 1), ("f", 2)]


def test_options_stand_below_the_question_and_the_target_names_one(
    land: Land, write_eval: WriteLog
) -> None:
    row = land(write_eval(eval_of(sample(choices=["red", "blue"], target="B")))).only
    assert row["input_text"] == "How many?\nOptions:\nA. red\nB. blue"
    assert row["correct_answer"] == "B. blue"


def test_several_targets_are_a_list(land: Land, write_eval: WriteLog) -> None:
    row = land(write_eval(eval_of(sample(target=["2", "2.0"])))).only
    assert row["correct_answer"] == '["2", "2.0"]'


def test_attachments_are_put_in_their_place(land: Land, write_eval: WriteLog) -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "attachment://b2"}]}
    one = sample(
        input=[{"role": "user", "content": "attachment://a1"}],
        output={"choices": [{"message": message}]},
        attachments={"a1": "A long question", "b2": "A long answer"},
    )
    row = land(write_eval(eval_of(one))).only
    assert (row["input_text"], row["output_text"]) == ("A long question", "A long answer")


def test_old_logs_have_no_completion_and_new_ones_may_have_no_choices(
    land: Land, write_eval: WriteLog
) -> None:
    new = sample(id=2, output={"completion": "Six.", "choices": []})
    none = sample(id=3, output={"choices": []})
    rows = land(write_eval(eval_of(sample(), new, none))).rows
    assert [row["output_text"] for row in rows] == ["Five.", "Six.", None]


def test_an_agent_is_shown_as_its_transcript(land: Land, write_eval: WriteLog) -> None:
    call = {"id": "c", "function": "run", "arguments": {"cmd": "ls"}}
    messages = [
        {"role": "system", "content": "Find the flag."},
        {"role": "user", "content": "Go."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "function": "run", "content": "flag.txt"},
        {"role": "assistant", "content": [{"type": "reasoning", "reasoning": "Hm."}, "Found."]},
    ]
    row = land(write_eval(eval_of(sample(messages=messages)))).only
    assert row["output_text"] == (
        'assistant -> tool call run({"cmd": "ls"})\n\n[tool result: run] flag.txt\n\n'
        "assistant: <think>\nHm.\n</think>\n\nFound."
    )


def test_a_run_that_crashed_has_its_header_in_the_journal(land: Land, write_eval: WriteLog) -> None:
    members = eval_of(sample())
    del members["header.json"]
    members["_journal/summaries/1.json"] = [{"id": 1, "epoch": 1}, {"id": 2, "epoch": 1}]
    landed = land(write_eval(members))
    assert landed.only["example_id"] == "1"
    assert landed.refused == [(2, "missing_output")]


def test_a_log_without_samples_says_so(
    land: Land, write_eval: WriteLog, write_json: Callable[[str, Any], Path]
) -> None:
    told = {"results": {"completed_samples": 3}}
    landed = land(write_eval(eval_of(**told)), write_json("log.json", header(**told)))
    assert {file["status"] for file in landed.files.values()} == {"unreadable"}
    assert landed.details.count("without samples (its results speak of 3)") == 2


def test_results_need_not_stand_before_samples(
    land: Land, write_json: Callable[[str, Any], Path]
) -> None:
    later = {"status": "success", "eval": header()["eval"], "samples": [sample()], "results": None}
    assert land(write_json("log.json", later)).only["score"] == 0.0


def test_a_cut_log_is_unreadable_and_stops_no_other(land: Land, write_eval: WriteLog) -> None:
    good = write_eval(eval_of(sample()), "good.eval")
    cut = write_eval(eval_of(sample(id=2)), "cut.eval")
    cut.write_bytes(cut.read_bytes()[:-30])
    landed = land(cut, good)
    assert landed.files["cut.eval"]["status"] == "unreadable"
    assert landed.only["example_id"] == "1"


def test_a_member_that_expands_without_end_is_refused(
    land: Land, write_eval: WriteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.inspect_archive.LARGEST_MEMBER_BYTES", 1000)
    landed = land(write_eval(eval_of(sample(input="x" * 5000))))
    assert "expands to more than 1,000 bytes" in landed.details


def test_a_zip_that_lies_about_a_size_is_refused(land: Land, write_eval: WriteLog) -> None:
    path = write_eval(eval_of(sample()))
    with_zstandard_frames(path)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\1\2")
    content[at + 24 : at + 28] = struct.pack("<L", 7)
    path.write_bytes(content)
    assert "is not what the zip says it is" in land(path).details


def test_names_of_members_lead_nowhere(land: Land, write_eval: WriteLog, tmp_path: Path) -> None:
    members = {**eval_of(sample()), "samples/../../../evil.json": sample(id=2)}
    assert len(land(write_eval(members)).rows) == 2
    assert not list(tmp_path.parent.rglob("evil.json"))
