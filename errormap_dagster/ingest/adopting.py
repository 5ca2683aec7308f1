"""Landed files under the names and times that another home gave them.

Whoever lands the same files again gets the same rows, but at another time and maybe from another
folder. Tables that are to be the same byte for byte need the times and names of the first landing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from errormap_dagster.ingest.staging import LANDED, Manifest, Staging

_MANIFEST = "manifest.json"


class Delivery(NamedTuple):
    """How a file was known in the other home."""

    content_hash: str
    source_uri: str
    landed_at: str


def adopt(root: Path, deliveries: Iterable[Delivery]) -> None:
    """Give landed files the names and times of another home, where their content is the same.

    Args:
        root: the folder of staged files.
        deliveries: the landed files of the other home.
    """
    staging = Staging(root)
    known: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in sorted(deliveries, reverse=True):
        known[delivery.content_hash].append(delivery)
    for manifest in staging.manifests():
        if manifest.status == LANDED and known[manifest.content_hash]:
            _rename(root, staging, manifest, known[manifest.content_hash].pop())


def _rename(root: Path, staging: Staging, manifest: Manifest, known: Delivery) -> None:
    named = replace(manifest, source_uri=known.source_uri, landed_at=known.landed_at)
    staging.note(named)
    if named.key == manifest.key:
        return
    for path in (root / manifest.key).iterdir():
        if path.name != _MANIFEST:
            path.rename(root / named.key / path.name)
    staging.forget(manifest)
