"""Faults of the machine that batcher runs on, and of the file that it is given."""

from tests.matrix.on_the_wire import ACCEPTED, FIRST, RESEND
from tests.matrix.terms import Impossible, Moment, Place, Real, Row, Section, Sent, Then
from tests.matrix.thens import ASKED_AGAIN, DECIDE, PAID, TAKEN_UP

SYSCALLS = "tests/process/syscalls/test_syscalls.py::test_a_sample_of_disk_errors_pays_each_row_once"
"""The same at the system calls of real processes."""
SENT_FIRST = Then(same="0 first", resume="0 first", reordered="0 first", edited="0 first")
NOT_CONFIRMED = Then(same="0 first", resume="2 nothing > back 0 first", reordered="0 first", edited="0 first")
"""`resume` knows only of confirmed plans, and asks for a run."""


def _disk(name: str, title: str, *, made: bool = False) -> tuple[Row, ...]:
    """One row for each part of a run: every write of it is struck, and the writes share the cells between them."""
    words = "batcher says that the ledger could not be written, and sends nothing more."
    confirmed = "The earlier run wrote the plan: see the next row."
    read_only = "Nothing is sent any more: see the last of these rows."
    unsent: dict[Moment, Place] = {
        FIRST: Real(
            happens=f"The plan is written, the row is not noted as sent, so it was not sent: {words}",
            exit_code=1,
            sends=0,
            state="PLANNED",
            then=SENT_FIRST,
        ),
        RESEND: Real(
            happens=f"The resend is not noted, so it was not made: {words}",
            exit_code=1,
            sends=0,
            state="UNKNOWN|SENT" if made else "UNKNOWN",
            then=ASKED_AGAIN,
        ),
        ACCEPTED: Impossible(read_only),
    }
    answered = Real(
        happens=f"The order is made and what comes after it is not written. {words} The next run finds the order.",
        exit_code=1,
        sends=1,
        state="ACCEPTED|COMPLETED" if made else "SENT|ACCEPTED|COMPLETED",
        orders=1,
        then=PAID,
    )
    reading = Real(
        happens=f"The order is read, and that is not written. {words} The next run reads it again.",
        exit_code=1,
        sends=0,
        state="ACCEPTED|COMPLETED",
        then=PAID,
    )
    rows = [
        Row(
            name=f"{name}_planning",
            strikes=(name,),
            title=f"{title}, before the plan is written",
            at={
                FIRST: Real(
                    happens=f"Nothing was confirmed and nothing was sent: {words}",
                    exit_code=1,
                    sends=0,
                    state="-",
                    then=NOT_CONFIRMED,
                ),
                RESEND: Impossible(confirmed),
                ACCEPTED: Impossible(confirmed),
            },
        ),
        Row(name=f"{name}_sending", strikes=(name,), title=f"{title}, before the row is noted as sent", at=unsent),
        Row(
            name=f"{name}_answering",
            strikes=(name,),
            title=f"{title}, after the row is noted as sent",
            at={FIRST: answered, RESEND: answered, ACCEPTED: reading},
            also=(SYSCALLS,),
        ),
    ]
    if made:
        note = Real(
            happens=(
                "The note that the row is being sent may be on the disk or not, so it was not sent, and counts as "
                f"unknown: {words}"
            ),
            exit_code=1,
            sends=0,
            state="SENT",
            then=Then(same="0 first", resume="0 first", reordered="0 first", edited="5 nothing > back 0 first"),
        )
        seen = Impossible("The row is unknown or accepted already: see the rows beside.")
        rows.insert(
            2,
            Row(
                name=f"{name}_noting",
                strikes=(name,),
                title=f"{title}, while the row is noted as sent",
                at={FIRST: note, RESEND: seen, ACCEPTED: seen},
            ),
        )
    return tuple(rows)


