"""The settings of these homes alone name their judge."""

import pytest


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings alone name the judge."""
    for name in ("ERRORMAP_JUDGE", "ERRORMAP_JUDGE_MODEL", "ERRORMAP_JUDGE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ERRORMAP_JUDGE_CALLS_URL", raising=False)
