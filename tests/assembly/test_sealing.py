"""The law of sealed plans: made again it is the same, unless anything changed in file, settings or ledger."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from batcher.assembly import Office, SaidOfFile, Surroundings, load_sheet, read_sealed, write_sealed
from batcher.errors import InputInvalid, UsageError
from batcher.model import Sheet
from batcher.planning import Choices, SealedPlan
from batcher.settings import load_settings
from batcher.states import State
from tests.blank_ledger import lay_blank_ledger
from tests.payouts import NOW, Book
from tests.virtual_time import VirtualClock

BATCH = "nov"
KEY = SecretStr("xx.sealed")
HEADER = ["Ref", "Sum", "currency", "product", "distribution", "email", "note"]
USUAL = {
    "API__BASE_URL": "http://127.0.0.1:9/v2",
    "API__ACCOUNT": "acme",
    "COLUMNS__AMOUNT": "Sum",
    "DEFAULTS__CURRENCY": "GBP",
}
EXAMPLES = 15
"""Each makes a ledger on the disk, three times as slow as everything else here."""


@dataclass
class Desk:
    """A folder with a sheet and a ledger, and the settings of the moment."""

    folder: Path
    cells: list[list[str]]
    environ: dict[str, str] = field(default_factory=lambda: dict(USUAL))

    @property
    def path(self) -> Path:
        return self.folder / "nov.csv"

    def save(self, end: str = "\n") -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=end).writerows([HEADER, *self.cells])
        self.path.write_text(text.getvalue(), encoding="utf-8", newline="")

    def sheet(self) -> Sheet:
        return load_sheet(self.path, self._settings(), SAID)

    @contextmanager
    def office(self) -> Iterator[Office]:
        with Office(self._settings(), Surroundings(clock=VirtualClock(NOW))) as office:
            yield office

    @contextmanager
    def book(self) -> Iterator[Book]:
        with self.office() as office, Book(self.folder, environment=office.environment) as book:
            yield book

    def seal(self, **choices: Any) -> SealedPlan:
        with self.office() as office:
            plan = office.plan(self.sheet(), BATCH, Choices(skip_invalid=True, **choices))
            assert plan.problems == ()
            write_sealed(office.sealing.seal(plan, self.path, prepared_at=office.now, said=SAID), self.folder / "plan")
        return read_sealed(self.folder / "plan")

    def accepts(self, sealed: SealedPlan) -> bool:
        """Whether the plan, made again, is the one that was sealed."""
        with self.office() as office:
            try:
                plan = office.sealing.plan_again(sealed)
                office.sealing.refuse_unless_same(sealed, plan, before=plan)
            except (InputInvalid, UsageError):
                return False
            return True

    def _settings(self) -> Any:
        places = {"LEDGER__URL": f"sqlite:///{self.folder}/ledger.sqlite3"}
        return load_settings(
            None, {f"BATCHER_{name}": value for name, value in (self.environ | places).items()}, places=()
        )


SAID = SaidOfFile(delimiter=",")


@contextmanager
def desk_with(count: int, states: list[State | None]) -> Iterator[Desk]:
    """So many rows; an earlier run has brought the first of them to these states."""
    with tempfile.TemporaryDirectory() as folder:
        cells = [[f"R{n}", f"{n + 1}.50", "", "AMZ-GB", "EMAIL", f"r{n}@example.com", f"n{n}"] for n in range(count)]
        desk = Desk(Path(folder), cells)
        desk.save()
        lay_blank_ledger(desk.folder / "ledger.sqlite3")
        begun = [state for state in states[:count] if state is not None]
        if begun:
            with desk.book() as book:
                book.confirm(desk.sheet(), skip_invalid=True)
                for number, state in enumerate(begun):
                    if state is not State.PLANNED:
                        book.bring(f"R{number}", state)
        yield desk


COUNTS = st.integers(1, 5)
STATES = st.lists(
    st.sampled_from(
        [None, State.PLANNED, State.COMPLETED, State.FAILED, State.REJECTED, State.UNKNOWN, State.HELD, State.ACCEPTED]
    ),
    max_size=5,
)
CELL = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=6)

OTHER_SETTINGS = [
    {"API__ACCOUNT": "acme-2"},
    {"API__BASE_URL": "http://127.0.0.1:10/v2"},
    {"API__VERSION": "2025-01-01"},
    {"DEFAULTS__CURRENCY": "EUR"},
    {"DEFAULTS__TEMPLATE": "ET-1"},
    {"DEFAULTS__PRODUCT": "AMZ-GB"},
    {"DEFAULTS__DISTRIBUTION": "EMAIL"},
    {"COLUMNS__RECIPIENT_REFERENCE": "note"},
    {"COLUMNS__REFERENCE": "note"},
    {"INPUT__CEILINGS": "GBP 1000"},
    {"INPUT__SAME_RECIPIENT": "allow"},
    {"INPUT__REQUIRE_REFERENCE": "true"},
    {"INPUT__ENCODING": "utf-8"},
    {"INPUT__SHEET": "Sheet1"},
    {"INPUT__HEADER_LINE": "1"},
    {"INPUT__DECIMAL": "point"},
    {"DUPLICATES__WINDOW_DAYS": "19"},
]

NO_MATTER = [
    {},
    {"LIMITS__ORDERS_PER_MINUTE": "10"},
    {"POLLING__MAX_S": "30"},
    {"RETRY__ATTEMPTS": "2"},
    {"RESULTS__FORMATS": "xlsx"},
    {"CONFIRM__TYPE_TOTAL_ABOVE": "GBP 1"},
    {"BREAKER__CONSECUTIVE": "9"},
]


@settings(max_examples=EXAMPLES, deadline=None)
@given(COUNTS, STATES, st.sampled_from(NO_MATTER))
def test_what_did_not_change_is_the_same_plan(count: int, states: list[State | None], more: dict[str, str]) -> None:
    with desk_with(count, states) as desk:
        sealed = desk.seal()
        desk.environ |= more
        desk.path.touch()
        with desk.book() as book:
            other = replace(desk.sheet(), rows=())
            book.confirm(other, batch="dec")

        assert desk.accepts(sealed)
        again = desk.seal()
        assert again.digest == replace(sealed, prepared_at=again.prepared_at).digest


@settings(max_examples=EXAMPLES, deadline=None)
@given(COUNTS, STATES, st.data())
def test_one_changed_cell_is_another_plan(count: int, states: list[State | None], data: st.DataObject) -> None:
    with desk_with(count, states) as desk:
        sealed = desk.seal()
        line, place = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, len(HEADER) - 1))
        before = desk.cells[line][place]
        desk.cells[line][place] = data.draw(CELL.filter(lambda cell: cell != before))
        desk.save()
        assert not desk.accepts(sealed)

        desk.cells[line][place] = before
        desk.save()
        assert desk.accepts(sealed)


@settings(max_examples=EXAMPLES, deadline=None)
@given(COUNTS, st.data())
def test_a_file_with_other_bytes_is_another_plan(count: int, data: st.DataObject) -> None:
    with desk_with(count, []) as desk:
        sealed = desk.seal()
        content = desk.path.read_bytes()
        changes: list[Callable[[], bytes]] = [
            lambda: b"\xef\xbb\xbf" + content,
            lambda: content + b"\n",
            lambda: content.replace(b"\n", b"\r\n"),
            lambda: content[:-1],
            lambda: b"\n".join([content.split(b"\n")[0], *reversed(content.split(b"\n")[1:])]),
            lambda: b"",
        ]
        changed = data.draw(st.sampled_from(changes))()
        desk.path.write_bytes(changed)
        assert desk.accepts(sealed) is (changed == content)


@settings(max_examples=EXAMPLES, deadline=None)
@given(COUNTS, STATES, st.sampled_from(OTHER_SETTINGS))
def test_one_other_setting_is_another_plan(count: int, states: list[State | None], other: dict[str, str]) -> None:
    with desk_with(count, states) as desk:
        sealed = desk.seal()
        desk.environ |= other
        assert not desk.accepts(sealed)


@settings(max_examples=EXAMPLES, deadline=None)
@given(COUNTS, STATES, st.data())
def test_one_event_in_the_ledger_is_another_plan(count: int, states: list[State | None], data: st.DataObject) -> None:
    with desk_with(count, states) as desk:
        sealed = desk.seal()
        with desk.book() as book:
            known = book.batch()
            sendable = [row.name for row in known.rows if row.latest.state in (State.PLANNED, State.HELD)]
            events: list[Callable[[], object]] = [lambda: book.confirm(desk.sheet(), skip_invalid=True)]
            if sendable:
                events.append(lambda: book.bring(sendable[0], State.SENT))
                events.append(lambda: book.bring(sendable[0], State.REJECTED))
            data.draw(st.sampled_from(events))()
        assert not desk.accepts(sealed)


def test_no_byte_of_the_file_can_be_another_one() -> None:
    with desk_with(1, []) as desk:
        desk.cells[0][0] = "R\ufffd"
        desk.save()
        desk.seal()
        place = desk.folder / "plan"
        content = place.read_bytes()
        sign = content.index("\ufffd".encode())
        # `tests/planning` tries every sign of the text; here it is bytes that are none.
        for number in (*range(0, len(content), 50), *range(sign, sign + 3)):
            for other in (b"", bytes([content[number] ^ 1])):
                place.write_bytes(content[:number] + other + content[number + 1 :])
                with pytest.raises(UsageError):
                    read_sealed(place)
        place.write_bytes(content)
        assert desk.accepts(read_sealed(place))


@pytest.mark.parametrize("rows", [True, False])
def test_who_has_seen_links_since_is_no_other_plan(rows: bool) -> None:
    with desk_with(2, [State.COMPLETED]) as desk:
        sealed = desk.seal()
        with desk.office() as office:
            before = office.batch(BATCH)
            office.note_seen(BATCH, [row.id for row in before.rows] if rows else None, "zoë")
            assert office.batch(BATCH).events > before.events
        assert desk.accepts(sealed)
        with desk.book() as book:
            book.confirm(desk.sheet())
        assert not desk.accepts(sealed)


def test_a_payment_of_the_same_in_another_batch_is_another_plan() -> None:
    with desk_with(2, []) as desk:
        sealed = desk.seal()
        with desk.book() as book:
            book.confirm(desk.sheet(), batch="dec")
            book.bring("R0", State.COMPLETED, batch="dec")
        with desk.office() as office:
            plan = office.sealing.plan_again(sealed)
            assert [problem.kind for problem in plan.problems] == ["doubtful"]


@pytest.mark.parametrize("before", [None, State.HELD])
def test_a_row_said_to_be_paid_again_is_not_once_another_batch_paid_it_since(before: State | None) -> None:
    """What was said speaks of the first payment; that of the third batch came later, or came through later."""
    with desk_with(2, []) as desk:
        with desk.book() as book:
            book.confirm(desk.sheet(), batch="dec")
            book.bring("R0", State.COMPLETED, batch="dec")
            book.confirm(desk.sheet(), batch="jan", pay_again=frozenset({"R0"}))
            if before is not None:
                book.bring("R0", before, batch="jan")
        sealed = desk.seal(pay_again=frozenset({"R0"}))
        with desk.office() as office:
            assert office.sealing.plan_again(sealed).problems == ()

        with desk.book() as book:
            book.now += timedelta(seconds=1)
            book.bring("R0", State.UNKNOWN, batch="jan")
        with desk.office() as office:
            plan = office.sealing.plan_again(sealed)
            assert [problem.kind for problem in plan.problems] == ["doubtful"]
            assert "'R0' in batch jan may have paid the same on 2026-11-03, after this row" in plan.problems[0].message


@pytest.mark.parametrize(("age", "holds"), [(timedelta(days=29), True), (timedelta(days=29, seconds=1), False)])
def test_that_it_was_never_sent_is_said_as_long_as_runa_remembers_the_keys(age: timedelta, holds: bool) -> None:
    with desk_with(2, []) as desk, desk.office() as office:
        plan = office.plan(desk.sheet(), BATCH, Choices(never_sent=True))
        sealed = office.sealing.seal(plan, desk.path, prepared_at=office.now - age, said=SAID)
        again = office.sealing.plan_again(sealed)
        assert again.choices.never_sent is holds
        if not holds:
            with pytest.raises(InputInvalid) as caught:
                office.sealing.refuse_unless_same(sealed, again, before=again)
            assert [problem.kind for problem in caught.value.problems] == ["never_sent"]


def test_what_was_paid_between_the_look_and_the_seal_is_not_known_to_the_plan() -> None:
    with desk_with(1, []) as desk:
        with desk.book() as book:
            book.confirm(desk.sheet(), batch="dec")
            book.bring("R0", State.COMPLETED, batch="dec")
        with desk.office() as office:
            begun_at = office.now
            plan = office.plan(desk.sheet(), BATCH, Choices(pay_again=frozenset({"R0"})))
            with desk.book() as book:
                book.now += timedelta(microseconds=1)
                book.confirm(desk.sheet(), batch="jan", pay_again=frozenset({"R0"}))
                book.bring("R0", State.SENT, batch="jan")
            sealed = office.sealing.seal(plan, desk.path, prepared_at=begun_at, said=SAID)
            assert [problem.kind for problem in office.sealing.plan_again(sealed).problems] == ["doubtful"]


def test_a_plan_that_was_carried_out_is_known_by_its_digest_and_whether_it_is_the_last() -> None:
    with desk_with(2, []) as desk:
        sealed = desk.seal()
        with desk.office() as office:
            assert office.sealing.carried_out(sealed) is None
            plan = office.sealing.plan_again(sealed)
            office.confirm(plan, KEY, sealed=sealed.digest)
            first = office.sealing.carried_out(sealed)
            office.confirm(office.plan(desk.sheet(), BATCH, Choices()), KEY)
            second = office.sealing.carried_out(sealed)
        assert first is not None
        assert second is not None
        assert (first.is_last, second.is_last, first.at) == (True, False, second.at)
        assert not desk.accepts(sealed)

        desk.environ["API__ACCOUNT"] = "other"
        with desk.office() as office:
            assert office.sealing.carried_out(sealed) is None
