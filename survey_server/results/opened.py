"""Answers that were opened once are kept in memory for the next result: a submission is never edited.

What is withdrawn or belongs to no result any more is forgotten at the next reading. Of open answers only the telling
words are kept (:mod:`survey_server.results.keywords`), no sentence.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_STUDIES = 8
Key = tuple[str, uuid.UUID, frozenset[Any] | None, tuple[str, ...]]
_guard = threading.Lock()
_studies: dict[Key, dict[uuid.UUID, Opened]] = {}


@dataclass(frozen=True, slots=True)
class Opened:
    """What a result needs of one submission: a code a tag (None: empty), and the words of its open answers."""

    codes: tuple[str | None, ...]
    words: frozenset[str]


def opened_of(tags: Mapping[str, str | None], wanted: Sequence[str], words: Collection[str]) -> Opened:
    """Keep these; equal codes and words are one and the same text in memory."""
    codes = tuple(sys.intern(str(given)) if (given := tags.get(tag)) else None for tag in wanted)
    return Opened(codes, frozenset(map(sys.intern, words)))


def remembered(key: Key) -> dict[uuid.UUID, Opened]:
    """What was opened before; a copy."""
    with _guard:
        return dict(_studies.get(key, {}))


def remember(key: Key, found: dict[uuid.UUID, Opened]) -> None:
    """Keep these, and nothing else of this study."""
    with _guard:
        _studies.pop(key, None)
        _studies[key] = found
        while len(_studies) > MOST_STUDIES:
            _studies.pop(next(iter(_studies)))
