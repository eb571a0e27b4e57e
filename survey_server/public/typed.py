"""The code that is typed where nothing can scan: ten signs that are not mistaken for each other, the last a check.

No 0 O 1 I L, 2 Z, 5 S, 8 B, U, G. With 23 signs, a prime, the weighted sum of ISBN-10 (ISO 2108) finds every single
wrong sign and every two that were swapped.
"""

from __future__ import annotations

import uuid

from survey_server.crypto import Vault

SIGNS = "34679ACDEFHJKMNPQRTVWXY"
LENGTH = 10
_VALUE = {sign: value for value, sign in enumerate(SIGNS)}


def typed_code(vault: Vault, subject: uuid.UUID) -> str:
    """The typed code of a household or a place: ten signs, which nobody can make without our key."""
    number = int.from_bytes(vault.index("typed-code", subject.hex), "big")
    signs = ""
    for _ in range(LENGTH - 1):
        number, value = divmod(number, len(SIGNS))
        signs += SIGNS[value]
    return signs + check_sign(signs)


def check_sign(signs: str) -> str:
    """The last sign of a code, from those before it."""
    total = sum(place * _VALUE[sign] for place, sign in enumerate(signs, 1))
    return SIGNS[-total * pow(LENGTH, -1, len(SIGNS)) % len(SIGNS)]


def read_typed(text: str) -> str | None:
    """What was typed as it is kept; None where it cannot be a code."""
    signs = "".join(filter(str.isalnum, text.upper()))
    known = len(signs) == LENGTH and all(sign in _VALUE for sign in signs)
    return signs if known and check_sign(signs[:-1]) == signs[-1] else None


def spaced(signs: str) -> str:
    """A code as it is printed: two groups of five."""
    return f"{signs[:5]}-{signs[5:]}"
