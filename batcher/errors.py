"""Every way in which batcher stops, and what it asks of whom.

    BatcherError                 exit  whose move it is
    ├── OwnFault                 1     ours: please report it
    ├── UsageError               2     the person at the keyboard: an argument, the config, the key file
    ├── ApiRefused               4     whoever holds the account at Runa: the key or the API version is refused
    ├── InputInvalid             5     whoever made the sheet: it is invalid or doubtful; nothing was sent
    ├── StoppedEarly             6     whoever can mend the cause (funds, limit, network): the rest is unsent
    ├── NotConfirmed             8     whoever may say yes
    │   └── NotApproved          8     a second person, who approves the plan or has refused it
    └── LedgerBusy               11    nobody: wait for the other process

Exit codes 0, 3, 7 and 130 are outcomes of a run, not errors; `batcher.engine.outcome` decides them.
"""

from collections.abc import Sequence
from typing import ClassVar

from batcher.model import Problem, without_links


class BatcherError(Exception):
    """One sentence on what is wrong (`message`), one on what to do (`fix`), and the exit code scripts rely on."""

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "own_fault"

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class OwnFault(BatcherError):
    """A defect of batcher, or a machine that cannot keep its word (disk full, ledger damaged)."""


def unforeseen(error: BaseException) -> OwnFault:
    """What to say of an error that nobody has foreseen."""
    return OwnFault(
        f"A fault of batcher's own: {type(error).__name__}: {error}", "Report it; the ledger knows what was sent."
    )


class UsageError(BatcherError):
    """An argument, a setting or the API key is missing or cannot be used."""

    exit_code = 2
    kind = "usage"


class ApiRefused(BatcherError):
    """The API refuses the key or the version; nothing was created by what it refused."""

    exit_code = 4
    kind = "api_refused"


class InputInvalid(BatcherError):
    """The sheet is invalid or doubtful; nothing was sent. `problems` holds all of them, not the first."""

    exit_code = 5
    kind = "input"

    def __init__(self, message: str, fix: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(without_links(message), fix)
        self.problems = tuple(problems)


class StoppedEarly(BatcherError):
    """The run ended before its rows did; what was not sent may be sent by the same command later."""

    exit_code = 6
    kind = "stopped_early"


class NotConfirmed(BatcherError):
    """Nobody said yes to the plan."""

    exit_code = 8
    kind = "not_confirmed"


class NotApproved(NotConfirmed):
    """The plan needs the approval of another person than the one who prepared it, and has none."""

    kind = "not_approved"


class LedgerBusy(BatcherError):
    """Another process sends from this ledger."""

    exit_code = 11
    kind = "ledger_busy"


class InboxUnreachable(BatcherError):
    """An inbox cannot be looked into, or written to, now; nothing was sent for it."""

    exit_code = 6
    kind = "inbox_unreachable"
