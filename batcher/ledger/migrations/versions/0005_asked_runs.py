"""Runs that were asked for on the page, and indices by which a payout is found in the history."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what was asked for."""
    op.create_table(
        "asked_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("ignore_balance", sa.Boolean(), nullable=False),
        sa.Column("canary", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("wish", sa.String(length=5), nullable=True),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("begun_at", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("unfinished", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_asked_runs_environment_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_asked_runs_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_runs")),
        sa.UniqueConstraint("environment_id", "unfinished", name=op.f("uq_asked_runs_environment_id_unfinished")),
    )
    op.create_index("ix_asked_runs_batch", "asked_runs", ["environment_id", "batch"], unique=False)
    op.create_index(op.f("ix_asked_runs_state"), "asked_runs", ["state"], unique=False)
    for name in ("reference", "email", "recipient_reference", "order_id"):
        op.create_index(op.f(f"ix_attempts_{name}"), "attempts", [name], unique=False)
