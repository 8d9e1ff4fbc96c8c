"""What recoveries lead to, where many faults share it."""

from tests.matrix.terms import Then

PAID = Then(same="0 nothing", resume="0 nothing", reordered="0 nothing", edited="5 nothing > back 0 nothing")
"""The row is paid, or its order is there and only has to be read: nothing is sent again."""

ASKED_AGAIN = Then(same="0 same", resume="0 same", reordered="0 same", edited="5 nothing > back 0 same")
"""The row is unknown: the same bytes under the same key ask for it, and an edit is refused meanwhile."""

TAKEN_UP = Then(same="0 same", resume="0 same", reordered="0 same", edited="0 amended")
"""The row was turned away at the door, so the next run sends it, edited or not."""

GIVEN_ANOTHER_KEY = Then(
    same="0 new", resume="7 nothing > back 0 new", reordered="0 new", edited="5 nothing > back 0 new"
)
"""The row is unknown and its key spent: the second reading of the order list proves that nothing was made."""

STORED_ERROR = Then(
    same="7 same > 0 new",
    resume="7 same > 7 nothing > back 0 new",
    reordered="7 same > 0 new",
    edited="5 nothing > back 7 same > back 0 new",
)
"""The same error a quarter of an hour later: the key is spent, and two readings of the list prove the rest."""

FOR_A_PERSON = Then(same="7 nothing", resume="7 nothing", reordered="7 nothing", edited="5 nothing > back 7 nothing")
"""The order contradicts the row: nothing is sent and nothing is settled until somebody decides."""

DECIDE = (
    "Look the order up in Runa's portal, then say with `batcher decide` what it is. Until then no link is stored and "
    "the row is not paid again."
)
