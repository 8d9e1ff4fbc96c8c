"""The table of roles, as a whole."""

import pytest

from batcher.roles import NAME, Right, Role, User, may
from tests.payouts import NOW

MAY = """
            look  prepare  send  settle  reveal  approve
preparer    yes   yes      yes   yes     yes     no
approver    yes   yes      yes   yes     yes     yes
viewer      yes   no       no    no      no      no
"""


def test_who_may_do_what() -> None:
    header, *lines = MAY.strip().splitlines()
    told = {
        (role, right): word == "yes"
        for role, *words in (line.split() for line in lines)
        for right, word in zip(header.split(), words, strict=True)
    }
    assert told == {(role.value, right.value): may(role, right) for role in Role for right in Right}


@pytest.mark.parametrize("role", Role)
def test_who_is_disabled_may_do_nothing(role: Role) -> None:
    user = User(name="pat", role=role, created_at=NOW, created_by="root", disabled_at=NOW)
    assert not any(user.may(right) for right in Right)


@pytest.mark.parametrize("name", ["a", "ann", "ann.lee", "a-1_b", "a" * 40])
def test_a_name(name: str) -> None:
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "Ann", "1a", ".a", "a b", "é", "a" * 41, "ann\n", "\u0430nn"])
def test_no_name(name: str) -> None:
    assert not NAME.fullmatch(name)
