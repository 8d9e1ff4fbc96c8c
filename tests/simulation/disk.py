"""The ledger's disk: SQLite's own connections, whose commits can be cut off, fail, or fail after they were made."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, event

from tests.simulation.process import Killed, Process, current


class Fate(StrEnum):
    """What becomes of a commit."""

    MADE = "made"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    FULL = "disk full"
    FAILED = "I/O error"
    FAILED_THOUGH_MADE = "I/O error though made"


class Disk:
    """Every connection that a process opens, until it dies. `fate` is asked before each commit of a process."""

    def __init__(self, fate: Callable[[Process], Fate]) -> None:
        self._fate = fate
        self._open: list[tuple[Process, _Connection]] = []
        self.commits = 0

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Within the block, whatever opens an SQLite file in a process opens it on this disk."""
        event.listen(Engine, "do_connect", self._connect)
        try:
            yield
        finally:
            event.remove(Engine, "do_connect", self._connect)

    def forget(self, process: Process) -> None:
        """Close what a process has open, as the system does when it ends: what was not committed is gone."""
        mine = [connection for owner, connection in self._open if owner is process]
        self._open = [(owner, connection) for owner, connection in self._open if owner is not process]
        for connection in mine:
            connection.cut()

    def _connect(self, _dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        process = current()
        if process is not None:
            parameters["factory"] = lambda *args, **kwargs: self._opened(process, *args, **kwargs)

    def _opened(self, process: Process, *args: Any, **kwargs: Any) -> "_Connection":
        connection = _Connection(*args, **kwargs)
        connection.told = lambda commit: self._commit(process, commit)
        self._open.append((process, connection))
        return connection

    def _commit(self, process: Process, commit: Callable[[], None]) -> None:
        if process.dead:
            raise Killed
        self.commits += 1
        fate = self._fate(process)
        match fate:
            case Fate.KILLED_BEFORE:
                process.kill()
                raise Killed
            case Fate.FULL:
                raise sqlite3.OperationalError("database or disk is full")
            case Fate.FAILED:
                raise sqlite3.OperationalError("disk I/O error")
        commit()
        if fate is Fate.KILLED_AFTER:
            process.kill()
            raise Killed
        if fate is Fate.FAILED_THOUGH_MADE:
            raise sqlite3.OperationalError("disk I/O error")


class _Connection(sqlite3.Connection):
    """Asks its disk before each commit that has something to commit."""

    told: Callable[[Callable[[], None]], None]

    def commit(self) -> None:
        if self.in_transaction and self.total_changes != getattr(self, "_changes_seen", 0):
            self._changes_seen = self.total_changes
            self.told(super().commit)
        else:
            super().commit()

    def cut(self) -> None:
        """Close without a commit, whatever was begun."""
        self.close()
