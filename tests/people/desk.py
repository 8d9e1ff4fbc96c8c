"""A desk at which people with passwords sit."""

from pathlib import Path

from tests.cli.desk import Desk, Done
from tests.people.hall import PASSWORD


class Bench(Desk):
    """The desk, and a file with whatever password is needed."""

    @property
    def password_path(self) -> Path:
        """The file."""
        return self.folder / "password"

    def password(self, password: str = PASSWORD) -> tuple[str, Path]:
        """The arguments that give a password."""
        self.password_path.write_text(password)
        self.password_path.chmod(0o600)
        return "--password-file", self.password_path

    def add(self, name: str, role: str, *flags: object, password: str = PASSWORD) -> Done:
        """Add a user."""
        return self.batcher("user", "add", name, "--role", role, *self.password(password), *flags)
