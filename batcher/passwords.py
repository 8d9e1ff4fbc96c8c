"""Passwords as argon2id hashes. The package comes with `batcher[web]`, and is imported only where it is needed."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from batcher.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_NOBODYS = "the password of nobody"


class Passwords:
    """Makes hashes and holds passwords against them."""

    def __init__(self, **costs: int) -> None:
        """`costs` are argon2's own parameters; without any, those that its library recommends.

        Raises `UsageError` where the library is not installed.
        """
        try:
            self._argon2 = import_module("argon2")
        except ModuleNotFoundError as error:
            raise UsageError(
                "Users and passwords need the package argon2-cffi, which is not installed.",
                'Install batcher with it: pip install "batcher[web]".',
            ) from error
        self._hasher = cast("PasswordHasher", self._argon2.PasswordHasher(**costs))
        self._dummy = ""

    def hash(self, password: str) -> str:
        """A new hash of the password, with a salt of its own."""
        return self._hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password of that hash. Without one it takes as long, and is not."""
        if kept is None and not self._dummy:
            self._dummy = self.hash(_NOBODYS)
        try:
            self._hasher.verify(kept or self._dummy, password)
        except (self._argon2.exceptions.VerificationError, self._argon2.exceptions.InvalidHashError):
            return False
        return kept is not None
