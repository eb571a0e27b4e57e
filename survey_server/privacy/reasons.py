"""Why somebody opens, withdraws or changes: a short list and own words, which the record keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from survey_server.errors import N_, Problem, ZoufangError

OPENING: Mapping[str, str] = {
    "contact": N_("To reach the household"),
    "check": N_("To check a visit or an answer"),
    "request": N_("A request or complaint of the household"),
    "transfer": N_("To hand a case over, as the contract says"),
    "other": N_("Something else"),
}
"""Why personal facts are opened."""
WITHDRAWAL: Mapping[str, str] = {
    "telephone": N_("The household asked by telephone"),
    "paper": N_("The household asked in writing or in person"),
    "guardian": N_("A parent or guardian asked"),
    "unlawful": N_("It should not have been asked: no consent, or the wrong household"),
    "other": N_("Something else"),
}
"""Why staff withdraw a household's answers."""
MOST_WORDS = 300
NUMBERS = re.compile(r"\d[\d\s-]{5,}\d")


@dataclass(frozen=True)
class Reason:
    """A code of the list, and own words without a personal number."""

    code: str
    words: str


def reason_given(known: Mapping[str, str], code: str, words: str) -> Reason:
    """What was chosen and typed; raises INVALID_FIELD where either is missing, or a long number stands in the words."""
    if code not in known:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Reason"), why=N_("choose one of the list"))
    return Reason(code, words_given(words))


def words_given(words: str) -> str:
    """The reason in own words; raises INVALID_FIELD."""
    words = " ".join(words.split())[:MOST_WORDS]
    if not words:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("In your own words"), why=N_("it is empty"))
    if NUMBERS.search(words):
        raise ZoufangError(
            Problem.INVALID_FIELD,
            field=N_("In your own words"),
            why=N_("leave numbers of people out: the record is kept for years"),
        )
    return words