def _clock() -> tuple[Row, ...]:
    def paid(happens: str, sends: int, then: Then = PAID, sent: Sent | None = None) -> Real:
        return Real(happens=happens, exit_code=0, sends=sends, sent=sent, state="COMPLETED", then=then)

    read = "No key is sent, so no clock matters: the order is read and compared."
    stale = Then(same="2 nothing", resume="0 nothing", reordered="2 nothing", edited="5 nothing > back 2 nothing")
    return (
        Row(
            name="clock_forward",
            strikes=("clock_forward",),
            title="The clock is 31 days ahead",
            at={
                FIRST: paid("A key that was never sent is not old, whatever the clock says: the row is paid.", 1),
                RESEND: paid(
                    "Its key seems too old to be sent, so it is not. Two readings of the whole list, a quarter of an "
                    "hour apart by a clock that nobody sets, prove that nothing was made: the row gets a new key.",
                    1,
                    sent=Sent.NEW,
                ),
                ACCEPTED: paid(read, 0),
            },
        ),
        Row(
            name="clock_back",
            strikes=("clock_back",),
            title="The clock is 31 days behind",
            at={
                FIRST: paid(
                    "The row is paid. Once the clock is right, its payment seems a month old: a run with nothing to "
                    "send then ends with 2 and asks whether a new batch name was meant.",
                    1,
                    stale,
                ),
                RESEND: paid("Keys count as old by the latest clock at hand, so a slow one makes none young.", 1),
                ACCEPTED: paid(read, 0),
            },
        ),
    )


def _spoilt() -> tuple[Row, ...]:
    def refused(then: Then, after: str, *, orders: int = 0, person: str = "") -> Real:
        happens = f"batcher says that the ledger cannot be read, leaves it as it is and sends nothing. {after}"
        return Real(happens=happens, exit_code=1, sends=0, state="-", then=then, orders=orders, person=person)

    begun = "Put back from a back-up, nothing is lost."
    anew = "With a new ledger, what was sent is found in Runa's order list, or asked for with the very same key."
    return (
        Row(
            name="ledger_backup",
            strikes=("ledger_backup",),
            title="A corrupt ledger, put back from a back-up",
            at={
                FIRST: refused(NOT_CONFIRMED, begun),
                RESEND: refused(ASKED_AGAIN, begun),
                ACCEPTED: refused(PAID, begun, orders=1),
            },
            also=("tests/ledger/test_place.py::test_what_is_no_sound_ledger_is_our_own_fault_and_stays_as_it_is",),
        ),
        Row(
            name="ledger_anew",
            strikes=("ledger_anew",),
            title="A corrupt ledger, and a new one begun",
            at={
                FIRST: refused(NOT_CONFIRMED, anew),
                RESEND: refused(
                    Then(same="0 same", resume="2 nothing > back 0 same", reordered="0 same", edited="0 amended"),
                    f"{anew} The same key for an edited row is safe: had the first send arrived, Runa would refuse it.",
                ),
                ACCEPTED: refused(
                    Then(
                        same="0 nothing",
                        resume="2 nothing > back 0 nothing",
                        reordered="0 nothing",
                        edited="7 nothing",
                    ),
                    anew,
                    person=f"Only of a row that was edited meanwhile, since it contradicts its order. {DECIDE}",
                    orders=1,
                ),
            },
        ),
    )


def _two() -> Row:
    def second(sends: int) -> Real:
        return Real(
            happens="The second process is told who has the ledger, and does nothing. The first goes on undisturbed.",
            exit_code=11,
            sends=sends,
            state="COMPLETED",
            then=PAID,
        )

    return Row(
        name="two_processes",
        strikes=("two_processes",),
        title="Two processes on one batch",
        at={FIRST: second(1), RESEND: second(1), ACCEPTED: second(0)},
        also=("tests/process/test_paid_once.py::test_a_second_process_is_turned_away_and_told_who_has_the_ledger",),
    )


_HELD = "An earlier run could not send the row. "


