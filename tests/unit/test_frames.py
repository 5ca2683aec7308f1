"""Frames that hold no more memory than their rows need."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from polars.testing import assert_frame_equal

from errormap_dagster.frames import collected

N_FILES, N_ROWS = 8, 20_000
SCRIPT = """
import resource, sys
from pathlib import Path
import polars as pl
from errormap_dagster.frames import collected
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
wanted = pl.LazyFrame({"number": range(0, 20_000, 30)})
paths = sorted(Path(sys.argv[1]).glob("*.parquet"))
first = collected(pl.scan_parquet(paths[0]).join(wanted, on="number", how="semi"))
before = peak()
kept = [collected(pl.scan_parquet(p).join(wanted, on="number", how="semi")) for p in paths]
print(peak() - before)
"""


def test_rows_and_types_are_those_of_the_frame() -> None:
    frame = pl.DataFrame(
        {
            "text": ["a", None, "long enough to lie outside of its view"],
            "list": [[1], [], None],
            "at": [None, 1, 2],
            "kind": ["x", "y", None],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC"), "kind": pl.Enum(["x", "y"])},
    )
    assert_frame_equal(collected(frame.lazy()), frame)


def test_a_few_rows_of_many_files_keep_none_of_the_other_rows(tmp_path: Path) -> None:
    texts = pl.Series([f"{n:08}" * 128 for n in range(N_ROWS)])
    for place in range(N_FILES):
        rows = pl.DataFrame({"number": range(N_ROWS), "text": texts})
        pq.write_table(
            rows.to_arrow(compat_level=pl.CompatLevel.oldest()), tmp_path / f"{place}.parquet"
        )
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], check=True, capture_output=True, text=True
    )
    kilobytes_of_a_file = N_ROWS * 1024 / 1024
    assert int(done.stdout) < 3 * kilobytes_of_a_file
