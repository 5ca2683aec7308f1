import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.json_document import (
    elements,
    first_element,
    first_keys,
    members,
    some_members,
)
from errormap_dagster.ingest.json_lines import lines

Write = Callable[[str, Any], Path]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.lists(VALUES, max_size=6), st.booleans(), st.sampled_from([None, 1, " \n\t"]))
def test_elements_are_those_of_a_plain_reader(
    tmp_path_factory: pytest.TempPathFactory, value: list[Any], ascii_only: bool, indent: Any
) -> None:
    path = tmp_path_factory.mktemp("json") / "d.json"
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert list(elements(path)) == value


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_values_may_be_cut_anywhere_between_two_reads(
    write_json: Write, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.json_document._CHUNK_BYTES", chunk)
    value = {"a": [1234.5, 'é\n\u2028"', -1e-9], "b": {"c": [True, None]}, "d": 12345}
    assert dict(members(write_json("d.json", value))) == value
    streamed = list(members(write_json("d.json", value), {"a"}))
    assert streamed == [*(("a", v) for v in value["a"]), ("b", value["b"]), ("d", value["d"])]  # pyright: ignore[reportGeneralTypeIssues]


def test_numbers_that_are_none_are_read_as_harnesses_write_them(write_json: Write) -> None:
    nan, above, below = elements(write_json("d.json", [math.nan, math.inf, -math.inf]))
    assert math.isnan(nan)
    assert (above, below) == (math.inf, -math.inf)


def test_a_document_may_be_gzip(tmp_path: Path) -> None:
    path = tmp_path / "d.json.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}'))
    assert first_keys(path) == ["a"]


def test_nothing_is_read_beyond_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"a": [1, 2], "b": 3, "c": broken', encoding="utf-8")
    assert some_members(path, {"b"}) == {"b": 3}
    assert first_keys(path, 3) == ["a", "b", "c"]
    path.write_text('[{"x": 1}, broken', encoding="utf-8")
    assert first_element(path) == {"x": 1}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1',
        '{"a": [1, 2',
        '{"a": "never ends',
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        "[1, 2]",
        "nothing of the kind",
        '{"a": ' + "9" * 5000 + "}",
        '{"a": ' + "[" * 100_000 + "}",
        "",
    ],
    ids=range(10),
)
def test_what_is_no_document_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "d.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IngestError, match=r"d\.json"):
        dict(members(path))


def test_a_mistake_is_found_without_reading_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.json_document.LARGEST_VALUE_CHARS", 100_000)
    path = tmp_path / "d.json"
    path.write_text('{"a": {"b": broken}, ' + "x" * 10_000_000, encoding="utf-8")
    with pytest.raises(IngestError, match="Expecting value"):
        dict(members(path))


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(b'{"a": "caf\xe9"}')
    with pytest.raises(IngestError, match="cannot be read to its end"):
        dict(members(path))


def test_a_value_without_end_is_refused_before_memory_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.json_document.LARGEST_VALUE_CHARS", 1_000_000)
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb") as file:
        file.write(b'["' + b"x" * 20_000_000)
    with pytest.raises(IngestError, match="more than 1,000,000 characters"):
        list(elements(path))


def test_a_line_without_end_is_refused_before_memory_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errormap_dagster.ingest.json_lines.LARGEST_LINE_BYTES", 1_000_000)
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb") as file:
        file.write(b'{"a": "' + b"x" * 20_000_000)
    with pytest.raises(IngestError, match="line 1 is longer than"):
        list(lines(path))
