"""Working papers: signatures, papers asked for, interviews, base data, milestones, comments on drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_server.db import UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the tables."""
    _papers()
    _counties()
    _progress()


def _papers() -> None:
    op.create_table(
        "workpaper",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        *_texts("county", "indicator", "note", "digest"),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        *_texts("remark"),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("study_id", "county", "indicator"),
    )


def _counties() -> None:
    op.create_table(
        "requested_document",
        *_row(),
        *_texts("county", "number", "title", "detail"),
        *_dates("asked_on", "due_on"),
        *_texts("status", "reason"),
        sa.Column("arrived_on", sa.Date(), nullable=True),
        *_made(),
        sa.UniqueConstraint("study_id", "county", "number"),
    )
    op.create_table(
        "document_file",
        *_row(),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        *_texts("file_name", "blob"),
        sa.Column("size", sa.Integer(), nullable=False),
        *_made(),
        sa.ForeignKeyConstraint(["document_id"], ["requested_document.id"]),
    )
    op.create_table(
        "interview",
        *_row(),
        *_texts("county", "number", "role", "unit", "place", "interviewers"),
        *_dates("held_on"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_made(),
        sa.UniqueConstraint("study_id", "county", "number"),
    )
    op.create_table(
        "base_data",
        *_row(),
        *_texts("county", "file_name"),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("contacts", sa.LargeBinary(), nullable=False),
        *_made(),
        sa.UniqueConstraint("study_id", "county"),
    )
    op.create_index(op.f("ix_document_file_document_id"), "document_file", ["document_id"])
    _by_study("requested_document", "document_file", "interview", "base_data")


def _progress() -> None:
    op.create_table(
        "milestone",
        *_row(),
        *_texts("title"),
        *_dates("planned_on"),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "draft_sending",
        *_row(),
        *_texts("draft", "unit"),
        *_dates("sent_on", "due_on"),
        sa.Column("no_comment_on", sa.Date(), nullable=True),
        *_made(),
    )
    op.create_table(
        "draft_comment",
        *_row(),
        sa.Column("sending_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_texts("part", "text", "decision", "answer"),
        *_dates("received_on"),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        *_made(),
        sa.ForeignKeyConstraint(["sending_id"], ["draft_sending.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.UniqueConstraint("study_id", "number"),
    )
    op.create_index(op.f("ix_draft_comment_sending_id"), "draft_comment", ["sending_id"])
    _by_study("milestone", "draft_sending", "draft_comment")


def _row() -> list[sa.Column[object]]:
    return [sa.Column("id", sa.Uuid(), nullable=False), sa.Column("study_id", sa.Uuid(), nullable=False)]


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _dates(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Date(), nullable=False) for name in names]


def _made() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    ]


def _by_study(*tables: str) -> None:
    for table in tables:
        op.create_index(op.f(f"ix_{table}_study_id"), table, ["study_id"])
