"""What Runa's order list says about the rows of a plan: orders that were made from elsewhere."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal

from batcher import keys
from batcher.evidence import Evidence, Found, Stray
from batcher.model import Distribution, Order, Payout, Problem
from batcher.planning.plan import ASKING, SENDING, Choices, PlanLine, Standing
from batcher.records import BatchRecord, RowRecord
from batcher.states import SPENT, UNSENT, State


def found_elsewhere(identity: str, row: RowRecord | None, evidence: Evidence | None) -> Found | None:
    """The order that a row has at Runa and not in the ledger, if there is one.

    One that failed paid nothing: it counts only for a row of which nothing else is known.
    """
    if evidence is None or (row is not None and not _could_take(row.latest.state)):
        return None
    own = {attempt.order_id for attempt in row.attempts} if row is not None else set()
    theirs = [one for one in evidence.of(identity) if one.order_id not in own]
    live = [one for one in theirs if one.status != "FAILED"]
    if live:
        return live[0]
    return theirs[-1] if theirs and row is None else None


def without_order(state: State) -> bool:
    """Whether an attempt in this state stands in no other attempt's way."""
    return state in SPENT or state is State.WITHDRAWN


def _could_take(state: State) -> bool:
    return state in UNSENT or without_order(state) or state in (State.SENT, State.UNKNOWN)


def check_list(
    lines: Iterable[PlanLine], evidence: Evidence | None, choices: Choices, accepted: Collection[str] = ()
) -> tuple[list[PlanLine], list[Problem]]:
    """The lines, with those doubtful that an order of unclear owner may have paid; and the orders that fit no row.

    `accepted` are orders that an earlier plan went on without.
    """
    listed = list(lines)
    strays = _live(evidence)
    nameless = [one for one in strays if one.identity is None and one.order_id not in accepted]
    problems = [_unread(one) for one in nameless if one.order is None]
    problems += [_stray(one) for one in nameless if one.order is not None and not _is_meant(one.order_id, choices)]
    if not strays:
        return listed, problems
    nobodys = _Nobodys(strays)
    return [_doubted(line, nobodys, choices) for line in listed], problems


def sent_elsewhere(record: BatchRecord, evidence: Evidence | None) -> bool:
    """Whether the list has orders of the batch that this ledger never sent: another one did, and may be lost."""
    if evidence is None:
        return False
    return bool(evidence.strays) or any(one.key not in _sent_keys(record) for one in evidence.found)


def _sent_keys(record: BatchRecord) -> set[str]:
    return {attempt.order.key for row in record.rows for attempt in row.attempts if attempt.sends}


PUT_BACK = "that this ledger was put back from"


def is_forgetful(record: BatchRecord, evidence: Evidence | None) -> bool:
    """Whether the ledger is a copy that was put back, and the batch is older: it may lack later attempts of its rows.

    Beside such an attempt none of the keys that the copy has may be sent, not even to ask: Runa may never have had it.
    """
    until = None if evidence is None else evidence.knows_until
    return until is not None and record.first_confirmed_at is not None and record.first_confirmed_at <= until


def check_unfinished(
    lines: Iterable[PlanLine], record: BatchRecord, evidence: Evidence | None, choices: Choices
) -> list[Problem]:
    """New rows beside orders that do not say yet whose they are, where another ledger sent the batch or may have.

    A row that has another name now has another key: what it was paid under shows only once that order is finished.
    """
    forgetful = is_forgetful(record, evidence)
    standings = ASKING if forgetful else (Standing.NEW,)
    new = [line for line in lines if line.standing in standings]
    if choices.never_sent or not new or evidence is None or not (count := len(evidence.unfinished)):
        return []
    if sent_elsewhere(record, evidence):
        why = f"Batch {record.name} was sent from elsewhere as well"
    elif evidence.ledger_is_new and not _sent_keys(record):
        why = f"This ledger has never paid anybody here, and another may have sent batch {record.name}"
    elif forgetful:
        why = f"Batch {record.name} is older than the back-up {PUT_BACK}"
    else:
        return []
    orders = "1 order in Runa's list is" if count == 1 else f"{count} orders in Runa's list are"
    message = (
        f"{why}; {orders} not finished and may be anybody's: one of them may be that of "
        f"'{new[0].name}'{_or_others(len(new) - 1)} under another {'key' if forgetful else 'name'}."
    )
    fix = "Run again once they are finished, or say --never-sent if Runa's portal shows that they are not this batch's."
    return [Problem(line=None, column=None, value=None, message=message, fix=fix, kind="orders_unfinished")]


