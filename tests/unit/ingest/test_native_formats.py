import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.formats import format_of
from errormap_dagster.ingest.landing import Landing
from errormap_dagster.ingest.native_csv import NativeCsv

HEADER = "example_id,model,input_text,output_text,score\n"
TEXTS = {
    "None": "None",
    "NA": "NA",
    "null": "null",
    "nan": "nan",
    "empty": "",
    "missing": None,
    "breaks": 'two\nlines, "quoted", a\ttab\r\nand more',
    "unicode": "naïve Ω 漢字 🙂 e\u0301",
    "long": "x" * 300_000,
    "spaces": "  kept  ",
    "looks like a number": "007",
}


def quoted(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'


def as_csv(path: Path) -> None:
    rows = "".join(f"{name},m,{quoted(text)},{quoted(text)},0\n" for name, text in TEXTS.items())
    path.write_bytes((HEADER + rows).encode())


def as_csv_gz(path: Path) -> None:
    plain = path.with_suffix(".plain")
    as_csv(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))


def as_jsonl(path: Path) -> None:
    rows = [
        {"example_id": n, "model": "m", "input_text": t, "output_text": t, "score": 0}
        for n, t in TEXTS.items()
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def as_parquet(path: Path) -> None:
    texts = list(TEXTS.values())
    columns = {"input_text": texts, "output_text": texts}
    frame = pl.DataFrame({"example_id": list(TEXTS), **columns})
    frame.with_columns(model=pl.lit("m"), score=pl.lit(0)).write_parquet(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("d.csv", as_csv),
        ("d.csv.gz", as_csv_gz),
        ("d.jsonl", as_jsonl),
        ("d.parquet", as_parquet),
    ],
)
def test_texts_survive_exactly(
    landing: Landing, tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    path = tmp_path / name
    write(path)
    landing.add([path])
    (evaluation,) = landing.evaluations()
    rows = pl.concat(landing.assemble(evaluation))
    assert evaluation == ("d", "m")
    assert dict(rows.select("example_id", "output_text").iter_rows()) == TEXTS
    assert dict(rows.select("example_id", "input_text").iter_rows()) == TEXTS


def test_a_byte_order_mark_is_no_part_of_the_first_column(landing: Landing, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"\xef\xbb\xbf" + HEADER.encode() + b"e,m,i,o,1\n")
    landing.add([path])
    assert landing.account().landed_files["n_kept"].to_list() == [1]


def test_bytes_that_are_no_text_cost_their_row_alone(landing: Landing, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(HEADER.encode() + b"e1,m,i,caf\xe9,0\ne2,m,i,fine,0\n")
    landing.add([path])
    account = landing.account()
    assert account.landed_files["n_kept"].to_list() == [1]
    (row,) = account.quarantined_rows.iter_rows(named=True)
    assert (row["row_number"], row["reason"]) == (1, "undecodable_text")
    assert json.loads(row["raw_row"])["output_text"] == r"caf\xe9"


def test_a_row_with_too_many_fields_costs_itself_alone(landing: Landing, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(HEADER + "e1,m,i,o,0\ne2,m,i,o,0,surplus\ne3,m,i,o,0\ne4\n", encoding="utf-8")
    landing.add([path])
    account = landing.account()
    assert account.landed_files.select("n_rows", "n_kept").rows() == [(4, 2)]
    assert account.quarantined_rows.select("row_number", "reason").rows() == [
        (2, "malformed_row"),
        (4, "malformed_row"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "malformed_row"),
        ("[1, 2]", "malformed_row"),
        ('"text"', "malformed_row"),
        (
            '{"example_id": "e", "model": "m", "output_text": "\\ud800", "score": 0}',
            "undecodable_text",
        ),
    ],
)
def test_a_line_that_is_no_prediction_costs_itself_alone(
    landing: Landing, tmp_path: Path, line: str, reason: str
) -> None:
    good = json.dumps({"example_id": "e", "model": "m", "output_text": "o", "score": 0})
    path = tmp_path / "d.jsonl"
    path.write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    landing.add([path])
    account = landing.account()
    assert account.landed_files["n_kept"].to_list() == [1]
    assert account.quarantined_rows.select("row_number", "reason").rows() == [(3, reason)]


def test_a_row_larger_than_a_block_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.native_csv._BLOCK_BYTES", 4096)
    path = tmp_path / "d.csv"
    big = "y" * 30_000
    rows = [f"e{n},m,i,{big if n == 70 else 'short'},0\n" for n in range(1, 200)]
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    batches = [batch.rows for batch in NativeCsv().read(path)]
    read = pl.concat(batches)
    assert read["row_number"].to_list() == list(range(1, 200))
    assert read["output_text"].str.len_bytes().max() == 30_000
    assert len(batches) > 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02binary", "no known format"),
        (b"example_id,model,output,score\ne,m,o,1\n", "'output' may be 'output_text'"),
        (b"PAR1 and then nothing of the kind", "Parquet"),
        (b"\x1f\x8b\x08broken gzip", "no known format"),
        (b"example_id,model,model,output_text,score\na,b,c,d,1\n", "occurs twice"),
        ("example_id,model,output_text,score\ne,m,o,1\n".encode("utf-16"), "as UTF-8"),
    ],
)
def test_an_unreadable_file_is_reported_with_its_name(
    landing: Landing, tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    landing.add([path])
    (row,) = landing.account().landed_files.iter_rows(named=True)
    assert row["status"] == "unreadable"
    assert told in row["detail"]
    assert "d.csv" in row["detail"]


def test_the_format_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "misnamed.csv"
    as_parquet(path)
    assert format_of(path).name == "native_parquet"


def test_an_unknown_format_is_an_error_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("just words\n", encoding="utf-8")
    with pytest.raises(IngestError, match=r"notes\.txt.*parquet, jsonl, csv"):
        format_of(path)
