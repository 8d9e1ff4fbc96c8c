"""Evidence at work: what is looked at before a run, what it settles, the closing proof, and what a person decides."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import SecretStr

from batcher import planning
from batcher.assembly.inquiry import Inquiry
from batcher.assembly.parts import Parts
from batcher.assembly.sheets import read_options
from batcher.engine import Outcome, outcome
from batcher.errors import UsageError
from batcher.evidence import Evidence, ListReading
from batcher.intake.header import resolved
from batcher.ledger import SqlJournal, user_name
from batcher.lifecycle import Follower, Halt
from batcher.model import Sheet, Speaker
from batcher.reconcile import (
    BalanceChange,
    Proof,
    Settlement,
    accept_order,
    closing_proof,
    declare_never_created,
    settle_by_evidence,
)
from batcher.reconcile.listing import Told
from batcher.records import AttemptRecord, BatchRecord, Catalogue, RowRecord
from batcher.runa import RunaClient
from batcher.states import State

Watch = Callable[[int, int], None]
"""Called with how many of how many orders that are followed have ended."""


def _nobody(done: int, of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A plan, held against everything that Runa says before it is confirmed."""

    plan: planning.Plan
    preflight: planning.Preflight | None = None
    """`None` where nothing was asked."""
    server_now: datetime | None = None
    """Runa's clock."""
    settlement: Settlement | None = None
    """What the order list settled on the way; `None` where it was not to settle anything."""
    balances: Mapping[str, Decimal] | None = None
    reading: ListReading | None = None
    """Of the order list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a batch stands by the evidence."""

    outcome: Outcome
    proof: Proof
    settlement: Settlement


