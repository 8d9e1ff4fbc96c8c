"""`batcher verify` also tells who has changed a user or an approval."""

from tests.cli.desk import rows
from tests.ledger.tampering import changed
from tests.people.desk import Bench


def test_users_and_approvals_are_verified_with_a_batch(bench: Bench) -> None:
    bench.add("ann", "approver")
    assert bench.pay(bench.sheet(rows(1))).code == 0
    done = bench.batcher("verify", "march")
    assert (done.code, "1 event of users and approvals." in done.out) == (0, True)

    changed(bench.folder / "ledger.sqlite3", "UPDATE users SET name = 'eve'")
    done = bench.batcher("verify", "march")
    assert done.code == 1
    assert "Changed: the user ann, name is not what the journal says." in done.out
    assert "Somebody has changed the ledger." in done.out


def test_without_users_nothing_is_said_of_them(bench: Bench) -> None:
    assert bench.pay(bench.sheet(rows(1))).code == 0
    assert "users and approvals" not in bench.batcher("verify", "march").out
