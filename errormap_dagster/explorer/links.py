"""Links between the pages: each state of a page is a URL."""

from urllib.parse import urlencode


def link(path: str, **state: object) -> str:
    """The URL of a page in a state; what is None or empty is left out.

    Args:
        path: of the page, such as ``/failures``.
        state: the page's parameters.
    """
    given = {name: str(value) for name, value in state.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
