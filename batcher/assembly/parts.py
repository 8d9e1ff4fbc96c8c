"""Settings to parts: the one place where adapters are chosen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from batcher import keys, planning, policy
from batcher.assembly.people import People
from batcher.assembly.surroundings import Surroundings
from batcher.engine import Canaries, knock
from batcher.evidence import Evidence
from batcher.ledger import Ledger, SqlJournal
from batcher.lifecycle import Hints, Polls, Retries
from batcher.model import Environment, Sheet, Speaker
from batcher.ports import Clock
from batcher.records import BatchRecord
from batcher.runa import RunaClient
from batcher.settings import Settings, environment, ledger_url
from batcher.states import State
from batcher.throttle import LeasedThrottle, PastSend


class Parts:
    """One ledger, one environment, one way to speak to the API, and how to wait: made from settings, shared by all."""

    def __init__(self, settings: Settings, surroundings: Surroundings | None = None) -> None:
        """Open the ledger, and make it where it is not there. Raises `UsageError` or `OwnFault`."""
        self.settings = settings
        self._surroundings = surroundings or Surroundings()
        self.clock: Clock = self._surroundings.clock
        self.environment: Environment = environment(settings)
        self.rng = self._surroundings.rng
        self.hints = Hints()
        self.ledger = Ledger(ledger_url(settings), salts=self._surroundings.salts)
        self.people = People(
            self.ledger.register,
            chance=self._surroundings.salts,
            passwords=self._surroundings.passwords,
        )

    @property
    def now(self) -> datetime:
        """This moment, on this machine's clock."""
        return self.clock.instant().at

    def latest_now(self, server_now: datetime | None) -> datetime:
        """The latest of three clocks: this machine's, the newest time in the ledger, and Runa's, if it was asked."""
        return policy.latest([self.now, server_now, self.ledger.newest_moment()])

    def batch(self, name: str) -> BatchRecord:
        """A batch of this environment as the ledger knows it."""
        return self.ledger.batch(self.environment, name)

    def recovered(self, name: str) -> BatchRecord:
        """The batch, with what was being sent when the last process ended marked as unknown."""
        record = self.batch(name)
        stranded = [row.latest.id for row in record.rows if row.latest.state is State.SENT]
        if not stranded:
            return record
        self.ledger.recover(stranded, self.now)
        return self.batch(name)

    def plan(
        self,
        sheet: Sheet,
        batch: str,
        choices: planning.Choices,
        *,
        server_now: datetime | None = None,
        evidence: Evidence | None = None,
        speaker: Speaker | None = None,
    ) -> planning.Plan:
        """What a run would do; changes nothing. `server_now` is Runa's clock, `evidence` what its order list says."""
        clocks = [self.now, server_now]
        if choices.said_at is not None and choices.said_at > self.now:
            # The clock was set back since: what was paid before the word, and what after, cannot be told apart.
            choices = replace(choices, pay_again=frozenset())
        return planning.make_plan(
            sheet,
            self.batch(batch),
            self.ledger,
            choices=choices,
            now=self.latest_now(server_now),
            today=min(moment for moment in clocks if moment is not None),
            window_days=self.settings.duplicates.window_days,
            evidence=evidence,
            speaker=speaker,
            settle_after=timedelta(seconds=self.settings.reconcile.settle_after_s),
        )

    def speaker(self, api_key: SecretStr) -> Speaker:
        """As whom we speak."""
        return speaker(self.settings, api_key)

    def client(self, api_key: SecretStr) -> RunaClient:
        """The way to the API."""
        return RunaClient(
            self.speaker(api_key),
            api_key=api_key.get_secret_value(),
            timeout_s=self.settings.api.timeout_s,
            transport=self._surroundings.transport,
        )

    async def knock(self, api: RunaClient) -> datetime | None:
        """The server's clock. Raises `ApiRefused` or `StoppedEarly` where the API cannot be spoken to."""
        return await knock(
            api, clock=self.clock, rng=self.rng, retries=self.retries, base_url=self.environment.base_url
        )

    @asynccontextmanager
    async def journal(self) -> AsyncIterator[SqlJournal]:
        """A journal whose commits leave the event loop free; what it was told is on the disk when this ends."""
        with self._surroundings.commits() as blocking:
            journal = self.ledger.journal(blocking)
            try:
                yield journal
            finally:
                await journal.drain()

    @property
    def retries(self) -> Retries:
        """How often one row is sent in one run."""
        retry = self.settings.retry
        return Retries(attempts=retry.attempts, min_wait_s=retry.min_wait_s, max_wait_s=retry.max_wait_s)

    @property
    def polls(self) -> Polls:
        """When an order is read again."""
        polling = self.settings.polling
        return Polls(
            first_s=polling.first_s,
            max_s=polling.max_s,
            give_up_after_s=polling.give_up_after_s,
            rate_limited_wait_s=self.settings.retry.rate_limited_wait_s,
        )

    @property
    def canaries(self) -> Canaries:
        """Which kinds of payout were completed before in this environment."""
        return Canaries(
            proven=self.ledger.proven_kinds(self.environment),
            give_up_after_s=self.settings.polling.give_up_after_s,
        )

    def throttle(self, server_now: datetime | None = None) -> LeasedThrottle:
        """The limit, with what earlier processes have used of it; `server_now` is Runa's clock, where it was asked."""
        per_minute = self.settings.limits.orders_per_minute
        return LeasedThrottle(
            self.clock,
            per_minute,
            [PastSend(sent=sent, answered=answered) for sent, answered in self.ledger.last_sends(3 * per_minute)],
            rate_limited_wait_s=self.settings.retry.rate_limited_wait_s,
            server_now=server_now,
        )


def speaker(settings: Settings, api_key: SecretStr) -> Speaker:
    """As whom these settings and this key speak."""
    return Speaker(
        base_url=settings.api.base_url,
        api_version=settings.api.version,
        fingerprint=keys.fingerprint(api_key.get_secret_value()),
    )
