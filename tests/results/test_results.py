"""The results file: what its columns say, in which order its lines stand, and that it can be read again."""

import csv
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from batcher import keys
from batcher.intake import ReadOptions, read_sheet
from batcher.model import Payout, Sheet
from batcher.records import BatchRecord
from batcher.results import write_results
from batcher.states import RESULT_WORDS, State
from tests.payouts import BATCH, COLUMNS, Book, Unreadable, attempt, link_of, payout, record_of, sheet

JO = payout("R1")
ANN = payout("R2", email="ann@example.com")
BO = payout("R3", email="bo@example.com")

OURS = [
    "row",
    "status",
    "order_id",
    "redemption_url",
    "payout_status",
    "expiry_date",
    "price",
    "error_type",
    "error_message",
    "attempts",
    "idempotency_key",
    "submitted_at",
    "completed_at",
    "environment",
    "journal",
]


def raw(record: BatchRecord, folder: Path) -> list[list[str]]:
    (path,) = write_results(record, folder)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def lines(record: BatchRecord, folder: Path) -> list[dict[str, str]]:
    headers, *rows = raw(record, folder)
    return [dict(zip(headers, cells, strict=True)) for cells in rows]


def with_columns(file: Sheet, columns: Iterable[str]) -> Sheet:
    """The same file with other headers; more of them than it has cells."""
    return sheet(*(row.payout for row in file.rows if row.payout), columns=tuple(columns))


def test_the_inputs_columns_come_first_and_then_ours(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO))
    assert raw(book.batch(), tmp_path / "results")[0] == [*COLUMNS, *OURS]


def test_every_column_of_a_paid_row(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.ACCEPTED)
    book.now += timedelta(seconds=90)
    paid = book.bring("R1", State.COMPLETED)
    (line,) = lines(book.batch(), tmp_path / "results")
    assert {name: line[name] for name in OURS} == {
        "row": "2",
        "status": "COMPLETED",
        "order_id": "O-main-1",
        "redemption_url": link_of(book.row("R1").latest),
        "payout_status": "ACTIVE",
        "expiry_date": "2027-11-03",
        "price": "9.50",
        "error_type": "",
        "error_message": "",
        "attempts": "1",
        "idempotency_key": paid.latest.order.key,
        "submitted_at": "2026-11-03T09:00:00Z",
        "completed_at": "2026-11-03T09:01:30Z",
        "environment": "PLAYGROUND",
        "journal": book.batch().journal,
    }
    assert [line[name] for name in COLUMNS] == ["R1", "10.00", "GBP", "AMZ-GB", "EMAIL", "jo@example.com", ""]


def test_a_refused_row_says_why_and_how_often(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    book.confirm(sheet(JO))
    book.bring("R1", State.REJECTED)
    (line,) = lines(book.batch(), tmp_path / "results")
    assert (line["status"], line["attempts"], line["error_type"]) == ("REJECTED", "2", "validation_error")
    assert line["error_message"] == "as it came"
    assert (line["order_id"], line["completed_at"], line["redemption_url"]) == ("", "", "")


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_word(tmp_path: Path, state: State) -> None:
    (line,) = lines(record_of(attempt(state, JO)), tmp_path)
    assert line["status"] == RESULT_WORDS[state]


@pytest.mark.parametrize("state", sorted({State.FAILED, State.MISMATCH, State.ACCEPTED, State.UNKNOWN}))
def test_a_link_is_there_only_for_what_is_completed(book: Book, tmp_path: Path, state: State) -> None:
    book.confirm(sheet(JO, ANN))
    book.bring("R1", state)
    book.bring("R2", State.COMPLETED)
    assert [line["redemption_url"] for line in lines(book.batch(), tmp_path / "results")] == [
        "",
        book.row("R2").latest.redemption_url,
    ]


def test_each_link_stands_beside_its_own_row_whatever_the_order_of_the_file(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO, ANN, BO))
    for name in ("R3", "R1", "R2"):
        book.bring(name, State.COMPLETED, redemption_url=f"https://links.example/for-{name}")
    book.confirm(sheet(BO, JO, ANN))
    assert [(line["reference"], line["redemption_url"]) for line in lines(book.batch(), tmp_path / "results")] == [
        (name, f"https://links.example/for-{name}") for name in ("R3", "R1", "R2")
    ]


def test_the_rows_of_the_file_come_first_and_then_those_that_are_gone(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO, ANN, BO))
    book.bring("R1", State.COMPLETED)
    book.bring("R2", State.REJECTED)
    new = payout("R9", email="new@example.com")
    book.confirm(sheet(new, BO), accept_missing=True)
    told = [(line["reference"], line["row"], line["status"]) for line in lines(book.batch(), tmp_path / "results")]
    assert told == [
        ("R9", "2", "NOT_SENT"),
        ("R3", "3", "NOT_SENT"),
        ("R1", "", "COMPLETED"),
        ("R2", "", "REJECTED"),
    ]


def test_an_invalid_line_says_what_is_wrong_in_its_place(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO, Unreadable("R8"), ANN), skip_invalid=True)
    told = lines(book.batch(), tmp_path / "results")
    assert [(line["row"], line["reference"], line["status"]) for line in told] == [
        ("2", "R1", "NOT_SENT"),
        ("3", "R8", "INVALID"),
        ("4", "R2", "NOT_SENT"),
    ]
    assert (told[1]["error_type"], told[1]["attempts"], told[1]["idempotency_key"]) == ("amount_not_a_number", "0", "")
    assert told[1]["error_message"] == "Line 3, amount 'ten': This is no amount. Write digits."


