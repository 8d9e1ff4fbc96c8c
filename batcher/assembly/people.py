"""Users and sessions over one ledger: what the page, `batcher user` and every sign-in call.

Times come from the caller. Passwords and tokens are taken and given, and never kept or told.
"""

import hashlib
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batcher import signing_in
from batcher.errors import OwnFault, UsageError
from batcher.ledger import KeptSession, Register
from batcher.passwords import Passwords
from batcher.roles import NAME, Right, Role, User, may

_TOKEN_BYTES = 32
_SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""A page that asks every second writes into the ledger once a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in."""

    name: str
    role: Role
    csrf_secret: str = field(repr=False)
    expires_at: datetime
    token: str = field(repr=False)
    """What their browser shows again; the ledger has only its digest."""
    is_user: bool = True
    """Whether it is a batcher user, and not the one person of a machine without users."""

    def may(self, right: Right) -> bool:
        """Whether they may do that."""
        return may(self.role, right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nobody was signed in."""

    message: str
    """For the person who tried; the same for a wrong name, a wrong password and a disabled user."""
    wait: timedelta = timedelta(0)
    """How long the next try has to wait; a try before that is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that is not over, as whoever it belongs to is shown it."""

    id: int
    began_at: datetime
    seen_at: datetime
    """When it was used last, to a minute."""
    is_this: bool
    """Whether it is the one from which is asked."""


