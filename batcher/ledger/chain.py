"""The chain of a batch's events: each carries the digest of the one before it, so that no byte of them changes unseen.

What an event changed is its content: fields by table, as JSON. A field about a person stands there as a commitment
only, a digest with a salt that lies beside the field and goes when the field does: what is left then tells nothing, and
the chain stays whole. There is one chain for each batch, so that a batch can be proven, purged and handed on alone.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from batcher import keys
from batcher.ledger.tables import batches, environments, journal, moment_text
from batcher.ledger.together import inserting
from batcher.states import State

RECIPE = "1"
"""The version of everything that goes into a digest here. Frozen: older events must be computed again for ever."""

SALT_BYTES = 16

Salts = Callable[[int], bytes]
"""Gives so many bytes that nobody can guess."""

PERSONAL: Mapping[str, frozenset[str]] = {
    "plans": frozenset(),
    "rows": frozenset({"cells"}),
    "invalid_lines": frozenset({"cells", "problems"}),
    "attempts": frozenset({"cells", "body", "email", "recipient_reference", "redemption_url", "error_message"}),
    "sends": frozenset({"message"}),
}
"""The tables that the chain covers, and the fields of each that only commitments tell of."""

_AT_ONCE = 500

Content = Mapping[str, Any]
"""What an event changed: for each table a list of entities, each with its `id` and the fields that were set, as text.

A confirmed plan has `here` beside them: the rows, as ranges of ids, that were known before and that its file has.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a batch."""

    at: datetime
    why: str
    content: Content = field(default_factory=dict)
    attempt_id: int | None = None
    from_state: State | None = None
    to_state: State | None = None
    by: str | None = None
    """The person who decided it, where one did."""


def beginning(*, base_url: str, account: str, batch: str) -> str:
    """What stands in place of a previous digest before the first event, in hex: whose chain it is."""
    return keys.digest("journal", RECIPE, base_url, account, batch).hex()


def event_digest(
    previous: str,
    *,
    number: int,
    attempt_id: int | None,
    at: str,
    from_state: str | None,
    to_state: str | None,
    why: str,
    by: str | None,
    content: str,
) -> str:
    """The digest of one event, in hex, from its fields as they lie in the table."""
    fields = (number, attempt_id, at, from_state, to_state, why, by)
    told = ["" if one is None else f"={one}" for one in fields]
    told += (RECIPE, previous, hashlib.sha256(content.encode()).hexdigest())
    # A length before each: no two lists of fields can run together.
    return hashlib.sha256("".join([f"{len(one)}:{one}" for one in told]).encode()).hexdigest()


def commitment(salt: bytes | None, name: str, value: object) -> str | None:
    """What an event says of a personal field: `~` and a digest in hex that only its value and its salt give."""
    if value is None:
        return None
    plain = value if isinstance(value, bytes) else str(value).encode()
    # Salts are of one length, and no field's name holds a colon.
    return "~" + hashlib.sha256(b"%b%b:%b" % (salt or b"", name.encode(), plain)).hexdigest()


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they lie in the table: times, amounts and lists are text."""
    return {name: _text(value) if isinstance(value, _TOLD_AS_TEXT) else value for name, value in values.items()}


_TOLD_AS_TEXT = (Decimal, datetime, list, dict)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return moment_text(value) if isinstance(value, datetime) else json.dumps(value)


def sealed(of: str, values: Mapping[str, Any], salt: bytes | None) -> dict[str, Any]:
    """Fields of the table `of`, as they lie there, as an event tells them: personal ones as commitments, no salt."""
    told = dict(values)
    told.pop("salt", None)
    for name in PERSONAL[of]:
        if name in told:
            told[name] = commitment(salt, name, told[name])
    return told


written: Callable[[Content], str] = json.JSONEncoder(separators=(",", ":")).encode
"""The content as it is stored, and as it goes into the digest."""


def salts_of(connection: Connection) -> Salts:
    """Where the ledger takes its salts from."""
    salts: Salts = connection.get_execution_options()["salts"]
    return salts


def end_of(connection: Connection, batch_id: int) -> tuple[int, str]:
    """The number and the digest of a batch's last event; those of its beginning where it has none."""
    found = connection.execute(
        select(journal.c.number, journal.c.digest)
        .where(journal.c.batch_id == batch_id)
        .order_by(journal.c.number.desc())
        .limit(1)
    ).first()
    if found is not None:
        return found.number, found.digest
    return 0, beginning_of(connection, batch_id)


def beginning_of(connection: Connection, batch_id: int) -> str:
    """The beginning of a batch's chain."""
    place = connection.execute(
        select(environments.c.base_url, environments.c.account, batches.c.name)
        .join(batches, batches.c.environment_id == environments.c.id)
        .where(batches.c.id == batch_id)
    ).one()
    return beginning(base_url=place.base_url, account=place.account, batch=place.name)


def add(connection: Connection, batch_id: int, events: Iterable[Event], end: tuple[int, str] | None = None) -> None:
    """Put events at the end of a batch's chain. `end` is where it ends, for whoever has read it already."""
    lines = chained(batch_id, events, end or end_of(connection, batch_id))
    # All lines of a large file at once would cost more to keep than to write.
    while group := list(itertools.islice(lines, _AT_ONCE)):
        inserting(connection, journal, _COLUMNS)(group)


_COLUMNS = tuple(column.name for column in journal.c if column.name != "id")


def chained(batch_id: int, events: Iterable[Event], end: tuple[int, str]) -> Iterator[tuple[Any, ...]]:
    """The events as lines of the journal, as they lie in its columns behind the id."""
    number, digest = end
    at, at_text = None, ""
    for event in events:
        number += 1
        content = written(event.content)
        if event.at is not at:
            at, at_text = event.at, moment_text(event.at)
        digest = event_digest(
            digest,
            number=number,
            attempt_id=event.attempt_id,
            at=at_text,
            from_state=event.from_state,
            to_state=event.to_state,
            why=event.why,
            by=event.by,
            content=content,
        )
        states = event.from_state, event.to_state
        yield batch_id, number, event.attempt_id, at_text, *states, event.why, event.by, content, digest


def ranges(ids: Iterable[int]) -> list[list[int]]:
    """Ids as ranges, each with its first and its last: `[[1, 20000]]` for the rows of a whole file."""
    found: list[list[int]] = []
    for one in sorted(ids):
        if found and found[-1][1] == one - 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return found
