"""Taking from inboxes: what lies there, whole, is brought here and noted once; what went before it was paid is left."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from batcher.assembly.inbox_notes import Notes, nobody_is_told
from batcher.assembly.office import Office
from batcher.assembly.postbox import Postbox
from batcher.assembly.unattended import INBOX
from batcher.errors import LedgerBusy
from batcher.inboxes import OPEN, UNCONFIRMED, UNPAID, FileState, Inbox, InboxFile, Listed
from batcher.inboxes.names import batch_of, is_sheet
from batcher.schedules import ReportKind
from batcher.schedules.definition import claims


class Taking:
    """Looks into inboxes, and takes. What speaks to a store raises `InboxUnreachable`."""

    def __init__(self, office: Office, postboxes: Mapping[str, Postbox], notes: Notes) -> None:
        self._office, self._postboxes, self._notes = office, postboxes, notes
        self._listings: dict[str, dict[str, Listed]] = {}
        self._whole: dict[str, set[str]] = {}
        self.looked_at = dict.fromkeys(postboxes, office.now)
        """When each was last seen into; at first, since when it could have been."""

    @property
    def waits(self) -> bool:
        """Whether a sheet was seen that may only be half there yet."""
        return any(set(filter(is_sheet, listing)) - self._whole[name] for name, listing in self._listings.items())

    def listing_of(self, inbox: str) -> Mapping[str, Listed] | None:
        """What the last look saw; `None` where it could not look."""
        return self._listings.get(inbox)

    async def look_into(self, postbox: Postbox) -> None:
        """See what lies there, leave what is no longer what was taken, and take what is to be paid."""
        self._listings.pop(postbox.name, None)
        self._whole[postbox.name] = set()
        listing = await postbox.listing()
        whole = postbox.stillness.whole(listing, self._office.clock.instant().monotonic_s)
        self._listings[postbox.name], self._whole[postbox.name] = listing, set(filter(is_sheet, whole))
        self.looked_at[postbox.name] = self._office.now
        for line in self._notes.of(UNCONFIRMED):
            if line.inbox == postbox.name and not line.is_still(listing.get(line.name)):
                self._withdraw(postbox, line)
        ours = [line for line in self._notes.of(OPEN) if line.inbox == postbox.name]
        postbox.tidy(ours, self._office.now.timestamp())
        for name in sorted(self._whole[postbox.name] - {line.name for line in ours}):
            if self._pays(postbox.inbox, name):
                # One that cannot be fetched keeps no other from it.
                await self._notes.trying(postbox, partial(self._take_to_pay, listing[name]))

    async def has_copy(self, line: InboxFile) -> bool:
        """Whether the file is here. It lies in the inbox as it was taken, should our copy have been lost."""
        postbox, listing = self._postboxes[line.inbox], self._listings.get(line.inbox, {})
        listed = listing.get(line.name)

        async def fetch(postbox: Postbox) -> None:
            if listed is not None and line.is_still(listed):
                await postbox.fetch(listed)

        if not postbox.copy_of(line).is_file():
            await self._notes.trying(postbox, fetch)
        return postbox.copy_of(line).is_file()

    async def sheet_of(self, inbox: str, name: str, *, schedule: str, batch: str) -> Path | None:
        """Where the sheet of a schedule's period is, taken from the inbox if it is there, whole; else `None`."""
        postbox, found = self._postboxes[inbox], list[InboxFile | None]()
        for line in self._notes.of(UNCONFIRMED):
            if (line.inbox, line.name) == (inbox, name):
                found.append(line if line.schedule == schedule and await self.has_copy(line) else None)
        if not found and name in self._whole.get(inbox, ()):
            listed = self._listings[inbox][name]

            async def take(postbox: Postbox) -> None:
                found.append(await self._take(postbox, listed, batch=batch, schedule=schedule))

            await self._notes.trying(postbox, take)
        taken = found[0] if found else None
        return postbox.copy_of(taken) if taken is not None and taken.state in UNCONFIRMED else None

    def _pays(self, inbox: Inbox, name: str) -> bool:
        """Whether the inbox itself does anything about a file: a schedule asks for its own, but for one that was."""
        definitions = self._office.settings.definitions
        if not any(one.inbox == inbox.name and claims(one, name) for one in definitions):
            return inbox.batch is not None
        lines = self._office.inbox_files.of(self._office.environment, inbox.name)
        return any(line.name == name and line.state not in UNPAID for line in lines)

    async def _take_to_pay(self, listed: Listed, postbox: Postbox) -> None:
        await self._take(postbox, listed, batch=batch_of(postbox.inbox.batch or "", listed.name), schedule="")

    async def _take(self, postbox: Postbox, listed: Listed, *, batch: str | None, schedule: str) -> InboxFile | None:
        office = self._office
        fetched = await postbox.fetch(listed)
        if fetched is None:
            return None
        line = office.inbox_files.take(
            office.environment,
            postbox.name,
            listed,
            digest=fetched.digest,
            batch=batch,
            schedule=schedule,
            refused=fetched.refused,
            now=office.now,
        )
        if line is None or line.state is not FileState.REFUSED:
            return line
        if not line.is_still((await postbox.listing()).get(line.name)):
            # Another process has paid it, and taken it out, while this one was at it.
            self._notes.step(line, FileState.WITHDRAWN, reported=nobody_is_told(line), exit_code=None)
            self.forget(postbox, line)
            return None
        self._notes.codes.add(line.exit_code or 0)
        return line

    def _withdraw(self, postbox: Postbox, line: InboxFile) -> None:
        """Leave a file that is no longer what was taken, if nothing was confirmed of it."""
        office = self._office
        try:
            with office.lock(f"batcher {INBOX}, batch {line.batch}"):
                now_there = office.inbox_files.one(line.id)
                if now_there is None or now_there.state is not line.state or self._notes.is_begun(line):
                    return
                why = "It was changed or taken away before it was paid, so it is not paid. Nothing was sent."
                # Told before it is at its end, as nobody looks at it after that.
                self._notes.tell(line, ReportKind.DID_NOT_START, why)
                self._notes.step(line, FileState.WITHDRAWN, why=why, exit_code=5)
                self.forget(postbox, line)
        except LedgerBusy:
            return

    def forget(self, postbox: Postbox, line: InboxFile) -> None:
        """Remove what is here of a file, but for what another line still needs: the same bytes have one copy."""
        others = [one for one in self._notes.of(OPEN) if one.id != line.id and one.inbox == line.inbox]
        postbox.forget(line, keep_copy=postbox.copy_of(line) in map(postbox.copy_of, others))
