from pathlib import Path

import pytest

from asking import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty record of calls."""
    return Place(tmp_path)
