"""Files that are broken, half there or empty: each has a row that says so, and the others land."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.ingest.landing import Landing

GOOD = [
    {"example_id": f"e{n}", "model": "m", "input_text": "?", "output_text": "!", "score": 0}
    for n in range(50)
]
LINES = "".join(json.dumps(row) + "\n" for row in GOOD)
CUT_LINE = LINES[:-20]


def parquet_bytes(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.parquet"
    pl.DataFrame(GOOD).write_parquet(path)
    return path.read_bytes()


def half_parquet(tmp_path: Path) -> bytes:
    whole = parquet_bytes(tmp_path)
    return whole[: len(whole) // 2]


def scrambled_parquet(tmp_path: Path) -> bytes:
    whole = bytearray(parquet_bytes(tmp_path))
    whole[8:200] = bytes(192)
    return bytes(whole)


def nothing(_: Path) -> bytes:
    return b""


def blank(_: Path) -> bytes:
    return b"\n \n\n"


def header_alone(_: Path) -> bytes:
    return b"example_id,model,input_text,output_text,score\n"


def half_gzip(_: Path) -> bytes:
    return gzip.compress(LINES.encode())[:-40]


def not_gzip(_: Path) -> bytes:
    return b"example_id,model\n"


def random_bytes(_: Path) -> bytes:
    return bytes(range(256)) * 40


def half_document(_: Path) -> bytes:
    return b'{"version": 2, "status": "success", "samples": [{"id": 1, "input": "how'


def half_archive(_: Path) -> bytes:
    return b"PK\x03\x04" + bytes(500)


UNREADABLE = [
    ("half.parquet", half_parquet),
    ("scrambled.parquet", scrambled_parquet),
    ("empty.parquet", nothing),
    ("empty.csv", nothing),
    ("empty.jsonl", nothing),
    ("empty.json", nothing),
    ("empty.csv.gz", nothing),
    ("empty.eval", nothing),
    ("blank.jsonl", blank),
    ("half.jsonl.gz", half_gzip),
    ("not.csv.gz", not_gzip),
    ("noise.csv", random_bytes),
    ("noise.jsonl", random_bytes),
    ("noise.parquet", random_bytes),
    ("noise.eval", random_bytes),
    ("half.json", half_document),
    ("half.eval", half_archive),
]


@pytest.mark.parametrize(("name", "content"), UNREADABLE, ids=[name for name, _ in UNREADABLE])
def test_a_broken_file_has_a_row_that_says_why_and_the_others_land(
    landing: Landing, tmp_path: Path, name: str, content: Callable[[Path], bytes]
) -> None:
    folder = tmp_path / "landing"
    (folder / name).write_bytes(content(tmp_path))
    (folder / "a_good.jsonl").write_text(LINES, encoding="utf-8")
    (folder / "z_good.jsonl").write_text(LINES.replace('"m"', '"other"'), encoding="utf-8")
    landing.scan()
    files = {row["source_uri"]: row for row in landing.account().landed_files.to_dicts()}
    assert files[name]["status"] == "unreadable", files[name]
    assert len(files[name]["detail"]) > 10
    assert files[name]["n_rows"] == 0
    assert files["a_good.jsonl"]["n_kept"] == files["z_good.jsonl"]["n_kept"] == len(GOOD)
    assert landing.pending_files() == []
    assert landing.left == []


def test_a_table_without_rows_is_landed_with_none(landing: Landing, tmp_path: Path) -> None:
    (tmp_path / "landing" / "header.csv").write_bytes(header_alone(tmp_path))
    landing.scan()
    ((uri, n_rows),) = landing.account().landed_files.select("source_uri", "n_rows").rows()
    assert (uri, n_rows) == ("header.csv", 0)
    assert landing.evaluations() == []


def test_a_line_that_is_cut_off_is_one_quarantined_row(landing: Landing, tmp_path: Path) -> None:
    (tmp_path / "landing" / "cut.jsonl").write_text(CUT_LINE, encoding="utf-8")
    landing.scan()
    account = landing.account()
    assert account.landed_files["n_kept"].to_list() == [len(GOOD) - 1]
    assert account.quarantined_rows["row_number"].to_list() == [len(GOOD)]


@pytest.mark.parametrize("name", ["file.jsonl", "file.parquet"])
def test_a_file_that_was_half_there_is_replaced_when_it_is_whole(
    landing: Landing, tmp_path: Path, name: str
) -> None:
    whole = LINES.encode() if name.endswith("jsonl") else parquet_bytes(tmp_path)
    path = tmp_path / "landing" / name
    path.write_bytes(whole[: len(whole) // 2])
    landing.scan()
    path.write_bytes(whole)
    landing.scan()
    files = landing.account().landed_files
    assert sorted(files["status"]) == ["landed", "superseded"]
    assert files["n_kept"].sum() == len(GOOD)
    assert landing.account().quarantined_rows.is_empty()


def test_a_file_that_grows_while_it_is_read_is_left_and_read_again_when_whole(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "landing" / "grows.jsonl"
    half = len(LINES) // 2
    path.write_text(LINES[:half], encoding="utf-8")
    (tmp_path / "landing" / "still.jsonl").write_text(LINES.replace('"m"', '"n"'), encoding="utf-8")
    staging = landing._staging  # pyright: ignore[reportPrivateUsage] - where a file is read
    staged = staging.stage

    def stage(*arguments: object, **named: object) -> object:
        told = staged(*arguments, **named)  # pyright: ignore[reportArgumentType] - passed on as they are
        path.write_text(LINES, encoding="utf-8")
        return told

    with monkeypatch.context() as patch:
        patch.setattr(staging, "stage", stage)
        landing.scan()
    assert landing.left == ["grows.jsonl: changed while it was read"]
    assert landing.account().landed_files["source_uri"].to_list() == ["still.jsonl"]
    landing.scan()
    assert sorted(landing.account().landed_files["n_kept"]) == [len(GOOD), len(GOOD)]
