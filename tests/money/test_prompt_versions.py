"""Another version of a prompt is another measurement: of its stage, and of what follows from it."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from costs import opened, write_predictions
from errormap_dagster.judge.llm import prompts
from errormap_dagster.judge.llm.record import CallRecord
from errormap_dagster.paths import prompts_dir
from errormap_dagster.project import Project
from errormap_dagster.stages.chain import run_chain
from errormap_dagster.stages.estimate import estimate
from server import JudgeServer


@pytest.fixture
def second_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A copy of the shipped prompts in which every stage has a v2 that words its case otherwise."""
    folder = tmp_path / "prompts"
    shutil.copytree(prompts_dir(), folder)
    for first in folder.glob("*/v1.md.j2"):
        text = first.read_text(encoding="utf-8")
        other = text.replace("{% block case -%}", "{% block case -%}\nHere it is.\n")
        first.with_name("v2.md.j2").write_text(other, encoding="utf-8")
    monkeypatch.setattr(prompts, "prompts_dir", lambda: folder)
    _forget_templates()
    yield
    _forget_templates()


def _forget_templates() -> None:
    prompts._environment.cache_clear()  # pyright: ignore[reportPrivateUsage]
    prompts._template.cache_clear()  # pyright: ignore[reportPrivateUsage]


def with_versions(home: Path, base_url: str, run_id: str, **second: str) -> Project:
    """A home that asks by v1, except in the stages that are named."""
    stages = {
        name: {"prompt_version": second.get(name, "v1")}
        for name in ("analyse", "generate", "update", "review", "classify")
    }
    return opened(home, base_url, run_id, stages=stages)


def asked(project: Project, run_id: str) -> Counter[str]:
    """The calls of a run by stage."""
    record = CallRecord.open(project.judge_calls_url)
    counted = Counter(call.stage for call in record.rows() if call.run_id == run_id)
    record.close()
    return counted


@pytest.mark.usefixtures("second_versions")
def test_only_the_stage_of_a_changed_prompt_and_those_after_it_are_asked_again(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    with JudgeServer() as server:
        first = with_versions(home, server.base_url, "first")
        run_chain(first, write_predictions(tmp_path / "in", ("sums",)), "first")
        at_first = asked(first, "first")
        for run_id, second, expected in (
            ("unchanged", {}, set[str]()),
            ("classify", {"classify": "v2"}, {"classify"}),
            ("generate", {"classify": "v2", "generate": "v2"}, set[str]()),
            ("analyse", {"classify": "v2", "analyse": "v2"}, {"analyse", "classify"}),
        ):
            project = with_versions(home, server.base_url, run_id, **second)
            told = {s.stage for s in estimate(project).stages if s.n_calls}
            run_chain(project, run_id=run_id)
            assert set(asked(project, run_id)) == expected, run_id
            assert told == expected, run_id
        assert asked(project, "analyse")["analyse"] == at_first["analyse"]
        rows = project.store.read("judged_errors")
    assert set(rows["prompt_version"]) == {"v2"}
