"""The seams: what the use cases need of the outside, as protocols. Adapters sit above, fakes in the tests."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from batcher.model import Answer, Environment, Instant, Order, OrderPage, Payout, Product, Reply, Speaker
from batcher.policy import Verdict
from batcher.records import Kin
from batcher.states import State


class Clock(Protocol):
    """Time, the only way to it."""

    def instant(self) -> Instant:
        """This moment, on the wall clock and on the one that never jumps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; not at all for zero or less."""
        ...


class Api(Protocol):
    """Runa's orders API. No method raises for what the other side or the network does: that is in the `Reply`."""

    async def create(self, *, key: str, body: bytes) -> Reply:
        """Send one order. Cancelling it leaves open whether the order was made."""
        ...

    async def read(self, order_id: str) -> Reply:
        """Read one order back."""
        ...

    async def ping(self) -> Reply:
        """Whether the API is there and takes our key and version."""
        ...


class OrderList(Protocol):
    """The list of all orders of the account. No method raises for what the other side or the network does."""

    async def page(self, *, after: str | None = None, before: str | None = None) -> Answer[OrderPage]:
        """One page: the one at a cursor (one of the two at most), or the first."""
        ...

    async def read(self, order_id: str) -> Reply:
        """Read one order back."""
        ...


class Account(Protocol):
    """What the account can pay, and with what. No method raises for what the other side or the network does."""

    async def balances(self) -> Answer[Mapping[str, Decimal]]:
        """What each currency's balance holds; one that is empty may be left out."""
        ...

    async def products(self) -> Answer[Sequence[Product]]:
        """The catalogue; of a long one perhaps only the beginning."""
        ...

    async def product(self, code: str) -> Answer[Product]:
        """One product by its code."""
        ...

    async def prices(self, currency: str, payouts: Sequence[Payout]) -> Answer[Sequence[Decimal]]:
        """What each of these payouts (500 at most, all in this currency) would cost, in their order."""
        ...


class Lease(Protocol):
    """The right to one request, taken before it is made."""

    def answered(self) -> None:
        """The answer came, or the connection is closed: the right returns one window from now."""
        ...


class Throttle(Protocol):
    """No window at the server, of any kind and phase, sees more sends than the limit."""

    async def lease(self, *, resend: bool) -> Lease:
        """Wait until one more send is within the limit. Resends take at most a quarter of the rate."""
        ...

    def refused(self, retry_after_s: float | None) -> None:
        """The API said 'too many': pause every send, and go slower for a while."""
        ...


class Journal(Protocol):
    """What a run writes into the ledger. Every call returns once what it says is on the disk."""

    async def sending(
        self, attempt_id: int, speaker: Speaker, at: Instant, *, server_at: datetime | None = None
    ) -> int:
        """Note, before the first byte leaves, that the attempt is about to be sent; gives the id of the send."""
        ...

    async def answered(
        self, send_id: int, attempt_id: int, *, reply: Reply, verdict: Verdict, to: State, at: Instant
    ) -> None:
        """Note what came back for a send, and where that takes the attempt."""
        ...

    async def settled(self, attempt_id: int, *, order: Order, to: State, why: str, at: Instant) -> None:
        """Note what an order that was read back has come to."""
        ...

    async def reopened(self, failed_id: int, withdrawn_id: int, *, why: str, at: Instant) -> None:
        """Note both or neither: an order that had failed no longer has, and the attempt after it is withdrawn."""
        ...

    async def claim_order(self, attempt_id: int, order_id: str) -> int | None:
        """Claim an order for an attempt, at once; gives another attempt that has it already, in this run or before."""
        ...

    async def claim_link(self, attempt_id: int, redemption_url: str) -> int | None:
        """Claim a link for an attempt, as an order is claimed."""
        ...

    async def others_passed(self, attempt_id: int, since: datetime) -> bool:
        """Whether, since then, other keys of the environment got past the door."""
        ...


class Docket(Protocol):
    """What evidence and people write into the ledger. Every call returns once what it says is on the disk."""

    async def claim_order(self, attempt_id: int, order_id: str) -> int | None:
        """Claim an order for an attempt, at once; gives another attempt that has it already."""
        ...

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
        """Note, all or nothing, that an order is an attempt's, and what becomes of the row's other attempts."""
        ...

    async def proven_absent(
        self, attempt_id: int, *, why: str, at: Instant, by: str | None = None, lets_go: bool = False
    ) -> None:
        """Note that an attempt was never made, or that a person says so. `lets_go`: the order it has is not its own."""
        ...


class Memory(Protocol):
    """What planning asks of the ledger beyond the batch itself."""

    def kin(
        self, environment: Environment, *, besides: str, twin_digests: Sequence[str], paid_since: datetime
    ) -> Sequence[Kin]:
        """Paid and open attempts of other batches that pay the same."""
        ...


Blocking = Callable[[Callable[[], None]], Awaitable[None]]
"""How work that blocks (a commit) is run off the event loop; a simulation runs it in place."""
