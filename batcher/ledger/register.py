"""Users, sessions and approvals, as the ledger keeps them. Whether somebody may do it, who calls has decided.

Every change of a user or an approval is told to a chain of its own (`batcher.ledger.register_chain`). Sessions are not:
they prove nothing, and are gone when they are over.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, delete, func, not_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from batcher.approval import Approval, why_not_use
from batcher.errors import NotApproved
from batcher.ledger import register_chain
from batcher.ledger.place import write_failed
from batcher.ledger.tables import approvals, environments, sessions, users
from batcher.ledger.whose import is_of
from batcher.ledger.writing import added, environment_id
from batcher.model import Environment
from batcher.records import Confirmation
from batcher.roles import Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    """A session as the ledger has it."""

    id: int
    user: User | None
    """`None` for the one person of a machine without users."""
    csrf_secret: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPlan:
    """A plan that is carried out by somebody's approval."""

    plan: str
    """The digest of the sealed plan."""
    totals: Mapping[str, Decimal]
    """What it sends, as it is made now."""


class Register:
    """Who is a user, who is signed in, what was approved."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def writing(self) -> Iterator["Desk"]:
        """One transaction: what is read in it stays so until it ends. Raises `OwnFault`, and then keeps nothing."""
        try:
            with self._engine.begin() as connection:
                # Before anything is read: nobody else writes in between.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield Desk(connection)
        except SQLAlchemyError as error:
            raise write_failed(error) from error

    @contextmanager
    def reading(self) -> Iterator["Desk"]:
        """A look at one moment."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield Desk(connection)
            connection.rollback()


