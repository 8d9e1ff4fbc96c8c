"""Which column of the sheet is which of ours.

A name counts whatever its case, spacing and punctuation. Only names with one meaning are known: an 'Employee ID' says
who is paid, not which payout it is, so it is no reference until `[columns]` in the config says so.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from batcher.errors import UsageError
from batcher.intake.meaning.symbols import meanings
from batcher.intake.options import ReadOptions
from batcher.intake.refusal import listed, refusal

FIELDS = ("reference", "amount", "currency", "product", "distribution", "email", "recipient_reference", "template")
"""Our columns, in the order in which their problems are told."""

WORDS = {
    "reference": "reference",
    "amount": "amount",
    "currency": "currency",
    "product": "product",
    "distribution": "delivery",
    "email": "e-mail address",
    "recipient_reference": "recipient reference",
    "template": "template",
}
"""What a person calls each of them."""

ALIASES = {
    "reference": (
        "reference", "ref", "reference id", "reference no", "reference number", "ref id", "ref no", "ref number",
        "payout reference", "payout ref", "payout id", "payment reference", "payment ref", "payment id",
        "your reference", "unique reference", "external reference",
    ),
    "amount": (
        "amount", "value", "face value", "payout amount", "payout value", "payment amount", "amount to pay",
        "gift card amount", "gift card value", "card value", "reward amount", "reward value", "incentive amount",
        "incentive value", "denomination",
    ),
    "currency": ("currency", "currency code", "ccy", "iso currency", "payout currency", "payment currency"),
    "product": (
        "product", "products", "product code", "product codes", "product id", "payout product", "gift card",
        "gift card code", "runa product", "runa product code",
    ),
    "distribution": (
        "distribution", "distribution method", "distribution type", "delivery", "delivery method", "delivery type",
        "delivery channel", "payout method", "send by", "send via",
    ),
    "email": (
        "email", "e-mail", "mail", "email address", "mail address", "email id", "recipient email",
        "recipient email address", "payee email", "payee email address",
    ),
    "recipient_reference": ("recipient reference", "recipient ref", "recipient id", "payee reference", "payee id"),
    "template": ("template", "template id", "email template", "email template id", "mail template", "page template"),
}  # fmt: skip


@lru_cache(maxsize=4096)
def simplified(header: str) -> str:
    """What is compared of a header: its letters and digits, without case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", header).casefold()))


def is_one_of(header: str, others: Iterable[str]) -> bool:
    """Whether a header is one of the others, whatever their case, spacing and punctuation."""
    return simplified(header) in set(map(simplified, others))


_KNOWN = {simplified(alias): ours for ours, aliases in ALIASES.items() for alias in aliases}


@dataclass(frozen=True, slots=True)
class Header:
    """The sheet's columns, and where ours are among them."""

    line: int
    titles: tuple[str, ...]
    places: Mapping[str, int]

    def title(self, ours: str) -> str | None:
        """What the sheet calls one of our columns; `None` where it has no such column."""
        return self.titles[self.places[ours]].strip() if ours in self.places else None


_IN_TITLE = re.compile(r"[(\[]([^()\[\]0-9]{1,9})[)\]]$")
_LONGEST_IN_TITLE = 14
"""Letters of a currency or of thousands in brackets, with some blanks."""
_THOUSANDS = re.compile(
    r"(?:^|[^0-9])['\u2019]?000s?\b|\b(?:cents?|pence|pennies|minor units?)\b|\b(?:thousand|million)s?\b"
    r"|\bk[$£€]|[$£€](?:k|m)\b|\btsd\b",
    re.IGNORECASE,
)


def currency_of_title(title: str) -> str:
    """The currency in brackets behind a column's name (`Amount (GBP)`); empty where there is none."""
    found = _IN_TITLE.search(title.strip()[-_LONGEST_IN_TITLE:])
    return found[1].strip() if found and meanings(found[1].strip()) else ""


def _without_unit(title: str) -> str:
    """A column's name without the currency, or the thousands, in brackets behind it."""
    begin = max(title.rfind("("), title.rfind("["))
    unit = title[begin:]
    named = begin > 0 and len(unit) <= _LONGEST_IN_TITLE and (currency_of_title(title) or _THOUSANDS.search(unit))
    return title[:begin] if named else title


def refuse_thousands(header: Header) -> None:
    """Raise `InputInvalid` where the amount's column says that its numbers are thousands."""
    title = header.title("amount") or ""
    if _THOUSANDS.search(title):
        message = f"The column {title!r} says that its amounts are thousands, or parts, of what they say."
        fix = "Write the amounts in full, and take that out of the column's name."
        raise refusal("amount_in_thousands", message, fix, line=header.line, column=title)


def known(titles: Sequence[str], columns: Mapping[str, str]) -> frozenset[str]:
    """Which of our columns these titles name."""
    return frozenset(_matches(titles, columns, frozenset()))