class Casework:
    """Asks Runa, and lets what it answers settle rows. It sends no order. Whoever settles holds the ledger's lock."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._inquiry = Inquiry(parts)

    @property
    def settle_after(self) -> timedelta:
        """How far apart two readings of the order list must be to prove something."""
        return self._inquiry.settle_after

    async def look(
        self,
        plan: planning.Plan,
        api_key: SecretStr,
        *,
        settle: bool,
        told: Told = _nobody,
    ) -> Prospect:
        """Hold a plan, made by the ledger alone, against the order list, the catalogue, the balance and the clock.

        With `settle`, rows that the list settles are settled; the plan that comes back knows of it. Raises `ApiRefused`
        or `StoppedEarly` where the API cannot be spoken to.
        """
        parts = self._parts
        sheet, batch, choices = plan.sheet, plan.batch, plan.choices
        notes: list[str] = []
        settlement: Settlement | None = None
        reading: ListReading | None = None
        evidence: Evidence | None = None
        async with parts.client(api_key) as api:
            server_now = await parts.knock(api)
            if plan.needs_look:
                record = parts.recovered(batch) if settle else parts.batch(batch)
                reading = await self._read(api, record, server_now, told)
                await self._inquiry.read_strays(api, self._inquiry.evidence(record, sheet))
                if settle:
                    async with parts.journal() as journal:
                        settlement = await self.settle(
                            record, journal, server_now=server_now, speaker=parts.speaker(api_key), sheet=sheet
                        )
                notes += await self._await_open(api, plan, told)
                evidence = self._inquiry.evidence(parts.batch(batch), sheet)
                if not evidence.complete:
                    notes.append(f"Runa's order list was not read to its end: {evidence.why_incomplete}.")
            catalogue, note = await self._catalogue(api, plan)
            notes += [note] if note else []

            def planned(of: Sheet) -> planning.Plan:
                return parts.plan(
                    of, batch, choices, server_now=server_now, evidence=evidence, speaker=parts.speaker(api_key)
                )

            plan = planned(sheet)
            if catalogue is not None:
                title = resolved(sheet.header_line, sheet.columns, read_options(parts.settings)).title
                lines = {line.line for line in plan.to_send if line.line is not None}
                held = planning.held_against_catalogue(sheet, lines, catalogue, title=title)
                plan = planned(held) if held is not sheet else plan
            preflight, balances = await self._inquiry.preflight(api, plan, catalogue=catalogue, notes=notes)
        return Prospect(
            plan=plan,
            preflight=preflight,
            server_now=server_now,
            settlement=settlement,
            balances=balances,
            reading=reading,
        )

    async def prospect(self, plan: planning.Plan, api_key: SecretStr, *, told: Told = _nobody) -> Prospect:
        """The plan, looked at as `look` does with `settle`; nobody is asked where it is refused or nothing is to do."""
        if plan.problems or plan.nothing_to_do:
            return Prospect(plan=plan)
        return await self.look(plan, api_key, settle=True, told=told)

    async def settle(
        self,
        record: BatchRecord,
        journal: SqlJournal,
        *,
        server_now: datetime | None,
        speaker: Speaker,
        sheet: Sheet | None = None,
    ) -> Settlement:
        """Settle what can be by all that the list has ever shown; asks nothing."""
        knowledge = self._inquiry.knowledge(record, self._parts.latest_now(server_now), sheet, speaker)
        return await settle_by_evidence(record, knowledge, docket=journal, at=self._parts.clock.instant())

    async def close(
        self,
        batch: str,
        api_key: SecretStr,
        *,
        ended: Outcome,
        server_now: datetime | None = None,
        before: Prospect | None = None,
        ask: bool = True,
        follow_all: bool = False,
        told: Told = _nobody,
        watch: Watch = _nobody,
        on_start: Callable[[Halt], None] = lambda halt: None,
    ) -> Closing:
        """Read the list once more, settle, follow what was found, and prove.

        `ended` is how the run ended that began with `before`; `server_now` is Runa's clock, where it was asked. Without
        `ask` nothing is asked: the proof is then of what is known.
        `follow_all` reads every open order, not only those that were found now. Where it is interrupted, nothing more
        is asked.
        """
        parts = self._parts
        halt = Halt(base_url=parts.environment.base_url)
        settlement = Settlement()
        change: BalanceChange | None = None

        async def asked() -> None:
            nonlocal settlement, change
            async with parts.journal() as journal, parts.client(api_key) as api:
                record = parts.batch(batch)
                # Before the list: what somebody orders in between is then in the list, and nothing is compared.
                change = await self._balance_change(api, before)
                await self._read(api, record, server_now, told, whole=follow_all)
                speaker = parts.speaker(api_key)
                settlement = await self.settle(record, journal, server_now=server_now, speaker=speaker)
                followed = [
                    row
                    for row in parts.batch(batch).rows
                    if row.latest.state is State.ACCEPTED and (follow_all or row.name in settlement.taken_over)
                ]
                await self._follow(api, journal, followed, halt, watch)
                if self._lacks_prices(parts.batch(batch)):
                    # Orders that an earlier reading saw unfinished are not among what is new.
                    await self._inquiry.read_list(api, whole=True, told=told)

        if ask:
            on_start(halt)
            await halt.before_no_sends(asked())
        record = parts.batch(batch)
        interrupted = ended.interrupted or halt.interrupted
        now_ended = outcome(record, stops=ended.stops, kept_back=ended.kept_back, interrupted=interrupted)
        proof = closing_proof(
            record, self._inquiry.evidence(record), parts.ledger.shelf.orders(parts.environment), change=change
        )
        return Closing(
            outcome=now_ended if proof.agrees else replace(now_ended, exit_code=1), proof=proof, settlement=settlement
        )

    def proof(self, batch: str) -> Proof:
        """The closing proof of what is known; nobody is asked, and no balance is compared."""
        parts = self._parts
        record = parts.batch(batch)
        return closing_proof(record, self._inquiry.evidence(record), parts.ledger.shelf.orders(parts.environment))

    async def knock(self, api_key: SecretStr) -> datetime | None:
        """Runa's clock. Raises `ApiRefused` or `StoppedEarly` where the API cannot be spoken to."""
        async with self._parts.client(api_key) as api:
            return await self._parts.knock(api)

    async def reconcile(
        self,
        batch: str,
        api_key: SecretStr,
        *,
        told: Told = _nobody,
        watch: Watch = _nobody,
        on_start: Callable[[Halt], None] = lambda halt: None,
    ) -> Closing:
        """Settle what is unknown by evidence, follow what is open, and prove. Nothing is sent.

        Raises `ApiRefused` or `StoppedEarly` where the API cannot be spoken to.
        """
        server_now = await self.knock(api_key)
        record = self._parts.recovered(batch)
        return await self.close(
            batch,
            api_key,
            ended=outcome(record),
            server_now=server_now,
            follow_all=True,
            told=told,
            watch=watch,
            on_start=on_start,
        )

    async def decide_order(
        self, batch: str, name: str, order_id: str, reason: str, api_key: SecretStr, *, by: str | None = None
    ) -> AttemptRecord:
        """Make an order the row's, because a person says so: `by`, or whoever runs this process.

        Raises as `accept_order` does.
        """
        parts = self._parts
        row = self._row(parts.recovered(batch), name)

        def owner_of(key: str) -> str | None:
            owner = parts.ledger.owner_of_key(parts.environment, key)
            if owner is None:
                return None
            return f"'{owner[1]}'" if owner[0] == batch else f"'{owner[1]}' in batch {owner[0]}"

        async with parts.journal() as journal, parts.client(api_key) as api:
            await parts.knock(api)
            return await accept_order(
                row,
                order_id,
                api=api,
                docket=journal,
                journal=journal,
                at=parts.clock.instant(),
                by=by or user_name(),
                reason=reason,
                owner_of=owner_of,
            )

    async def decide_never_created(self, batch: str, name: str, reason: str, *, by: str | None = None) -> AttemptRecord:
        """Note that a row was never paid, because a person says so. Raises as `declare_never_created` does."""
        parts = self._parts
        record = parts.recovered(batch)
        async with parts.journal() as journal:
            return await declare_never_created(
                self._row(record, name),
                self._inquiry.evidence(record),
                docket=journal,
                at=parts.clock.instant(),
                by=by or user_name(),
                reason=reason,
            )

    async def _await_open(self, api: RunaClient, plan: planning.Plan, told: Told) -> list[str]:
        """Wait for orders that may be this batch's and do not say so yet; a note where some still do not.

        Only before the first send from this ledger, or where another one sent it as well: the list shows it, or this
        ledger is a copy that was put back. Whoever waits for others' orders waits for ever in a busy account, so after
        a while the plan is made as it is.
        """
        record = self._parts.batch(plan.batch)
        evidence = self._inquiry.evidence(record, plan.sheet)
        was_sent = any(attempt.sends for row in record.rows for attempt in row.attempts)
        forgetful = planning.is_forgetful(record, evidence)
        by_this_one_alone = was_sent and not forgetful and not planning.sent_elsewhere(record, evidence)
        if not plan.of(*(planning.ASKING if forgetful else planning.SENDING)):
            return []
        if by_this_one_alone or plan.choices.never_sent:
            return []
        hidden = await self._inquiry.wait_for_open(api, told=told)
        if not hidden:
            return []
        orders = "1 order in Runa's list is" if hidden == 1 else f"{hidden} orders in Runa's list are"
        whose = "not finished and may be anybody's"
        return [f"{orders} {whose}: if this batch was sent before, from a ledger that is lost, wait for that."]

    async def _catalogue(self, api: RunaClient, plan: planning.Plan) -> tuple[Catalogue | None, str]:
        to_send = [line.payout for line in plan.to_send if line.payout is not None]
        return await self._inquiry.read_catalogue(api, to_send) if to_send else (None, "")

    async def _read(
        self, api: RunaClient, record: BatchRecord, server_now: datetime | None, told: Told, *, whole: bool = False
    ) -> ListReading:
        whole = whole or self._inquiry.needs_whole_list(record, self._parts.latest_now(server_now))
        return await self._inquiry.read_list(api, whole=whole, told=told)

    async def _follow(
        self, api: RunaClient, journal: SqlJournal, rows: Sequence[RowRecord], halt: Halt, watch: Watch
    ) -> None:
        """Read the orders of these rows until they are finished."""
        parts = self._parts
        follower = Follower(
            api=api, journal=journal, clock=parts.clock, polls=parts.polls, halt=halt, hints=parts.hints
        )
        done = 0

        async def follow(row: RowRecord) -> None:
            nonlocal done
            if (await follower.follow(row.latest, at_once=True)).state is not State.ACCEPTED:
                done += 1
                watch(done, len(rows))

        try:
            await asyncio.gather(*(follow(row) for row in rows))
        finally:
            await follower.drain()

    def _lacks_prices(self, record: BatchRecord) -> bool:
        kept = self._parts.ledger.shelf.orders(self._parts.environment)
        paid = [row.latest.order_id for row in record.rows if row.latest.state is State.COMPLETED]
        return any(order_id in kept and kept[order_id].price is None for order_id in paid if order_id is not None)

    async def _balance_change(self, api: RunaClient, before: Prospect | None) -> BalanceChange | None:
        if before is None or before.balances is None or before.reading is None or not before.reading.complete:
            return None
        after, _ = await self._inquiry.read_balances(api)
        return BalanceChange(before=before.balances, after=after, reading_before=before.reading.id)

    @staticmethod
    def _row(record: BatchRecord, name: str) -> RowRecord:
        found = [row for row in record.rows if row.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"Two rows of batch {record.name} are called {name!r}.", "Give the one with that reference another one."
            )
        raise UsageError(
            f"There is no row {name!r} in batch {record.name}.",
            "Write its reference as the results have it. A row without one has a name such as row-1a2b3c4d5e: "
            "`batcher run` and `batcher reconcile` name the rows that need a person.",
        )
