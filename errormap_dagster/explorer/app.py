"""The explorer as a web application: which page answers which path, and what browsers may do.

Pages are made on the server and hold no script. The headers forbid scripts, so that nothing in a
model's output can run, whatever a template forgot.
"""

from collections.abc import Callable

import polars as pl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from errormap_dagster.errors import ErrorMapError
from errormap_dagster.explorer.links import link
from errormap_dagster.explorer.pages import (
    categories,
    comparisons,
    costs,
    datasets,
    failures,
    history,
    overview,
    signatures,
    suspects,
    trust,
)
from errormap_dagster.explorer.view import BadStateError, Page, View
from errormap_dagster.presentation.environment import environment, stylesheet
from errormap_dagster.queries.instance import UnknownFailureError
from errormap_dagster.queries.tables import Tables
from errormap_dagster.store import Store

Show = Callable[[View], Page]

PAGES: dict[str, tuple[str, Show]] = {
    "/": ("Overview", overview.show),
    "/signatures": ("Signatures", signatures.show),
    "/taxonomy": ("Taxonomy", categories.show),
    "/compare": ("Compare", comparisons.show),
    "/datasets": ("Datasets", datasets.show),
    "/failures": ("Failures", failures.show),
    "/suspects": ("Suspect gold", suspects.show),
    "/trust": ("Trust", trust.show),
    "/versions": ("Versions", history.show),
    "/costs": ("Costs", costs.show),
}
"""The pages of the menu: path, title and what makes them."""
_FAILURE = "/failure"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4'%3E"
    "%3Cpath fill='%230072B2' d='M0 0h2v2H0z'/%3E%3Cpath fill='%23D55E00' d='M2 2h2v2H2z'/%3E"
    "%3C/svg%3E"
)


class _Site:
    """Answers requests out of the tables of a home."""

    def __init__(self, store: Store) -> None:
        self._tables = Tables(store)
        self._templates = environment("explorer", {"link": link, "icon": _ICON})
        self._menu = [(path, title) for path, (title, _) in PAGES.items()]

    def _answer(self, request: Request, page: Page, status: int = 200) -> Response:
        context = {"menu": self._menu, "path": request.url.path, **page.context}
        template = self._templates.get_template(f"explorer/{page.template}")
        return HTMLResponse(template.render(context), status, _HEADERS)

    def _problem(self, request: Request, title: str, said: object, status: int) -> Response:
        page = Page("message.html.j2", {"title": title, "message": str(said)})
        return self._answer(request, page, status)

    def route(self, path: str, show: Show) -> Route:
        """The route of a page; what cannot be shown is said on a page of its own."""

        def endpoint(request: Request) -> Response:
            try:
                page = show(View(self._tables, request.query_params))
            except BadStateError as error:
                return self._problem(request, "That is not there", error, 400)
            except UnknownFailureError as error:
                return self._problem(request, "No such failure", error, 404)
            except (OSError, pl.exceptions.PolarsError) as error:
                return self._problem(request, "A table cannot be read", _unread(error), 503)
            except ErrorMapError as error:
                return self._problem(request, "Not made yet", error, 404)
            return self._answer(request, page)

        return Route(path, endpoint)

    def missing(self, request: Request, _: Exception) -> Response:
        """The answer to a path that is no page."""
        return self._problem(request, "No such page", "Choose one from the menu.", 404)


def _unread(error: Exception) -> str:
    return (
        "It may be changing just now: load the page again. If that does not help, `errormap run` "
        f"makes it anew. What was met: {error}"
    )


def _style(_: Request) -> Response:
    return PlainTextResponse(stylesheet(), media_type="text/css", headers=_HEADERS)


def explorer(store: Store) -> Starlette:
    """The application over the tables of a home."""
    site = _Site(store)
    shown = {path: show for path, (_, show) in PAGES.items()} | {_FAILURE: failures.show_one}
    routes = [site.route(path, show) for path, show in shown.items()]
    return Starlette(
        routes=[*routes, Route("/style.css", _style)], exception_handlers={404: site.missing}
    )
