"""The public random number of a unit: anyone can recompute it with `sha256sum`.

    message = seed "\n" stage "\n" unit_id          in UTF-8
    x       = the first 13 hex digits of SHA-256(message), as an integer
    ticket  = (x + 0.5) / 2**52                     strictly between 0 and 1

A start shift `s` is taken from x modulo 2**52, before it becomes a ticket: permanent random numbers
(Ohlsson 1995).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from itertools import islice

import numpy as np
import numpy.typing as npt

from sampling.errors import DesignError

SPAN = 2**52
_CHUNK = 1 << 16
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def has_control(text: str) -> bool:
    """Whether the text has a control character, a line separator or half a surrogate pair."""
    return _CONTROL.search(text) is not None


def checked_seed(seed: str | int) -> str:
    """The seed as the text that is hashed: a whole number in decimal, or NFC text.

    Raises DesignError when it is empty or not such text.
    """
    if isinstance(seed, bool) or not isinstance(seed, (str, int)):
        raise DesignError("seed_type", "the seed must be text or a whole number")
    text = str(seed)
    if not text.strip():
        raise DesignError("seed_empty", "the seed is empty: give the number that was published")
    if has_control(text) or not unicodedata.is_normalized("NFC", text):
        raise DesignError("seed_text", "the seed must be NFC text without control characters")
    return text


def ticket_integer(unit_id: str, seed: str | int, *, stage: int = 1, shift: int = 0) -> int:
    """The ticket's integer x, 0 ≤ x < 2**52, after the start shift."""
    message = f"{checked_seed(seed)}\n{checked_stage(stage)}\n{unit_id}"
    return (int(sha256(message.encode()).hexdigest()[:13], 16) - shift) % SPAN


def ticket(unit_id: str, seed: str | int, *, stage: int = 1, shift: int = 0) -> float:
    """The unit's public random number, strictly between 0 and 1."""
    return (ticket_integer(unit_id, seed, stage=stage, shift=shift) + 0.5) / SPAN


def uniform(purpose: str, k: int, seed: str | int, *, stage: int = 1) -> float:
    """Uniform number `k` for another purpose: the ticket of unit_id `#purpose/k`."""
    return ticket(f"#{purpose}/{k}", seed, stage=stage)


def ticket_integers(
    unit_ids: Sequence[str] | npt.NDArray[np.object_], seed: str | int, *, stage: int = 1, shift: int = 0
) -> Integers:
    """`ticket_integer` of a whole column, as int64."""
    prefix = f"{checked_seed(seed)}\n{checked_stage(stage)}\n".encode()
    count = len(unit_ids)
    result = np.empty(count, dtype=np.int64)
    remaining = iter(unit_ids.tolist() if isinstance(unit_ids, np.ndarray) else unit_ids)
    for start in range(0, count, _CHUNK):
        chunk = islice(remaining, _CHUNK)
        digests = b"".join([sha256(prefix + unit.encode()).digest() for unit in chunk])
        leading = np.frombuffer(digests, dtype=">u8")[::4]
        result[start : start + len(leading)] = (leading >> np.uint64(12)).astype(np.int64)
    return (result - shift % SPAN) % SPAN if shift else result


def tickets(
    unit_ids: Sequence[str] | npt.NDArray[np.object_], seed: str | int, *, stage: int = 1, shift: int = 0
) -> Floats:
    """`ticket` of a whole column, as float64: exact, because x + 0.5 needs 53 bits."""
    return as_tickets(ticket_integers(unit_ids, seed, stage=stage, shift=shift))


def as_tickets(x: Integers) -> Floats:
    """Ticket integers as the fractions between 0 and 1 that people see."""
    return (x + 0.5) / SPAN


def checked_stage(stage: int) -> int:
    """The stage, an integer from 1; DesignError otherwise."""
    if isinstance(stage, bool) or not isinstance(stage, int) or stage < 1:
        raise DesignError("stage", "the stage must be a whole number from 1")
    return stage
