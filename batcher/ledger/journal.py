"""The journal of one run: what it sends, hears and finds, each noted before it goes on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from batcher.ledger import writing
from batcher.ledger.grouping import GroupedWriter
from batcher.ledger.tables import attempts, sends
from batcher.model import Instant, Order, Reply, Speaker
from batcher.policy import Finding, Verdict
from batcher.records import AttemptRecord
from batcher.states import State


class SqlJournal:
    """Implements `batcher.ports.Journal`: every call returns once what it says is on the disk."""

    def __init__(self, writer: GroupedWriter) -> None:
        self._writer = writer
        # What this run has claimed and perhaps not written yet: one process sends at a time, so it is all there is.
        self._orders: dict[str, int] = {}
        self._links: dict[str, int] = {}

    async def sending(
        self, attempt_id: int, speaker: Speaker, at: Instant, *, server_at: datetime | None = None
    ) -> int:
        """Note that the attempt is about to be sent."""
        return await self._writer.write(
            lambda connection: writing.sending(connection, attempt_id, speaker, at, server_at)
        )

    async def answered(
        self, send_id: int, attempt_id: int, *, reply: Reply, verdict: Verdict, to: State, at: Instant
    ) -> None:
        """Note what came back, and where that takes the attempt."""
        await self._writer.write(
            lambda connection: writing.answered(connection, send_id, attempt_id, reply, verdict, to, at)
        )

    async def settled(self, attempt_id: int, *, order: Order, to: State, why: str, at: Instant) -> None:
        """Note what an order has come to."""
        await self._writer.write(lambda connection: writing.settled(connection, attempt_id, order, to, why, at))

    async def refreshed(self, attempt: AttemptRecord, *, at: Instant) -> None:
        """Note what a paid order that was read again now says of its payout and its price."""
        await self._writer.write(lambda connection: writing.refreshed(connection, attempt, at.at))

    async def reopened(self, failed_id: int, withdrawn_id: int, *, why: str, at: Instant) -> None:
        """Note that an order that had failed no longer has, and withdraw the attempt after it."""

        def write(connection: Connection) -> None:
            writing.move(connection, withdrawn_id, State.WITHDRAWN, at.at, why)
            writing.move(connection, failed_id, State.ACCEPTED, at.at, why)

        await self._writer.write(write)

    async def taken_over(
        self,
        attempt_id: int,
        order_id: str,
        *,
        withdrawn: Sequence[int] = (),
        absent: Sequence[int] = (),
        why: str,
        at: Instant,
        by: str | None = None,
    ) -> None:
        """Note that an order is an attempt's, and what becomes of the row's other attempts."""

        def write(connection: Connection) -> None:
            for other in withdrawn:
                writing.move(connection, other, State.WITHDRAWN, at.at, f"another attempt has order {order_id}", by)
            for other in absent:
                writing.move(connection, other, State.ABSENT, at.at, f"a later attempt has order {order_id}", by)
            writing.taken_over(connection, attempt_id, order_id, why, at, by)

        await self._writer.write(write)

    async def proven_absent(
        self, attempt_id: int, *, why: str, at: Instant, by: str | None = None, lets_go: bool = False
    ) -> None:
        """Note that an attempt was never made."""
        values = {"order_id": None} if lets_go else {}
        await self._writer.write(
            lambda connection: writing.move(
                connection,
                attempt_id,
                State.ABSENT,
                at.at,
                why,
                by,
                error_type="never_created",
                error_message=f"No order was made: {why}.",
                **values,
            )
        )

    async def claim_order(self, attempt_id: int, order_id: str) -> int | None:
        """Claim an order for an attempt; gives another attempt that has it already, in this run or before."""
        if (holder := self._orders.setdefault(order_id, attempt_id)) != attempt_id:
            return holder
        before = await self._writer.write(lambda connection: writing.order_holder(connection, attempt_id, order_id))
        if before is not None:
            self._orders[order_id] = before
        return before

    async def claim_link(self, attempt_id: int, redemption_url: str) -> int | None:
        """Claim a link for an attempt, as an order is claimed."""
        if (holder := self._links.setdefault(redemption_url, attempt_id)) != attempt_id:
            return holder
        before = await self._writer.write(
            lambda connection: writing.link_holder(connection, attempt_id, redemption_url)
        )
        if before is not None:
            self._links[redemption_url] = before
        return before

    async def others_passed(self, attempt_id: int, since: datetime) -> bool:
        """Whether, since then, other keys of the environment got past the door."""
        return await self._writer.write(lambda connection: _others_passed(connection, attempt_id, since))

    async def drain(self) -> None:
        """Wait until everything is on the disk."""
        await self._writer.drain()


def _others_passed(connection: Connection, attempt_id: int, since: datetime) -> bool:
    own = select(attempts.c.environment_id).where(attempts.c.id == attempt_id).scalar_subquery()
    query = (
        select(func.count())
        .select_from(sends)
        .join(attempts)
        .where(
            attempts.c.environment_id == own,
            attempts.c.id != attempt_id,
            sends.c.answered_at >= since,
            sends.c.finding.in_([Finding.ACCEPTED.value, Finding.REFUSED.value]),
        )
    )
    return bool(connection.scalar(query))
