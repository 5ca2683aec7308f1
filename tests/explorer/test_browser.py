"""The pages in a browser: every page, both widths, and texts that mean harm."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pytest

from errormap_dagster.explorer.app import PAGES
from errormap_dagster.explorer.links import link
from errormap_dagster.queries import errors
from errormap_dagster.queries.signatures import scopes
from errormap_dagster.queries.tables import Tables
from errormap_dagster.store import Store

WIDTHS = (1280, 400)
UNHARMED = "typeof window.harm === 'undefined'"
WIDER = "document.documentElement.scrollWidth - window.innerWidth"


class Tab:
    """A tab that notes whatever goes wrong in it."""

    def __init__(self, browser: Any, width: int, scheme: str = "light") -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.seconds: dict[str, list[float]] = {}
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, url: str) -> None:
        """Go to a page and make sure that it is whole and quiet."""
        self.page.goto(url)
        self.check()

    def check(self) -> None:
        """Make sure that the page is whole, quiet and no wider than the screen."""
        url = self.page.url
        assert self.page.evaluate(UNHARMED), url
        assert self.page.locator("h1").count() == 1, url
        assert self.page.locator("script, img, iframe, main a[href^='javascript']").count() == 0
        assert self.page.evaluate(WIDER) <= 0, f"{url} is wider than the screen"
        assert not self.problems, (url, self.problems)

    def choose(self, **options: str) -> None:
        """Choose in the page's form and send it."""
        for name, value in options.items():
            self.page.select_option(f"select[name={name}]", value)
        self.follow(f"choose {', '.join(options)}", "form.filters button")

    def follow(self, what: str, selector: str) -> None:
        """Click on what leads to a page, and note how long it took until that stood."""
        path = self.page.url.partition("?")[0].rpartition("/")[2] or "overview"
        target = self.page.locator(selector).first
        began = time.perf_counter()
        with self.page.expect_navigation():
            target.click()
        self.seconds.setdefault(f"{path}: {what}", []).append(time.perf_counter() - began)
        self.check()


@pytest.fixture(params=WIDTHS)
def tab(browser: Any, request: pytest.FixtureRequest) -> Iterator[Tab]:
    opened = Tab(browser, request.param)
    yield opened
    opened.context.close()


def test_a_click_on_each_page_of_the_menu_shows_it(tab: Tab, demo_site: str) -> None:
    tab.open(demo_site)
    for path, (label, _) in PAGES.items():
        tab.page.click(f"nav >> text='{label}'")
        assert tab.page.url == demo_site + path
        tab.check()
    assert all(url.startswith((demo_site, "data:")) for url in tab.requests)


def test_a_form_puts_its_state_into_the_url(tab: Tab, demo_site: str) -> None:
    tab.open(demo_site + "/signatures")
    tab.page.check("input[name=intervals]")
    tab.page.select_option("select[name=measure]", "share")
    tab.page.click("button")
    assert "intervals=on" in tab.page.url
    again = tab.context.new_page()
    again.goto(tab.page.url)
    assert again.locator("input[name=intervals]").is_checked()
    assert again.locator("td.cell small").count() > 0


def test_search_leads_to_a_failure_with_its_quote_marked(tab: Tab, demo_site: str) -> None:
    tab.open(demo_site + "/failures")
    tab.page.select_option("select[name=outcome]", "assigned")
    tab.page.fill("input[name=text]", "error")
    tab.page.press("input[name=text]", "Enter")
    tab.check()
    tab.page.locator("article:has(blockquote) h3 a").first.click()
    tab.check()
    assert tab.page.locator("mark").count() > 0


def test_a_dark_screen_gets_dark_pages(browser: Any, demo_site: str) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    colours: list[str] = []
    for scheme in ("light", "dark"):
        opened = Tab(browser, 1280, scheme)
        opened.open(demo_site)
        colours.append(opened.page.evaluate(paper))
        opened.context.close()
    assert colours[0] != colours[1]


