"""What is odd about a sheet but has one meaning: warnings, never a reason to refuse. One for each kind of oddness."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from batcher.intake.arrays import literal, text_of, texts
from batcher.intake.facts import Facts
from batcher.intake.frame import Frame
from batcher.intake.grid import Grid
from batcher.intake.header import Header
from batcher.intake.meaning.amounts import shown
from batcher.intake.meaning.providers import likely_meant
from batcher.intake.text.encoding import ASSUMED, NAMES
from batcher.model import Distribution, Problem

_READ_BY_LETTERS = ("reference", "email", "product", "recipient_reference", "template")
_TWICE_ENCODED = (
    "[\u00c2\u00c3][\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d"
    "\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]|\u00e2\u20ac[\u0080-\u2122]|\u00ef\u00bb\u00bf"
)
"""What UTF-8 looks like that was read as Windows-1252 and saved again: `\u00c3\u00a9` for `\u00e9`."""
_LOST = "\ufffd"
_ENOUGH, _NEARLY_ALL = 5, 1.25
"""From how many rows on an amount may be unlike the others, and how many more rows there are than those others."""
_DATE = (
    r"^(?:[0-9]{1,2}[-/. ](?:[0-9]{1,2}|[A-Za-z]{3})[-/. ](?:19|20)?[0-9]{2}"
    r"|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?: 00:00(?::00)?)?"
    r"|[0-9]{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-[0-9]{2})$"
)
"""What spreadsheets write for a date, in CSVs too."""
_TWO_DECIMALS = re.compile(r"[.,][0-9]{2}[^0-9]*$")


@dataclass(slots=True)
class _Found:
    """The first row that is odd in one way, and how many are."""

    line: int
    column: str | None
    value: str
    said: str
    rows: int

    @property
    def and_more(self) -> str:
        more = self.rows - 1
        return "" if not more else f" (and so in {more:,} more row{'s' if more > 1 else ''})"


@dataclass(frozen=True, slots=True)
class _Words:
    """How one kind of oddness is told; braces are the first row's cell and what was said of it."""

    kind: str
    message: str
    fix: str
    of_cell: bool = True


_WORDS = (
    _Words(
        "amount_mark_settled",
        "The amount {value} is read as {said}, as other amounts of its column show what the marks mean",
        "Check that it is so.",
    ),
    _Words(
        "amount_without_decimals",
        "The amount {value} has no decimals, and nearly all others of its column have: a decimal mark may be lost",
        "Check the amount.",
    ),
    _Words(
        "recipient_reference_unused",
        "The recipient reference is not sent, as a delivery by {said} has none",
        "Leave the cell empty, or deliver to RECIPIENT.",
    ),
    _Words(
        "reference_like_date",
        "The reference {value} looks like a date, as spreadsheets make of 3-11 or Nov26",
        "Check it; if it is no date, set the column to 'Text' and enter the references again.",
    ),
    _Words(
        "email_domain_unusual",
        "{said}",
        "Check the address.",
    ),
    _Words(
        "email_two_alphabets",
        "The address mixes letters of two alphabets that look alike: {said}",
        "Type the address anew.",
    ),
    _Words(
        "recipient_repeated",
        "The address is also on {said}",
        "Take out what is there twice; if all are meant, go on.",
    ),
    _Words(
        "encoding_assumed",
        "The file does not say what its letters are; as {said} this reads {value}",
        "Check the letters, or save the sheet again as 'CSV UTF-8'.",
        of_cell=False,
    ),
    _Words(
        "quote_inside",
        "A quote stands alone inside the cell: {value}; if it opens or closes something, cells are torn apart",
        "Check the row; in a CSV, a quote that belongs to the text is doubled, and the cell stands in quotes.",
    ),
    _Words(
        "letters_damaged",
        "Letters were damaged before the sheet was saved: {value}",
        "Type the cell anew, or save the sheet again from where its letters look right.",
    ),
)