class Desk:
    """The register in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def users(self) -> list[User]:
        """All users, also those who are disabled, in the order in which they were added."""
        return [_user(found) for found in self._connection.execute(select(users).order_by(users.c.id))]

    def user(self, name: str) -> User | None:
        """The user of that name."""
        found = self._user(name)
        return None if found is None else _user(found)

    def password_hash(self, name: str) -> str | None:
        """What the user's password is held against."""
        return self._connection.scalar(select(users.c.password_hash).where(users.c.name == name))

    def add_user(self, user: User, password_hash: str) -> None:
        """Note a new user."""
        values: dict[str, Any] = {
            "name": user.name,
            "role": user.role.value,
            "password_hash": password_hash,
            "created_at": user.created_at,
            "created_by": user.created_by,
        }
        user_id = added(self._connection, users, **values)
        self._tell("user added", "users", user_id, values, by=user.created_by, now=user.created_at)

    def disable(self, name: str, *, by: str, now: datetime) -> None:
        """Note that a user may not sign in any more; their sessions end."""
        self._change_user(name, "user disabled", {"disabled_at": now}, by=by, now=now)

    def set_password(self, name: str, password_hash: str, *, by: str, now: datetime) -> None:
        """Note a new password; the user's sessions end."""
        self._change_user(name, "password set", {"password_hash": password_hash}, by=by, now=now)

    def _change_user(self, name: str, why: str, values: Mapping[str, Any], *, by: str, now: datetime) -> None:
        found = self._user(name)
        assert found is not None  # noqa: S101 - who calls has looked
        self._connection.execute(update(users).where(users.c.id == found.id).values(values))
        self._connection.execute(delete(sessions).where(sessions.c.user_id == found.id))
        self._tell(why, "users", found.id, values, by=by, now=now)

    def add_session(
        self, token_digest: str, user: str | None, *, csrf_secret: str, now: datetime, expires_at: datetime
    ) -> None:
        """Note who has signed in, and forget sessions that are over."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
        found = None if user is None else self._user(user)
        added(
            self._connection,
            sessions,
            token_digest=token_digest,
            user_id=None if found is None else found.id,
            csrf_secret=csrf_secret,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )

    def session(self, token_digest: str) -> KeptSession | None:
        """The session of that token."""
        found = self._connection.execute(select(sessions).where(sessions.c.token_digest == token_digest)).first()
        if found is None:
            return None
        user = None
        if found.user_id is not None:
            user = _user(self._connection.execute(select(users).where(users.c.id == found.user_id)).one())
        return _session(found, user)

    def sessions(self, name: str | None) -> list[KeptSession]:
        """The sessions of a user, or of the one person of a machine without users; the last that began first."""
        user = None if name is None else self.user(name)
        query = select(sessions).where(self._of(name)).order_by(sessions.c.id.desc())
        return [_session(found, user) for found in self._connection.execute(query)]

    def end_sessions(self, name: str | None, which: Collection[int]) -> None:
        """Forget these sessions of a user; any that are another's stay."""
        self._connection.execute(delete(sessions).where(self._of(name), sessions.c.id.in_(which)))

    def _of(self, name: str | None) -> ColumnElement[bool]:
        if name is None:
            return sessions.c.user_id.is_(None)
        return sessions.c.user_id == select(users.c.id).where(users.c.name == name).scalar_subquery()

    def saw(self, session_id: int, now: datetime) -> None:
        """Note that a session was used."""
        self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(last_seen_at=now))

    def end_session(self, token_digest: str) -> None:
        """Forget a session."""
        self._connection.execute(delete(sessions).where(sessions.c.token_digest == token_digest))

    def has_users(self) -> bool:
        """Whether anybody ever was a user."""
        return bool(self._connection.scalar(select(func.count()).select_from(users)))

    def approval(self, plan: str) -> Approval | None:
        """What is known of the plan with that digest."""
        found = self._approvals(approvals.c.plan_digest == plan)
        return found[0] if found else None

    def waiting(self, environment: Environment) -> list[Approval]:
        """Plans of an environment that nobody has approved, refused or carried out, oldest first."""
        return self._approvals(is_of(environment), approvals.c.approved.is_(None), approvals.c.used_at.is_(None))

    def approved(self, environment: Environment) -> list[Approval]:
        """Plans of an environment that somebody has approved and nobody carried out, oldest first."""
        return self._approvals(is_of(environment), approvals.c.approved, approvals.c.used_at.is_(None))

    def closed(self, environment: Environment, *, first: int, most: int) -> list[Approval]:
        """Plans of an environment that were refused or carried out, the last prepared first; from `first`, `most`."""
        over = or_(approvals.c.used_at.is_not(None), not_(approvals.c.approved))
        query = self._approval_query(is_of(environment), over).order_by(approvals.c.id.desc())
        return [_approval(found) for found in self._connection.execute(query.offset(first).limit(most))]

    def last_prepared(self, environment: Environment, batch: str, by: str) -> Approval | None:
        """The plan of a batch that was prepared last by this one."""
        found = self._approvals(is_of(environment), approvals.c.batch == batch, approvals.c.prepared_by == by)
        return found[-1] if found else None

    def prepare(self, approval: Approval) -> None:
        """Note a plan that waits for another person."""
        values: dict[str, Any] = {
            "plan_digest": approval.plan,
            "environment_id": environment_id(self._connection, approval.environment),
            "batch": approval.batch,
            "totals": {currency: format(amount, "f") for currency, amount in sorted(approval.totals.items())},
            "prepared_by": approval.prepared_by,
            "prepared_at": approval.prepared_at,
        }
        found = added(self._connection, approvals, **values)
        self._tell("plan prepared", "approvals", found, values, by=approval.prepared_by, now=approval.prepared_at)

    def decide(self, plan: str, *, approved: bool, by: str, reason: str | None, now: datetime) -> None:
        """Note what somebody says of a plan."""
        values = {"approved": approved, "decided_by": by, "decided_at": now, "reason": reason}
        self._change_approval(plan, "plan approved" if approved else "plan refused", values, by=by, now=now)

    def carry_out(self, approved: ApprovedPlan, confirmation: Confirmation, now: datetime) -> Confirmation:
        """Use up the approval of a plan; gives its confirmation with what the batch's journal takes of it.

        Raises `NotApproved`, and then changes nothing.
        """
        plan = approvals.c.plan_digest == approved.plan
        # First of all a write, of nothing: from here on nobody else changes what is read.
        self._connection.execute(update(approvals).where(plan).values(used_at=approvals.c.used_at))
        approval = self.approval(approved.plan)
        decided_by = self.user(approval.decided_by) if approval is not None and approval.decided_by else None
        why_not = why_not_use(approval, decided_by, approved.totals)
        if not why_not and approval is not None:
            here = (confirmation.environment, confirmation.batch)
            why_not = "" if (approval.environment, approval.batch) == here else "It was approved for another batch."
        if why_not or approval is None or decided_by is None:
            raise NotApproved(f"This plan may not be carried out; nothing was sent. {why_not}".strip())
        by = confirmation.confirmed_by
        told = {
            "plan": approval.plan,
            "prepared_by": approval.prepared_by,
            "approved_by": decided_by.name,
            "event": self._change_approval(approval.plan, "plan carried out", {"used_at": now}, by=by, now=now),
        }
        return replace(confirmation, choices={**confirmation.choices, "approval": told})

    def _change_approval(self, plan: str, why: str, values: Mapping[str, Any], *, by: str, now: datetime) -> str:
        found = self._connection.scalar(select(approvals.c.id).where(approvals.c.plan_digest == plan))
        assert found is not None  # noqa: S101 - who calls has looked
        self._connection.execute(update(approvals).where(approvals.c.id == found).values(values))
        return self._tell(why, "approvals", found, values, by=by, now=now)

    def _tell(self, why: str, of: str, entity_id: int, values: Mapping[str, Any], *, by: str, now: datetime) -> str:
        return register_chain.tell(self._connection, why, of=of, entity_id=entity_id, values=values, by=by, now=now)

    def _user(self, name: str) -> Row[Any] | None:
        return self._connection.execute(select(users).where(users.c.name == name)).first()

    def _approvals(self, *which: ColumnElement[bool]) -> list[Approval]:
        query = self._approval_query(*which).order_by(approvals.c.id)
        return [_approval(found) for found in self._connection.execute(query)]

    def _approval_query(self, *which: ColumnElement[bool]) -> Select[Any]:
        return (
            select(approvals, environments.c.base_url, environments.c.account)
            .join(environments, environments.c.id == approvals.c.environment_id)
            .where(*which)
        )


def _session(found: Row[Any], user: User | None) -> KeptSession:
    return KeptSession(
        id=found.id,
        user=user,
        csrf_secret=found.csrf_secret,
        created_at=found.created_at,
        last_seen_at=found.last_seen_at,
        expires_at=found.expires_at,
    )


def _user(found: Row[Any]) -> User:
    return User(
        name=found.name,
        role=Role(found.role),
        created_at=found.created_at,
        created_by=found.created_by,
        disabled_at=found.disabled_at,
    )


def _approval(found: Row[Any]) -> Approval:
    return Approval(
        plan=found.plan_digest,
        environment=Environment(base_url=found.base_url, account=found.account),
        batch=found.batch,
        totals={currency: Decimal(amount) for currency, amount in found.totals.items()},
        prepared_by=found.prepared_by,
        prepared_at=found.prepared_at,
        approved=found.approved,
        decided_by=found.decided_by,
        decided_at=found.decided_at,
        reason=found.reason,
        used_at=found.used_at,
    )
