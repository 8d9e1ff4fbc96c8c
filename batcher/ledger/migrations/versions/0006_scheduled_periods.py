"""Schedules: one line for each of them and each of its periods."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what is due, and what has become of it."""
    op.create_table(
        "scheduled_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.String(length=27), nullable=False),
        sa.Column("timing", sa.String(), nullable=False),
        sa.Column("batch", sa.String(length=40), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=17), nullable=False),
        sa.Column("noted_at", sa.String(length=27), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("reported", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_scheduled_periods_environment_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["asked_runs.id"], name=op.f("fk_scheduled_periods_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_periods")),
        sa.UniqueConstraint(
            "environment_id", "schedule", "period", name=op.f("uq_scheduled_periods_environment_id_schedule_period")
        ),
    )
    op.create_index(op.f("ix_scheduled_periods_state"), "scheduled_periods", ["state"], unique=False)
