"""What is done with a batch that is over: its journal is verified, and what nobody needs any more is purged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from batcher.assembly.parts import Parts
from batcher.errors import UsageError
from batcher.ledger import results_lock, user_name
from batcher.records import PURGED_AFTER_DAYS, PURGED_AFTER_DAYS_LEAST, Discrepancy, JournalReading
from batcher.results import FORMATS, FileCheck, check_file, remove_leftovers, write_results


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What verifying a batch has shown."""

    batch: str
    environment: str
    journal: JournalReading
    head_at: int | None
    """The number of the event whose digest somebody kept outside; `None` where none was given, or it is not there."""
    files: tuple[FileCheck, ...]
    """Of the results; none where the ledger itself does not agree."""
    register: JournalReading
    """What the ledger says of users and approvals, and the chain of these."""
    head: Discrepancy | None = None
    """What is wrong with the digest that was kept outside."""

    @property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """Every place that does not agree."""
        outside = () if self.head is None else (self.head,)
        files = (one for file in self.files for one in file.discrepancies)
        return (*self.journal.discrepancies, *self.register.discrepancies, *outside, *files)

    @property
    def agrees(self) -> bool:
        """Whether journal, ledger and results say the same."""
        return not self.discrepancies


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What purging a batch has come to."""

    count: int
    """Rows and unreadable lines that had something to remove."""
    paths: tuple[Path, ...]
    """Results files that were written anew."""
    journal: str
    """The digest of the journal's last event, in hex."""


class Keeping:
    """Looks at batches that are over, and takes out of them what nobody needs any more. It asks nobody."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verify(self, batch: str, *, head: str | None = None, files: Iterable[Path] | None = None) -> Verified:
        """Compute the batch's journal again, and hold ledger and results files against it.

        `head` is a digest, or the beginning of one, that somebody kept outside. Without `files`, those in the results
        folder are looked at. Raises `UsageError` for a file that cannot be read, `OwnFault` for a damaged ledger.
        """
        parts = self._parts
        # Before the ledger: then no file can know more than it.
        contents = [(path, *_read(path)) for path in (self._results(batch) if files is None else files)]
        journal, record = parts.ledger.read_journal(parts.environment, batch, with_batch=bool(contents))
        at = None
        if head is not None:
            at = next((number for number, one in enumerate(journal.digests, 1) if one.startswith(head)), None)
        checks = (
            [] if record is None else [check_file(path, word, data, record, journal) for path, word, data in contents]
        )
        return Verified(
            batch=batch,
            environment=parts.environment.label,
            journal=journal,
            head_at=at,
            head=None if head is None or at is not None else _NO_SUCH_HEAD,
            files=tuple(checks),
            register=parts.ledger.read_register(parts.environment, batch),
        )

    def refuse_to_purge(self, batch: str, older_than_days: int) -> None:
        """Raise `UsageError` while anything of the batch is unsettled, or it is younger than that."""
        held = self._parts.ledger.personal_data(self._parts.environment, batch)
        if held.unsettled:
            counts = ", ".join(f"{count} {word}" for word, count in held.unsettled.items())
            raise UsageError(
                f"Batch {batch} is not settled ({counts}), so nothing was removed.",
                "Run it to its end, or settle what is unknown with `batcher reconcile`; what waits to be sent is "
                "withdrawn by a run of a file without it.",
            )
        since = held.last_touched_at
        if since is not None and self._parts.now - since < timedelta(days=older_than_days):
            free = since + timedelta(days=older_than_days)
            raise UsageError(
                f"Something happened to batch {batch} on {since:%Y-%m-%d}, less than {older_than_days} days ago; "
                "nothing was removed.",
                f"Purge it from {free:%Y-%m-%d} on, or say --older-than-days with fewer days, "
                f"{PURGED_AFTER_DAYS_LEAST} at least.",
            )

    def purge(self, batch: str, *, older_than_days: int = PURGED_AFTER_DAYS) -> Purged:
        """Remove names, addresses and links from the ledger and from the batch's results files.

        The caller holds the lock. Raises `UsageError` as `refuse_to_purge` does, `OwnFault` for what cannot be written.
        """
        parts = self._parts
        self.refuse_to_purge(batch, older_than_days)
        directory = parts.settings.results.directory
        with results_lock(parts.ledger.path):
            words = [path.suffix.lstrip(".") for path in self._results(batch)]
            try:
                count = parts.ledger.purge(parts.environment, batch, by=user_name(), now=parts.now)
            finally:
                # Also where only the ledger's old bytes could not be removed: the files need not wait for that.
                record = parts.batch(batch)
                remove_leftovers(batch, directory)
                paths = write_results(record, directory, words)
        return Purged(count=count, paths=paths, journal=record.journal)

    def _results(self, batch: str) -> list[Path]:
        places = [self._parts.settings.results.directory / f"{batch}.{word}" for word in FORMATS]
        return [path for path in places if path.exists()]


_NO_SUCH_HEAD = Discrepancy(
    where="the digest you gave",
    message="is that of no event: the journal was cut or made anew, or it is another batch's",
)


def _read(path: Path) -> tuple[str, bytes]:
    word = path.suffix.lower().lstrip(".")
    if word not in FORMATS:
        raise UsageError(f"{path} is no results file.", f"Give one that ends in {', '.join(FORMATS)}.")
    try:
        return word, path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).", "Give a results file of this batch.") from error
