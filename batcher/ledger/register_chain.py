"""The chain of what happened to users and approvals: one for the whole ledger, beside those of the batches.

An approval is given before its batch is there, and users belong to no batch. When an approved plan is confirmed, the
batch's own journal takes the digest of the last event here: from then on neither can change unseen by the other.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from batcher import keys
from batcher.ledger.chain import RECIPE, commitment, event_digest, kept, written
from batcher.ledger.tables import approvals, moment_text, plans, register_events, users
from batcher.ledger.together import as_it_lies
from batcher.records import Discrepancy, JournalReading

_COVERED: Mapping[str, Table] = {"users": users, "approvals": approvals}
_SECRET = "password_hash"  # noqa: S105 - the name of a column
_BEGINNING = keys.digest("register", RECIPE).hex()


def tell(
    connection: Connection, why: str, *, of: str, entity_id: int, values: Mapping[str, Any], by: str, now: datetime
) -> str:
    """Put an event at the end of the chain: these fields of one line of the table `of` were set. Gives its digest."""
    last = connection.execute(
        select(register_events.c.number, register_events.c.digest).order_by(register_events.c.number.desc()).limit(1)
    ).first()
    number, previous = (0, _BEGINNING) if last is None else (last.number, last.digest)
    event = {"at": moment_text(now), "why": why, "by": by, "content": written({of: {"id": entity_id, **_told(values)}})}
    digest = _digest(previous, number + 1, event)
    connection.execute(insert(as_it_lies(register_events)).values(number=number + 1, digest=digest, **event))
    return digest


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they lie in the table; a hash of a password only as a digest of it."""
    told = kept(values)
    if _SECRET in told:
        told[_SECRET] = commitment(None, _SECRET, told[_SECRET])
    return told


def _digest(previous: str, number: int, event: Mapping[str, Any]) -> str:
    nothing: Any = None
    fields = {name: event[name] for name in ("at", "why", "by", "content")}
    return event_digest(previous, number=number, attempt_id=nothing, from_state=nothing, to_state=nothing, **fields)


def read(connection: Connection, batch_id: int | None = None) -> JournalReading:
    """Compute the chain again, and compare what it tells with the tables, and with the plans of a batch."""
    lying = as_it_lies(register_events)
    events = [dict(event) for event in connection.execute(select(lying).order_by(lying.c.number)).mappings()]
    told: dict[str, dict[Any, dict[str, Any]]] = {name: {} for name in _COVERED}
    broken = []
    previous = _BEGINNING
    for place, event in enumerate(events, start=1):
        if event["number"] != place or event["digest"] != _digest(previous, event["number"], event):
            broken.append(_of_event(place, "is not what was written, or one before it is missing"))
        previous = event["digest"]
        try:
            for table, entity in json.loads(event["content"]).items():
                told[table].setdefault(entity["id"], {}).update(entity)
        except (ValueError, LookupError, TypeError, AttributeError):
            broken.append(_of_event(place, "tells of nothing that can be read"))
    differences = () if broken else tuple(_differences(connection, told))
    digests = tuple(str(event["digest"]) for event in events)
    cut = tuple(_cut(connection, batch_id, digests)) if batch_id is not None else ()
    return JournalReading(digests=digests, discrepancies=(*broken, *differences, *cut))


def _cut(connection: Connection, batch_id: int, digests: Collection[str]) -> Iterator[Discrepancy]:
    """Approved plans of the batch whose approval the chain does not have, or has no longer."""
    for choices in connection.scalars(select(plans.c.choices).where(plans.c.batch_id == batch_id)):
        approval = choices.get("approval")
        if approval is not None and approval["event"] not in digests:
            yield Discrepancy(
                where=f"the approval of plan {approval['plan'][:16]}",
                message="is in the batch's journal, and not in that of users and approvals",
            )


def _of_event(number: int, message: str) -> Discrepancy:
    return Discrepancy(where=f"event {number} of users and approvals", message=message, event=number)


def _differences(connection: Connection, told: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> Iterator[Discrepancy]:
    for name, table in _COVERED.items():
        found = {line["id"]: dict(line) for line in connection.execute(select(as_it_lies(table))).mappings()}
        for entity_id in sorted(found.keys() | told[name].keys()):
            yield from _compared(name, found.get(entity_id), told[name].get(entity_id))


def _compared(table: str, found: Mapping[str, Any] | None, told: Mapping[str, Any] | None) -> Iterator[Discrepancy]:
    """What of one line of a table is not as the events tell it."""
    if found is None:
        yield Discrepancy(where=_name(table, told or {}), message="is in the journal, and the ledger has lost it")
    elif told is None:
        yield Discrepancy(where=_name(table, found), message="is in the ledger, and no event tells of it")
    else:
        for field, value in found.items():
            lies = commitment(None, _SECRET, value) if field == _SECRET else value
            if lies != told.get(field):
                yield Discrepancy(
                    where=f"{_name(table, told)}, {field}", message="is not what the journal says", field=field
                )


def _name(table: str, entity: Mapping[str, Any]) -> str:
    if table == "users":
        return f"the user {entity.get('name')}"
    return f"the approval of plan {str(entity.get('plan_digest'))[:16]}"
