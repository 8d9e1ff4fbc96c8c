"""What Runa says on purpose: at the door, about the row, and about the order."""

from tests.matrix.on_the_wire import ACCEPTED, FIRST, NO_KEY, RESEND, read_later
from tests.matrix.terms import Impossible, Moment, Place, Real, Row, Section, Then
from tests.matrix.thens import ASKED_AGAIN, DECIDE, FOR_A_PERSON, GIVEN_ANOTHER_KEY, PAID, TAKEN_UP

NOT_ABOUT_READING = (
    "Runa says this of an order that is to be made. This one is made, nothing is sent any more, and no reading is "
    "answered so."
)


def _door(name: str, title: str, exit_code: int, *, sends: int = 1, unknown: int | None = None) -> Row:
    """Turned away before the row is looked at."""
    stops = "the run stops" if sends == 1 else "the run waits as it is told, asks three times, and stops"
    reading: Real = read_later()
    if exit_code == 4:
        reading = Real(
            happens="The order is there, but Runa refuses to show it to this key: nothing more is asked in this run.",
            exit_code=4,
            sends=0,
            state="ACCEPTED",
            then=PAID,
        )
    return Row(
        name=name,
        strikes=(name,),
        title=title,
        at={
            FIRST: Real(
                happens=f"Runa turns the request away unseen: {stops}. Nothing was made, the row waits under its key.",
                exit_code=exit_code,
                sends=sends,
                state="HELD",
                then=TAKEN_UP,
            ),
            RESEND: Real(
                happens=f"Turned away at the door: {stops}. That proves nothing about the earlier send: still unknown.",
                exit_code=exit_code if unknown is None else unknown,
                sends=sends,
                state="UNKNOWN",
                then=ASKED_AGAIN,
            ),
            ACCEPTED: reading,
        },
    )


def _proxy(name: str, title: str) -> Row:
    """A page of nobody's: it may have come from behind Runa."""
    sent: dict[Moment, Place] = {
        moment: Real(
            happens="A page that is not Runa's: whether the request went through cannot be told. The run stops.",
            exit_code=4,
            sends=1,
            state="UNKNOWN",
            then=ASKED_AGAIN,
        )
        for moment in (FIRST, RESEND)
    }
    reading = Real(
        happens="The order is there, but somebody between refuses to let it be read: nothing more is asked.",
        exit_code=4,
        sends=0,
        state="ACCEPTED",
        then=PAID,
    )
    return Row(name=name, strikes=(name,), title=title, at={**sent, ACCEPTED: reading})


_STORED_429 = Row(
    name="too_many_stored",
    strikes=("too_many_stored",),
    title="429, kept under the key",
    at={
        FIRST: Real(
            happens=(
                "Runa keeps saying 429 to this key alone. The row is held, not paid, and asked about at every run. "
                "Once other rows pass in between, or the key is 29 days old, the row gets a new key."
            ),
            exit_code=6,
            sends=3,
            state="HELD",
            then=Then(
                same="6 same > 31 days 0 new",
                resume="6 same > 31 days 6 nothing > back 0 new",
                reordered="6 same > 31 days 0 new",
                edited="7 amended > 0 new",
            ),
        ),
        RESEND: Real(
            happens=(
                "The key is refused for ever, and an earlier send may have arrived. Once the key is too old to be "
                "sent, two readings of the whole list prove that nothing was made."
            ),
            exit_code=7,
            sends=3,
            state="UNKNOWN",
            then=Then(
                same="7 same > 31 days 7 nothing > 0 new",
                resume="7 same > 31 days 7 nothing > back 0 new",
                reordered="7 same > 31 days 7 nothing > 0 new",
                edited="5 nothing > back 7 same > back 31 days 7 nothing > back 0 new",
            ),
        ),
        ACCEPTED: Impossible(NO_KEY),
    },
)

_DOOR = (
    _door("too_many", "429 without more", 6, sends=3, unknown=7),
    _door("too_many_seconds", "429 with Retry-After in seconds", 6, sends=3, unknown=7),
    _door("too_many_date", "429 with Retry-After as a date", 6, sends=3, unknown=7),
    _STORED_429,
    _door("unauthorized", "401 with a type", 4),
    _proxy("unauthorized_proxy", "401 as a proxy's HTML"),
    _door("forbidden", "403 with a type", 4),
    _door("spending_limit", "403, the spending limit", 6, unknown=7),
    _proxy("forbidden_proxy", "403 as a proxy's HTML"),
    _door("version_removed", "410, the API version is removed", 4),
)


def _refused(name: str, title: str) -> Row:
    return Row(
        name=name,
        strikes=(name,),
        title=title,
        at={
            FIRST: Real(
                happens=(
                    "Runa refuses the row and keeps that under its key; nothing was made. The others are paid. Mend "
                    "the row in the file: each run makes one new attempt, under a new key."
                ),
                exit_code=3,
                sends=1,
                state="REJECTED",
                then=Then(same="3 new", resume="3 nothing > back 3 new", reordered="3 new", edited="0 new"),
            ),
            RESEND: Real(
                happens=(
                    "The refusal of a resend proves nothing about the first send. The key is spent; after two readings "
                    "of the list that show no order, the row gets a new attempt, and may be mended."
                ),
                exit_code=7,
                sends=1,
                state="UNKNOWN",
                then=Then(
                    same="3 new",
                    resume="7 nothing > back 3 new",
                    reordered="3 new",
                    edited="5 nothing > back 3 new > 0 new",
                ),
            ),
            ACCEPTED: Impossible(NOT_ABOUT_READING),
        },
    )


