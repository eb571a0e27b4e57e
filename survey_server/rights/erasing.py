"""Files whose deletion was decided in a transaction, and that are deleted once it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from survey_server import outbox
from survey_server.work import Services, Work

ERASE = "blobs.erase"
"""The outbox row that names files to delete."""
AT_ONCE = 500


def erase_blobs(work: Work, names: Sequence[str]) -> None:
    """Have these files deleted as soon as the transaction holds."""
    for start in range(0, len(names), AT_ONCE):
        outbox.put(work, ERASE, names=list(names[start : start + AT_ONCE]))


def handle_erase(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of `ERASE`; deleting what is gone already does no harm."""
    for name in payload["names"]:
        services.blobs.delete(name)
