"""Settings to wired parts: the one place where adapters are chosen. What the command line does, the page does too."""

import asyncio
import random  # noqa: TID251 - where chance enters: the spread of waits, nothing that money hangs on
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock
from pydantic import SecretStr

from batcher import keys, planning, policy
from batcher.clock import SystemClock
from batcher.engine import Observer, Outcome, Progress, knock, outcome, run_rows
from batcher.intake import ReadOptions, read_sheet
from batcher.ledger import Ledger, LedgerLock, user_name
from batcher.lifecycle import Follower, Halt, Issuer, Polls, Retries
from batcher.model import Environment, Sheet, Speaker
from batcher.ports import Blocking, Clock
from batcher.records import BatchRecord, BatchSummary
from batcher.results import write_results
from batcher.runa import RunaClient
from batcher.settings import Settings, environment, ledger_url
from batcher.states import State
from batcher.throttle import LeasedThrottle, PastSend, seconds_for


def read_options(settings: Settings) -> ReadOptions:
    """What the settings say about reading a sheet."""
    return ReadOptions(
        currency=settings.defaults.currency,
        product=settings.defaults.product,
        distribution=settings.defaults.distribution,
        template=settings.defaults.template,
        columns=settings.columns.mapping,
        require_reference=settings.input.require_reference,
    )


def load_sheet(path: Path, settings: Settings) -> Sheet:
    """The sheet at `path`, read and validated. Raises `InputInvalid` where it cannot be read at all."""
    return read_sheet(path, read_options(settings))


