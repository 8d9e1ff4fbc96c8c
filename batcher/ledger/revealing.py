"""Who has seen which links: noted in the batch's own chain before anybody sees them.

It is the one kind of event that changes nothing about the batch: what was planned before it still holds.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, not_, select

from batcher.ledger import chain
from batcher.ledger.chain import Event
from batcher.ledger.tables import attempts, journal, rows

SEEN = "link seen"
ALL_SEEN = "all links seen"

ONLY_SEEN = and_(
    # The reason of a decision is a person's own words, and may be these: an event that changes something counts.
    journal.c.why.in_((SEEN, ALL_SEEN)),
    journal.c.to_state.is_(None),
    journal.c.content == chain.written({}),
)
"""Of the journal: that an event tells of no more than who has seen links."""


def last_change(connection: Connection, batch_id: int) -> str:
    """The digest of a batch's last event that changed something about it; that of its beginning where it has none."""
    query = select(journal.c.digest).where(journal.c.batch_id == batch_id, not_(ONLY_SEEN))
    found = connection.scalar(query.order_by(journal.c.number.desc()).limit(1))
    return found or chain.beginning_of(connection, batch_id)


def note(connection: Connection, batch_id: int, row_ids: Collection[int] | None, *, by: str, now: datetime) -> None:
    """Note that `by` sees the links of these rows, each by an event of its own; `None` for all of them, by one."""
    if row_ids is None:
        chain.add(connection, batch_id, [Event(at=now, why=ALL_SEEN, by=by)])
        return
    query = (
        select(attempts.c.id)
        .join(rows, attempts.c.row_id == rows.c.id)
        .where(rows.c.batch_id == batch_id, rows.c.id.in_(row_ids), attempts.c.redemption_url.is_not(None))
        .order_by(attempts.c.id)
    )
    seen = connection.execute(query).scalars().all()
    chain.add(connection, batch_id, [Event(at=now, why=SEEN, by=by, attempt_id=one) for one in seen])
