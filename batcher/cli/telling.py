"""What `run`, `resume` and `reconcile` tell people who do not look: how it ended, or why it did not begin."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batcher.cli.common import Given
from batcher.errors import BatcherError, LedgerBusy

if TYPE_CHECKING:
    from batcher.assembly import Closing, Office
    from batcher.assembly.notifying import Notifier
    from batcher.planning import SealedPlan
    from batcher.settings import Settings


@dataclass(slots=True)
class Telling:
    """The notices of one command."""

    notifier: "Notifier"
    confirmed: bool = False
    """Whether the plan was said yes to: what goes wrong then has stopped it, and not kept it from beginning."""

    def of_end(self, closing: "Closing") -> None:
        """The run has ended."""
        from batcher.assembly.notifying import notice_of_end

        self.notifier.tell(notice_of_end(closing))


@contextmanager
def telling(given: Given, office: "Office", settings: "Settings", batch: str) -> Iterator[Telling]:
    """Tell of a run, and deliver what there is to tell once it is over and the lock is free.

    Whoever is asked at a terminal reads there why a run did not begin. Raises `UsageError` before anything is sent
    where an outlet cannot be used as it is set.
    """
    from batcher.assembly.notifying import make_notifier, notice_of_refusal

    told = Telling(make_notifier(office, settings, os.environ))
    try:
        yield told
    except LedgerBusy:
        raise  # what has the lock is the run
    except BatcherError as error:
        if not given.asks or told.confirmed:
            told.notifier.tell(notice_of_refusal(batch, error, confirmed=told.confirmed))
        raise
    finally:
        if told.notifier.has_outlets:
            asyncio.run(told.notifier.deliver())


@contextmanager
def told_if_not_begun(given: Given, settings: "Settings", batch: str) -> Iterator[None]:
    """The same for what comes before the ledger is opened, such as a sheet that cannot be read."""
    try:
        yield
    except BatcherError as error:
        if not given.asks and _is_anybody_told(settings):
            from batcher.assembly import Office

            with suppress(BatcherError), Office(settings) as office, telling(given, office, settings, batch):
                raise
        raise error from None


def _is_anybody_told(settings: "Settings") -> bool:
    from batcher.settings.webhook_secret import ADDRESSES_VARIABLE

    set_here = settings.notifications
    return bool(set_here.addresses_file or set_here.webhook_url or ADDRESSES_VARIABLE in os.environ)


def tell_of_waiting(given: Given, office: "Office", settings: "Settings", sealed: "SealedPlan", by: str) -> None:
    """A sealed plan waits for another person."""
    from batcher.assembly.notifying import notice_of_waiting

    with telling(given, office, settings, sealed.batch) as told:
        told.notifier.tell(notice_of_waiting(sealed.batch, sealed.totals, by=by))
