"""What is done with a batch once it was sent: links shown, results handed out, what is unknown decided, a report."""

import asyncio
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from batcher.assembly.office import Office
from batcher.engine import Outcome
from batcher.reconcile import Proof
from batcher.records import AttemptRecord
from batcher.results import Summary
from batcher.results.files import content_of
from batcher.results.masking import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A batch for the file: what it cost, how it stands by the evidence, and the digest that it can be held against."""

    batch: str
    environment: str
    file_name: str
    confirmed_by: str
    outcome: Outcome
    summary: Summary
    proof: Proof

    @property
    def journal(self) -> str:
        """The digest of the last event of its journal, in hex."""
        return self.outcome.journal

    @property
    def standing(self) -> tuple[tuple[str, int, float], ...]:
        """The words of the results with their rows, and which share of all rows these are."""
        counts = self.outcome.counts
        return tuple((word, count, count / sum(counts.values())) for word, count in counts.items() if count)

    @property
    def shares(self) -> tuple[float, ...]:
        """Which share of its currency's face value each line of the summary is."""
        whole = {line.currency: line.face_value for line in self.summary.totals}
        return tuple(float(line.face_value / whole[line.currency]) for line in self.summary.lines)


class Afterwards:
    """One person's doing, by name: `by` is who is signed in."""

    def __init__(self, office: Office, by: str) -> None:
        self._office = office
        self._by = by

    def links(self, batch: str, row_ids: Collection[int]) -> dict[int, str]:
        """The links of these rows, by row. Who sees them is in the batch's journal before they are shown."""
        office = self._office
        # Read before it is noted, so that no link is shown that came in between.
        links = office.history.links(office.environment, batch, row_ids)
        office.note_seen(batch, links.keys(), self._by)
        return links

    def results(self, batch: str, word: str) -> bytes:
        """The results in one of `results.FORMATS`, with all links; noted as `links` notes it."""
        # Read after it is noted: the digest in the file is then the one that has the note.
        self._office.note_seen(batch, None, self._by)
        return content_of(word, self._office.batch(batch))

    def results_without_links(self, batch: str, word: str) -> bytes:
        """The same without any link, neither Runa's nor one that stands in a cell: nothing is noted."""
        return content_of(word, masked(self._office.batch(batch)))

    def decide_order(self, batch: str, name: str, order_id: str, reason: str, api_key: SecretStr) -> AttemptRecord:
        """Make an order the row's. Raises `LedgerBusy` while a run is going on, and as `Casework.decide_order` does."""
        self._office.check_account(api_key)
        return self._decided(
            batch, self._office.casework.decide_order(batch, name, order_id, reason, api_key, by=self._by)
        )

    def decide_never_created(self, batch: str, name: str, reason: str) -> AttemptRecord:
        """Note that a row was never paid. Raises as `decide_order` does."""
        return self._decided(batch, self._office.casework.decide_never_created(batch, name, reason, by=self._by))

    def report(self, batch: str) -> Report:
        """The batch as the ledger has it; nobody is asked."""
        office = self._office
        known, _ = office.history.batches(environment=office.environment, name=batch)
        return Report(
            batch=batch,
            environment=office.environment.label,
            file_name=known[0].file_name if known else "",
            confirmed_by=known[0].confirmed_by if known else "",
            outcome=office.outcome(batch),
            summary=office.summary(batch),
            proof=office.casework.proof(batch),
        )

    def _decided(self, batch: str, deciding: Coroutine[Any, Any, AttemptRecord]) -> AttemptRecord:
        """In a thread of its own, where no event loop runs."""
        try:
            with self._office.lock(f"batcher serve, decide in batch {batch}"):
                attempt = asyncio.run(deciding)
                self._office.write_results(batch)
        finally:
            deciding.close()
        return attempt
