"""Indicator tables, values, experts' points, comparisons and evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_server.db import UtcDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "study_table",
        _study(),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("study_id"),
    )
    op.create_table(
        "score_entry",
        *_line(),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=True),
        sa.Column("assessed", sa.Boolean(), nullable=False),
        sa.Column("zero", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        *_made("study_id", "county", "indicator"),
    )
    op.create_table(
        "expert_score",
        *_line(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        *_made("study_id", "county", "indicator", "person_id"),
    )
    op.create_table(
        "pair_judgement",
        _study(),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("upper", sa.JSON(), nullable=False),
        *_made("study_id", "parent", "person_id"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        _study(),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        *_made("id"),
        sa.UniqueConstraint("study_id", "number"),
    )
    op.create_index(op.f("ix_evidence_study_id"), "evidence", ["study_id"])


def _study() -> sa.Column[object]:
    return sa.Column("study_id", sa.Uuid(), nullable=False)


def _line() -> list[sa.Column[object]]:
    return [
        _study(),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
    ]


def _made(*key: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint(*key),
    ]
