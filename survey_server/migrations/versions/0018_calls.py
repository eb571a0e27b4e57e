"""The call desk: its rules, cases, numbers, calls, drafts, quotas, hand-overs and re-calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_server.db import UtcDateTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the tables."""
    _make_call_rules()
    _make_operator_skill()
    _make_quota()
    _make_telephony()
    _make_call_draft()
    _make_call_number()
    _make_handover()
    _make_call()
    _make_call_case()
    _make_recall()
    _make_recording_mark()
    op.create_index(op.f("ix_case_due_at"), "case", ["due_at"], unique=False)
    op.create_index(op.f("ix_case_operator_id"), "case", ["operator_id"], unique=False)


def _make_call_rules() -> None:
    op.create_table(
        "call_rules",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        sa.Column("delays", sa.JSON(), nullable=False),
        sa.Column("most_calls", sa.Integer(), nullable=False),
        sa.Column("most_a_day", sa.Integer(), nullable=False),
        sa.Column("slots_needed", sa.Integer(), nullable=False),
        sa.Column("recall_share", sa.Float(), nullable=False),
        sa.Column("contracted", sa.Integer(), nullable=True),
        sa.Column("recording_days", sa.Integer(), nullable=False),
        sa.Column("script", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("study_id"),
    )


def _make_operator_skill() -> None:
    op.create_table(
        "operator_skill",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "language"),
    )


def _make_quota() -> None:
    op.create_table(
        "quota",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "field", "value"),
    )
    op.create_index(op.f("ix_quota_study_id"), "quota", ["study_id"], unique=False)


def _make_telephony() -> None:
    op.create_table(
        "telephony",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("study_id"),
    )


def _make_call_draft() -> None:
    op.create_table(
        "call_draft",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("form_version_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["form_version_id"],
            ["form_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index(op.f("ix_call_draft_study_id"), "call_draft", ["study_id"], unique=False)


def _make_call_number() -> None:
    op.create_table(
        "call_number",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("learnt", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "number_index"),
    )
    op.create_index(op.f("ix_call_number_case_id"), "call_number", ["case_id"], unique=False)
    op.create_index(op.f("ix_call_number_study_id"), "call_number", ["study_id"], unique=False)


def _make_handover() -> None:
    op.create_table(
        "handover",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("sent_to", sa.String(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_handover_case_id"), "handover", ["case_id"], unique=False)
    op.create_index(op.f("ix_handover_study_id"), "handover", ["study_id"], unique=False)


def _make_call() -> None:
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_class", sa.String(), nullable=True),
        sa.Column("outside", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["number_id"],
            ["call_number.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_call_began_at"), "call", ["began_at"], unique=False)
    op.create_index(op.f("ix_call_case_id"), "call", ["case_id"], unique=False)
    op.create_index(op.f("ix_call_outside"), "call", ["outside"], unique=False)
    op.create_index(op.f("ix_call_person_id"), "call", ["person_id"], unique=False)
    op.create_index(op.f("ix_call_study_id"), "call", ["study_id"], unique=False)


def _make_call_case() -> None:
    op.create_table(
        "call_case",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("day_calls", sa.Integer(), nullable=False),
        sa.Column("morning", sa.Integer(), nullable=False),
        sa.Column("afternoon", sa.Integer(), nullable=False),
        sa.Column("evening", sa.Integer(), nullable=False),
        sa.Column("weekend", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("picked_at", UtcDateTime(), nullable=True),
        sa.Column("picked_for", sa.Uuid(), nullable=True),
        sa.Column("avoid_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("dialled_id", sa.Uuid(), nullable=True),
        sa.Column("dialled_at", UtcDateTime(), nullable=True),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("left_why", sa.String(), nullable=False),
        sa.Column("counted_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["avoid_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["dialled_id"],
            ["call_number.id"],
        ),
        sa.ForeignKeyConstraint(
            ["picked_for"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index(op.f("ix_call_case_picked_at"), "call_case", ["picked_at"], unique=False)
    op.create_index(op.f("ix_call_case_study_id"), "call_case", ["study_id"], unique=False)


def _make_recall() -> None:
    op.create_table(
        "recall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("submission_id"),
    )
    op.create_index(op.f("ix_recall_case_id"), "recall", ["case_id"], unique=False)
    op.create_index(op.f("ix_recall_study_id"), "recall", ["study_id"], unique=False)


def _make_recording_mark() -> None:
    op.create_table(
        "recording_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("second", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["submission_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_recording_mark_case_id"), "recording_mark", ["case_id"], unique=False)
    op.create_index(op.f("ix_recording_mark_file_id"), "recording_mark", ["file_id"], unique=False)
    op.create_index(op.f("ix_recording_mark_study_id"), "recording_mark", ["study_id"], unique=False)
