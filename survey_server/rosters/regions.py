"""Region codes (统计用区划代码, 2+2+2+3+3 digits): which can be, and which lost digits in Excel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

LENGTHS = (6, 9, 12)
_PARTS = (2, 2, 2, 3, 3)
_PROVINCES = frozenset(
    str(code)
    for codes in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 67))
    for code in (*codes, 71, 81, 82)
)
"""省级代码; 66 is the code that some systems give the 新疆生产建设兵团."""
Place = tuple[str, str, str]
"""County, town, village."""


def judge(code: str) -> str:
    """`""` for a code that can be, `lost` where digits are missing, `impossible` for anything else."""
    if re.fullmatch(r"\d(?:\.\d+)?E\+?\d\d", code) or re.fullmatch(r"\d+(?:[.\-_ ]\d+)+", code):
        return "lost"
    if not code.isascii() or not code.isdigit():
        return "impossible"
    if len(code) not in LENGTHS:
        return "lost" if len(code) < 12 and code[:2] in _PROVINCES else "impossible"
    return "" if code[:2] in _PROVINCES and code[2:4] != "00" else "impossible"


def repair(code: str, place: Place, known: Mapping[Place, str]) -> str:
    """The code with its digits back, or `""` where it cannot be known.

    Two ways: parts that are still told apart (51-19-2-1-3) are filled with zeros to 2+2+2+3+3; else the code that
    other rows of the same village, or town, carry.
    """
    parts = re.split(r"[.\-_ ]", code)
    if 3 <= len(parts) <= 5 and all(len(part) <= width for part, width in zip(parts, _PARTS, strict=False)):
        filled = "".join(part.zfill(width) for part, width in zip(parts, _PARTS, strict=False))
        if not judge(filled):
            return filled
    county, town, village = place
    return known.get(place, "") or known.get((county, town, ""), "") if village or town else ""


def known_codes(rows: Iterable[tuple[str, Place]]) -> dict[Place, str]:
    """Place → its code, from sound codes of a file; places with more than one code are left out.

    For a town the code is cut to its nine digits.
    """
    seen: Counter[tuple[Place, str]] = Counter()
    for code, (county, town, village) in rows:
        if len(code) == 12 and village:
            seen[(county, town, village), code] += 1
        if len(code) >= 9 and town:
            seen[(county, town, ""), code[:9]] += 1
    per_place = Counter(place for place, _ in seen)
    return {place: code for place, code in seen if per_place[place] == 1}
