"""Every event carries the digest of the one before it, and personal fields have salts, so that they can be purged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from batcher.ledger.chain import PERSONAL, SALT_BYTES, beginning, commitment, event_digest, salts_of, written

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WHY = "as the ledger had it when its journal was first chained"


def upgrade() -> None:
    """Chain the journal."""
    for table in ("rows", "invalid_lines", "attempts"):
        op.add_column(table, sa.Column("salt", sa.LargeBinary(), nullable=True))
    op.add_column("attempts", sa.Column("content_digest", sa.String(length=64), nullable=True))
    op.add_column("attempts", sa.Column("recipient_digest", sa.String(length=64), nullable=True))
    op.drop_index(op.f("ix_journal_attempt_id"), "journal")
    op.rename_table("journal", "unchained_journal")
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("from_state", sa.String(length=10), nullable=True),
        sa.Column("to_state", sa.String(length=10), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_journal_batch_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_journal_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_journal_batch_id_number")),
    )
    op.create_index(op.f("ix_journal_at"), "journal", ["at"], unique=False)
    _chain(op.get_bind())
    op.drop_table("unchained_journal")


def _chain(connection: sa.Connection) -> None:
    """What the journal has of each batch as it was, then what lies in the tables: from there on all is covered."""
    for table in ("rows", "invalid_lines", "attempts"):
        _salt(connection, table)
    batches = connection.exec_driver_sql(
        "SELECT b.id, b.name, e.base_url, e.account FROM batches b JOIN environments e ON e.id = b.environment_id"
    ).all()
    for batch_id, name, base_url, account in batches:
        digest = beginning(base_url=base_url, account=account, batch=name)
        lines = []
        for number, event in enumerate([*_told(connection, batch_id), *_found(connection, batch_id)], start=1):
            digest = event_digest(digest, number=number, **event)
            lines.append({"batch_id": batch_id, "number": number, "digest": digest, **event})
        if lines:
            connection.execute(
                sa.text(
                    "INSERT INTO journal (batch_id, number, attempt_id, at, from_state, to_state, why, by, content,"
                    " digest) VALUES (:batch_id, :number, :attempt_id, :at, :from_state, :to_state, :why, :by,"
                    " :content, :digest)"
                ),
                lines,
            )


def _salt(connection: sa.Connection, table: str) -> None:
    ids = connection.exec_driver_sql(f"SELECT id FROM {table}").scalars().all()  # noqa: S608 - our own tables
    salts = salts_of(connection)
    salted = [{"its_id": one, "salt": salts(SALT_BYTES)} for one in ids]
    if salted:
        connection.execute(sa.text(f"UPDATE {table} SET salt = :salt WHERE id = :its_id"), salted)  # noqa: S608


def _told(connection: sa.Connection, batch_id: int) -> Iterator[dict[str, Any]]:
    """The events that were written without a digest."""
    found = connection.exec_driver_sql(
        "SELECT j.* FROM unchained_journal j JOIN attempts a ON a.id = j.attempt_id JOIN rows r ON r.id = a.row_id"
        " WHERE r.batch_id = ? ORDER BY j.id",
        (batch_id,),
    )
    for event in found.mappings():
        yield {name: event[name] for name in ("attempt_id", "at", "from_state", "to_state", "why", "by")} | {
            "content": written({})
        }


def _found(connection: sa.Connection, batch_id: int) -> Iterator[dict[str, Any]]:
    """One event for each plan and each row, with all that hangs on it."""
    of_batch = "WHERE batch_id = ? ORDER BY id"
    plans = _entities(connection, "plans", of_batch, batch_id)
    rows = _entities(connection, "rows", of_batch, batch_id)
    invalid = _entities(
        connection, "invalid_lines", "WHERE plan_id IN (SELECT id FROM plans WHERE batch_id = ?) ORDER BY id", batch_id
    )
    in_batch = "(SELECT a.id FROM attempts a JOIN rows r ON r.id = a.row_id WHERE r.batch_id = ?)"
    attempts = _entities(connection, "attempts", f"WHERE id IN {in_batch} ORDER BY id", batch_id)
    sends = _entities(connection, "sends", f"WHERE attempt_id IN {in_batch} ORDER BY id", batch_id)
    salts = {attempt["id"]: attempt["salt"] for attempt in attempts}
    lines_of, attempts_of, sends_of = _by(invalid, "plan_id"), _by(attempts, "row_id"), _by(sends, "attempt_id")
    at = max(
        [plan["confirmed_at"] for plan in plans]
        + [moment for send in sends for moment in (send["sent_at"], send["answered_at"]) if moment is not None],
        default="1970-01-01T00:00:00.000000Z",
    )
    contents: list[dict[str, Any]] = [
        {"plans": [_told_of("plans", plan)], "invalid_lines": [_told_of("invalid_lines", one) for one in lines]}
        for plan in plans
        for lines in [lines_of[plan["id"]]]
    ]
    contents += [
        {
            "rows": [_told_of("rows", row)],
            "attempts": [_told_of("attempts", one) for one in attempts_of[row["id"]]],
            "sends": [
                _told_of("sends", send, salts[one["id"]])
                for one in attempts_of[row["id"]]
                for send in sends_of[one["id"]]
            ],
        }
        for row in rows
    ]
    for content in contents:
        yield {
            "attempt_id": None,
            "at": at,
            "from_state": None,
            "to_state": None,
            "why": WHY,
            "by": None,
            "content": written(content),
        }


def _entities(connection: sa.Connection, table: str, which: str, batch_id: int) -> list[dict[str, Any]]:
    found = connection.exec_driver_sql(f"SELECT * FROM {table} {which}", (batch_id,))  # noqa: S608 - our own tables
    return [dict(entity) for entity in found.mappings()]


def _by(entities: Iterable[dict[str, Any]], name: str) -> Mapping[int, list[dict[str, Any]]]:
    grouped: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for entity in entities:
        grouped[entity[name]].append(entity)
    return grouped


def _told_of(table: str, entity: Mapping[str, Any], salt: bytes | None = None) -> dict[str, Any]:
    salt = entity.get("salt", salt)
    return {
        name: commitment(salt, name, value) if name in PERSONAL[table] else value
        for name, value in entity.items()
        if name != "salt" and value is not None
    }
