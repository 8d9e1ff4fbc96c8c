"""What Runa is asked before and after a run: balances, catalogue, prices, and the order list."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from batcher import keys, planning, policy
from batcher.assembly.parts import Parts
from batcher.evidence import Evidence, KeptOrder, ListReading, Stray
from batcher.model import Payout, Product, Reply, Sheet, Speaker
from batcher.planning import PriceKey, covers, price_questions, priced
from batcher.ports import Account, OrderList
from batcher.reconcile import Knowledge, ListReader, ReadBounds, evidence
from batcher.reconcile.absence import why_spent_or_old
from batcher.reconcile.listing import Told, ask_patiently
from batcher.reconcile.matching import open_orders, unfinished
from batcher.records import BatchRecord, Catalogue
from batcher.states import State

LACKING_ASKED = 50
"""Products that the catalogue lacks and that are asked for one by one."""

STRAYS_READ = 1000
"""Orders that fit no row and are read by id, so that a row for the same person is seen to be doubtful."""
AT_ONCE = 4

MOST_AWAITED = 200
"""More of them are never all finished: the account is busy."""

FINISHED = frozenset({"COMPLETED", "FAILED"})

LONGEST_WAIT_S = 30.0
"""How long the look before a batch's first send waits for orders that are not finished."""


class Inquiry:
    """One ledger and one environment, and what Runa says about both. Nothing here sends an order or changes a state."""

    def __init__(self, parts: Parts) -> None:
        self.settings = parts.settings
        self.environment = parts.environment
        self.ledger = parts.ledger
        self.clock = parts.clock
        self.rng = parts.rng
        self.retries = parts.retries
        self._strays: dict[str, Stray] = {}

    @property
    def settle_after(self) -> timedelta:
        """How far apart two readings must be to prove something."""
        return timedelta(seconds=self.settings.reconcile.settle_after_s)

    async def read_list(self, api: OrderList, *, whole: bool, told: Told = lambda pages, orders: None) -> ListReading:
        """Read the order list and keep what it shows; only what is new, unless it is to be the `whole`."""
        shelf = self.ledger.shelf
        last_send_id, known = shelf.last_send_id(), shelf.known_orders(self.environment)
        reader = ListReader(
            api,
            clock=self.clock,
            rng=self.rng,
            bounds=self._bounds,
            told=told,
        )
        walk = await reader.read(
            kept=shelf.orders(self.environment),
            known=known,
            frontier=None if whole else shelf.frontier(self.environment),
        )
        return shelf.keep(self.environment, walk, known=known, last_send_id=last_send_id)

    async def read_strays(self, api: OrderList, found: Evidence) -> None:
        """Read orders that fit no row by their ids: whom they paid is in no list."""
        unread = [one for one in found.strays if one.order_id not in self._strays and one.status != "FAILED"]
        for start in range(0, min(len(unread), STRAYS_READ), AT_ONCE):
            some = unread[start : min(start + AT_ONCE, STRAYS_READ)]
            replies = await asyncio.gather(*(self._patiently(api, one.order_id) for one in some))
            for stray, reply in zip(some, replies, strict=True):
                if reply.order is not None:
                    self._strays[stray.order_id] = replace(stray, order=reply.order, status=reply.order.status)

    async def _patiently(self, api: OrderList, order_id: str) -> Reply:
        return await ask_patiently(
            lambda: api.read(order_id),
            lambda reply: (reply, reply.order is None),
            clock=self.clock,
            rng=self.rng,
            bounds=self._bounds,
        )

    @property
    def _bounds(self) -> ReadBounds:
        return ReadBounds(
            max_pages=self.settings.reconcile.max_pages,
            retries=self.retries,
            rate_limited_wait_s=self.settings.retry.rate_limited_wait_s,
        )

    def evidence(self, record: BatchRecord, sheet: Sheet | None = None) -> Evidence:
        """What the list, as far as it was ever read, says about a batch and the rows of a sheet."""
        shelf = self.ledger.shelf
        return self._evidence(record, sheet, shelf.orders(self.environment), shelf.readings(self.environment))

    def _evidence(
        self,
        record: BatchRecord,
        sheet: Sheet | None,
        kept: Mapping[str, KeptOrder],
        readings: Sequence[ListReading],
    ) -> Evidence:
        identities = [] if sheet is None else [keys.identity(payout) for _, payout in sheet.payouts]
        found = evidence(
            record,
            identities,
            kept,
            reading=readings[-1] if readings else None,
            known=self.ledger.shelf.known_orders(self.environment),
        )
        return replace(
            found,
            strays=tuple(self._strays.get(one.order_id, one) for one in found.strays),
            knows_until=self.ledger.knows_until(),
        )

    def knowledge(
        self, record: BatchRecord, now: datetime, sheet: Sheet | None = None, speaker: Speaker | None = None
    ) -> Knowledge:
        """Everything by which the batch may be settled; `now` is the latest of all clocks."""
        shelf = self.ledger.shelf
        kept, readings = shelf.orders(self.environment), shelf.readings(self.environment)
        return Knowledge(
            evidence=self._evidence(record, sheet, kept, readings),
            readings=readings,
            kept=kept,
            now=now,
            settle_after=self.settle_after,
            recent=shelf.known_orders(self.environment, since=now - policy.KEY_LIFE),
            speaker=speaker,
        )

    async def wait_for_open(self, api: OrderList, *, told: Told) -> int:
        """Wait for orders that do not say whose they are because they are not finished; gives how many still do not.

        A batch that was never sent from here may have been sent by a ledger that is lost: one of them may be its.
        """
        waiting = self._unfinished()
        waited_s, bound_s = 0.0, min(LONGEST_WAIT_S, self.settings.polling.give_up_after_s)
        while 0 < len(waiting) <= MOST_AWAITED and waited_s < bound_s:
            wait_s = policy.poll_wait_s(waited_s, first_s=self.settings.polling.first_s, max_s=bound_s)
            await self.clock.sleep(wait_s)
            waited_s += wait_s
            waiting = await self._still_unfinished(api, waiting)
        if waited_s:
            # What they say of themselves by now is kept as any reading keeps it.
            await self.read_list(api, whole=False, told=told)
        return len(waiting)

    async def _still_unfinished(self, api: OrderList, waiting: frozenset[str]) -> frozenset[str]:
        unfinished: set[str] = set()
        asked = sorted(waiting)
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            replies = await asyncio.gather(*(api.read(one) for one in some))
            unfinished |= {
                one
                for one, reply in zip(some, replies, strict=True)
                if reply.order is None or reply.order.status not in FINISHED
            }
        return frozenset(unfinished)

    def _unfinished(self) -> frozenset[str]:
        orders = self.ledger.shelf.orders(self.environment)
        return unfinished(open_orders(orders, self.ledger.shelf.known_orders(self.environment)), orders)

    def needs_whole_list(self, record: BatchRecord, now: datetime) -> bool:
        """Whether some row may be proven absent: only readings from end to end do that."""
        return any(
            row.latest.state is State.UNKNOWN
            and why_spent_or_old(row.latest, now=now, settle_after=self.settle_after, others_passed=True) is not None
            for row in record.rows
        )

    async def read_balances(self, api: Account) -> tuple[Mapping[str, Decimal] | None, str]:
        """What the account holds, kept in the ledger; or why that could not be read."""
        answer = await api.balances()
        if answer.content is None:
            return None, _why_unread(answer.reply)
        self.ledger.shelf.keep_balances(self.environment, answer.content, self.clock.instant().at)
        return answer.content, ""

    async def read_catalogue(self, api: Account, payouts: Iterable[Payout]) -> tuple[Catalogue | None, str]:
        """The catalogue, kept in the ledger; the one that was kept before, and why, where it could not be read.

        Products of `payouts` that it lacks are asked for by their codes: whether a long catalogue comes in pages is not
        documented, and what is only on another page must not be refused.
        """
        answer = await api.products()
        if answer.content:
            listed = {product.code.casefold() for product in answer.content}
            wanted = {code.casefold(): code for payout in payouts if not payout.is_template for code in payout.products}
            lacking = [code for folded, code in wanted.items() if folded not in listed]
            asked = await asyncio.gather(*(api.product(code) for code in lacking[:LACKING_ASKED]))
            products = [*answer.content]
            for code, told in zip(lacking, asked, strict=False):
                # Only a plain 'there is none' counts: of what was not answered nothing is known.
                if told.reply.http_status != 404 or told.reply.fault is not None:
                    products.append(told.content or Product(code=code))
            products += [Product(code=code) for code in lacking[LACKING_ASKED:]]
            self.ledger.keep_catalogue(self.environment, products, self.clock.instant().at)
            return self.ledger.catalogue(self.environment), ""
        why = _why_unread(answer.reply) if answer.content is None else "it is empty"
        return self.ledger.catalogue(self.environment), f"Runa's catalogue could not be read ({why})."

    async def read_prices(self, api: Account, payouts: Iterable[Payout]) -> dict[PriceKey, Decimal]:
        """What Runa's estimate says that the payouts cost; nothing of what it does not price."""
        prices: dict[PriceKey, Decimal] = {}
        for currency, items in price_questions(list(payouts)):
            answer = await api.prices(currency, items)
            if answer.content is None:
                # The playground has no estimate, and one item that it refuses spoils its request: face values count.
                if policy.judge(answer.reply).cause == "http_404":
                    break
                continue
            prices |= priced(items, answer.content)
        return prices

    async def preflight(
        self,
        api: Account,
        plan: planning.Plan,
        *,
        catalogue: Catalogue | None,
        notes: Iterable[str] = (),
    ) -> tuple[planning.Preflight, Mapping[str, Decimal] | None]:
        """What is looked at before a plan is confirmed, and the balances."""
        balances, why = await self.read_balances(api)
        to_send = [line.payout for line in plan.to_send if line.payout is not None]
        unknown = [line.payout for line in plan.of(planning.Standing.UNKNOWN) if line.payout is not None]
        prices = await self.read_prices(api, [*to_send, *unknown])
        before, payouts = self.ledger.batch_before(self.environment, plan.batch), plan.sheet.payouts
        return (
            planning.Preflight(
                made_at=self.clock.instant().at,
                covers=covers(to_send, unknown, balances, prices, why_unread=why),
                catalogue_read_at=None if catalogue is None else catalogue.read_at,
                comparison=None if before is None else planning.compared((row[1] for row in payouts), before),
                alike=planning.rows_alike((row.line, payout) for row, payout in payouts),
                warnings=(*plan.sheet.warnings, *(planning.zeros_lost_since(plan.sheet, before) if before else ())),
                notes=tuple(notes),
            ),
            balances,
        )


def _why_unread(reply: Reply) -> str:
    if reply.http_status is None:
        return "there was no answer"
    return f"HTTP {reply.http_status}{f', {reply.error_type}' if reply.error_type else ''}"
