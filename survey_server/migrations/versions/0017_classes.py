"""Printed codes that end, photographs on their way, classes with their sign-in lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_server.db import UtcDateTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the tables."""
    _codes()
    _classes()


def _codes() -> None:
    op.create_table(
        "printed_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("typed", sa.String(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id"),
        sa.UniqueConstraint("place_id"),
    )
    for column in ("study_id", "typed"):
        op.create_index(op.f(f"ix_printed_code_{column}"), "printed_code", [column])
    op.create_table(
        "code_terms",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("letter", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("study_id"),
    )
    op.create_table(
        "held_picture",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("instance_id", "name"),
    )
    for column in ("study_id", "held_at"):
        op.create_index(op.f(f"ix_held_picture_{column}"), "held_picture", [column])


def _classes() -> None:
    op.create_table(
        "training_class",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("place_id"),
    )
    op.create_index(op.f("ix_training_class_study_id"), "training_class", ["study_id"])
    op.create_table(
        "trainee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.Column("signed_in_at", UtcDateTime(), nullable=True),
        sa.Column("marked_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["training_class.id"]),
        sa.ForeignKeyConstraint(["marked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("class_id", "number"),
    )
    op.create_index(op.f("ix_trainee_class_id"), "trainee", ["class_id"])