_FUNDS = Row(
    name="insufficient_funds",
    strikes=("insufficient_funds",),
    title="insufficient_funds: somebody else spends the balance meanwhile",
    at={
        FIRST: Real(
            happens=(
                "Runa refuses the row and keeps that under its key, also once the balance is topped up. No other row "
                "in that currency is sent. The next run pays under a new key."
            ),
            exit_code=3,
            sends=1,
            state="REJECTED",
            then=Then(same="0 new", resume="3 nothing > back 0 new", reordered="0 new", edited="0 new"),
        ),
        RESEND: Real(
            happens="The key now says 'no funds' for ever, and the first send is unknown until the list proves it.",
            exit_code=7,
            sends=1,
            state="UNKNOWN",
            then=GIVEN_ANOTHER_KEY,
        ),
        ACCEPTED: Impossible(NOT_ABOUT_READING),
    },
)

_OTHER_BODY_MADE: dict[Moment, Place] = {
    moment: Real(
        happens=(
            "Another copy of the ledger, with another amount, paid this row first. The key is not asked again; the "
            "order is found in the list, and contradicts the row."
        ),
        exit_code=7,
        sends=1,
        state="UNKNOWN",
        then=FOR_A_PERSON,
        orders=1,
        person=DECIDE,
    )
    for moment in (FIRST, RESEND)
}
_OTHER_BODY_UNMADE: dict[Moment, Place] = {
    moment: Real(
        happens=(
            "Another copy of the ledger used the key first, for a row that was refused. The key is not asked again; "
            "two readings of the whole list prove that it paid nothing."
        ),
        exit_code=7,
        sends=1,
        state="UNKNOWN",
        then=GIVEN_ANOTHER_KEY,
    )
    for moment in (FIRST, RESEND)
}

_REFUSALS = (
    _refused("refused_400", "400 of one row"),
    _refused("refused_422", "422 of one row"),
    _FUNDS,
    Row(
        name="other_body_made",
        strikes=("other_body_made",),
        title="idempotency_validation_error, and an order was made",
        at={**_OTHER_BODY_MADE, ACCEPTED: Impossible(NO_KEY)},
    ),
    Row(
        name="other_body_unmade",
        strikes=("other_body_unmade",),
        title="idempotency_validation_error, and no order was made",
        at={**_OTHER_BODY_UNMADE, ACCEPTED: Impossible(NO_KEY)},
    ),
)


def _read(name: str, title: str, what: str, *, exit_code: int, state: str, then: Then, person: str = "") -> Row:
    """What the order reads as: in the run that sends it, after its answer was lost, or in a later run."""
    hidden = name in HIDDEN_UNTIL_COMPLETED
    moments = {
        FIRST: (f"The row is sent and accepted. {what}", 1),
        RESEND: (
            f"The answer to the first send was lost; asked again, Runa names the order. {what}"
            if hidden
            else f"The answer to the first send was lost; the order is found in the list, and nothing is sent. {what}",
            int(hidden),
        ),
        ACCEPTED: (what, 0),
    }
    at: dict[Moment, Place] = {
        moment: Real(happens=happens, exit_code=exit_code, sends=sends, state=state, then=then, person=person)
        for moment, (happens, sends) in moments.items()
    }
    return Row(name=name, strikes=(name,), title=title, at=at)


HIDDEN_UNTIL_COMPLETED = frozenset({"failed_bare", "processing"})
"""Orders that the list shows without a description, so that nobody knows whose they are."""

_FAILED = "The order failed and paid nothing. Each run reads it once more, then makes one new attempt under a new key."
_AGAIN = Then(same="3 new", resume="3 nothing > back 3 new", reordered="3 new", edited="0 new")
_CONTRADICTS = "What Runa reports contradicts the row. No link is stored, nothing more is sent for it."

_ORDERS = (
    _read("failed_bare", "FAILED, as id and status only", _FAILED, exit_code=3, state="FAILED", then=_AGAIN),
    _read("failed_full", "FAILED, as a whole order", _FAILED, exit_code=3, state="FAILED", then=_AGAIN),
    _read(
        "processing",
        "PROCESSING for hours",
        "The order is not finished; batcher stops waiting after a while, and a later run reads it again.",
        exit_code=7,
        state="ACCEPTED",
        then=PAID,
    ),
    _read(
        "unknown_status",
        "A status nobody knows",
        "A status that is not documented is no end: the row stays in progress and is read again later.",
        exit_code=7,
        state="ACCEPTED",
        then=PAID,
    ),
    _read(
        "not_found",
        "404 just after creating",
        "A 404 is taken for a delay, never for proof that there is no order: it is read again later.",
        exit_code=7,
        state="ACCEPTED",
        then=PAID,
    ),
    *(
        _read(name, title, _CONTRADICTS, exit_code=7, state="MISMATCH", then=FOR_A_PERSON, person=DECIDE)
        for name, title in (
            ("echo_amount", "The order has another amount"),
            ("echo_address", "The order has another recipient"),
            ("echo_key", "The order carries another key"),
        )
    ),
)

AT_RUNA = (
    Section("The door", "Runa, or something before it, does not let the request in.", _DOOR),
    Section("Refusals", "Runa looks at the row and refuses it.", _REFUSALS),
    Section("The order as it reads", "The row is accepted; its order reads in a way that needs care.", _ORDERS),
)
