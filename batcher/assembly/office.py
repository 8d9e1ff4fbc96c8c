"""What the command line does, the page does too: plan, confirm, issue, results, over one ledger and one environment."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from batcher import keys, planning
from batcher.assembly.approvals import Approvals
from batcher.assembly.casework import Casework, Closing, Prospect
from batcher.assembly.keeping import Keeping
from batcher.assembly.parts import Parts
from batcher.assembly.sealing import Sealing
from batcher.assembly.sheets import SaidOfFile, digest_of_file, read_options, reading_of
from batcher.assembly.surroundings import Surroundings
from batcher.engine import Observer, Outcome, Progress, outcome, run_rows
from batcher.engine.outcome import PAID_ALL
from batcher.ledger import (
    ApprovedPlan,
    AskedRuns,
    Gauges,
    History,
    Holder,
    InboxFiles,
    KeptNotices,
    LedgerLock,
    ScheduledPeriods,
    holder_of,
    results_lock,
    user_name,
)
from batcher.lifecycle import Breaker, Follower, Halt, Hints, Issuer
from batcher.lifecycle.refreshing import Refreshed, Refresher, Watch
from batcher.logs import about
from batcher.model import Environment, Sheet, Speaker
from batcher.planning.finishing import FROM_ROWS
from batcher.ports import Clock
from batcher.reconcile import Settlement, proof_remembered
from batcher.records import BatchRecord, BatchSummary, Finished
from batcher.results import Summary, results_paths, summary_of, write_results
from batcher.settings import Settings
from batcher.states import RESULT_WORDS, State
from batcher.throttle import LeasedThrottle, seconds_for


@asynccontextmanager
async def _logging(batch: str) -> AsyncIterator[None]:
    with about(batch=batch):
        yield


class Office:
    """One ledger, one environment, one way to speak to the API: what every use case needs, wired."""

    def __init__(self, settings: Settings, surroundings: Surroundings | None = None) -> None:
        self._settings = settings
        self._parts = Parts(settings, surroundings)
        self.environment: Environment = self._parts.environment
        self.casework = Casework(self._parts)
        """Evidence: what is looked at before a run, settled by it, and proven at its end."""
        self.keeping = Keeping(self._parts)
        """What is done with a batch that is over."""
        self.sealing = Sealing(self._parts)
        """Plans under one digest, and the same plans made again."""
        self.people = self._parts.people
        """Users and sessions."""
        self.approvals = Approvals(
            self._parts.ledger.register, environment=self.environment, limits=settings.approval.limits
        )
        """Plans that need a second person."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.ledger.__exit__(kind, error, trace)

    @property
    def clock(self) -> Clock:
        """Time."""
        return self._parts.clock

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._parts.now

    def lock(self, doing: str) -> LedgerLock:
        """The right to confirm and to send; raises `LedgerBusy` on entering where another process has it."""
        return LedgerLock(self._parts.ledger.path, doing=doing, now=self.now)

    @property
    def holder(self) -> Holder | None:
        """Who has the lock now; `None` where nobody has."""
        return holder_of(self._parts.ledger.path)

    @property
    def hints(self) -> Hints:
        """Where this process is told that an order is worth a look now."""
        return self._parts.hints

    @property
    def runs(self) -> AskedRuns:
        """What was asked for on the page."""
        return self._parts.ledger.runs

    def gauges(self) -> Gauges:
        """Figures for whoever watches from outside."""
        return self._parts.ledger.gauges(self.environment, self.now)

    @property
    def scheduled(self) -> ScheduledPeriods:
        """Schedules and their periods."""
        return self._parts.ledger.scheduled

    @property
    def inbox_files(self) -> InboxFiles:
        """What was taken from inboxes."""
        return self._parts.ledger.inbox_files

    @property
    def settings(self) -> Settings:
        """What it was made from."""
        return self._settings

    @property
    def notices(self) -> KeptNotices:
        """What people are told, on its way to them."""
        return self._parts.ledger.notices

    def note_seen(self, batch: str, row_ids: Collection[int] | None, by: str) -> None:
        """Note in the batch's journal that `by` is about to see links: of these rows, or of all."""
        self._parts.ledger.note_seen(self.environment, batch, row_ids, by=by, now=self.now)

    @property
    def history(self) -> History:
        """Figures, stories and searches."""
        return self._parts.ledger.history

    def batch(self, name: str) -> BatchRecord:
        """A batch of this environment as the ledger knows it."""
        return self._parts.batch(name)

    def summaries(self) -> list[BatchSummary]:
        """All batches of all environments."""
        return self._parts.ledger.summaries()

    def plan(self, sheet: Sheet, batch: str, choices: planning.Choices) -> planning.Plan:
        """What a run would do, by the ledger alone; changes nothing. `Casework.look` asks Runa as well."""
        return self._parts.plan(sheet, batch, choices)

    def plan_to_resume(self, batch: str) -> planning.Plan:
        """What is left of the last confirmed plan. Raises `UsageError` where the batch was never confirmed."""
        record = self.batch(batch)
        return self.plan(planning.sheet_of(record), batch, planning.choices_of(record))

    def plan_to_retry(self, batch: str) -> planning.Plan:
        """As `plan_to_resume`, with a new attempt for each row that paid nothing; to be confirmed like any plan."""
        record = self.batch(batch)
        choices = replace(planning.choices_of(record), retry=True)
        return self.plan(planning.sheet_of(record), batch, choices)

    def asked_before(self, sheet: Sheet, names: Iterable[str]) -> str | None:
        """The first of these batches whose last confirmed file asked for exactly what `sheet` does, row by row."""
        wanted = {keys.identity(payout): keys.content_digest(payout) for _, payout in sheet.payouts}
        return self._parts.ledger.asked_before(self.environment, names, wanted)

    @property
    def type_total_above(self) -> Mapping[str, Decimal]:
        """Above which total, by currency, it is typed in by whoever confirms it."""
        return self._settings.confirm.type_total_above_by_currency

    @property
    def orders_per_minute(self) -> int:
        """The limit."""
        return self._settings.limits.orders_per_minute

    def seconds_for(self, sends: int) -> float:
        """How long so many sends take at the limit."""
        return seconds_for(sends, self.orders_per_minute)

    def check_account(self, api_key: SecretStr) -> None:
        """Raises `UsageError` where this key is known under another account name."""
        self._parts.ledger.check_account(self.environment, self.speaker(api_key).fingerprint)

    def confirm(
        self,
        plan: planning.Plan,
        api_key: SecretStr,
        *,
        sealed: str | None = None,
        by: str | None = None,
        run_id: int | None = None,
    ) -> None:
        """Write a plan that somebody said yes to into the ledger: `by`, or whoever runs this process.

        `sealed` is its digest, where it was sealed; `run_id` is the run that carries it out, where that was asked for.
        Raises `NotApproved` where it needs the approval of another person and has none; it is used up by this.
        """
        approved = None
        if self.approvals.require(plan.sends_total, plan=sealed) and sealed is not None:
            approved = ApprovedPlan(plan=sealed, totals=plan.sends_total)
        self._parts.ledger.confirm(
            planning.confirmation(plan, confirmed_by=by or user_name(), sealed=sealed),
            fingerprint=self.speaker(api_key).fingerprint,
            now=self.now,
            approved=approved,
            run_id=run_id,
        )

    def finish(self, prospect: Prospect, closing: Closing, *, from_rows: int = FROM_ROWS) -> Closing:
        """Note that a run has paid its file whole, where it has, for `finished`; gives the closing with that event.

        The plan is made once more, and what it says is what is noted. The caller holds the lock.
        """
        plan, proof, ended = prospect.plan, closing.proof, closing.outcome
        doubt = ended.exit_code or proof.mismatches or proof.open_questions or ended.stops or ended.kept_back
        if doubt or not plan.sheet.reading or len(plan.sheet.rows) < from_rows:
            return closing
        ledger = self._parts.ledger
        known = planning.finished(
            self.plan(plan.sheet, plan.batch, plan.choices),
            agreements=proof.agreements,
            list_reading=ledger.newest_reading(self.environment),
        )
        if known is None or known.rows != proof.rows_in:
            return closing
        ledger.finish(self.environment, plan.batch, known, self.now)
        found = ledger.finished(self.environment, plan.batch)
        return closing if found is None else replace(closing, outcome=replace(ended, journal=found.journal))

    def finished(self, path: Path, batch: str, said: SaidOfFile) -> Finished | None:
        """What is known of a batch that this very file, read in this very way, was paid whole in; else `None`.

        It is what a plan of the file would say, and where it is `proven`, what a run of it would say as well.
        """
        found = self._parts.ledger.finished(self.environment, batch)
        if found is None or found.reading != reading_of(read_options(self._settings, said)):
            return None
        return found if found.file_digest == digest_of_file(path) else None

    def closing_of(self, batch: str, known: Finished) -> Closing:
        """How a run of a finished batch ends, which is `proven`."""
        ended = Outcome(
            batch=batch,
            environment=self.environment.label,
            exit_code=PAID_ALL,
            counts={RESULT_WORDS[State.COMPLETED]: known.rows},
            paid=known.totals,
            kept_back={},
            journal=known.journal,
        )
        return Closing(outcome=ended, proof=proof_remembered(known.rows, known.agreements), settlement=Settlement())

    def results_of(self, batch: str) -> tuple[Path, ...]:
        """The results files of a finished batch: those that are there as they are, and all anew where one is gone."""
        directory, formats = self._settings.results.directory, self._settings.results.formats
        paths = results_paths(batch, directory, formats)
        return paths if all(path.is_file() for path in paths) else self.write_results(batch)

    def speaker(self, api_key: SecretStr) -> Speaker:
        """As whom this office speaks."""
        return self._parts.speaker(api_key)

    async def issue(
        self,
        batch: str,
        api_key: SecretStr,
        *,
        server_now: datetime | None,
        observer: Observer,
        on_start: Callable[[Halt], None],
        canary: bool = True,
    ) -> Outcome:
        """Send what is confirmed and unsent, ask again about what is unknown, follow what is open.

        The caller holds the lock. `server_now` is Runa's clock, where it was asked: keys age by the latest of all
        clocks. `on_start` gets the handle by which the run is interrupted. `canary`: the first payout of a new product
        and delivery goes alone. Every answer is on the disk when this returns, however it returns.
        """
        parts = self._parts
        halt = Halt(base_url=self.environment.base_url)
        on_start(halt)
        async with parts.journal() as journal, parts.client(api_key) as api, _logging(batch):
            # Rows whose order the list has were planned just now; they get it before anything is sent. What may have
            # been paid twice is not sent at all.
            settled = await self.casework.settle(
                parts.recovered(batch), journal, server_now=server_now, speaker=self.speaker(api_key)
            )
            record = self.batch(batch)
            throttle = parts.throttle(server_now)
            issuer = Issuer(
                api=api,
                journal=journal,
                throttle=throttle,
                clock=parts.clock,
                rng=parts.rng,
                speaker=self.speaker(api_key),
                retries=parts.retries,
                halt=halt,
                newest_moment=parts.ledger.newest_moment(),
                server_at=server_now,
                settle_after=self.casework.settle_after,
            )
            await run_rows(
                [row for row in record.rows if row.name not in settled.conflicts or row.latest.state is State.ACCEPTED],
                issuer=issuer,
                follower=Follower(
                    api=api, journal=journal, clock=parts.clock, polls=parts.polls, halt=halt, hints=parts.hints
                ),
                halt=halt,
                breaker=Breaker(self._settings.breaker.consecutive, halt),
                canaries=parts.canaries if canary else None,
                progress=self._progress(record, throttle),
                observer=observer,
            )
        kept_back = issuer.kept_back | settled.conflicts
        return outcome(self.batch(batch), stops=halt.stops, kept_back=kept_back, interrupted=halt.interrupted)

    def outcome(self, batch: str) -> Outcome:
        """Where a batch stands, without doing anything about it."""
        return outcome(self.batch(batch))

    def write_results(self, batch: str, formats: Sequence[str] | None = None) -> tuple[Path, ...]:
        """Write the results files anew from the ledger; gives their paths, the CSV's first.

        `formats` are of `batcher.results.FORMATS`, and without them those of `[results] formats`. Raises `UsageError`
        for what a format cannot hold, and `OwnFault` for what cannot be written.
        """
        wanted = self._settings.results.formats if formats is None else formats
        # Reading and replacing in one: another process must not put an older reading in the place of ours.
        with results_lock(self._parts.ledger.path):
            return write_results(self.batch(batch), self._settings.results.directory, wanted)

    def summary(self, batch: str) -> Summary:
        """What a batch cost, for the books."""
        return summary_of(self.batch(batch))

    async def refresh(self, batch: str, api_key: SecretStr, *, watch: Watch) -> Refreshed:
        """Read every paid order of the batch again, and keep what is new of its payout. No state changes.

        The caller holds the lock. What was read is on the disk when this returns, however it returns. An API that
        cannot be spoken to raises nothing: that is in `stops` and `unread`.
        """
        parts = self._parts
        async with parts.journal() as journal, parts.client(api_key) as api:
            refresher = Refresher(
                api=api,
                store=lambda told: journal.refreshed(told, at=parts.clock.instant()),
                clock=parts.clock,
                rng=parts.rng,
                retries=parts.retries,
                rate_limited_wait_s=self._settings.retry.rate_limited_wait_s,
                halt=Halt(base_url=self.environment.base_url),
            )
            return await refresher.refresh(self.batch(batch).rows, watch)

    def _progress(self, record: BatchRecord, throttle: LeasedThrottle) -> Progress:
        return Progress(
            [row for row in record.rows if row.in_file or row.paid_or_open],
            sends_last_minute=lambda: throttle.sent_last_minute,
            seconds_for=self.seconds_for,
        )
