"""The closing proof: what went in came out, what was paid is what Runa charged, and no order is nobody's."""

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from decimal import Decimal

from batcher import money
from batcher.evidence import Evidence, KeptOrder
from batcher.reconcile.matching import orders_of
from batcher.records import BatchRecord
from batcher.states import RESULT_WORDS, State

_WORDS = {
    "COMPLETED": "paid",
    "FAILED": "failed",
    "REJECTED": "refused",
    "UNKNOWN": "unknown",
    "PROCESSING": "open",
    "NOT_SENT": "unsent",
    "INVALID": "invalid",
}
NAMED = 5
"""Orders named in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChange:
    """What the account held before a run and after it, and who else was at it."""

    before: Mapping[str, Decimal]
    after: Mapping[str, Decimal] | None
    """`None` where it could not be read again."""
    reading_before: int
    """The reading of the order list that the run began with: what it had not seen was made since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What agrees, what does not, and what could not be compared: sentences, each with its figures."""

    rows_in: int
    counts: Mapping[str, int]
    """Rows by what became of them."""
    agreements: tuple[str, ...]
    mismatches: tuple[str, ...]
    open_questions: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing contradicts."""
        return not self.mismatches


class _Findings:
    def __init__(self) -> None:
        self.agreements: list[str] = []
        self.mismatches: list[str] = []
        self.open_questions: list[str] = []


def closing_proof(
    record: BatchRecord,
    evidence: Evidence,
    kept: Mapping[str, KeptOrder],
    *,
    change: BalanceChange | None = None,
) -> Proof:
    """Hold a batch as the ledger has it against the file, the order list and, after a run, the balance."""
    findings = _Findings()
    counts, rows_in = _rows(record, findings)
    _prices(record, kept, findings)
    _tags(record, evidence, findings)
    if change is not None:
        _balance(record, evidence, kept, change, findings)
    return Proof(
        rows_in=rows_in,
        counts=counts,
        agreements=tuple(findings.agreements),
        mismatches=tuple(findings.mismatches),
        open_questions=tuple(findings.open_questions),
    )


def proof_remembered(rows: int, agreements: tuple[str, ...]) -> Proof:
    """The proof of a batch whose rows were all paid, and that had nothing else to say."""
    counts = dict.fromkeys(_WORDS.values(), 0) | {"paid": rows}
    return Proof(rows_in=rows, counts=counts, agreements=agreements, mismatches=(), open_questions=())


def _rows(record: BatchRecord, findings: _Findings) -> tuple[dict[str, int], int]:
    counted = [row for row in record.rows if row.in_file or row.paid_or_open]
    gone = sum(not row.in_file for row in counted)
    counts = dict.fromkeys(_WORDS.values(), 0)
    for row in counted:
        counts[_WORDS[RESULT_WORDS[row.latest.state]]] += 1
    counts["invalid"] += len(record.invalid)
    total = sum(counts.values())
    rows_in = total if record.file_rows is None else record.file_rows + gone
    came_out = " + ".join(f"{count} {word}" for word, count in counts.items() if count) or "none"
    of_file = f"{rows_in} row{'s' * (rows_in != 1)} in" + (f", {gone} of them no longer in the file" if gone else "")
    if rows_in == total:
        findings.agreements.append(f"{of_file} = {came_out}.")
    else:
        findings.mismatches.append(f"{of_file}, but {total} came out: {came_out}.")
    return counts, rows_in


def _prices(record: BatchRecord, kept: Mapping[str, KeptOrder], findings: _Findings) -> None:
    """The price of every paid order, as it was read back, against the one in the order list."""
    paid = [row.latest for row in record.rows if row.latest.state is State.COMPLETED]
    ours: list[tuple[str, Decimal]] = []
    theirs: list[tuple[str, Decimal]] = []
    uncompared: list[str] = []
    for attempt in paid:
        order = kept.get(attempt.order_id or "")
        if order is not None and order.status == "FAILED":
            findings.mismatches.append(f"Order {attempt.order_id} is paid in the ledger and failed in Runa's list.")
        if attempt.price is None or order is None or order.price is None:
            uncompared.append(attempt.order_id or attempt.order.key)
            continue
        currency = attempt.order.payout.currency
        ours.append((currency, attempt.price))
        theirs.append((currency, order.price))
        if attempt.price != order.price:
            findings.mismatches.append(
                f"Order {attempt.order_id} costs {money.display(attempt.price, currency)} in the ledger and "
                f"{money.display(order.price, currency)} in Runa's list."
            )
    if ours and ours == theirs:
        word = "is" if len(ours) == 1 else "are"
        findings.agreements.append(
            f"{_prices_of(ours)} in Runa's list {word} the total paid: {money.display_totals(money.totals(ours))}."
        )
    if uncompared:
        findings.open_questions.append(
            f"{_prices_of(uncompared)} could not be compared, as Runa's list does not show them ({_named(uncompared)})."
        )


