"""The canonical form of a frame, and its Merkle root.

A row is its fields joined by a tab: unit_id, the strata columns, then size and cluster where there
are any. Text is NFC and has no control characters, so a tab never stands inside a field; whole
numbers are written in decimal, a size without trailing zeros. Rows are sorted by unit_id in code
point order. The root is the one of RFC 6962 (2013), section 2.1: leaf = SHA-256(00 ‖ row), node =
SHA-256(01 ‖ left ‖ right), an odd last node moves up unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import sha256

FORM = (
    "row = fields joined by TAB, UTF-8, NFC; rows sorted by unit_id in code point order; "
    "leaf = SHA-256(00||row); node = SHA-256(01||left||right); an odd last node moves up unchanged (RFC 6962)"
)

# Leaves that are joined at once, a power of two: one by one takes three times as long.
_BLOCK = 1 << 14


def decimal_text(scaled: int, places: int) -> str:
    """The number scaled / 10**places as the canonical form writes it: plain notation, no trailing zeros."""
    if not places:
        return str(scaled)
    return format(Decimal(scaled).scaleb(-places), "f").rstrip("0").rstrip(".")


def leaf(row: str) -> bytes:
    """The leaf hash of a canonical row."""
    return sha256(b"\x00" + row.encode()).digest()


def leaves_of(rows: Iterable[str]) -> list[bytes]:
    """The leaf hashes of canonical rows."""
    return [sha256(b"\x00" + row.encode()).digest() for row in rows]


def merkle_root(rows: Iterable[str]) -> str:
    """Root over canonical rows that are already sorted by unit_id, in hex."""
    level = leaves_of(rows)
    return _root(level).hex() if level else sha256(b"").hexdigest()


class MerkleTree:
    """The same root from a stream of rows in order, remembering one hash per level and one block of leaves."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, bytes]] = []
        self._waiting: list[bytes] = []

    def add(self, row: str) -> None:
        """The next canonical row."""
        self.add_leaves([leaf(row)])

    def add_leaves(self, leaves: Sequence[bytes]) -> None:
        """The leaf hashes of the next canonical rows."""
        self._waiting += leaves
        while len(self._waiting) >= _BLOCK:
            self._parts = _grown(self._parts, _BLOCK.bit_length() - 1, _root(self._waiting[:_BLOCK]))
            del self._waiting[:_BLOCK]

    def root(self) -> str:
        """The root over all rows so far, in hex."""
        parts = self._parts
        for node in self._waiting:
            parts = _grown(parts, 0, node)
        if not parts:
            return merkle_root(())
        *rest, (_, node) = parts
        for _, left in reversed(rest):
            node = sha256(b"\x01" + left + node).digest()
        return node.hex()


def _grown(parts: list[tuple[int, bytes]], height: int, node: bytes) -> list[tuple[int, bytes]]:
    """Subtrees with their heights, the next one put behind them and joined with those of its height."""
    parts = parts.copy()
    while parts and parts[-1][0] == height:
        node = sha256(b"\x01" + parts.pop()[1] + node).digest()
        height += 1
    return [*parts, (height, node)]


def _root(level: list[bytes]) -> bytes:
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def merkle_path(rows: Sequence[str], position: int) -> list[tuple[str, str]]:
    """The siblings that lead from the row at `position` to the root: (`left` or `right`, hash in hex)."""
    level = leaves_of(rows)
    path: list[tuple[str, str]] = []
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            path.append(("left" if sibling < position else "right", level[sibling].hex()))
        level = _parents(level)
        position //= 2
    return path


def root_from_path(row: str, path: Iterable[tuple[str, str]]) -> str:
    """The root that this row and its path lead to, in hex: the published digest, if the row was in it."""
    node = leaf(row)
    for side, sibling in path:
        other = bytes.fromhex(sibling)
        node = sha256(b"\x01" + (other + node if side == "left" else node + other)).digest()
    return node.hex()


def _parents(level: list[bytes]) -> list[bytes]:
    paired = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        paired.append(level[-1])
    return paired
