"""The parts for somebody who only looks."""

import random  # noqa: TID251 - where chance enters: the spread of waits, nothing that money hangs on
from datetime import datetime

from pydantic import SecretStr

from batcher.assembly.parts import speaker
from batcher.clock import SystemClock
from batcher.engine import knock
from batcher.ledger import LedgerHealth, examine
from batcher.lifecycle import Retries
from batcher.model import Environment
from batcher.ports import Api, Clock
from batcher.runa import RunaClient
from batcher.settings import Settings, environment, ledger_path


class Examination:
    """The same parts for somebody who only looks: no ledger is made, and nothing is written into one."""

    KNOCKS = 2
    LONGEST_WAIT_S = 10.0

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self.clock: Clock = clock or SystemClock()
        self.environment: Environment = environment(settings)

    def ledger(self, api_key: SecretStr | None) -> LedgerHealth:
        """How the ledger is; `api_key` is looked up in it, where there is one."""
        fingerprint = None if api_key is None else speaker(self._settings, api_key).fingerprint
        return examine(ledger_path(self._settings), self.environment, fingerprint=fingerprint)

    def client(self, api_key: SecretStr | None) -> RunaClient:
        """The way to the API; without a key it only tells whether anybody is there."""
        key = api_key or SecretStr("")
        timeout_s = min(self._settings.api.timeout_s, self.LONGEST_WAIT_S)
        return RunaClient(speaker(self._settings, key), api_key=key.get_secret_value(), timeout_s=timeout_s)

    async def knock(self, api: Api) -> datetime | None:
        """The server's clock. Raises `ApiRefused` or `StoppedEarly` where the API cannot be spoken to."""
        retry = self._settings.retry
        return await knock(
            api,
            clock=self.clock,
            rng=random.Random(),  # noqa: S311 - it spreads waits, it guards nothing
            retries=Retries(attempts=self.KNOCKS, min_wait_s=retry.min_wait_s, max_wait_s=retry.max_wait_s),
            base_url=self.environment.base_url,
        )
