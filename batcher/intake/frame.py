"""A block as the rules see it: what each cell of ours says, and what is read of it, side by side.

Text columns carry our names (`amount`), trimmed and with the config's defaults filled in; what was read of them stands
beside (`amount_fault`, `units`, `method` …), so that a rule only looks and never parses. Each column is worked out when
a rule first asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from batcher import money
from batcher.intake.arrays import Value, literal, made, repeated, whole
from batcher.intake.blocks import Block
from batcher.intake.facts import Facts
from batcher.intake.header import FIELDS, Header
from batcher.intake.meaning.amounts import Reading
from batcher.intake.meaning.products import read_products
from batcher.intake.options import ReadOptions
from batcher.model import Distribution, Payout

Derive = Callable[["Frame"], Mapping[str, pa.Array]]
"""Works out some columns of a frame, by their names."""

_PAID = (
    "reference_read",
    "amount_value",
    "currency",
    "product",
    "method",
    "email_as_sent",
    "recipient_reference",
    "template",
)


def _itself(text: str, _: str) -> str:
    return text


def _kind(currency: str, product: str, method: str) -> tuple[str, tuple[str, ...], Distribution]:
    """What many rows share."""
    return currency, read_products(product)[0], Distribution(method)


class Frame:
    """One block of a sheet as columns."""

    def __init__(
        self, block: Block, header: Header, options: ReadOptions, facts: Facts, derived: Mapping[str, Derive]
    ) -> None:
        self.block = block
        self.header = header
        self.options = options
        self.facts = facts
        self.readings: Mapping[int, Reading] = {}
        """What the amounts mean that are not plain, by place; there once `amount_value` was asked for."""
        self._derived = derived
        self._columns: dict[str, pa.Array] = {"line": block.lines, "cells": block.counts}

    def __len__(self) -> int:
        return len(self.block)

    def __getitem__(self, name: str) -> pa.Array:
        if name not in self._columns:
            self._columns.update({name: self._text(name)} if name in FIELDS else self._derived[name](self))
        return self._columns[name]

    def has(self, ours: str) -> bool:
        """Whether the sheet has one of our columns."""
        return ours in self.header.places

    def places(self, mask: pa.BooleanArray) -> list[int]:
        """The places where the mask is true."""
        found: list[int] = pc.indices_nonzero(mask).to_pylist()
        return found

    def sparse(self, found: Mapping[int, Value], otherwise: Value) -> pa.Array:
        """A column that is the same in every row but a few."""
        if not found:
            return repeated(otherwise, len(self))
        return made([found.get(place, otherwise) for place in range(len(self))])

    def each(self, name: str, *reads: Callable[[str], Value]) -> list[pa.Array]:
        """What each of `reads` makes of every cell, worked out once for equal cells."""
        column = self[name].dictionary_encode()
        cells = column.dictionary.to_pylist()
        return [made([read(cell) for cell in cells]).take(column.indices) for read in reads]

    def numbers(self, ours: str) -> frozenset[int]:
        """The places where one of our columns holds a workbook's number."""
        place = self.header.places.get(ours)
        return frozenset() if place is None else self.block.numbers.get(place, frozenset())

    def amount(self, place: int) -> Decimal:
        """The amount of a row that has one."""
        value: Decimal = self["amount_value"][place].as_py()
        amount = self.readings[place].amount if place in self.readings else value
        if amount is None:
            raise ValueError("the row has no amount")
        return amount

    def payouts(self, places: Sequence[int], one: Callable[[str, str], str] = _itself) -> dict[int, Payout]:
        """The payouts of rows that have no problem, normalised, by place. `one` gives the one copy of a text."""
        rows = whole(places)
        references, amounts, *repeated, emails, recipients, templates = (
            self[name].take(rows).to_pylist() for name in _PAID
        )
        kinds = {kind: _kind(*kind) for kind in set(zip(*repeated, strict=True))}
        exact: dict[tuple[Decimal, str], Decimal] = {}
        found = {}
        for place, reference, amount, kind, email, recipient, template in zip(
            places, references, amounts, zip(*repeated, strict=True), emails, recipients, templates, strict=True
        ):
            currency, products, method = kinds[kind]
            value = exact.get((amount, currency))
            if value is None:
                value = exact[amount, currency] = money.in_minor_units(amount, currency)
            found[place] = Payout(
                reference=one(reference, reference) if reference else None,
                amount=value,
                currency=currency,
                products=products,
                distribution=method,
                email=one(email, email) if email else None,
                # What the delivery does not send is no part of the payout.
                recipient_reference=recipient if method is Distribution.RECIPIENT else None,
                template=template or None,
            )
        return found

    def _text(self, ours: str) -> pa.Array:
        default = self.options.defaults.get(ours, "")
        place = self.header.places.get(ours)
        if ours == "currency":
            default = default.upper()
        if place is None:
            return repeated(default, len(self))
        text = pc.utf8_trim_whitespace(self.block.columns[place])
        if ours == "currency":
            text = pc.utf8_upper(text)
        return pc.if_else(pc.equal(text, literal("")), literal(default), text) if default else text
