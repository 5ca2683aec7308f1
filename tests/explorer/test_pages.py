"""The pages as answers to URLs, without a browser."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from errormap_dagster.explorer.app import PAGES, explorer
from errormap_dagster.explorer.links import link
from errormap_dagster.queries import errors
from errormap_dagster.queries.tables import Tables
from errormap_dagster.store import Store


@pytest.fixture(scope="module")
def client(demo_home: Path) -> TestClient:
    return TestClient(explorer(Store(demo_home / "tables")))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_menu_answers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'href="{path}" aria-current="page"' in answer.text


@pytest.mark.parametrize("path", [*PAGES, "/nowhere", "/failure", "/style.css"])
def test_no_answer_lets_a_script_run(client: TestClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert " style=" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nowhere", 404, "No such page"),
        ("/failures?model=nobody", 400, "nobody"),
        ("/failures?page=0", 400, "page is"),
        ("/failures?page=x", 400, "page is"),
        ("/failures?outcome=odd", 400, "not_sampled"),
        ("/signatures?taxonomy=atlas@99", 400, "atlas@1"),
        ("/signatures?depth=4", 400, "from 1 to 3"),
        ("/taxonomy?category=none.such", 400, "category is"),
        ("/failure", 400, "id is missing"),
        ("/failure?id=none", 404, "No such failure"),
        ("/compare?a=aster-3b&b=aster-3b", 400, "choose two models"),
    ],
)
def test_what_is_not_there_is_told_on_a_page(
    client: TestClient, path: str, status: int, said: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.text
    assert 'aria-label="pages"' in answer.text


def test_a_home_without_results_names_the_command(tmp_path: Path) -> None:
    client = TestClient(explorer(Store(tmp_path)))
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code in {200, 404}
        assert "errormap run" in answer.text


def test_every_link_of_every_page_leads_somewhere(client: TestClient) -> None:
    found: set[str] = set()
    for path in PAGES:
        found |= set(re.findall(r'href="(/[^"]*)"', client.get(path).text))
    assert len(found) > 100
    for target in sorted(found)[:400:3]:
        assert client.get(target.replace("&amp;", "&")).status_code == 200, target


def test_from_a_cell_to_the_quotes_takes_two_clicks(client: TestClient) -> None:
    heat_map = client.get("/signatures").text
    cell = re.search(r'<td class="cell h\d"><a href="([^"]*)"', heat_map)
    assert cell
    failures = client.get(cell.group(1).replace("&amp;", "&")).text
    assert "<blockquote" in failures
    one = re.search(r'<h3><a href="([^"]*)"', failures)
    assert one
    assert "<mark>" in client.get(one.group(1).replace("&amp;", "&")).text


def test_a_failure_shows_all_that_is_known(client: TestClient, tables: Tables) -> None:
    version = errors.reported_version(tables)
    rows = errors.error_rows(tables, version)
    row = rows.filter(rows["outcome"] == "assigned").row(0, named=True)
    shown = client.get(link("/failure", id=row["prediction_id"])).text
    for heading in ("Output", "Reference", "Input", "Categories", "Correct outputs of others"):
        assert f"<h2>{heading}</h2>" in shown
    for word in ("rules-", "embedded", "atlas@1", "induced@1", row["prediction_id"]):
        assert word in shown


def test_intervals_are_shown_on_demand(client: TestClient) -> None:
    assert "<small>" not in client.get("/signatures").text
    assert "<small>" in client.get("/signatures?intervals=on").text


def test_two_models_are_compared_on_the_same_examples(client: TestClient) -> None:
    shown = client.get("/compare?a=aster-3b&b=birch-8b").text
    assert "examples were asked of both" in shown
    assert 'class="whiskers"' in shown


def test_a_link_leaves_out_what_is_not_asked() -> None:
    assert link("/failures", model=None, text="", page=2) == "/failures?page=2"
    assert link("/failures", model="a/b&c") == "/failures?model=a%2Fb%26c"
