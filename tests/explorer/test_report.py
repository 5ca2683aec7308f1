"""The report: one file, whole, quiet and small, whatever the texts in it."""

import base64
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from errormap_dagster.project import Project
from errormap_dagster.queries import errors
from errormap_dagster.queries.cards import cards
from errormap_dagster.queries.failures import Wanted, find_failures
from errormap_dagster.queries.samples import sample
from errormap_dagster.queries.tables import Tables
from errormap_dagster.report.page import report
from errormap_dagster.report.summary import signature_summary
from errormap_dagster.stages.publishing import is_report_fresh, make_report, stored_mark
from errormap_dagster.store import Store

LARGEST_BYTES = 10_000_000


@pytest.fixture(scope="module")
def html(demo_home: Path) -> str:
    return report(Tables(Store(demo_home / "tables")), "0" * 32)


def test_it_tells_findings_before_plots_before_tables(html: str) -> None:
    parts = [
        html.index(f'<section id="{name}"') for name in ("findings", "signatures", "evaluations")
    ]
    assert parts == sorted(parts)
    assert html.index("How far the judge can be trusted: People") < parts[0]
    assert re.search(r"\(95 % interval [^)]*%\)", html.replace("\u00a0", " "))


def test_every_link_leads_to_a_part_of_it_or_to_the_tables(html: str) -> None:
    ids = set(re.findall(r' id="([^"]+)"', html))
    for target in re.findall(r'href="([^"]*)"', html):
        is_here = target.startswith("#") and target[1:] in ids
        assert is_here or target.startswith("../tables/"), target


def test_it_needs_nothing_from_elsewhere(html: str) -> None:
    assert "<script" not in html
    assert "<link" not in html
    assert "src=" not in html
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_the_same_tables_give_the_same_bytes(demo_home: Path, html: str) -> None:
    assert report(Tables(Store(demo_home / "tables")), "0" * 32) == html


def test_every_model_has_a_card_and_every_category_its_samples(tables: Tables, html: str) -> None:
    version = errors.reported_version(tables)
    told = cards(tables, version)
    assert [card.model for card in told] == errors.models_of(tables)
    assert html.count('id="m-') == len(told)
    for category in errors.places(tables, version):
        found = find_failures(tables, version, Wanted(category=category))
        rows = sample(tables, version, category, 3)
        assert len(rows) == min(3, found.height)
        assert len({row["model"] for row in rows}) == min(3, found["model"].n_unique())


def test_it_is_made_once_for_each_state_of_the_tables(demo_home: Path) -> None:
    project = Project.open(demo_home)
    assert make_report(project)
    assert is_report_fresh(project)
    assert not make_report(project)
    kept = sorted(project.home.report.parent.glob("*.html"))
    assert len(kept) == 2
    assert len({path.read_bytes() for path in kept}) == 1
    project.home.report.write_text("broken", encoding="utf-8")
    assert stored_mark(project.home.report) is None
    assert make_report(project)


@pytest.mark.parametrize("width", [1280, 400])
def test_texts_that_mean_harm_do_none_from_disk(
    browser: Any, hostile_home: Path, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "report.html"
    html = report(Tables(Store(hostile_home / "tables")), "0" * 32)
    path.write_text(html, encoding="utf-8", errors="replace")
    assert path.stat().st_size < LARGEST_BYTES
    page = browser.new_page(viewport={"width": width, "height": 900})
    problems: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("typeof window.harm === 'undefined'")
    assert page.locator("script, img, iframe").count() == 0
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert not problems
    assert requests == [path.as_uri()]
    page.close()


def test_the_summary_for_the_ui_holds_no_markup_of_others(hostile_home: Path) -> None:
    text, plot = signature_summary(Tables(Store(hostile_home / "tables")))
    assert r"\<script\>" in text
    assert "\u202e" not in text
    data = plot.removeprefix("![signatures](data:image/svg+xml;base64,").removesuffix(")")
    svg = ET.fromstring(base64.b64decode(data))  # noqa: S314 - our own
    assert {element.tag.rsplit("}")[-1] for element in svg.iter()} == {"svg", "rect", "text"}


def test_the_summary_is_short_enough_for_the_ui_to_show_it_at_once(tables: Tables) -> None:
    text, _ = signature_summary(tables)
    assert len(text) < 1_000
    assert all(model in text.replace("\\", "") for model in errors.models_of(tables))