def _harmless(name: str, title: str, what: str, *, orders: int = 1) -> Row:
    def paid(happens: str, sends: int) -> Real:
        sent = Sent.SAME if sends else Sent.NOTHING
        return Real(happens=happens, exit_code=0, sends=sends, sent=sent, state="COMPLETED", then=PAID, orders=orders)

    return Row(
        name=name,
        strikes=(name,),
        title=title,
        at={
            FIRST: paid(f"{_HELD}{what} The row is sent under its key.", 1),
            RESEND: paid(f"{what} The row is asked for with its key and bytes.", 1),
            ACCEPTED: paid(f"{what} The order is read, nothing is sent.", 0),
        },
    )


def _stopped(name: str, title: str, what: str, first: Real) -> Row:
    """Refused while money is in play; before that, as `first` says."""

    def refused(state: str, then: Then) -> Real:
        return Real(happens=what, exit_code=5, sends=0, state=state, then=then)

    return Row(
        name=name,
        strikes=(name,),
        title=title,
        at={FIRST: first, RESEND: refused("UNKNOWN", ASKED_AGAIN), ACCEPTED: refused("ACCEPTED", PAID)},
    )


_FILE = (
    _harmless("file_renamed", "The file renamed", "A file's name is no part of a payment."),
    _harmless(
        "file_reordered", "The rows in another order", "Lines are no part of a payment; results follow the file."
    ),
    _stopped(
        "file_edited",
        "The row edited",
        "The row may be paid: the edit is named and refused, nothing is sent. Put the row back, or add another one.",
        Real(
            happens=f"{_HELD}Nothing was taken in, so the edited row is sent, under the same key.",
            exit_code=0,
            sends=1,
            sent=Sent.AMENDED,
            state="COMPLETED",
            then=Then(same="5 nothing", resume="0 nothing", reordered="5 nothing", edited="0 nothing"),
            person="What was paid is the edited row: the file as it was before is refused.",
        ),
    ),
    _stopped(
        "reference_renamed",
        "The row under another reference",
        "The row would be a new one, and looks like the one that may be paid: doubtful, refused, nothing is sent.",
        Real(
            happens=f"{_HELD}The old row is withdrawn, the new one is paid under a key of its own.",
            exit_code=0,
            sends=1,
            sent=Sent.NEW,
            state="WITHDRAWN",
            orders=1,
            then=Then(same="5 nothing", resume="0 nothing", reordered="5 nothing", edited="5 nothing"),
            person="What was paid is the row under its new reference: the old file is refused as a twin.",
        ),
    ),
    _stopped(
        "row_dropped",
        "The row taken out",
        "A row that may be paid is gone from the file: refused until that is said to be meant.",
        Real(
            happens=f"{_HELD}It is withdrawn, and not paid. Put back, it is sent under the key that it had.",
            exit_code=0,
            sends=0,
            state="WITHDRAWN",
            then=Then(same="0 same", resume="0 nothing > back 0 same", reordered="0 same", edited="0 amended"),
        ),
    ),
    _stopped(
        "row_twice",
        "Two equal rows",
        "Two rows with one reference: both lines are named, nothing is sent.",
        Real(
            happens=f"{_HELD}Two rows with one reference: both lines are named, nothing is sent.",
            exit_code=5,
            sends=0,
            state="HELD",
            then=TAKEN_UP,
        ),
    ),
    _harmless(
        "row_twice_referenced",
        "Two equal rows with a reference each, which stay in the file",
        "The references say that both are meant: both are paid, each once, and the plan says so.",
        orders=2,
    ),
)

ON_THE_MACHINE = (
    Section(
        "The clock and the ledger",
        "The machine is wrong about the time, or cannot keep what it wrote.",
        (*_clock(), *_spoilt(), _two()),
    ),
    Section(
        "The disk",
        "Every single write of the run is struck, one after the other; the writes of one part share its cells.",
        (
            *_disk("disk_full", "Disk full"),
            *_disk("disk_error", "EIO, the write is not made"),
            *_disk("disk_error_made", "EIO of fsync, the write is made all the same", made=True),
        ),
    ),
    Section("The file", "The same batch with another file.", _FILE),
)
