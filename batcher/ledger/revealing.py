"""Who has seen which links: noted in the batch's own chain before anybody sees them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from batcher.ledger import chain
from batcher.ledger.chain import Event
from batcher.ledger.tables import attempts, rows

SEEN = "link seen"
ALL_SEEN = "all links seen"


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
