"""What Runa's catalogue has against the rows of a sheet, before Runa itself refuses them one by one.

What Runa leaves out of its catalogue is never held against a row, and neither are payout templates: the catalogue does
not have them. An empty catalogue says nothing at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeAlias

from batcher import money
from batcher.model import Payout, Problem, Product, Sheet, SheetRow
from batcher.records import Catalogue

GUESSES = 50
"""Unknown codes for which a near one is looked for; each is compared with the whole catalogue."""

VALUES_NAMED = 8
"""Fixed face values of a product that are named one by one."""

_DISABLED = "TEMPORARILY_DISABLED"
_DEGRADED = "TEMPORARILY_DEGRADED"

Title: TypeAlias = Callable[[str], str | None]
"""What the sheet calls one of our columns, such as `product`; `None` where it has none or nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One thing that the catalogue has against a payout."""

    ours: str
    """Our name of the column that is wrong: `product`, `currency` or `amount`."""
    kind: str
    """The stable word that scripts get."""
    message: str
    fix: str


def held_against_catalogue(
    sheet: Sheet, lines: AbstractSet[int], catalogue: Catalogue, *, title: Title = lambda ours: None
) -> Sheet:
    """The sheet with the rows at these lines that the catalogue speaks against turned invalid; others stay as they are.

    What is only doubtful becomes a warning of the sheet, one for each product. `title` finds the columns that the
    problems stand in.
    """
    if not catalogue.products:
        return sheet
    held = [row for row in sheet.rows if row.payout is not None and row.line in lines]
    judge = CatalogueJudge(catalogue)
    places = {header.strip(): place for place, header in enumerate(sheet.columns)}
    offenders: dict[int, SheetRow] = {}
    for row in held:
        objections = judge.objections(row.payout) if row.payout is not None else ()
        if objections:
            problems = tuple(_problem(row, objection, title, places) for objection in objections)
            offenders[row.line] = replace(row, payout=None, problems=problems)
    sound = [row for row in held if row.line not in offenders]
    warnings = tuple(_degraded(sound, catalogue, title))
    if not (offenders or warnings):
        return sheet
    return replace(
        sheet,
        rows=tuple(offenders.get(row.line, row) for row in sheet.rows),
        warnings=(*sheet.warnings, *warnings),
    )


def orderable_codes(catalogue: Catalogue) -> tuple[str, ...]:
    """The codes of what can be ordered now, as far as Runa says, in the order of the alphabet."""
    return tuple(sorted(product.code for product in catalogue.products.values() if not _is_off(product)))


def _is_off(product: Product) -> bool:
    return product.orderable is False or product.state == _DISABLED


def _problem(row: SheetRow, objection: Objection, title: Title, places: Mapping[str, int]) -> Problem:
    column = title(objection.ours)
    place = places.get(column) if column is not None else None
    return Problem(
        line=row.line,
        column=column,
        value=None if place is None else row.cells[place],
        message=objection.message,
        fix=objection.fix,
        kind=objection.kind,
    )


class CatalogueJudge:
    """Holds payouts against one catalogue, and works equal ones out once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._products = catalogue.products
        self._known: dict[tuple[tuple[str, ...], str, Decimal], tuple[Objection, ...]] = {}
        self._guesses: dict[str, list[str]] = {}

    def objections(self, payout: Payout) -> tuple[Objection, ...]:
        """What the catalogue has against the payout; nothing against a template."""
        if payout.is_template:
            return ()
        key = (payout.products, payout.currency, payout.amount)
        if key not in self._known:
            self._known[key] = tuple(self._found(payout))
        return self._known[key]

    def _found(self, payout: Payout) -> Iterable[Objection]:
        """Of several products each must be there to be had, and one must come in the value."""
        products = [self._products.get(code.casefold()) for code in payout.products]
        comparable = []
        for code, product in zip(payout.products, products, strict=True):
            if product is None:
                yield self._unknown(code)
                continue
            if _is_off(product):
                yield _not_orderable(product)
            if product.currency is not None and product.currency.casefold() != payout.currency.casefold():
                yield _other_currency(product, payout)
            else:
                comparable.append(product)
        if len(comparable) == len(products) and not any(_comes_in(product, payout.amount) for product in comparable):
            yield _other_value(comparable, payout)

    def _unknown(self, code: str) -> Objection:
        near = " or ".join(self._near(code.casefold()))
        return Objection(
            ours="product",
            kind="product_unknown",
            message=f"Runa's catalogue has no {code}{f': did you mean {near}?' if near else '.'}",
            fix="Enter the product's code as Runa's catalogue has it.",
        )

    def _near(self, code: str) -> list[str]:
        if code not in self._guesses:
            if len(self._guesses) >= GUESSES:
                return []
            found = get_close_matches(code, list(self._products), n=2, cutoff=0.75)
            self._guesses[code] = [self._products[near].code for near in found]
        return self._guesses[code]