class Office:
    """One ledger, one environment, one way to speak to the API: what every use case needs, wired."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self.environment: Environment = environment(settings)
        self._rng = random.Random()  # noqa: S311 - it spreads waits, it guards nothing
        self._ledger = Ledger(ledger_url(settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ledger.__exit__(kind, error, trace)

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._clock.instant().at

    def lock(self, doing: str) -> LedgerLock:
        """The right to confirm and to send; raises `LedgerBusy` on entering where another process has it."""
        return LedgerLock(self._ledger.path, doing=doing, now=self.now)

    def batch(self, name: str) -> BatchRecord:
        """A batch of this environment as the ledger knows it."""
        return self._ledger.batch(self.environment, name)

    def summaries(self) -> list[BatchSummary]:
        """All batches of all environments."""
        return self._ledger.summaries()

    def plan(
        self, sheet: Sheet, batch: str, choices: planning.Choices, *, server_now: datetime | None = None
    ) -> planning.Plan:
        """What a run would do; changes nothing. `server_now` is what `knock` gave, if it was asked."""
        clocks = [self.now, server_now]
        return planning.make_plan(
            sheet,
            self.batch(batch),
            self._ledger,
            choices=choices,
            now=policy.latest([*clocks, self._ledger.newest_moment()]),
            today=min(moment for moment in clocks if moment is not None),
            window_days=self._settings.duplicates.window_days,
        )

    @property
    def orders_per_minute(self) -> int:
        """The limit."""
        return self._settings.limits.orders_per_minute

    def seconds_for(self, sends: int) -> float:
        """How long so many sends take at the limit."""
        return seconds_for(sends, self.orders_per_minute)

    def check_account(self, api_key: SecretStr) -> None:
        """Raises `UsageError` where this key is known under another account name."""
        self._ledger.check_account(self.environment, self.speaker(api_key).fingerprint)

    def confirm(self, plan: planning.Plan, api_key: SecretStr) -> None:
        """Write a plan that somebody said yes to into the ledger."""
        self._ledger.confirm(
            planning.confirmation(plan, confirmed_by=user_name()),
            fingerprint=self.speaker(api_key).fingerprint,
            now=self.now,
        )

    def speaker(self, api_key: SecretStr) -> Speaker:
        """As whom this office speaks."""
        return Speaker(
            base_url=self.environment.base_url,
            api_version=self._settings.api.version,
            fingerprint=keys.fingerprint(api_key.get_secret_value()),
        )

    async def knock(self, api_key: SecretStr) -> datetime | None:
        """The server's clock. Raises `ApiRefused` or `StoppedEarly` where the API cannot be spoken to."""
        async with self._client(api_key) as api:
            return await knock(
                api, clock=self._clock, rng=self._rng, retries=self._retries, base_url=self.environment.base_url
            )

    async def issue(
        self,
        batch: str,
        api_key: SecretStr,
        *,
        server_now: datetime | None,
        observer: Observer,
        on_start: Callable[[Halt], None],
    ) -> Outcome:
        """Send what is confirmed and unsent, ask again about what is unknown, follow what is open.

        The caller holds the lock. `server_now` is what `knock` gave: keys age by the latest of all clocks. `on_start`
        gets the handle by which the run is interrupted. Every answer is on the disk when this returns, however it
        returns.
        """
        record = self._recovered(batch)
        halt = Halt(base_url=self.environment.base_url)
        on_start(halt)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger") as thread:
            journal = self._ledger.journal(_in_thread(thread))
            throttle = self._throttle()
            try:
                async with self._client(api_key) as api:
                    issuer = Issuer(
                        api=api,
                        journal=journal,
                        throttle=throttle,
                        clock=self._clock,
                        rng=self._rng,
                        speaker=self.speaker(api_key),
                        retries=self._retries,
                        halt=halt,
                        newest_moment=self._ledger.newest_moment(),
                        server_at=server_now,
                    )
                    await run_rows(
                        record.rows,
                        issuer=issuer,
                        follower=Follower(api=api, journal=journal, clock=self._clock, polls=self._polls, halt=halt),
                        halt=halt,
                        progress=self._progress(record, throttle),
                        observer=observer,
                    )
            finally:
                await journal.drain()
        return outcome(self.batch(batch), stops=halt.stops, kept_back=issuer.kept_back, interrupted=halt.interrupted)

    def outcome(self, batch: str) -> Outcome:
        """Where a batch stands, without doing anything about it."""
        return outcome(self.batch(batch))

    def write_results(self, batch: str) -> Path:
        """Write the results file anew from the ledger; gives its path."""
        # Reading and replacing in one: another process must not put an older reading in the place of ours.
        with FileLock(f"{self._ledger.path}.results", mode=0o600):
            return write_results(self.batch(batch), self._settings.results.directory)

    def _recovered(self, batch: str) -> BatchRecord:
        """The batch, with what was being sent when the last process ended marked as unknown."""
        record = self.batch(batch)
        stranded = [row.latest.id for row in record.rows if row.latest.state is State.SENT]
        if not stranded:
            return record
        self._ledger.recover(stranded, self.now)
        return self.batch(batch)

    @property
    def _retries(self) -> Retries:
        retry = self._settings.retry
        return Retries(attempts=retry.attempts, min_wait_s=retry.min_wait_s, max_wait_s=retry.max_wait_s)

    @property
    def _polls(self) -> Polls:
        polling = self._settings.polling
        return Polls(
            first_s=polling.first_s,
            max_s=polling.max_s,
            give_up_after_s=polling.give_up_after_s,
            rate_limited_wait_s=self._settings.retry.rate_limited_wait_s,
        )

    def _client(self, api_key: SecretStr) -> RunaClient:
        return RunaClient(
            self.speaker(api_key), api_key=api_key.get_secret_value(), timeout_s=self._settings.api.timeout_s
        )

    def _throttle(self) -> LeasedThrottle:
        """The limit, with what earlier processes have used of it."""
        per_minute = self.orders_per_minute
        return LeasedThrottle(
            self._clock,
            per_minute,
            [PastSend(sent=sent, answered=answered) for sent, answered in self._ledger.last_sends(3 * per_minute)],
            rate_limited_wait_s=self._settings.retry.rate_limited_wait_s,
        )

    def _progress(self, record: BatchRecord, throttle: LeasedThrottle) -> Progress:
        return Progress(
            [row for row in record.rows if row.in_file or row.paid_or_open],
            sends_last_minute=lambda: throttle.sent_last_minute,
            seconds_for=self.seconds_for,
        )


def _in_thread(thread: ThreadPoolExecutor) -> Blocking:
    async def blocking(work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, work)

    return blocking
