"""Who signs in, for how long, and what a wrong try is told."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from batcher.assembly import Refusal
from batcher.errors import UsageError
from batcher.roles import Right, Role
from tests.people.hall import PASSWORD, Hall


def test_a_session_is_known_by_its_token(hall: Hall) -> None:
    session = hall.signed_in("vic")
    again = hall.session(session.token)
    assert again is not None
    assert (again.name, again.role, again.csrf_secret) == ("vic", Role.VIEWER, session.csrf_secret)
    assert again.may(Right.LOOK)
    assert not again.may(Right.REVEAL)
    assert hall.session("another") is None


def test_tokens_and_secrets_are_of_one_session_each_and_show_nowhere(hall: Hall) -> None:
    one, other = hall.signed_in("pat"), hall.signed_in("pat")
    secrets = {one.token, one.csrf_secret, other.token, other.csrf_secret}
    assert len(secrets) == 4
    assert all(len(secret) == 64 for secret in secrets)
    assert not any(secret in repr(one) + repr(other) for secret in secrets)


def test_the_ledger_has_no_token(hall: Hall) -> None:
    token = hall.signed_in().token
    with closing(sqlite3.connect(hall.path)) as connection:
        assert token not in "\n".join(connection.iterdump())


@pytest.mark.parametrize(
    ("name", "password"), [("pat", "wrong"), ("nobody", PASSWORD), ("", ""), ("pat", ""), ("gus", PASSWORD)]
)
def test_a_wrong_try_is_told_the_same_whatever_is_wrong(hall: Hall, name: str, password: str) -> None:
    hall.people.add("gus", Role.PREPARER, PASSWORD, by="root", now=hall.now)
    hall.people.disable("gus", by="root", now=hall.now)
    assert hall.sign_in(name, password) == Refusal(message="Name or password is wrong.")


def test_a_password_of_nobody_opens_nothing(hall: Hall) -> None:
    """The hash that is computed where there is no user is of a password that is in the code."""
    assert isinstance(hall.sign_in("nobody", "the password of nobody"), Refusal)


def test_a_session_ends_when_nobody_uses_it(hall: Hall) -> None:
    token = hall.signed_in().token
    for _ in range(5):
        hall.passes(minutes=29)
        assert hall.session(token) is not None
    hall.passes(minutes=30)
    assert hall.session(token) is None


def test_a_session_ends_after_twelve_hours_however_it_is_used(hall: Hall) -> None:
    token = hall.signed_in().token
    for _ in range(48):
        assert hall.session(token) is not None
        hall.passes(minutes=15)
    assert hall.session(token) is None


def test_a_session_of_the_future_is_none(hall: Hall) -> None:
    token = hall.signed_in().token
    hall.passes(hours=-1)
    assert hall.session(token) is None


def test_signing_out_ends_that_session_alone(hall: Hall) -> None:
    one, other = hall.signed_in(), hall.signed_in()
    hall.people.sign_out(one.token)
    assert hall.session(one.token) is None
    assert hall.session(other.token) is not None


def test_sessions_are_ended_by_whose_they_are_and_nobody_else(hall: Hall) -> None:
    one, other, bob = hall.signed_in("pat"), hall.signed_in("pat"), hall.signed_in("bob")
    found = hall.people.open_sessions(one, now=hall.now)
    assert [session.is_this for session in found] == [False, True]
    hall.people.end_sessions(bob, [session.id for session in found])
    assert [session.id for session in hall.people.open_sessions(one, now=hall.now)] == [one.id for one in found]
    hall.people.end_sessions(one, [found[0].id])
    assert (hall.session(one.token) is None, hall.session(other.token) is None) == (False, True)


def test_disabling_a_user_ends_their_sessions(hall: Hall) -> None:
    token, other = hall.signed_in("pat").token, hall.signed_in("ann").token
    hall.people.disable("pat", by="root", now=hall.now)
    assert hall.session(token) is None
    assert hall.session(other) is not None
    assert isinstance(hall.sign_in("pat"), Refusal)


def test_a_new_password_ends_the_sessions_and_the_old_password(hall: Hall) -> None:
    token = hall.signed_in("pat").token
    hall.people.set_password("pat", "another long password", by="root", now=hall.now)
    assert hall.session(token) is None
    assert isinstance(hall.sign_in("pat"), Refusal)
    assert not isinstance(hall.sign_in("pat", "another long password"), Refusal)


def test_the_one_person_of_a_machine_without_users_is_let_in_until_there_are_users(tmp_path: Path) -> None:
    with Hall(tmp_path) as hall:
        token = hall.people.let_in("jo", now=hall.now).token
        alone = hall.people.session(token, now=hall.now, alone="jo")
        assert alone is not None
        assert (alone.name, alone.is_user) == ("jo", False)
        assert alone.may(Right.SEND)
        assert not alone.may(Right.APPROVE)
        hall.fill()
        assert hall.people.session(token, now=hall.now, alone="jo") is None
        with pytest.raises(UsageError, match="has users"):
            hall.people.let_in("jo", now=hall.now)


def test_five_wrong_tries_cost_nothing_and_each_further_one_twice_the_wait(hall: Hall) -> None:
    waits = []
    for _ in range(12):
        refusal = hall.sign_in("pat", "wrong")
        assert isinstance(refusal, Refusal)
        if refusal.wait:
            waits.append(refusal.wait.total_seconds())
            hall.now += refusal.wait
            hall.sign_in("pat", "wrong")
    assert waits == [1, 2, 4, 8, 16, 32, 60]


def test_while_it_waits_the_right_password_is_not_looked_at_and_afterwards_it_opens(hall: Hall) -> None:
    for _ in range(5):
        hall.sign_in("pat", "wrong")
    early = hall.sign_in("pat")
    assert early == Refusal(message="Too many tries. Try again in 1 second.", wait=timedelta(seconds=1))
    hall.passes(seconds=1)
    hall.signed_in("pat")
    # And with it all is forgotten.
    assert hall.sign_in("pat", "wrong") == Refusal(message="Name or password is wrong.")


def test_names_of_nobody_wait_as_those_of_users_do(hall: Hall) -> None:
    for name in ("pat", "nobody"):
        told = [hall.sign_in(name, "wrong", address=name) for _ in range(6)]
        assert [isinstance(one, Refusal) and one.wait.total_seconds() for one in told] == [0, 0, 0, 0, 0, 1]


def test_one_address_that_tries_many_names_waits_as_well_and_no_other_does(hall: Hall) -> None:
    for number in range(20):
        assert hall.sign_in(f"name{number}", "wrong", address="there") == Refusal(message="Name or password is wrong.")
    refusal = hall.sign_in("pat", address="there")
    assert isinstance(refusal, Refusal)
    assert refusal.wait
    assert not isinstance(hall.sign_in("pat", address="elsewhere"), Refusal)


def test_people_who_sign_in_well_from_one_address_never_wait(hall: Hall) -> None:
    for _ in range(60):
        hall.signed_in("pat")
        hall.passes(seconds=1)


def test_a_clock_that_was_set_back_makes_nobody_wait(hall: Hall) -> None:
    for _ in range(6):
        hall.sign_in("pat", "wrong")
    hall.passes(days=-30)
    hall.signed_in("pat")


def test_what_is_longer_than_a_password_is_none(hall: Hall) -> None:
    assert isinstance(hall.sign_in("pat", PASSWORD + "x" * 1_000_000), Refusal)


def test_a_password_is_the_same_however_its_letters_are_put_together(hall: Hall) -> None:
    hall.people.add("zoe", Role.VIEWER, "Zo\u00eb is a long name", by="root", now=hall.now)
    assert not isinstance(hall.sign_in("zoe", "Zoe\u0308 is a long name"), Refusal)