def _tags(record: BatchRecord, evidence: Evidence, findings: _Findings) -> None:
    """Orders with the batch's tag that fit no row, and rows with more than one order."""
    accepted = bool(record.choices.get("accept_missing"))
    said = record.choices.get("pay_again")
    meant = said if isinstance(said, list) else []
    names = {row.identity: row.name for row in record.rows}
    for stray in evidence.strays:
        if stray.status == "FAILED":
            continue
        known_row = names.get(stray.identity or "")
        allowed = stray.order_id in record.accepted_orders or (known_row in meant if known_row else accepted)
        named = f" (reference {stray.reference})" if stray.reference else ""
        sentence = f"Order {stray.order_id}{named} carries the tag of this batch and fits no row's key."
        (findings.open_questions if allowed else findings.mismatches).append(sentence)
    for row in record.rows:
        # What was read back as failed may be older in the list; only there 'completed' is news.
        failed = {attempt.order_id for attempt in row.attempts if attempt.state is State.FAILED}
        live = {
            one.order_id
            for one in evidence.of(row.identity)
            if one.status == "COMPLETED" or (one.status != "FAILED" and one.order_id not in failed)
        }
        live |= {
            attempt.order_id
            for attempt in row.attempts
            if attempt.order_id is not None and attempt.state in (State.ACCEPTED, State.COMPLETED)
        }
        # What a person took from the row is no order of it any more.
        live -= {attempt.order_id for attempt in row.attempts if attempt.state is State.ABSENT and attempt.order_id}
        if len(live) > 1:
            findings.mismatches.append(f"'{row.name}' has more than one order: {_named(sorted(live))}.")
    if evidence.complete:
        if not evidence.strays:
            findings.agreements.append("No order in Runa's list carries the tag of this batch and fits no row.")
    else:
        findings.open_questions.append(f"Orders that fit no row could not be ruled out: {evidence.why_incomplete}.")


def _balance(
    record: BatchRecord,
    evidence: Evidence,
    kept: Mapping[str, KeptOrder],
    change: BalanceChange,
    findings: _Findings,
) -> None:
    """What the balance fell by against what the orders of this run cost, where nobody else was at it."""
    since = {one.order_id for one in kept.values() if one.first_reading > change.reading_before}
    mine = orders_of(record)
    others = since - mine
    made = [row.latest for row in record.rows if row.latest.order_id in since]
    why = ""
    if change.after is None:
        why = "it could not be read again"
    elif not evidence.complete:
        why = evidence.why_incomplete
    elif others:
        why = f"{_other_orders(len(others))} made meanwhile"
    elif any(attempt.state is not State.COMPLETED or attempt.price is None for attempt in made):
        why = "not every order of this run is paid"
    elif any(row.latest.state is State.UNKNOWN for row in record.rows):
        why = "some rows are unknown"
    if why:
        findings.open_questions.append(f"The balance was not compared: {why}.")
        return
    spent = money.totals((one.order.payout.currency, one.price) for one in made if one.price is not None)
    for currency in sorted({*change.before, *spent}):
        _one_balance(currency, spent.get(currency, _nothing(currency)), change, findings)


def _one_balance(currency: str, spent: Decimal, change: BalanceChange, findings: _Findings) -> None:
    # An account that is empty is left out.
    before = change.before.get(currency, _nothing(currency))
    after = (change.after or {}).get(currency, _nothing(currency))
    figures = (
        f"{money.display(before, currency)} before, {money.display(after, currency)} after, "
        f"{money.display(spent, currency)} paid by this run"
    )
    if before - after == spent:
        if spent:
            findings.agreements.append(f"The balance fell by exactly what was paid: {figures}.")
    elif before - after < spent:
        findings.open_questions.append(f"The balance was topped up meanwhile, so it was not compared: {figures}.")
    else:
        findings.mismatches.append(f"The balance fell by more than was paid, and no other order was made: {figures}.")


def _prices_of(orders: Sized) -> str:
    return "The price of 1 paid order" if len(orders) == 1 else f"The prices of {len(orders)} paid orders"


def _other_orders(count: int) -> str:
    return "1 other order was" if count == 1 else f"{count} other orders were"


def _nothing(currency: str) -> Decimal:
    units = money.minor_units(currency)
    return Decimal(0) if units is None else Decimal(0).scaleb(-units)


def _named(ids: list[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more
