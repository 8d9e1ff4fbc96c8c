"""Inboxes: one line for each file that was taken, and one for each inbox that was in trouble."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what was taken from inboxes, and what has become of it."""
    op.create_table(
        "inbox_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("batch", sa.String(length=40), nullable=False),
        sa.Column("kept_as", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=17), nullable=False),
        sa.Column("open_name", sa.String(), nullable=True),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("noted_at", sa.String(length=27), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("reported", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_inbox_files_environment_id")),
        sa.ForeignKeyConstraint(["run_id"], ["asked_runs.id"], name=op.f("fk_inbox_files_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_files")),
        sa.UniqueConstraint(
            "environment_id", "inbox", "open_name", name=op.f("uq_inbox_files_environment_id_inbox_open_name")
        ),
    )
    op.create_index(op.f("ix_inbox_files_state"), "inbox_files", ["state"], unique=False)
    op.create_table(
        "inbox_troubles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("inbox", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_inbox_troubles_environment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_troubles")),
        sa.UniqueConstraint("environment_id", "inbox", name=op.f("uq_inbox_troubles_environment_id_inbox")),
    )
