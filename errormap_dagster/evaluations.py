"""An evaluation, one model on one dataset: the unit in which data land and are worked on.

Its key, ``dataset|model``, names the partition in Dagster; its columns name the folders of the
tables.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

_SEPARATOR = "|"
# What would cut a key in two, or what Dagster reads as a range of keys.
_UNSAFE = re.compile(r"[%|\x00-\x1f\x7f]|\.\.\.")


class Evaluation(NamedTuple):
    """One model on one dataset."""

    dataset: str
    model: str

    @property
    def key(self) -> str:
        """The evaluation as one readable text, such as ``gsm8k|elm-7b``."""
        return _SEPARATOR.join(_escape(part) for part in self)

    @classmethod
    def from_key(cls, key: str) -> "Evaluation":
        """The evaluation that a key names; the inverse of ``key``."""
        dataset, _, model = key.partition(_SEPARATOR)
        return cls(unquote(dataset), unquote(model))


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda found: quote(found.group(), safe="").replace(".", "%2E"), text)