def test_a_row_whose_line_became_unreadable_has_a_line_of_its_own(book: Book, tmp_path: Path) -> None:
    """Neither stands in for the other: the line may mean somebody else by now."""
    book.confirm(sheet(JO, ANN))
    book.confirm(sheet(Unreadable("R1"), ANN), skip_invalid=True)
    told = [(line["row"], line["reference"], line["status"]) for line in lines(book.batch(), tmp_path / "results")]
    assert told == [("2", "R1", "INVALID"), ("3", "R2", "NOT_SENT"), ("", "R1", "NOT_SENT")]


def test_a_link_stands_beside_the_cells_that_its_order_was_made_for(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.COMPLETED)
    book.confirm(sheet(JO, columns=("name", *COLUMNS[1:])))
    (line,) = lines(book.batch(), tmp_path / "results")
    assert (line["row"], line["redemption_url"]) == ("2", link_of(book.row("R1").latest))
    assert (line["reference"], line["name"], line["email"]) == ("R1", "", "jo@example.com")


def test_an_order_that_came_through_after_its_row_was_changed_says_so(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO))
    book.bring("R1", State.FAILED)
    book.confirm(sheet(payout("R1", "99.00")))
    book.reopen("R1")
    (line,) = lines(book.batch(), tmp_path / "results")
    assert (line["status"], line["error_type"], line["amount"]) == ("PROCESSING", "overtaken", "10.00")


def test_a_withdrawn_attempt_is_none(book: Book, tmp_path: Path) -> None:
    book.confirm(sheet(JO, ANN))
    book.confirm(sheet(ANN))
    assert [line["attempts"] for line in lines(book.batch(), tmp_path / "results")] == ["0", "0"]


def test_input_columns_of_our_names_are_kept_under_other_names(book: Book, tmp_path: Path) -> None:
    columns = ("reference", "amount", "currency", "product", "distribution", "email", "status")
    book.confirm(with_columns(sheet(JO), columns))
    headers = raw(book.batch(), tmp_path / "results")[0]
    assert headers == [*columns[:-1], "input_status", *OURS]


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        (("row", "input_row"), ["input_row", "input_input_row"]),
        (("input_row", "row"), ["input_input_row", "input_row"]),
        (("Status", "price "), ["input_Status", "input_price "]),
        (("Email", "input_note"), ["Email", "input_note"]),
        (("", "a"), ["", "a"]),
    ],
)
def test_no_header_stands_twice_whatever_its_case(
    book: Book, tmp_path: Path, columns: tuple[str, ...], kept: list[str]
) -> None:
    book.confirm(with_columns(sheet(JO), columns))
    headers = raw(book.batch(), tmp_path / "results")[0]
    assert headers == [*kept, *OURS]


def test_a_column_that_only_an_earlier_file_had_keeps_its_cells(book: Book, tmp_path: Path) -> None:
    book.confirm(with_columns(sheet(JO), ("reference", "sum")))
    book.bring("R1", State.COMPLETED)
    book.confirm(with_columns(sheet(ANN), ("reference", "total")), accept_missing=True)
    headers, *rows = raw(book.batch(), tmp_path / "results")
    assert headers[:3] == ["reference", "total", "sum"]
    assert [cells[:3] for cells in rows] == [["R2", "10.00", ""], ["R1", "", "10.00"]]


def test_the_results_of_results_of_results_can_be_read(book: Book, tmp_path: Path) -> None:
    """Somebody mends the refused rows in the results file and runs that."""
    path = tmp_path / "first.csv"
    path.write_text(f"{','.join(COLUMNS)}\nR1,10.00,GBP,AMZ-GB,EMAIL,jo@example.com,\n")
    for generation in range(4):
        file = read_sheet(path, ReadOptions())
        assert [payout for _, payout in file.payouts] == [JO], generation
        book.confirm(file)
        (path,) = write_results(book.batch(), tmp_path / f"results-{generation}")


cells = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=12).map(
    str.strip
)
formulas = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "'=", "'", '"', ",", ";"]), cells)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    references=st.lists(
        (formulas | cells).map(keys.normalised_reference).filter(bool), min_size=1, max_size=4, unique_by=keys.folded
    ),
    note=cells,
)
def test_what_a_spreadsheet_would_run_is_written_as_text_and_read_back_as_it_was(
    tmp_path: Path, references: list[str], note: str
) -> None:
    """Written by us, read by us: the same payouts, so the same keys."""
    first = tmp_path / "input.csv"
    with first.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([one, "10.00", "GBP", "AMZ-GB", "EMAIL", "jo@example.com", note] for one in references)
    read = read_sheet(first, ReadOptions())
    # Some words are no references: a row that begins with `Subtotal` is refused, and not what this is about.
    assume(len(read.payouts) == len(references))
    with Book(tmp_path) as book:
        plan = book.plan(read, "a")
        record = record_of_sheet(read)
        (written,) = write_results(record, tmp_path / "results")
        again = read_sheet(written, ReadOptions())
        for cell in (cell for row in raw(record, tmp_path / "results") for cell in row):
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
        assert [payout for _, payout in again.payouts] == [payout for _, payout in read.payouts]
        assert [line.order for line in book.plan(again, "a").lines] == [line.order for line in plan.lines]


def record_of_sheet(file: Sheet) -> BatchRecord:
    """A batch that was confirmed from this file."""
    rows = tuple(
        record_of(attempt(State.PLANNED, paid), line=row.line, columns=file.columns, cells=row.cells).rows[0]
        for row, paid in file.payouts
    )
    one: Payout = file.payouts[0][1]
    return record_of(attempt(State.PLANNED, one)).__class__(
        environment=record_of(attempt(State.PLANNED, one)).environment, name=BATCH, rows=rows, columns=file.columns
    )
