"""The templates' surroundings: everything is escaped, nothing may be undefined."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

from errormap_dagster.presentation import numbers, texts

_PACKAGE = "errormap_dagster"
_SHARED: Mapping[str, Any] = {
    "interval": numbers.interval,
    "pieces": texts.pieces,
    "is_long": texts.is_long,
}


def environment(part: str, functions: Mapping[str, Any]) -> Environment:
    """An environment over the templates of one part of the package and those that all share.

    Args:
        part: ``explorer`` or ``report``; its templates are ``<part>/<name>``, the shared ones
            ``shared/<name>``.
        functions: what the templates may call, such as what makes links.
    """
    made = Environment(
        loader=PrefixLoader(
            {
                part: PackageLoader(f"{_PACKAGE}.{part}"),
                "shared": PackageLoader(f"{_PACKAGE}.presentation"),
            }
        ),
        # All of it, whatever the file is called: what models wrote is never markup.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("percent", "points", "count", "usd", "step", "probability", "coefficient"):
        made.filters[name] = getattr(numbers, name)
    made.filters["visible"] = texts.visible
    for name, function in (*_SHARED.items(), *functions.items()):
        made.globals[name] = function
    return made


def stylesheet() -> str:
    """The one stylesheet of pages and reports."""
    return files(f"{_PACKAGE}.presentation").joinpath("static/style.css").read_text("utf-8")
