"""Findings: the ledger of problems, their evidence, their steps, and the last number of each study."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_server.db import UtcDateTime

revision = "0012"
down_revision = "0011"
TIMES = ("verified_at", "referred_at", "helped_at", "filed_at", "withdrawn_at")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "finding_count",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("study_id"),
    )
    _findings()
    _evidence()
    _steps()


def _findings() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("town", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("check_no", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=True) for name in TIMES),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "number"),
    )
    for column in ("study_id", "case_id"):
        op.create_index(op.f(f"ix_finding_{column}"), "finding", [column])


def _evidence() -> None:
    op.create_table(
        "finding_evidence",
        *_of_finding(),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        *_made(),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
    )
    for column in ("finding_id", "submission_id"):
        op.create_index(op.f(f"ix_finding_evidence_{column}"), "finding_evidence", [column])


def _steps() -> None:
    op.create_table(
        "finding_step",
        *_of_finding(),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_made(),
    )
    op.create_index(op.f("ix_finding_step_finding_id"), "finding_step", ["finding_id"])


def _of_finding() -> list[sa.Column[object]]:
    return [sa.Column("id", sa.Uuid(), nullable=False), sa.Column("finding_id", sa.Uuid(), nullable=False)]


def _made() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    ]
