"""Looking up in the output what a judge quotes from it."""

import re

_NO_WIDTH = "\u200b"
"""Nobody sees it, so a quote may lack it."""


def _normalise(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(_NO_WIDTH, "")).strip().casefold()


def is_evidence_found(evidence: str | None, output: str | None) -> bool | None:
    """Whether a quote stands in the output, exactly or up to white space (of any width) and case.

    Returns None when there is no quote to look up.
    """
    if evidence is None:
        return None
    if not output:
        return False
    return evidence in output or _normalise(evidence) in _normalise(output)
