"""Issued reports and what leads from their rows to cases; rounds of experts; funds; the grades of a study."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_server.db import UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables."""
    _issued()
    _rounds()
    _funds_and_grades()
    with op.batch_alter_table("score_entry") as table:
        table.add_column(sa.Column("sampling", sa.String(), nullable=False, server_default=""))


def _issued() -> None:
    op.create_table(
        "issued_report",
        _id(),
        _study(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("digest_now", sa.String(), nullable=False),
        sa.Column("certificate_digest", sa.String(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("software", sa.JSON(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "number"),
    )
    op.create_index(op.f("ix_issued_report_study_id"), "issued_report", ["study_id"])
    op.create_table(
        "issued_row",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["issued_report.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"]),
        sa.PrimaryKeyConstraint("report_id", "label"),
    )
    op.create_index(op.f("ix_issued_row_case_id"), "issued_row", ["case_id"])
    op.create_index(op.f("ix_issued_row_submission_id"), "issued_row", ["submission_id"])


def _rounds() -> None:
    op.create_table(
        "expert_round",
        _id(),
        _study(),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("most_spread", sa.String(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "parent", "number"),
    )
    op.create_index(op.f("ix_expert_round_study_id"), "expert_round", ["study_id"])
    op.create_table(
        "expert_opinion",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("ratings", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["expert_round.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("round_id", "person_id"),
    )


def _funds_and_grades() -> None:
    amounts = ("received", "carried_over", "spent", "balance", "examined")
    op.create_table(
        "fund_amount",
        _study(),
        sa.Column("part", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in amounts),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("study_id", "part"),
    )
    op.create_table(
        "grade_scale",
        _study(),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("threshold", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("study_id"),
    )


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _study() -> sa.Column[object]:
    return sa.Column("study_id", sa.Uuid(), nullable=False)
