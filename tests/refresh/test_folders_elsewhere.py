"""Landing folders that are URLs: what is new there is fetched once, landed, and told."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from errormap_dagster.errors import IngestError
from errormap_dagster.ingest.remote import RemoteFolder
from errormap_dagster.stages.landing import land, new_files

ROW = {"example_id": "e", "model": "m", "input_text": "?", "output_text": "!", "score": 0}
LINE = json.dumps(ROW).encode() + b"\n"


@pytest.fixture
def memory() -> Iterator[Any]:
    """A bucket in memory, empty before and after."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def landed(live: Any) -> list[str]:
    files = live.project.store.read("landed_files")
    return files.filter(files["status"] == "landed")["source_uri"].to_list()


def test_files_of_every_folder_land_once_and_again_when_they_change(
    live: Any, memory: Any, tmp_path: Path
) -> None:
    share = tmp_path / "a share"
    share.mkdir()
    (share / "f.jsonl").write_bytes(LINE)
    memory.pipe("/bucket/evals/run 1/a.jsonl", LINE)
    memory.pipe("/bucket/other/b.jsonl", LINE)
    live.settings(f"landing: {{urls: ['memory://bucket/evals', 'file://{share}']}}\n")
    land(live.project)
    names = landed(live)
    assert len(names) == 2
    assert "memory/bucket/evals/run 1/a.jsonl" in names
    assert any(name.startswith("file/") and name.endswith("/f.jsonl") for name in names)
    assert new_files(live.project) == {}
    memory.pipe("/bucket/evals/run 1/a.jsonl", LINE + LINE.replace(b'"e"', b'"e2"'))
    assert list(new_files(live.project)) == ["memory://bucket/evals/run 1/a.jsonl"]
    land(live.project)
    files = live.project.store.read("landed_files")
    assert sorted(files["status"]) == ["landed", "landed", "superseded"]


def test_a_file_of_the_same_size_that_was_written_anew_is_fetched_anew(
    live: Any, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "f.jsonl").write_bytes(LINE)
    live.settings(f"landing: {{urls: ['file://{share}']}}\n")
    land(live.project)
    (share / "f.jsonl").write_bytes(LINE.replace(b'"score": 0', b'"score": 1'))
    os.utime(share / "f.jsonl", ns=(1, 1))
    land(live.project)
    files = live.project.store.read("landed_files")
    assert sorted(files["status"]) == ["landed", "superseded"]


def test_what_is_hidden_or_in_work_is_passed_over(live: Any, memory: Any) -> None:
    for name in (".part.jsonl", "_temporary/x.jsonl", "ok.jsonl"):
        memory.pipe(f"/bucket/{name}", LINE)
    live.settings("landing: {urls: ['memory://bucket']}\n")
    land(live.project)
    assert landed(live) == ["memory/bucket/ok.jsonl"]


def test_only_the_files_that_are_named_are_fetched(live: Any, memory: Any) -> None:
    memory.pipe("/bucket/a.jsonl", LINE)
    memory.pipe("/bucket/b.jsonl", LINE)
    live.settings("landing: {urls: ['memory://bucket']}\n")
    land(live.project, only=["memory://bucket/b.jsonl"])
    assert landed(live) == ["memory/bucket/b.jsonl"]
    assert list(new_files(live.project)) == ["memory://bucket/a.jsonl"]


def test_a_file_that_cannot_be_fetched_is_left_and_the_others_land(
    live: Any, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/bucket/a.jsonl", LINE)
    memory.pipe("/bucket/b.jsonl", LINE)
    fetch = memory.get_file

    def get_file(path: str, *arguments: Any, **named: Any) -> None:
        if path.endswith("a.jsonl"):
            raise PermissionError("not yours")
        fetch(path, *arguments, **named)

    live.settings("landing: {urls: ['memory://bucket']}\n")
    with monkeypatch.context() as patch:
        patch.setattr(type(memory), "get_file", staticmethod(get_file))
        with pytest.raises(IngestError, match=r"memory://bucket/a\.jsonl: .*not yours"):
            land(live.project)
    assert landed(live) == ["memory/bucket/b.jsonl"]
    assert not list((live.home / "landing").rglob(".*.tmp"))
    land(live.project)
    assert sorted(landed(live)) == ["memory/bucket/a.jsonl", "memory/bucket/b.jsonl"]


def test_a_path_never_leads_out_of_the_landing_folder(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/../../up/a.jsonl", LINE)
    folder = RemoteFolder("memory://../../up", tmp_path / "landing")
    (file,) = folder.new_files()
    assert folder.fetch(file).resolve() == tmp_path / "landing" / "memory" / "up" / "a.jsonl"
