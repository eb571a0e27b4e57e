"""What must not leave the house: personal numbers in free text, and cells that are too small."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_IDENTITY = r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
_CARD = r"[3-6]\d{15,18}"
_MOBILE = r"(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}"
_LANDLINE = r"0\d{2,3}[- ]\d{7,8}"
_MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"

_PERSONAL = re.compile(
    rf"(?P<identity>(?<!\d){_IDENTITY}(?!\d))|(?P<card>(?<!\d){_CARD}(?!\d))"
    rf"|(?P<phone>(?<!\d)(?:{_MOBILE}|{_LANDLINE})(?!\d))|(?P<mail>{_MAIL})"
)
_MAYBE = re.compile(r"@|\d(?:[- ]?\d){6}")  # most answers hold neither, and are not searched further
_LABELS = {"identity": "〔证件号〕", "card": "〔卡号〕", "phone": "〔电话〕", "mail": "〔邮箱〕"}


def mask_personal(text: str) -> str:
    """The text with identity numbers, bank cards, telephones and mail addresses replaced by what they were."""
    if not _MAYBE.search(text):
        return text
    return _PERSONAL.sub(lambda match: _LABELS[str(match.lastgroup)], text)


def suppress_small(counts: pd.DataFrame, least: int = 5) -> pd.DataFrame:
    """A mask of cells of a table of counts that a public table must not show.

    counts: whole numbers, rows × columns, without totals. Cells from 1 to `least` - 1 are hidden; where a row or column
    would have exactly one hidden cell its next smallest is hidden too (互补压缩), so that no total gives it away.
    """
    hidden = ((counts > 0) & (counts < least)).to_numpy(dtype=bool, copy=True)
    values = counts.to_numpy(dtype=float)
    for _ in range(hidden.size):
        before = int(hidden.sum())
        for mask, table in ((hidden, values), (hidden.T, values.T)):
            _complement(mask, table)
        if int(hidden.sum()) == before:
            break
    return pd.DataFrame(hidden, index=counts.index, columns=counts.columns)


def _complement(hidden: NDArray[np.bool_], values: NDArray[np.float64]) -> None:
    """Hide a second cell in every row that has one alone: the smallest that is not empty, else any."""
    for mask, row in zip(hidden, values, strict=True):
        if mask.sum() == 1 and len(row) > 1:
            rest = np.where(mask, np.inf, np.where(row > 0, row, np.finfo(float).max))
            mask[int(np.argmin(rest))] = True
