"""The tables of the ledger. What a word of theirs means is said in `batcher.records` and `batcher.states`."""

import functools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)


@functools.lru_cache(maxsize=64)
def moment_text(value: datetime) -> str:
    """A time as the ledger writes it, in UTC; one without a zone is a defect (`ValueError`)."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Moment(TypeDecorator[datetime]):
    """A UTC time as text of fixed width: it sorts as time does, and reads the same on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write it in UTC; a time without a zone is a defect."""
        return None if value is None else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read it as UTC."""
        return None if value is None else datetime.fromisoformat(value)


class Money(TypeDecorator[Decimal]):
    """An amount as text, exactly as it was: no database rounds it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write it with its decimals."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read it as it was written."""
        return None if value is None else Decimal(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

environments = Table(
    "environments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("base_url", String, nullable=False),
    Column("account", String, nullable=False),
    UniqueConstraint("base_url", "account"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("fingerprint", String(16), nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    UniqueConstraint("environment_id", "fingerprint"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("name", String(40), nullable=False),
    UniqueConstraint("environment_id", "name"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False, index=True),
    Column("confirmed_at", Moment, nullable=False),
    Column("confirmed_by", String, nullable=False),
    Column("file_name", String, nullable=False),
    Column("file_digest", String(64), nullable=False),
    Column("columns", JSON, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("recipe", String, nullable=False),
    # Records of the file, valid or not: what the closing proof counts against. Empty in plans of older releases.
    Column("file_rows", Integer),
)

rows = Table(
    "rows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False),
    Column("identity", String, nullable=False),
    # The last confirmed plan whose file has the row: there its line and cells are, and the headers of the cells.
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("cells", JSON, nullable=False),
    # What that file asks for, as a digest: an order that comes through late may have paid something else.
    Column("wanted", String(64), nullable=False),
    # What only the commitments about its cells were made with; it goes with them.
    Column("salt", LargeBinary),
    UniqueConstraint("batch_id", "identity"),
)

invalid_lines = Table(
    "invalid_lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("cells", JSON, nullable=False),
    Column("reference", String),
    Column("problems", JSON, nullable=False),
    Column("salt", LargeBinary),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("row_id", ForeignKey("rows.id"), nullable=False),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("planned_at", Moment, nullable=False),
    # The row in the file that it was confirmed with: beside these cells, and no others, belongs its link.
    Column("plan_id", ForeignKey("plans.id"), nullable=False),
    Column("cells", JSON, nullable=False),
    # What it says: fixed before the first send.
    Column("key", String(36), nullable=False),
    Column("body", LargeBinary, nullable=False),
    # What the body was made of, normalised.
    Column("reference", String, index=True),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("products", JSON, nullable=False),
    Column("distribution", String, nullable=False),
    Column("email", String, index=True),
    Column("recipient_reference", String, index=True),
    Column("template", String),
    Column("twin_digest", String(64), nullable=False),
    # For the commitments about all that is personal here and in its sends.
    Column("salt", LargeBinary),
    # What it said and to whom, as digests: there only where the fields themselves were purged.
    Column("content_digest", String(64)),
    Column("recipient_digest", String(64)),
    # What is known of its order.
    Column("order_id", String, index=True),
    Column("accepted_at", Moment),
    Column("completed_at", Moment),
    Column("redemption_url", String),
    Column("payout_status", String),
    Column("expiry_date", String),
    Column("price", Money),
    Column("discount", Money),
    Column("error_type", String),
    Column("error_message", String),
    UniqueConstraint("row_id", "number"),
    # Two rows that claim one key or one order: the second claim is a defect, and is not stored.
    UniqueConstraint("environment_id", "key"),
    UniqueConstraint("environment_id", "order_id"),
    UniqueConstraint("environment_id", "redemption_url"),
    Index("ix_attempts_twins", "environment_id", "twin_digest"),
)

sends = Table(
    "sends",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt_id", ForeignKey("attempts.id"), nullable=False, index=True),
    Column("sent_at", Moment, nullable=False, index=True),
    Column("sent_monotonic_s", Float, nullable=False),
    Column("boot", String, nullable=False),
    Column("server_at", Moment),
    Column("base_url", String, nullable=False),
    Column("api_version", String, nullable=False),
    Column("fingerprint", String(16), nullable=False),
    # The answer; all empty where none was recorded.
    Column("answered_at", Moment),
    Column("answered_monotonic_s", Float),
    Column("finding", String),
    Column("cause", String),
    Column("fault", String),
    Column("http_status", Integer),
    Column("error_type", String),
    Column("message", String),
    Column("request_id", String),
    Column("reply_date", Moment),
    Column("retry_after_s", Float),
)

# One chain for each batch; see `batcher.ledger.chain`.
journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batches.id"), nullable=False),
    # From 1, without a gap: two events that claim one place are a defect, and the second is not stored.
    Column("number", Integer, nullable=False),
    # Empty where it is about the batch, or about the file's lines.
    Column("attempt_id", ForeignKey("attempts.id")),
    Column("at", Moment, nullable=False, index=True),
    Column("from_state", String(10)),
    Column("to_state", String(10)),
    Column("why", String, nullable=False),
    # The person who decided it; empty where evidence did.
    Column("by", String),
    # What was changed: fields by table, as JSON.
    Column("content", String, nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("batch_id", "number"),
)

list_readings = Table(
    "list_readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False, index=True),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=False),
    # The clock that never jumps, as in `sends`.
    Column("began_monotonic_s", Float, nullable=False),
    Column("ended_monotonic_s", Float, nullable=False),
    Column("boot", String, nullable=False),
    # Runa's clock at both ends, which goes on where this machine begins anew.
    Column("began_server_at", Moment),
    Column("ended_server_at", Moment),
    # The newest send of this ledger when it began: what was sent later, it cannot tell of.
    Column("last_send_id", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    # From one end to the other, not only what was new.
    Column("whole", Boolean, nullable=False),
    # Empty where it came to its end.
    Column("why_incomplete", String, nullable=False),
    # Orders that the ledger knew when it began and that it did not hold.
    Column("missing", JSON, nullable=False),
    # Where a later reading goes on at either end, and the orders that must then be seen again.
    Column("frontier", JSON),
)

listed_orders = Table(
    "listed_orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("order_id", String, nullable=False),
    Column("status", String, nullable=False),
    # Its tag, where it is one of ours; empty until it is finished.
    Column("description", String),
    # From reading it by its id.
    Column("key", String),
    Column("currency", String),
    Column("price", Money),
    # Whether everything that an order can say of itself was seen.
    Column("told_all", Boolean, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("first_reading_id", ForeignKey("list_readings.id"), nullable=False),
    Column("last_reading_id", ForeignKey("list_readings.id"), nullable=False),
    UniqueConstraint("environment_id", "order_id"),
)

catalogues = Table(
    "catalogues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False, unique=True),
    Column("read_at", Moment, nullable=False),
    Column("products", JSON, nullable=False),
)

balances = Table(
    "balances",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False, index=True),
    Column("read_at", Moment, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", Money, nullable=False),
)

# People. What happens to users and approvals is told by a chain of its own; see `batcher.ledger.register`.
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    # Never given twice, also where its user is disabled.
    Column("name", String(40), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("password_hash", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String, nullable=False),
    Column("disabled_at", Moment),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    # SHA-256 of the token, in hex: who reads the ledger cannot take over a session.
    Column("token_digest", String(64), nullable=False, unique=True),
    # Empty for the one person of a machine without users.
    Column("user_id", ForeignKey("users.id"), index=True),
    Column("csrf_secret", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan_digest", String(64), nullable=False, unique=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    # By name: the batch itself is there only once a plan of it was confirmed.
    Column("batch", String(40), nullable=False),
    # Face value by currency, as text.
    Column("totals", JSON, nullable=False),
    Column("prepared_by", String(40), nullable=False),
    Column("prepared_at", Moment, nullable=False),
    # What was said of it last.
    Column("approved", Boolean),
    Column("decided_by", String(40)),
    Column("decided_at", Moment),
    Column("reason", String),
    Column("used_at", Moment),
)

register_events = Table(
    "register_events",
    metadata,
    Column("id", Integer, primary_key=True),
    # From 1, without a gap.
    Column("number", Integer, nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("why", String, nullable=False),
    Column("by", String, nullable=False),
    Column("content", String, nullable=False),
    Column("digest", String(64), nullable=False),
)

# Runs that were asked for on the page; see `batcher.asked`. No payment hangs on it: attempts and their states do that.
asked_runs = Table(
    "asked_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    # A new batch is in no other table until its plan is confirmed.
    Column("batch", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("source", String, nullable=False),
    Column("ignore_balance", Boolean, nullable=False),
    Column("canary", Boolean, nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("wish", String(5)),
    Column("plan_id", ForeignKey("plans.id")),
    Column("begun_at", Moment),
    Column("ended_at", Moment),
    Column("why", String, nullable=False),
    Column("exit_code", Integer),
    # The batch's name while it is not finished: two unfinished runs of one batch cannot be stored.
    Column("unfinished", String(40)),
    UniqueConstraint("environment_id", "unfinished"),
    Index("ix_asked_runs_batch", "environment_id", "batch"),
)

# One line for each schedule and period; see `batcher.schedules`. What is paid hangs on batches and attempts, as ever.
scheduled_periods = Table(
    "scheduled_periods",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("schedule", String(40), nullable=False),
    Column("period", String(10), nullable=False),
    Column("due_at", Moment, nullable=False),
    # Cron expression and zone, by which a schedule that was changed is known.
    Column("timing", String, nullable=False),
    Column("batch", String(40), nullable=False),
    Column("file", String, nullable=False),
    Column("state", String(17), nullable=False, index=True),
    Column("noted_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    # What the desk was asked for last.
    Column("run_id", ForeignKey("asked_runs.id")),
    Column("file_digest", String(64), nullable=False),
    Column("exit_code", Integer),
    Column("why", String, nullable=False),
    # Kinds of reports that somebody was told, each with its moment and its words.
    Column("reported", JSON, nullable=False),
    # No period twice, whoever writes at the same time.
    UniqueConstraint("environment_id", "schedule", "period"),
)

# One line for each file that was taken from an inbox; see `batcher.inboxes`. What is paid hangs on attempts, as ever.
inbox_files = Table(
    "inbox_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("inbox", String(40), nullable=False),
    # Whatever its sender called it.
    Column("name", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mark", String, nullable=False),
    Column("digest", String(64), nullable=False),
    # Whose period it is the file of; empty where the inbox pays it.
    Column("schedule", String(40), nullable=False),
    Column("batch", String(40), nullable=False),
    # Its name in the folder that it is taken to at its end.
    Column("kept_as", String, nullable=False),
    Column("state", String(17), nullable=False, index=True),
    # The name while it is open: no file of one name is taken twice at a time, whoever writes at the same time.
    Column("open_name", String),
    # What the desk was asked for last.
    Column("run_id", ForeignKey("asked_runs.id")),
    Column("exit_code", Integer),
    Column("why", String, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    # Kinds of reports that somebody was told, each with its moment and its words.
    Column("reported", JSON, nullable=False),
    UniqueConstraint("environment_id", "inbox", "open_name"),
)

# Inboxes that could not be reached when it was tried last: each trouble is told once.
inbox_troubles = Table(
    "inbox_troubles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    Column("inbox", String(40), nullable=False),
    Column("why", String, nullable=False),
    Column("since", Moment, nullable=False),
    UniqueConstraint("environment_id", "inbox"),
)

# What is told to people, one line for each outlet that it goes to. No payment hangs on it.
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environments.id"), nullable=False),
    # By name: it may be about a batch that was never confirmed.
    Column("batch", String(40), nullable=False),
    Column("event", String(20), nullable=False),
    # A name that gives no address away.
    Column("outlet", String(40), nullable=False),
    Column("content", JSON, nullable=False),
    Column("made_at", Moment, nullable=False),
    # When it is tried next; null once it has arrived or was given up.
    Column("due_at", Moment, index=True),
    Column("tries", Integer, nullable=False),
    Column("last_error", String, nullable=False),
    Column("delivered_at", Moment),
)
