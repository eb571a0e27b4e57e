"""What each person reaches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of grants, name the owner, and give every case its town."""
    op.create_table(
        "person_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=True),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("town", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_person_grant_person_id"), "person_grant", ["person_id"])
    op.execute("UPDATE person_role SET role = 'owner' WHERE role = 'administrator'")
    op.add_column("case", sa.Column("town", sa.String(), nullable=False, server_default=""))
    op.execute(
        'UPDATE "case" SET town = (SELECT household.town FROM household WHERE household.id = "case".household_id)'
    )