class People:
    """Who is a user, and who is signed in."""

    def __init__(
        self,
        register: Register,
        *,
        chance: Callable[[int], bytes],
        passwords: Callable[[], Passwords] = Passwords,
    ) -> None:
        """`chance` gives bytes that nobody can guess."""
        self._register = register
        self._chance = chance
        self._passwords = passwords
        self._known_passwords: Passwords | None = None
        self._failures = signing_in.Failures()

    # Users

    def users(self) -> list[User]:
        """All users, also those who are disabled."""
        with self._register.reading() as desk:
            return desk.users()

    def has_users(self) -> bool:
        """Whether anybody ever was a user: the page then asks for a name and a password."""
        with self._register.reading() as desk:
            return desk.has_users()

    def user(self, name: str) -> User | None:
        """The user of that name."""
        with self._register.reading() as desk:
            return desk.user(name)

    def check_new(self, name: str) -> None:
        """Raise `UsageError` where nobody can be added under that name."""
        if not NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no name for a user.",
                "Use up to 40 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter.",
            )
        if (there := self.user(name)) is not None:
            state = "is a user already" if there.is_active else "was a user, and is disabled"
            raise UsageError(f"{name} {state}.", "Names are given once only, as the journal knows people by them.")

    def add(self, name: str, role: Role, password: str, *, by: str, now: datetime) -> User:
        """Add a user. Raises `UsageError` for a name or a password that cannot be taken."""
        self.check_new(name)
        password_hash = self._new_hash(password, name)
        user = User(name=name, role=role, created_at=now, created_by=by)
        with self._register.writing() as desk:
            if desk.user(name) is not None:
                raise UsageError(f"{name} is a user already.")
            desk.add_user(user, password_hash)
        return user

    def disable(self, name: str, *, by: str, now: datetime) -> None:
        """Let a user sign in no more, for good; their sessions end, and what they approved is approved no longer.

        What they have asked the desk for and is not confirmed yet is not carried out.
        """
        with self._register.writing() as desk:
            if not known(desk.user(name), name).is_active:
                raise UsageError(f"{name} is disabled already.")
            desk.disable(name, by=by, now=now)

    def check_password(self, name: str, password: str) -> None:
        """Raise `UsageError` where this cannot be the password of that user."""
        if why_not := signing_in.why_no_password(password, name):
            raise UsageError(f"This password cannot be taken. {why_not}")

    def set_password(self, name: str, password: str, *, by: str, now: datetime) -> None:
        """Give a user a new password; their sessions end. Raises `UsageError` for one that cannot be taken."""
        self.active(name)
        password_hash = self._new_hash(password, name)
        with self._register.writing() as desk:
            desk.set_password(name, password_hash, by=by, now=now)

    def active(self, name: str) -> User:
        """The user of that name. Raises `UsageError` where there is none, or they are disabled."""
        user = known(self.user(name), name)
        if not user.is_active:
            raise UsageError(f"{name} is disabled.")
        return user

    def _new_hash(self, password: str, name: str) -> str:
        self.check_password(name, password)
        return self.passwords.hash(signing_in.normal(password))

    @property
    def passwords(self) -> Passwords:
        """How passwords are kept. Raises `UsageError` where its library is not installed."""
        if self._known_passwords is None:
            self._known_passwords = self._passwords()
        return self._known_passwords

    # Signing in

    def recognise(self, name: str, password: str, *, address: str, now: datetime) -> User | Refusal:
        """The user whose name and password these are. It takes as long, and says the same, where nobody's are."""
        if wait := self._failures.begin(now, user=name, address=address):
            return Refusal(message=f"Too many tries. Try again in {_words(wait)}.", wait=wait)
        with self._register.reading() as desk:
            user, password_hash = desk.user(name), desk.password_hash(name)
        fits = self.passwords.fits(signing_in.normal(password[: signing_in.PASSWORD_MOST + 1]), password_hash)
        if user is None or not fits or not user.is_active:
            return Refusal(message="Name or password is wrong.")
        self._failures.succeeded(now, user=name, address=address)
        return user

    def sign_in(self, name: str, password: str, *, address: str, now: datetime) -> Session | Refusal:
        """A new session for the user whose name and password these are."""
        user = self.recognise(name, password, address=address, now=now)
        return user if isinstance(user, Refusal) else self._begin(user, user.name, user.role, now)

    def let_in(self, name: str, *, now: datetime) -> Session:
        """A session for the one person of a machine without users, who holds the one-time link of its terminal.

        They do what a preparer does; there is nobody to approve anything. Raises `UsageError` where there are users.
        """
        if self.has_users():
            raise UsageError("This ledger has users: sign in with name and password.")
        return self._begin(None, name, Role.PREPARER, now)

    def _begin(self, user: User | None, name: str, role: Role, now: datetime) -> Session:
        token, csrf_secret = self._chance(_TOKEN_BYTES).hex(), self._chance(_TOKEN_BYTES).hex()
        expires_at = now + signing_in.LIFETIME
        with self._register.writing() as desk:
            desk.add_session(
                _digest(token),
                None if user is None else user.name,
                csrf_secret=csrf_secret,
                now=now,
                expires_at=expires_at,
            )
        return Session(
            name=name,
            role=role,
            csrf_secret=csrf_secret,
            expires_at=expires_at,
            token=token,
            is_user=user is not None,
        )

    def session(self, token: str, *, now: datetime, alone: str = "") -> Session | None:
        """The session of that token, with the role that its user has now; `None` where it is over or there is none.

        `alone` is what the one person of a machine without users is called.
        """
        digest = _digest(token)
        with self._register.reading() as desk:
            kept, has_users = desk.session(digest), desk.has_users()
        if kept is None or _is_over(kept, now):
            return None
        if (kept.user is None and has_users) or (kept.user is not None and not kept.user.is_active):
            return None
        if now - kept.last_seen_at >= _SEEN_AGAIN_AFTER:
            # A courtesy: whoever only looks does not wait for a ledger that is being written to be told so.
            with suppress(OwnFault), self._register.writing() as desk:
                desk.saw(kept.id, now)
        return Session(
            name=alone if kept.user is None else kept.user.name,
            role=Role.PREPARER if kept.user is None else kept.user.role,
            csrf_secret=kept.csrf_secret,
            expires_at=min(kept.expires_at, now + signing_in.IDLE),
            token=token,
            is_user=kept.user is not None,
        )

    def change_password(
        self, session: Session, password: str, new: str, *, address: str, now: datetime
    ) -> Session | Refusal:
        """Give who is signed in, and knows their password, a new one. All their sessions end; gives a new one.

        Raises `UsageError` for a password that cannot be taken.
        """
        user = self.recognise(session.name, password, address=address, now=now)
        if isinstance(user, Refusal):
            return user
        self.set_password(user.name, new, by=user.name, now=now)
        return self._begin(user, user.name, user.role, now)

    def open_sessions(self, session: Session, *, now: datetime) -> list[OpenSession]:
        """All sessions of who is signed in, the last that began first."""
        with self._register.reading() as desk:
            this, found = desk.session(_digest(session.token)), desk.sessions(_owner(session))
        return [
            OpenSession(
                id=one.id,
                began_at=one.created_at,
                seen_at=one.last_seen_at,
                is_this=this is not None and this.id == one.id,
            )
            for one in found
            if not _is_over(one, now)
        ]

    def end_sessions(self, session: Session, which: Collection[int]) -> None:
        """End sessions of who is signed in; any that are another's stay."""
        with self._register.writing() as desk:
            desk.end_sessions(_owner(session), which)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._register.writing() as desk:
            desk.end_session(_digest(token))


def known(user: User | None, name: str) -> User:
    """The user, if there is one. Raises `UsageError`."""
    if user is None:
        raise UsageError(f"There is no user {name!r}.", "See `batcher user list`.")
    return user


def _is_over(kept: KeptSession, now: datetime) -> bool:
    return not kept.created_at <= now < kept.expires_at or now - kept.last_seen_at >= signing_in.IDLE


def _owner(session: Session) -> str | None:
    return session.name if session.is_user else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _words(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} second{'s' * (seconds != 1)}"
