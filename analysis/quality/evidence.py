"""Evidence that does not fit: one photo for two households, a cadre in the room, answers unlike the roster."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import AnalysisError
from analysis.quality.flags import flags

ALIKE = 6
"""Bits of 64 in which two perceptual hashes of one scene may differ."""

_ROWS = 1024


def same_photo(photos: pd.DataFrame, *, interview: str = "interview", digest: str = "digest") -> pd.DataFrame:
    """Interviews with a file that another interview has too, byte for byte; with the first one that had it.

    photos: a row per file with its digest (SHA-256 or the like). value: how many interviews have it.
    """
    table = photos[[interview, digest]].dropna().drop_duplicates()
    groups = table.groupby(digest, sort=False)[interview]
    table = table.assign(value=groups.transform("size"), first=groups.transform("first"), last=groups.transform("last"))
    found = table[table["value"] > 1]
    other = found["first"].where(found["first"] != found[interview], found["last"])
    return flags("same_photo", found[interview], found["value"].astype(float), 2, other=other)


def look_alike(
    photos: pd.DataFrame, *, interview: str = "interview", fingerprint: str = "hash", bits: int = ALIKE
) -> pd.DataFrame:
    """Interviews with a photo that looks like one of another interview; with the nearest.

    fingerprint: a perceptual hash of 64 bits as a whole number from 0 (difference hash or the like). value: the bits in
    which the two differ. Files that are the same byte for byte have 0. Raises AnalysisError for what is no such number.
    """
    table = photos[[interview, fingerprint]].dropna().reset_index(drop=True)
    hashes = _words(table[fingerprint])
    owner = pd.factorize(table[interview])[0]
    nearest = np.full(len(table), 65)
    other = np.zeros(len(table), dtype=np.intp)
    for start in range(0, len(table), _ROWS):
        rows = slice(start, start + _ROWS)
        apart = np.bitwise_count(hashes[rows, None] ^ hashes[None, :]).astype(np.int64)
        apart[owner[rows, None] == owner[None, :]] = 65
        other[rows], nearest[rows] = apart.argmin(axis=1), apart.min(axis=1)
    best = table.assign(value=nearest, other=table[interview].to_numpy()[other])
    best = best[best["value"] <= bits].sort_values("value", kind="stable").drop_duplicates(interview).sort_index()
    return flags("look_alike", best[interview], best["value"].astype(float), bits, other=best["other"])


def in_company(interviews: pd.DataFrame, *, present: str) -> pd.DataFrame:
    """Interviews at which a cadre or somebody of an institution stayed; `present` is a column of yes and no."""
    there = interviews[present].fillna(0).astype(float) == 1
    return flags("in_company", interviews.index[there], [1.0] * int(there.sum()), 1)


def unlike_roster(
    interviews: pd.DataFrame, facts: Mapping[str, tuple[str, str]], *, tolerance: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Answers that differ from the roster: a flag for each interview and fact.

    facts: maps a fact to its columns of the answer and of the roster, numbers both; a missing one differs from nothing.
    tolerance: how far a fact may be off, such as 10 yuan; others must be equal. value: answer less roster.
    """
    parts = []
    for fact, (answer, roster) in facts.items():
        gap = interviews[answer].astype(float) - interviews[roster].astype(float)
        allowed = (tolerance or {}).get(fact, 0.0)
        off = gap.abs() > allowed
        parts.append(flags("unlike_roster", gap.index[off], gap[off], allowed, other=[fact] * int(off.sum())))
    kept = [part for part in parts if not part.empty]
    return pd.concat(kept, ignore_index=True) if kept else flags("unlike_roster", [], [], 0)


def _words(column: pd.Series) -> NDArray[np.uint64]:
    values = [int(value) for value in column]
    wrong = [value for value in values if not 0 <= value < 2**64]
    if wrong:
        raise AnalysisError("hash", f"{wrong[0]} is no hash of 64 bits", value=wrong[0])
    return np.array(values, dtype=np.uint64)