def test_texts_that_mean_harm_are_shown_and_do_none(
    tab: Tab, hostile_site: str, hostile_home: Path
) -> None:
    tables = Tables(Store(hostile_home / "tables"))
    models, dataset = errors.models_of(tables), errors.datasets_of(tables)[0]
    urls = [*PAGES, *(link(path, dataset=dataset) for path in PAGES if path not in {"/", "/costs"})]
    urls.append(link("/compare", a=models[0], b=models[1]))
    urls += [link("/failures", model=model) for model in models]
    urls += [
        link("/failures", text=text) for text in ("<script>", "\u202e", "'\"><b>", "{{ 7 * 7 }}")
    ]
    for url in urls:
        tab.open(hostile_site + url)
    assert all(request.startswith((hostile_site, "data:")) for request in tab.requests)


def test_each_hostile_failure_is_a_whole_page(
    tab: Tab, hostile_site: str, hostile_home: Path
) -> None:
    store = Store(hostile_home / "tables")
    failed = store.read("failures").sort("example_id").unique("example_id", keep="first")
    for prediction_id in failed["prediction_id"]:
        tab.open(hostile_site + link("/failure", id=prediction_id))
        assert tab.page.locator("h2").last.inner_text() == "Where it comes from"
    longest = store.read("raw_predictions").filter(pl.col("output_text").str.len_chars() > 100_000)
    one = store.read("failures").join(longest, on="prediction_id", how="semi")["prediction_id"][0]
    tab.open(hostile_site + link("/failure", id=one, whole="on"))
    assert len(tab.page.locator("pre").first.inner_text()) >= 299_000


def _click_through_results(tab: Tab, tables: Tables) -> None:
    """From each page of results to the failures behind it."""
    for scope in scopes(tables):
        tab.follow("menu", "nav >> text='Signatures'")
        tab.page.check("input[name=intervals]")
        tab.choose(dataset=scope.value)
        tab.follow("cell", "td.cell:not(.h0) a")
    for dataset in errors.datasets_of(tables):
        tab.follow("menu", "nav >> text='Datasets'")
        tab.choose(dataset=dataset)
        tab.follow("errors", "table.contrasts td a")
        models = errors.models_of(tables, dataset)
        if len(models) > 1:
            tab.follow("menu", "nav >> text='Compare'")
            tab.choose(a=models[0], b=models[-1], dataset=dataset)
            tab.follow("number", "main td.number a")
    for version in errors.versions(tables):
        tab.follow("menu", "nav >> text='Taxonomy'")
        tab.choose(taxonomy=str(version))
        tab.follow("category", "ul.tree a")
        tab.follow("errors", "section.chosen p.where a")


def _click_through_failures(tab: Tab, tables: Tables) -> None:
    """From the list of failures to one, to the next, and from the queue of suspects to them."""
    tab.follow("menu", "nav >> text='Failures'")
    tab.choose(outcome="assigned")
    tab.follow("next", "text='next ›'")
    tab.page.fill("input[name=text]", "carry")
    tab.follow("search", "form.filters button")
    tab.follow("failure", "article h3 a")
    tab.follow("next", "text='next ›'")
    tab.follow("example", "p.where a:has-text('example')")
    for dataset in tables.frame("suspect_gold")["dataset"].unique().sort():
        tab.follow("menu", "nav >> text='Suspect gold'")
        tab.choose(dataset=dataset)
        tab.page.locator("article summary").first.click()
        tab.follow("example", "article h3 a")


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_all_real_data_sets_can_be_clicked_through(
    tab: Tab, real_site: str, real_tables: Tables
) -> None:
    tab.open(real_site)
    for label, _ in PAGES.values():
        tab.follow(label, f"nav >> text='{label}'")
    # The first of each reads its tables; that once is told by itself.
    first, tab.seconds = tab.seconds, {}
    _click_through_results(tab, real_tables)
    _click_through_failures(tab, real_tables)
    told = [*((f"first {what}", times) for what, times in first.items()), *tab.seconds.items()]
    for what, times in told:
        print(f"{what:32} {len(times):4} x  median {median(times):.2f} s, worst {max(times):.2f} s")  # noqa: T201 - the times are what the test is run for
    assert all(median(times) < 1 for times in tab.seconds.values())
    assert all(url.startswith((real_site, "data:")) for url in tab.requests)
