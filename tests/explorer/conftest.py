"""Homes to look at: the shipped sample, and one whose every text means harm; and a browser."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import uvicorn

from errormap_dagster.explorer.app import explorer
from errormap_dagster.paths import demo_dir
from errormap_dagster.project import Project
from errormap_dagster.queries.tables import Tables
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.store import Store

PREDICTIONS = Path(__file__).resolve().parents[3] / "shared" / "data" / "predictions"
HARM = "window.harm = 1"
HOSTILE_OUTPUTS = [
    f"<script>{HARM}</script><img src=x onerror='{HARM}'><svg onload='{HARM}'>",
    f"![x](http://192.0.2.1/x.png) [click](javascript:{HARM}) <http://192.0.2.1>",
    "\x1b[31mred\x1b[0m \x1b]8;;http://192.0.2.1\x07link\x1b]8;;\x07 \x08\x7f",
    "right to left: \u202egnp.exe \u2067abc \u200f\u200e with a \U000e0041 tag and a \ufeff mark",
    "a long text " * 25_000,
    "$\\frac{1}{0}$ \\[x\\] $$\\href{javascript:1}{x}$$ `code` :red[x] {{ 7 * 7 }} {% raw %}",
    '=HYPERLINK("http://192.0.2.1","x")',
    "</pre></textarea></select></style></title></table></main><h1>broken</h1><!--",
    f'"\'><a href="javascript:{HARM}" style="position:fixed;inset:0">x</a>',
    "unbroken" * 2_000,
    "क्षि 👩‍👩‍👧‍👦 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
]
HOSTILE_MODELS = [f"<script>{HARM}</script>", "=cmd|' /C calc'!A0", "\u202eledom/../..", "plain"]
HOSTILE_DATASET = "data<b>set</b>&amp;?x=1#'\""


def _made(home: Path, paths: list[Path]) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("ERRORMAP_HOME", "DAGSTER_HOME"):
            patch.setenv(variable, str(home))
        for variable in ("DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK", "GX_ANALYTICS_ENABLED"):
            patch.setenv(variable, os.environ.get(variable, "1"))
        run_chain(Project.open(home), paths)
    return home


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped sample, judged."""
    sample = sorted(p for p in demo_dir().iterdir() if p.suffix in {".csv", ".jsonl"})
    return _made(tmp_path_factory.mktemp("demo") / "home", sample)


@pytest.fixture(scope="session")
def tables(demo_home: Path) -> Tables:
    """The tables of the shipped sample."""
    return Tables(Store(demo_home / "tables"))


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    """The tables of the shipped sample, to change."""
    shutil.copytree(demo_home / "tables", tmp_path / "tables")
    return tmp_path


@pytest.fixture
def put(home: Path) -> Callable[[str, Sequence[Mapping[str, object]]], None]:
    """Puts rows in the place of a table."""

    def put_rows(table: str, rows: Sequence[Mapping[str, object]]) -> None:
        folder = home / "tables" / table
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        pl.DataFrame(list(rows)).write_parquet(folder / "part.parquet")

    return put_rows


def _hostile_rows() -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for number, output in enumerate(HOSTILE_OUTPUTS):
        for model in HOSTILE_MODELS:
            is_right = model == "plain" and number % 2 == 0
            rows.append(
                {
                    "example_id": f"{number}<i>&\u202e",
                    "model": model,
                    "dataset": HOSTILE_DATASET,
                    "input_text": output[:400],
                    "output_text": output,
                    "score": float(is_right),
                    "correct_answer": output[:200],
                }
            )
    return pl.DataFrame(rows)


def _speak_harm(home: Path) -> None:
    """Let the judge's own words mean harm, as those of a language model may."""
    store = Store(home / "tables")
    words = pl.Series(HOSTILE_OUTPUTS).str.head(300)
    for part in store.partitions("judged_errors", ["dataset", "model"]):
        rows = store.scan("judged_errors", part).collect()
        said = pl.Series([words[i % len(words)] for i in range(rows.height)])
        output = store.scan("raw_predictions", part).select("prediction_id", "output_text")
        quoted = rows.join(output.collect(), on="prediction_id", how="left")
        criterion = pl.struct(
            criterion=said,
            present_in_wrong=pl.lit(value=True),
            quality=pl.lit("incorrect"),
            evidence=quoted["output_text"].str.slice(4, 60),
            comment=said,
            is_evidence_found=pl.lit(value=True),
        )
        harmful = rows.with_columns(
            error_title=said, error_summary=said, criteria=pl.concat_list(criterion)
        )
        mark = store.fingerprint("judged_errors", part) or ""
        store.write("judged_errors", harmful, mark, part)


@pytest.fixture(scope="session")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose every text means harm."""
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "hostile.parquet"
    _hostile_rows().write_parquet(path)
    home = _made(folder / "home", [path])
    _speak_harm(home)
    return home


@pytest.fixture(scope="module")
def real_tables() -> Tables:
    """All real predictions, judged: minutes of work, done only where somebody asks for it."""
    home = os.environ.get("ERRORMAP_BROWSED_HOME")
    if home is None:
        pytest.skip("ERRORMAP_BROWSED_HOME names no home; it is made there when it is empty")
    path = Path(home).resolve()
    if not (path / "tables" / "signatures").is_dir():
        if not PREDICTIONS.is_dir():
            pytest.skip(f"real predictions are not at {PREDICTIONS}")
        _made(path, sorted(PREDICTIONS.iterdir()))
    return Tables(Store(path / "tables"))


def _served(store: Store) -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    config = uvicorn.Config(explorer(store), port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def demo_site(demo_home: Path) -> Iterator[str]:
    """The explorer over the shipped sample."""
    yield from _served(Store(demo_home / "tables"))


@pytest.fixture(scope="module")
def real_site(real_tables: Tables) -> Iterator[str]:
    """The explorer over all real predictions."""
    yield from _served(real_tables.store)


@pytest.fixture(scope="module")
def hostile_site(hostile_home: Path) -> Iterator[str]:
    """The explorer over texts that mean harm."""
    yield from _served(Store(hostile_home / "tables"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window; the test is skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium and no google-chrome on the PATH")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        # In a container the browser's own sandbox has no rights to set itself up.
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()
