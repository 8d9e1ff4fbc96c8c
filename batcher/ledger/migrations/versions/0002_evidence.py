"""What is kept as evidence: readings of the order list, the catalogue, balances, and who decided what."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep evidence."""
    op.add_column("plans", sa.Column("file_rows", sa.Integer(), nullable=True))
    op.add_column("attempts", sa.Column("discount", sa.String(length=40), nullable=True))
    op.add_column("journal", sa.Column("by", sa.String(), nullable=True))
    op.create_table(
        "list_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=False),
        sa.Column("began_monotonic_s", sa.Float(), nullable=False),
        sa.Column("ended_monotonic_s", sa.Float(), nullable=False),
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("began_server_at", sa.String(length=27), nullable=True),
        sa.Column("ended_server_at", sa.String(length=27), nullable=True),
        sa.Column("last_send_id", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("why_incomplete", sa.String(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("frontier", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_list_readings_environment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_readings")),
    )
    op.create_index(op.f("ix_list_readings_environment_id"), "list_readings", ["environment_id"], unique=False)
    op.create_table(
        "listed_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("price", sa.String(length=40), nullable=True),
        sa.Column("told_all", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.String(length=27), nullable=False),
        sa.Column("first_reading_id", sa.Integer(), nullable=False),
        sa.Column("last_reading_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_listed_orders_environment_id")),
        sa.ForeignKeyConstraint(
            ["first_reading_id"], ["list_readings.id"], name=op.f("fk_listed_orders_first_reading_id")
        ),
        sa.ForeignKeyConstraint(
            ["last_reading_id"], ["list_readings.id"], name=op.f("fk_listed_orders_last_reading_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_orders")),
        sa.UniqueConstraint("environment_id", "order_id", name=op.f("uq_listed_orders_environment_id_order_id")),
    )
    op.create_table(
        "catalogues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.String(length=27), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_catalogues_environment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogues")),
        sa.UniqueConstraint("environment_id", name=op.f("uq_catalogues_environment_id")),
    )
    op.create_table(
        "balances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.String(length=27), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], name=op.f("fk_balances_environment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balances")),
    )
    op.create_index(op.f("ix_balances_environment_id"), "balances", ["environment_id"], unique=False)
