"""A batch that was read before, and only what has happened to it since: it is the batch."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from batcher.ledger import reading
from batcher.ledger.place import open_engine
from batcher.records import BatchRecord
from batcher.states import State
from tests.payouts import BATCH, Book, payout, sheet
from tests.planning.histories import BEGINNING, Act, acts, fresh, happens


def renewed(engine: Engine, held: BatchRecord) -> BatchRecord | None:
    with engine.connect() as connection:
        return reading.renewed(connection, held)


def test_what_was_paid_since_is_read_again_and_nothing_else(book: Book) -> None:
    book.confirm(sheet(payout("R1"), payout("R2", "5.00", email="ann@example.com")))
    engine = open_engine(f"sqlite:///{book.path}")
    held = book.batch()
    book.bring("R2", State.COMPLETED)
    found = renewed(engine, held)
    engine.dispose()
    assert found == book.batch()
    assert found is not None
    assert found.rows[0] is held.rows[0]


@settings(deadline=None, max_examples=40)
@given(st.lists(acts(), max_size=6))
def test_whatever_happens_it_is_the_batch_or_it_is_read_anew(history: list[tuple[str, Act]]) -> None:
    with fresh() as book:
        engine = open_engine(f"sqlite:///{book.path}")
        held = [book.batch()]
        for _, act in [*BEGINNING, *history]:
            happens(book, act)
            now = book.batch()
            assert book.ledger.batch(book.environment, BATCH) == now
            found = [renewed(engine, one) for one in held]
            assert [one for one in found if one is not None and one != now] == []
            held.append(now)
        engine.dispose()