def resolved(line: int, titles: tuple[str, ...], options: ReadOptions) -> Header:
    """Each of our columns to its place. Raises `InputInvalid` for what is missing, double or unclear."""
    header = located(line, titles, options)
    refuse_lost_mapping(header, options.columns)
    require(header, always_needed(options))
    return header


def located(line: int, titles: tuple[str, ...], options: ReadOptions) -> Header:
    """Each of our columns that the sheet has to its place. Raises `InputInvalid` for what is double or unclear."""
    _check_mapping(options.columns)
    _refuse_control(line, titles)
    _refuse_repeated(line, titles)
    matches = _matches(titles, options.columns, options.unused)
    for ours, places in matches.items():
        if len(places) > 1:
            found = listed([repr(titles[place].strip()) for place in places])
            fix = f'Rename all but one, or say which it is with {ours} = "…" under [columns] in the config.'
            raise refusal("column_ambiguous", f"Several columns could be the {WORDS[ours]}: {found}.", fix, line=line)
    return Header(line, titles, {ours: places[0] for ours, places in matches.items()})


def require(header: Header, needed: Sequence[str]) -> None:
    """Raise `InputInvalid` for the first of our columns that the sheet lacks."""
    for ours in needed:
        if ours not in header.places:
            found = listed([repr(title.strip()) for title in header.titles if title.strip()])
            message = f"The sheet has no column for the {WORDS[ours]}; its header has {found}."
            raise refusal("column_missing", message, _how_to_name(ours), line=header.line)


def refuse_unnamed(header: Header, unnamed: tuple[int, str] | None) -> None:
    """Raise `InputInvalid` for a column that has no header but holds something: its place, and what it holds."""
    if unnamed is not None:
        message = f"Column {column_letters(unnamed[0])} has no header but holds {unnamed[1]!r}."
        raise refusal("column_unnamed", message, "Give it a header, or empty it.", line=header.line)


def column_letters(place: int) -> str:
    """What a spreadsheet calls the column: `A` for 0, `AB` for 27."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def always_needed(options: ReadOptions) -> list[str]:
    """The columns that every sheet needs, whatever its rows say."""
    needed = ["amount", *(ours for ours in ("currency", "product", "distribution") if ours not in options.defaults)]
    return [*needed, "reference"] if options.require_reference else needed


def _how_to_name(ours: str) -> str:
    ways = [f"Name a column {ours!r}", f'say which one it is with {ours} = "…" under [columns] in the config']
    if ours in {"currency", "product", "distribution"}:
        ways.append(f'give one for all rows with {ours} = "…" under [defaults]')
    return f"{', '.join(ways[:-1])}, or {ways[-1]}."


def _matches(titles: Sequence[str], columns: Mapping[str, str], unused: frozenset[str]) -> dict[str, list[int]]:
    """The places that could be each of ours; a mapped column is found by its mapping alone, letter by letter first."""
    mapped = {simplified(theirs): ours for ours, theirs in columns.items()}
    found: dict[str, list[int]] = {}
    for place, title in enumerate(titles):
        name = simplified(title)
        ours = mapped.get(name) or _KNOWN.get(name) or _KNOWN.get(simplified(_without_unit(title)))
        if ours is not None and ours not in unused and (name in mapped or ours not in columns):
            found.setdefault(ours, []).append(place)
    for ours, theirs in columns.items():
        exact = [place for place in found.get(ours, ()) if titles[place].strip() == theirs.strip()]
        if len(exact) == 1:
            found[ours] = exact
    return found


def _check_mapping(columns: Mapping[str, str]) -> None:
    for ours in columns:
        if ours not in FIELDS:
            raise UsageError(f"[columns] in the config names {ours!r}.", f"It can name {listed(list(FIELDS))}.")
    names = [simplified(theirs) for theirs in columns.values()]
    if len(set(names)) < len(names) or "" in names:
        raise UsageError("[columns] in the config names one column twice, or none.", "Give each its own header.")


def refuse_lost_mapping(header: Header, columns: Mapping[str, str]) -> None:
    """Raise `InputInvalid` where the config maps a column that the sheet does not have."""
    for ours, theirs in columns.items():
        if ours not in header.places:
            found = listed([repr(title.strip()) for title in header.titles if title.strip()])
            message = f"The config says that {theirs!r} is the {WORDS[ours]}, but the columns are {found}."
            fix = f'Rename the column, or mend {ours} = "{theirs}" under [columns] in the config.'
            raise refusal("column_missing", message, fix, line=header.line)


def _refuse_repeated(line: int, titles: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for title in titles:
        name = title.strip().casefold()
        if name and name in seen:
            message = f"Two columns have the same header, {seen[name]!r} and {title.strip()!r}."
            raise refusal("column_repeated", message, "Rename or delete one of them.", line=line)
        seen[name] = title.strip()


def _refuse_control(line: int, titles: Sequence[str]) -> None:
    for title in titles:
        if any(unicodedata.category(letter) == "Cc" and letter not in "\r\n\t" for letter in title):
            message = f"The header {title!r} contains a control character."
            raise refusal("column_unreadable", message, "Save the sheet again as 'CSV UTF-8'.", line=line)
