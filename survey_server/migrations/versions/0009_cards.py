"""Interviewers' cards, complaints, and changes after the lock."""

from __future__ import annotations

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing yet."""
