"""Faults of the network, and answers that say nothing: whether an order was made cannot be told from them."""

from collections.abc import Mapping

from tests.matrix.terms import Impossible, Moment, Place, Real, Row, Section, Then
from tests.matrix.thens import ASKED_AGAIN, PAID, STORED_ERROR, TAKEN_UP

FIRST, RESEND, ACCEPTED = Moment.FIRST, Moment.RESEND, Moment.ACCEPTED

NOT_READ = (
    "The order is there and its id is known, but reading it fails. batcher asks until it gives up for this run; "
    "nothing is sent. The next run reads the order."
)
ONLY_READ = "Nothing is sent any more, so there is no order still to be made: as an answer to a reading, see '{}'."
NO_KEY = "A reading carries no idempotency key, so nothing can be kept under it or be in progress."


def read_later() -> Real:
    """After acceptance: the order cannot be read in this run."""
    return Real(happens=NOT_READ, exit_code=7, sends=0, state="ACCEPTED", then=PAID)


def unmade(what: str, *, again: str, then: Then = ASKED_AGAIN) -> dict[Moment, Place]:
    """Nothing was made, and batcher cannot know."""
    return {
        FIRST: Real(happens=f"{what} {again}", exit_code=7, sends=3, state="UNKNOWN", then=then),
        RESEND: Real(
            happens=f"{what} The row stays unknown, under the key that it has.",
            exit_code=7,
            sends=3,
            state="UNKNOWN",
            then=then,
        ),
    }


def made(what: str) -> dict[Moment, Place]:
    """The order was made, and the answer does not tell."""
    found = "At its end the run finds the order in Runa's list by its tag, compares it with the row and takes it over."
    return {
        FIRST: Real(happens=f"{what} {found}", exit_code=0, sends=3, state="COMPLETED", then=PAID),
        RESEND: Real(
            happens=f"This time the order is made, and still the answer is lost. {found}",
            exit_code=0,
            sends=3,
            state="COMPLETED",
            then=PAID,
        ),
    }


AGAIN = "It asks three times with the same key and bytes, then leaves the row as unknown; the list shows no order yet."
FORMS = ("500_json", "502_html", "503_json", "504_html", "500_html", "502_json", "503_html", "504_json")


def errors(kind: str) -> tuple[str, ...]:
    """All forms of a 5xx."""
    return tuple(f"error_{form}{kind}" for form in FORMS)


def _network() -> tuple[Row, ...]:
    nothing_left = {
        FIRST: Real(
            happens="No byte leaves, and batcher knows that. After three tries it stops the run; the row is not sent.",
            exit_code=6,
            sends=3,
            state="HELD",
            then=TAKEN_UP,
        ),
        RESEND: Real(
            happens="No byte leaves this time, but an earlier send may have arrived: the row stays unknown.",
            exit_code=7,
            sends=3,
            state="UNKNOWN",
            then=ASKED_AGAIN,
        ),
        ACCEPTED: read_later(),
    }
    redirected: dict[Moment, Place] = {
        moment: Real(
            happens=(
                "The redirect is not followed, so neither the key nor the row reach the other host. What answers so is "
                "no orders API: the run stops sending, and the row is unknown."
            ),
            exit_code=7,
            sends=1,
            state="UNKNOWN",
            then=ASKED_AGAIN,
        )
        for moment in (FIRST, RESEND)
    }
    return (
        Row(name="refused", strikes=("refused",), title="Connection refused", at=nothing_left),
        Row(
            name="certificate",
            strikes=("certificate",),
            title="A certificate that does not verify",
            at=nothing_left,
            also=("tests/secrets/test_tls.py::test_a_certificate_that_does_not_verify_means_that_nothing_was_sent",),
        ),
        Row(
            name="reset_before",
            strikes=("reset_before",),
            title="Connection reset before the order was made",
            at={**unmade("The connection breaks without an answer.", again=AGAIN), ACCEPTED: read_later()},
        ),
        Row(
            name="reset_after",
            strikes=("reset_after",),
            title="Connection reset after the order was made",
            at={
                **made("The order is made, and the answer is lost each time."),
                ACCEPTED: _only("connection reset before the order was made"),
            },
        ),
        Row(
            name="timeout_before",
            strikes=("timeout_before",),
            title="No answer in time, the order was not made",
            at={**unmade("Runa never answers.", again=AGAIN), ACCEPTED: read_later()},
        ),
        Row(
            name="timeout_after",
            strikes=("timeout_after",),
            title="No answer in time, the order was made",
            at={
                **made("The order is made, and no answer comes."),
                ACCEPTED: _only("no answer in time, the order was not made"),
            },
        ),
        Row(
            name="redirect",
            strikes=("redirect",),
            title="A redirect to another host",
            at={**redirected, ACCEPTED: read_later()},
            also=("tests/runa/test_what_is_sent.py::test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else",),
        ),
    )


def _only(row: str) -> Impossible:
    return Impossible(ONLY_READ.format(row))


def _errors() -> tuple[Row, ...]:
    what = "An error page says nothing about whether the order was made."
    stored = (
        "Runa keeps the error under the key and repeats it. Once it has said the same for a quarter of an hour, asking "
        "ends; when two readings of the whole order list show no order, the row gets a new key."
    )
    return (
        Row(
            name="error",
            strikes=errors(""),
            title="500, 502, 503, 504, as JSON or as a proxy's HTML: not made, not kept",
            at={**unmade(what, again=AGAIN), ACCEPTED: read_later()},
        ),
        Row(
            name="error_stored",
            strikes=errors("_stored"),
            title="The same, not made, and kept under the key",
            at={**unmade(what, again=stored, then=STORED_ERROR), ACCEPTED: Impossible(NO_KEY)},
        ),
        Row(
            name="error_made",
            strikes=errors("_made"),
            title="The same although the order was made, not kept",
            at={**made("The order is made, and an error is said."), ACCEPTED: _only("not made, not kept")},
        ),
        Row(
            name="error_made_stored",
            strikes=errors("_made_stored"),
            title="The same although the order was made, and kept under the key",
            at={**made("The order is made, and the key only ever says an error."), ACCEPTED: Impossible(NO_KEY)},
        ),
    )


def _unreadable() -> tuple[Row, ...]:
    told: Mapping[str, tuple[str, str]] = {
        "truncated": ("An answer cut off in the middle", "The answer breaks off, so it proves nothing."),
        "malformed": ("An answer that is malformed JSON", "The answer cannot be read, so it proves nothing."),
        "no_id": ("2xx without an id", "A success without an order's id is no success."),
        "foreign_type": ("2xx with a web page instead of JSON", "A page, as of a hotel's network, is no success."),
    }
    rows = [
        Row(name=name, strikes=(name,), title=title, at={**made(what), ACCEPTED: read_later()})
        for name, (title, what) in told.items()
    ]
    running = "Runa says that the first request still runs, which is neither success nor failure."
    rows += [
        Row(
            name=f"in_progress_{status}",
            strikes=(f"in_progress_{status}",),
            title=f"{status} in progress",
            at={**made(running), ACCEPTED: Impossible(NO_KEY)},
        )
        for status in (102, 400)
    ]
    return tuple(rows)


ON_THE_WIRE = (
    Section("The network", "What never arrives, or whose answer never does.", _network()),
    Section(
        "Errors of the server",
        "Eight forms of each, which share its cells between them.",
        _errors(),
    ),
    Section("Answers that cannot be used", "The order was made, and the answer does not say so.", _unreadable()),
)