class Doubts:
    """Gathers, block by block, what a person should look at."""

    def __init__(self, header: Header, facts: Facts, grid: Grid) -> None:
        self._header = header
        self._facts = facts
        self._grid = grid
        self._found: dict[str, _Found] = {}
        self._last = (0, "", 0)
        """Line, amount and number of cells of the last row."""
        self._two_decimals = 0
        """Rows whose amounts have two decimals, where those end the row."""
        self._amount_last = header.places.get("amount") == len(header.titles) - 1

    def add(self, frame: Frame) -> None:
        """Look at a block."""
        self._references(frame)
        self._amounts(frame)
        self._recipients(frame)
        self._letters(frame)
        self._last = (frame["line"][-1].as_py(), frame["amount"][-1].as_py(), frame["cells"][-1].as_py())
        if self._amount_last:
            self._two_decimals += pc.match_substring_regex(frame["amount"], _TWO_DECIMALS.pattern).true_count

    def _amounts(self, frame: Frame) -> None:
        proofs, rows = self._facts.amounts.point + self._facts.amounts.comma, self._facts.rows
        if rows >= _ENOUGH and proofs < rows <= proofs * _NEARLY_ALL:
            whole = pc.match_substring_regex(frame["amount"], "^[0-9]{3,}$")
            self._note("amount_without_decimals", frame, "amount", whole, lambda _: "")
        settled = frame["amount_settled"]
        self._note("amount_mark_settled", frame, "amount", settled, lambda place: shown(frame.amount(place)))
        unused = pc.and_(
            pc.not_equal(frame["recipient_reference"], literal("")), pc.not_equal(frame["method"], literal(""))
        )
        unused = pc.and_(unused, pc.not_equal(frame["method"], literal(Distribution.RECIPIENT.value)))
        ways = frame["distribution"]
        self._note(
            "recipient_reference_unused", frame, "recipient_reference", unused, lambda place: ways[place].as_py()
        )

    def _references(self, frame: Frame) -> None:
        dates = pc.match_substring_regex(frame["reference"], _DATE)
        # A sheet whose references are all dates means them.
        if dates.true_count < len(frame):
            self._note("reference_like_date", frame, "reference", dates, lambda _: "")

    def _recipients(self, frame: Frame) -> None:
        if not frame.has("email"):
            return
        domains = pc.utf8_lower(pc.replace_substring_regex(frame["email"], "^.*@", ""))
        meant = {domain: said for domain in domains.unique().to_pylist() if (said := likely_meant(domain))}
        if meant:
            odd = pc.is_in(domains, value_set=texts(list(meant)))

            def slip(place: int) -> str:
                return f"{domains[place].as_py()} looks like a slip for {meant[domains[place].as_py()]}"

            self._note("email_domain_unusual", frame, "email", odd, slip)
        strange = pc.invert(pc.string_is_ascii(domains))
        if strange.true_count:
            mixed = {place: True for place in frame.places(strange) if _two_alphabets(domains[place].as_py())}
            odd = frame.sparse(mixed, False)
            self._note("email_two_alphabets", frame, "email", odd, lambda place: domains[place].as_py())
        peers = self._facts.recipient_peers
        if peers and frame.options.same_recipient == "warn":
            lines = frame["line"].to_pylist()
            twice = {place: True for place, line in enumerate(lines) if line in peers}
            odd = frame.sparse(twice, False)
            self._note("recipient_repeated", frame, "email", odd, lambda place: peers[lines[place]])

    def _letters(self, frame: Frame) -> None:
        encoding = self._grid.encoding or ""
        read = {frame.header.places[ours] for ours in _READ_BY_LETTERS if frame.has(ours)}
        for place, column in enumerate(frame.block.columns):
            text = text_of(column)
            if self._grid.delimiter is not None and b'"' in text:
                odd = pc.match_substring_regex(column, '^[^"]+(?:"[^"]*"[^"]*)*"[^"]*$')
                self._note("quote_inside", frame, place, odd, lambda _: "")
            if text.isascii():
                continue
            beyond = pc.invert(pc.string_is_ascii(column))
            if not beyond.true_count:
                continue
            # Mac Roman is rare enough to be looked at wherever it shows.
            if encoding == "mac_roman" or (encoding in ASSUMED and place in read):
                self._note("encoding_assumed", frame, place, beyond, lambda _: NAMES[encoding])
            damaged = pc.match_substring_regex(column, f"{_TWICE_ENCODED}|{_LOST}")
            self._note("letters_damaged", frame, place, damaged, lambda _: "")

    def _note(
        self, kind: str, frame: Frame, column: str | int, odd: pa.BooleanArray, say: Callable[[int], str]
    ) -> None:
        count = odd.true_count
        if not count:
            return
        found = self._found.get(kind)
        if found is not None:
            found.rows += count
            return
        first = frame.places(odd)[0]
        cells = frame[column] if isinstance(column, str) else frame.block.columns[column]
        title = self._header.title(column) if isinstance(column, str) else self._header.titles[column].strip()
        self._found[kind] = _Found(frame["line"][first].as_py(), title, cells[first].as_py(), say(first), count)

    def problems(self) -> tuple[Problem, ...]:
        """One warning for each kind of oddness, naming the first row that has it."""
        return tuple(self._all())

    def _all(self) -> Iterator[Problem]:
        for words in _WORDS:
            found = self._found.get(words.kind)
            if found is not None:
                message = words.message.format(value=found.value, said=found.said)
                yield Problem(
                    line=found.line,
                    column=found.column if words.of_cell else None,
                    value=found.value if words.of_cell else None,
                    message=f"{message}{found.and_more}.",
                    fix=words.fix,
                    kind=words.kind,
                )
        yield from self._cut_off()

    def _cut_off(self) -> Iterator[Problem]:
        """Where no line end follows the last row, and it lacks what the others have: cells, or decimals at its end."""
        line, amount, cells = self._last
        rows = self._facts.rows
        shorter = self._amount_last and self._two_decimals == rows - 1 and not _TWO_DECIMALS.search(amount)
        if self._grid.ends_open and rows > 1 and (shorter or cells < self._facts.usual_count):
            yield Problem(
                line=line,
                column=self._header.title("amount"),
                value=amount,
                message="The file ends within this row, which lacks what the others have: it may be cut off.",
                fix="Check the row, and that no rows are missing behind it.",
                kind="file_cut_off",
            )


def _two_alphabets(domain: str) -> bool:
    """Whether a label of the domain has letters of more than one alphabet: `ex\u0430mple` with a Cyrillic a."""
    for label in domain.split("."):
        scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in label if letter.isalpha()}
        if len(scripts) > 1:
            return True
    return False
