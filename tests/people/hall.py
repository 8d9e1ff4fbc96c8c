"""A ledger with people in it, whose passwords are hashed quickly, and a clock that stands still."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from batcher.approval import Approval
from batcher.assembly import Approvals, People, Refusal, Session
from batcher.ledger import ApprovedPlan, Ledger
from batcher.passwords import Passwords
from batcher.records import Confirmation
from batcher.roles import Role
from tests.blank_ledger import lay_blank_ledger
from tests.payouts import ENVIRONMENT, NOW

PASSWORD = "correct horse battery staple"
PLAN = hashlib.sha256(b"a plan").hexdigest()
TOTALS = {"GBP": Decimal("12000.00")}
LIMITS = {"GBP": Decimal(10000)}
ROLES = {"pat": Role.PREPARER, "ann": Role.APPROVER, "bob": Role.APPROVER, "vic": Role.VIEWER}


def quick() -> Passwords:
    """As cheap as argon2 can be."""
    return Passwords(time_cost=1, memory_cost=8, parallelism=1)


class Hall:
    """Who is there, and what time it is."""

    def __init__(self, folder: Path, *, limits: Mapping[str, Decimal] | None = None) -> None:
        self.path = lay_blank_ledger(folder / "ledger.sqlite3")
        self.now: datetime = NOW
        self.ledger = Ledger(f"sqlite:///{self.path}")
        numbers = count()
        self.approvals = Approvals(
            self.ledger.register, environment=ENVIRONMENT, limits=LIMITS if limits is None else limits
        )
        self.people = People(
            self.ledger.register,
            chance=lambda length: hashlib.shake_128(str(next(numbers)).encode()).digest(length),
            passwords=quick,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.__exit__(kind, error, trace)

    def fill(self) -> Self:
        """Let everybody of `ROLES` be a user."""
        for name, role in ROLES.items():
            self.people.add(name, role, PASSWORD, by="root", now=self.now)
        return self

    def passes(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def sign_in(self, name: str = "pat", password: str = PASSWORD, address: str = "here") -> Session | Refusal:
        """Try to sign in."""
        return self.people.sign_in(name, password, address=address, now=self.now)

    def signed_in(self, name: str = "pat") -> Session:
        """Sign in."""
        session = self.sign_in(name)
        assert isinstance(session, Session), session
        return session

    def session(self, token: str) -> Session | None:
        """Whose the token is."""
        return self.people.session(token, now=self.now)

    def prepare(self, by: str = "pat", plan: str = PLAN, totals: Mapping[str, Decimal] = TOTALS) -> Approval:
        """Have a plan prepared."""
        return self.approvals.prepare(plan, batch="nov", totals=totals, by=by, now=self.now)

    def approve(self, by: str = "ann", plan: str = PLAN) -> Approval:
        """Have it approved."""
        return self.approvals.approve(plan, by=by, now=self.now)

    def refuse(self, by: str = "ann", plan: str = PLAN) -> Approval:
        """Have it refused."""
        return self.approvals.refuse(plan, by=by, reason="the wrong month", now=self.now)

    def use(self, plan: str = PLAN, totals: Mapping[str, Decimal] = TOTALS, batch: str = "nov") -> Mapping[str, str]:
        """Have it carried out: what the batch's journal takes of it."""
        with self.ledger.register.writing() as desk:
            confirmed = desk.carry_out(ApprovedPlan(plan=plan, totals=totals), confirmation(batch), self.now)
        told = confirmed.choices["approval"]
        assert isinstance(told, dict)
        return told


def confirmation(batch: str) -> Confirmation:
    """Of a plan of no rows."""
    return Confirmation(
        environment=ENVIRONMENT,
        batch=batch,
        file_name="nov.csv",
        file_digest="f" * 64,
        columns=(),
        choices={},
        confirmed_by="root",
        entries=(),
        invalid=(),
        orders=(),
        withdrawn=(),
    )