def _or_others(count: int) -> str:
    return f" or of {count} other new rows" if count > 1 else " or of another new row" if count else ""


def accepted_orders(evidence: Evidence | None, choices: Choices) -> tuple[str, ...]:
    """The orders of unclear owner that the person said to go on without, or to pay beside."""
    return tuple(
        one.order_id
        for one in _live(evidence)
        if _speaks_of(one.order_id, choices)
        and (choices.accept_missing if one.identity is None else keys.row_name(one.identity) in choices.pay_again)
    )


def _live(evidence: Evidence | None) -> list[Stray]:
    return [one for one in evidence.strays if one.status != "FAILED"] if evidence is not None else []


class _Nobodys:
    """Orders with the tag of the batch and the key of no row, by what may make them a row's."""

    def __init__(self, strays: Iterable[Stray]) -> None:
        self.by_row: dict[str, Stray] = {}
        """Those that have a row's reference, by its identity."""
        self._by_recipient: dict[str, str] = {}
        self._links: defaultdict[Decimal, list[Order]] = defaultdict(list)
        for stray in strays:
            if stray.identity is not None:
                self.by_row.setdefault(stray.identity, stray)
            elif stray.order is not None:
                self._note(stray.order)

    def _note(self, order: Order) -> None:
        for word in (order.email, order.recipient_reference):
            if word:
                self._by_recipient.setdefault(word.casefold(), order.order_id)
        if order.distribution in (None, Distribution.PAYOUT_LINK.value) and order.amount is not None:
            self._links[order.amount].append(order)

    def for_the_same(self, payout: Payout) -> str | None:
        """An order that may have paid the person of a row: by address, else, for a link, by what it is worth."""
        ours = [word.casefold() for word in (payout.email, payout.recipient_reference) if word]
        for word in ours:
            if word in self._by_recipient:
                return self._by_recipient[word]
        for order in self._links.get(payout.amount, ()):
            told_apart = bool(ours) and bool(order.email or order.recipient_reference)
            if not told_apart and order.currency in (None, payout.currency):
                return order.order_id
        return None


def _doubted(line: PlanLine, nobodys: _Nobodys, choices: Choices) -> PlanLine:
    order_id, why = _why(line, nobodys)
    if order_id is None:
        return line
    if line.name in choices.pay_again and _speaks_of(order_id, choices):
        return replace(line, why=f"meant as a further payment, although {why}")
    return replace(line, standing=Standing.DOUBTFUL, why=why)


def _is_meant(order_id: str, choices: Choices) -> bool:
    return choices.accept_missing and _speaks_of(order_id, choices)


def _speaks_of(order_id: str, choices: Choices) -> bool:
    """Whether the word was said of this order: one that was said before knows nothing of what came since."""
    return choices.orders_known is None or order_id in choices.orders_known


def _why(line: PlanLine, nobodys: _Nobodys) -> tuple[str | None, str]:
    """The order that may have paid a line, and why that is thought; `None` for none."""
    # What is asked about again could make an order as well, where none was made under its key.
    if line.payout is None or line.standing not in SENDING | {Standing.UNKNOWN}:
        return None, ""
    stray = nobodys.by_row.get(keys.identity(line.payout))
    if stray is not None:
        words = f"order {stray.order_id} in Runa's list carries this batch and reference, under another key"
        return stray.order_id, words
    if line.standing is Standing.UNKNOWN:
        return None, ""
    order_id = nobodys.for_the_same(line.payout)
    words = f"order {order_id} in Runa's list carries this batch, fits no row, and may have paid the same person"
    return order_id, words


def _unread(stray: Stray) -> Problem:
    """Not even --accept-missing goes on: whom it paid is not known, and that person may be in the file again."""
    return Problem(
        line=None,
        column=None,
        value=None,
        message=f"Order {stray.order_id} in Runa's list was made for this batch, and could not be read: for whom?",
        fix="Try again in some minutes.",
        kind="order_without_row",
    )


def _stray(stray: Stray) -> Problem:
    said = f" with reference {stray.reference}" if stray.reference else ""
    return Problem(
        line=None,
        column=None,
        value=None,
        message=f"Order {stray.order_id}{said} in Runa's list was made for this batch, and no row of the file fits it.",
        fix="Look it up in Runa's portal, and put its row back as it was; or run again with --accept-missing.",
        kind="order_without_row",
    )
