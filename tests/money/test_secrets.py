"""A marked key is nowhere in what a run leaves behind, even if the endpoint repeats it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from analyst import analyst
from costs import opened, write_predictions
from responses import Request, Response, completion, error
from server import JudgeServer

KEY = "sk-marked-0123456789abcdef"
HEADER = "house-token-9876543210"
SECRETS = (KEY, HEADER)


def telltale(request: Request) -> Response:
    """An endpoint that repeats what it was sent as secret in errors and in replies."""
    held = f"{request.headers.get('authorization')} {request.headers.get('x-house')}"
    match len(request.user) % 5:
        case 0:
            return error(400, f"what is {held}?")
        case 1:
            return completion(f"not JSON: {held}")
        case 2:
            return completion("", refusal=f"I will not use {held}")
        case _:
            reply = json.loads(analyst(request).body(request))["choices"][0]["message"]["content"]
            return completion(reply.replace("The output", f"The output {held}"))


def locked(request: Request) -> Response:
    """An endpoint that refuses the key and repeats it."""
    return error(401, f"Incorrect API key provided: {request.headers.get('authorization')}")


def errormap(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    left_out = {"DAGSTER_HOME", "ERRORMAP_HOME"}
    given = {name: value for name, value in os.environ.items() if name not in left_out}
    command = [str(Path(sys.executable).parent / "errormap"), *arguments, "--home", str(home)]
    keys = {"OPENAI_API_KEY": KEY, "HOUSE_TOKEN": f"Bearer {HEADER}"}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env={**given, **keys}
    )


def held_in(path: Path) -> Iterator[str]:
    """The content of a file, unpacked where its bytes alone do not show it."""
    yield path.read_bytes().decode(errors="replace")
    if path.suffix == ".parquet":
        yield pl.read_parquet(path, hive_partitioning=False).write_ndjson()
    if path.suffix == ".duckdb":
        with duckdb.connect(path, read_only=True) as connection:
            for (name,) in connection.sql("select table_name from duckdb_tables()").fetchall():
                yield str(connection.sql(f'select * from "{name}"').fetchall())


def telling(home: Path) -> list[str]:
    """The files of a home that hold a secret."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 50
    return [
        str(path)
        for path in files
        if any(secret in text for text in held_in(path) for secret in SECRETS)
    ]


@pytest.mark.timeout(1800)
def test_no_output_of_a_dagster_run_holds_a_secret(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_predictions(home / "landing", ("sums",))
    headers = {"x-house": "HOUSE_TOKEN"}
    with JudgeServer(locked) as server:
        opened(home, server.base_url, header_variables=headers)
        said = [errormap(home, "run")]
        assert said[-1].returncode == 1
        assert "API key" in said[-1].stderr
    with JudgeServer(telltale) as server:
        opened(home, server.base_url, header_variables=headers)
        said += [errormap(home, name) for name in ("run", "estimate")]
        said.append(errormap(home, "bundle", str(home / "study.zip")))
        asked = {request.headers["authorization"] for request in server.requests}
    assert asked == {f"Bearer {KEY}"}
    texts = [text for done in said for text in (done.stdout, done.stderr)]
    assert not [text for text in texts if any(secret in text for secret in SECRETS)]
    for needed in ("judge_calls.sqlite", "warehouse.duckdb", "dagster/storage", "dbt/target"):
        assert (home / needed).exists(), needed
    assert telling(home) == []