def _not_orderable(product: Product) -> Objection:
    state = f" ({product.state})" if product.state else ""
    return Objection(
        ours="product",
        kind="product_not_orderable",
        message=f"{product.code} cannot be ordered at Runa at the moment{state}.",
        fix="Enter another product, or wait until it can be ordered again.",
    )


def _other_currency(product: Product, payout: Payout) -> Objection:
    return Objection(
        ours="currency",
        kind="currency_not_of_product",
        message=f"{product.code} comes in {product.currency}, and the row is in {payout.currency}.",
        fix=f"Enter {product.currency}, or a product that comes in {payout.currency}.",
    )


def _comes_in(product: Product, amount: Decimal) -> bool:
    if product.fixed:
        return amount in product.fixed
    above = product.minimum is None or amount >= product.minimum
    return above and (product.maximum is None or amount <= product.maximum)


def _other_value(products: Sequence[Product], payout: Payout) -> Objection:
    wanted = money.display(payout.amount, payout.currency)
    if len(products) > 1:
        offered = "; ".join(f"{product.code} comes in {_values(product, payout.currency)}" for product in products)
        return Objection(
            ours="amount",
            kind="amount_not_of_product",
            message=f"None of the products comes in {wanted}: {offered}.",
            fix="Enter a value that one of them comes in, or other products.",
        )
    (product,) = products
    if product.fixed:
        return Objection(
            ours="amount",
            kind="amount_not_of_product",
            message=f"{product.code} does not come in {wanted}: {_nearest(product, payout)}.",
            fix="Enter a value that it comes in, or another product.",
        )
    return Objection(
        ours="amount",
        kind="amount_not_of_product",
        message=f"{product.code} comes in {_values(product, payout.currency)}, not in {wanted}.",
        fix="Enter a value within that, or another product.",
    )


def _nearest(product: Product, payout: Payout) -> str:
    lower = [value for value in product.fixed if value < payout.amount]
    higher = [value for value in product.fixed if value > payout.amount]
    if lower and higher:
        return f"the nearest are {_shown(max(lower), payout.currency)} and {_shown(min(higher), payout.currency)}"
    if higher:
        return f"the least is {_shown(min(higher), payout.currency)}"
    return f"the most is {_shown(max(lower), payout.currency)}"


def _values(product: Product, currency: str) -> str:
    """The face values of a product in words: `10.00, 20.00 or 50.00`, `5.00 to 500.00`, `at least 5.00`."""
    if product.fixed:
        fixed = [_shown(value, currency) for value in sorted(product.fixed)]
        if len(fixed) > VALUES_NAMED:
            return f"{len(fixed)} values from {fixed[0]} to {fixed[-1]}"
        return f"{', '.join(fixed[:-1])} or {fixed[-1]}" if len(fixed) > 1 else fixed[0]
    if product.minimum is None or product.maximum is None:
        bounds = (("at least", product.minimum), ("at most", product.maximum))
        return " and ".join(f"{word} {_shown(bound, currency)}" for word, bound in bounds if bound is not None)
    return f"{_shown(product.minimum, currency)} to {_shown(product.maximum, currency)}"


def _shown(value: Decimal, currency: str) -> str:
    """The catalogue writes `5` and `500.00` in one product; people read the currency's decimals."""
    try:
        return f"{money.in_minor_units(value, currency):,f}"
    except ValueError:
        return f"{value:,f}"


def _degraded(rows: Iterable[SheetRow], catalogue: Catalogue, title: Title) -> Iterable[Problem]:
    """One warning for each product that works badly now, beside the first row that names it."""
    naming: dict[str, list[int]] = {}
    for row in rows:
        for code in row.payout.products if row.payout is not None else ():
            naming.setdefault(code.casefold(), []).append(row.line)
    for code, lines in naming.items():
        product = catalogue.products.get(code)
        if product is not None and product.state == _DEGRADED:
            named_by = f"{len(lines):,} row{'s name' if len(lines) > 1 else ' names'} it"
            yield Problem(
                line=lines[0],
                column=title("product"),
                value=product.code,
                message=f"{product.code} does not work well at Runa at the moment ({_DEGRADED}); {named_by}.",
                fix="Its payouts may be late or fail; go on, wait, or enter another product.",
                kind="product_degraded",
            )


def age_in_words(read_at: datetime, now: datetime) -> str:
    """`Held against Runa's catalogue of 2026-11-20 09:12 UTC (3 days old)`, without a full stop."""
    return f"Held against Runa's catalogue of {read_at:%Y-%m-%d %H:%M} UTC ({_age(now - read_at)})"


def _age(age: timedelta) -> str:
    if age < -timedelta(minutes=1):
        return "later than this machine's clock"
    for length, word in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if count := age // length if age > timedelta(0) else 0:
            return f"{count} {word}{'s' * (count > 1)} old"
    return "just read"
