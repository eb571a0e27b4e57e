"""Open answers by keyword: which words people used of their own accord, without showing what anybody wrote.

Personal numbers are masked and names of persons left out before a word is counted; a word counts once a person, and
what fewer than five said is not told.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

import rjieba

from analysis.report.disclosure import mask_personal

LEAST = 5
MOST = 40
MOST_CHARACTERS = 2_000
STOP_WORDS = Path(__file__).with_name("stop_words.txt")
NOT_TOLD = ("nr", "m", "x", "eng", "u", "p", "c", "r", "q", "d", "t", "y", "e", "o", "w")
"""Names of persons first; then numbers, signs, foreign letters and words that mean nothing alone."""
_MASK = re.compile(r"〔[^〕]*〕")
_CHINESE = re.compile(r"[\u3400-\u9fff]{2,}")
_guard = threading.Lock()


def words_of(text: str) -> frozenset[str]:
    """The telling words of one answer; nothing that could name a person."""
    plain = _MASK.sub("，", mask_personal(text[:MOST_CHARACTERS]))
    if not _CHINESE.search(plain):
        return frozenset()
    with _guard:  # the dictionary is shared
        tagged = rjieba.tag(plain)
    return frozenset(word for word, kind in tagged if _is_told(word, kind))


def count_words(answers: Iterable[Collection[str]], without: Collection[str] = ()) -> list[tuple[str, int]]:
    """How many people used each word, the most frequent first; never fewer than five."""
    counts = Counter(word for words in answers for word in words)
    told = [(word, count) for word, count in counts.items() if count >= LEAST and word not in without]
    return sorted(told, key=lambda pair: (-pair[1], pair[0]))[:MOST]


def place_words(names: Sequence[str]) -> frozenset[str]:
    """Names of towns and villages, whole and without their last letter, which are not told either."""
    return frozenset(part for name in names for part in (name, name[:-1]) if len(part) > 1)


def _is_told(word: str, kind: str) -> bool:
    return _CHINESE.fullmatch(word) is not None and not kind.startswith(NOT_TOLD) and word not in stop_words()


@cache
def stop_words() -> frozenset[str]:
    """Words that are left out."""
    return frozenset(STOP_WORDS.read_text("utf-8").split())
