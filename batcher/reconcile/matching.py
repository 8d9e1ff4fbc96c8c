"""Which order of the list is whose. An order's description is its tag: the whole key first, then batch and reference.

Orders are matched by key, under every attempt that a row may have, also ones that this ledger never made: a lost
ledger, a second laptop or an old copy made those.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from batcher import keys
from batcher.evidence import Evidence, Found, KeptOrder, ListReading, Stray
from batcher.records import BatchRecord, RowRecord

_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """A description that batcher wrote, whatever somebody has put around it."""

    key: str
    """In lower case, as batcher writes it."""
    batch: str
    reference: str | None
    """Perhaps cut short; `None` for a row without one."""
    words: frozenset[str] = frozenset()
    """Every word beside the key."""


def read_tag(description: str) -> Tag | None:
    """The tag in a description, or `None` where there is none."""
    found = _KEY.search(description)
    if found is None:
        return None
    rest = description[found.end() :]
    batch, _, reference = rest.strip().partition(" ")
    words = frozenset(f"{description[: found.start()]} {rest}".split())
    return Tag(found.group().lower(), batch, reference.strip() or None, words)


def evidence(
    record: BatchRecord,
    identities: Sequence[str],
    kept: Mapping[str, KeptOrder],
    *,
    reading: ListReading | None,
    known: frozenset[str],
) -> Evidence:
    """What the kept orders say about a batch: its rows in the ledger and those of a file, by identity.

    `reading` is the newest one; `known` are the ids of all orders that this ledger has for any attempt.
    """
    tagged = [(order, None if order.description is None else read_tag(order.description)) for order in kept.values()]
    index = _Index(record, identities, {key for order, tag in tagged for key in _keys_of(order, tag)})
    found: list[Found] = []
    strays: list[Stray] = []
    for order, tag in tagged:
        match = index.match(order, tag)
        if match is not None:
            key, (identity, number) = match
            found.append(Found(identity=identity, number=number, key=key, order_id=order.order_id, status=order.status))
        elif tag is not None and tag.batch == record.name and order.order_id not in known:
            identity_ = index.by_reference(tag.reference)
            strays.append(
                Stray(order_id=order.order_id, status=order.status, reference=tag.reference, identity=identity_)
            )
    why = _why_incomplete(record, reading)
    hidden = open_orders(kept, known)
    return Evidence(
        complete=not why,
        why_incomplete=why,
        read_at=None if reading is None else reading.ended.at,
        found=tuple(sorted(found, key=lambda one: (one.identity, one.number, one.order_id))),
        strays=tuple(strays),
        open_orders=hidden,
        unfinished=unfinished(hidden, kept),
        ledger_is_new=not known,
    )


def open_orders(kept: Mapping[str, KeptOrder], known: frozenset[str]) -> frozenset[str]:
    """The ids of the orders that do not say whose they are, and that this ledger has for no attempt."""
    return frozenset(order.order_id for order in kept.values() if not order.told_all and order.order_id not in known)


def unfinished(hidden: frozenset[str], kept: Mapping[str, KeptOrder]) -> frozenset[str]:
    """Those of the orders that do not say whose they are which have not failed."""
    return frozenset(one for one in hidden if kept[one].status != "FAILED")


def orders_of(record: BatchRecord) -> frozenset[str]:
    """The ids of all orders that the ledger has for rows of a batch."""
    return frozenset(
        attempt.order_id for row in record.rows for attempt in row.attempts if attempt.order_id is not None
    )


def _why_incomplete(record: BatchRecord, reading: ListReading | None) -> str:
    if reading is None:
        return "the order list was not read"
    if reading.why_incomplete:
        return reading.why_incomplete
    if lacking := sorted(reading.missing & orders_of(record)):
        return f"the list {lacks(lacking)}"
    return ""


def lacks(order_ids: Collection[str]) -> str:
    """What is wrong with a list that does not have these orders of the batch: the end of a sentence."""
    if len(order_ids) == 1:
        return f"lacks order {min(order_ids)} of this batch, which was made"
    return f"lacks {len(order_ids)} orders of this batch that were made, such as {min(order_ids)}"


def _keys_of(order: KeptOrder, tag: Tag | None) -> Iterable[str]:
    """The keys that an order names: the one in its metadata, and the one in its tag."""
    if order.key is not None:
        yield order.key.strip().lower()
    if tag is not None:
        yield tag.key


class _Index:
    """Who has which key, of those that orders name. Later attempts' keys are derived only where a tag asks for them."""

    def __init__(self, record: BatchRecord, identities: Sequence[str], named: Collection[str]) -> None:
        self._record = record
        self._others = identities
        self._keys: dict[str, tuple[str, int]] = {}
        self._derived: set[str] = set()
        if named:
            self._note(named)

    def _note(self, named: Collection[str]) -> None:
        first = []
        for row in self._record.rows:
            numbers = set()
            for attempt in row.attempts:
                numbers.add(attempt.order.number)
                if attempt.order.key in named:
                    self._keys[attempt.order.key] = (row.identity, attempt.order.number)
            if 1 not in numbers:
                first.append(row.identity)
        known = {row.identity for row in self._record.rows}
        for identity in (*first, *(one for one in self._others if one not in known)):
            if (key := self._key(identity, 1)) in named:
                self._keys.setdefault(key, (identity, 1))

    @cached_property
    def _identities(self) -> list[str]:
        """Those of the batch, then the others of the file."""
        return list(dict.fromkeys([*(row.identity for row in self._record.rows), *self._others]))

    @cached_property
    def _by_reference(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for identity in self._identities:
            found[_short(_reference(identity) or "")].append(identity)
        return found

    def match(self, order: KeptOrder, tag: Tag | None) -> tuple[str, tuple[str, int]] | None:
        """The key by which an order is a row's, with the row and the attempt; the metadata's before the tag's.

        An order whose two keys differ is a row's by either: it is compared with the row before it counts.
        """
        for key in dict.fromkeys(_keys_of(order, tag)):
            if (owner := self._owner(key, tag)) is not None:
                return key, owner
        return None

    def _owner(self, key: str, tag: Tag | None) -> tuple[str, int] | None:
        """The row and the attempt that have this key."""
        if key in self._keys or not _KEY.fullmatch(key):
            return self._keys.get(key)
        if tag is not None and tag.batch == self._record.name:
            self._derive(self._by_reference.get(_short(tag.reference or ""), ()))
        if key not in self._keys and (tag is None or self._record.name in tag.words):
            # It may be any row's: the key came from metadata alone, or somebody wrote into the description.
            self._derive(self._identities)
        return self._keys.get(key)

    def by_reference(self, reference: str | None) -> str | None:
        """The row that has this reference, if one has it alone."""
        if reference is None:
            return None
        fitting = [one for one in self._by_reference.get(_short(reference), ()) if may_be_tagged(one, reference)]
        return fitting[0] if len(fitting) == 1 else None

    def _derive(self, identities: Iterable[str]) -> None:
        for identity in identities:
            if identity in self._derived:
                continue
            self._derived.add(identity)
            for number in range(2, keys.MAX_ATTEMPTS + 1):
                self._keys.setdefault(self._key(identity, number), (identity, number))

    def _key(self, identity: str, number: int) -> str:
        account = self._record.environment.account
        return keys.idempotency_key(account=account, batch=self._record.name, identity=identity, attempt=number)


_SHORT_BYTES = 16
"""So much of a reference is in every tag, however it was cut: a key and a batch name leave at least 50 bytes."""


def _reference(identity: str) -> str | None:
    kind, _, reference = identity.partition(":")
    return reference if kind == "reference" else None


def _plain(reference: str) -> str:
    """A reference as it is compared: somebody else's program may have changed its spaces, or how it writes accents."""
    return " ".join(unicodedata.normalize("NFC", reference).split())


def _short(reference: str) -> str:
    """The beginning of a reference, which is the same in its tag."""
    return _plain(reference).encode()[:_SHORT_BYTES].decode(errors="ignore").rstrip().casefold()


def may_be_tagged(identity: str, reference: str | None) -> bool:
    """Whether an order with this reference in its tag, perhaps cut, may be the row's."""
    own = _reference(identity)
    if own is None or reference is None:
        return own is reference
    whole, said = _plain(own), _plain(reference)
    return whole == said or (len(said.encode()) >= _SHORT_BYTES and whole.startswith(said))


def unclaimed(row: RowRecord, evidence_: Evidence) -> tuple[Found, ...]:
    """The orders of a row that the list has, and that none of its attempts has."""
    own = {attempt.order_id for attempt in row.attempts}
    return tuple(one for one in evidence_.of(row.identity) if one.order_id not in own)
