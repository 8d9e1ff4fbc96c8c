"""SQL that is compiled once, for tests that play many processes in one: each opens an engine of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event


class _Compiled(dict[tuple[object, ...], object]):
    """Statements as they were compiled. An engine's own part of a key, its dialect, is left out: all are alike."""

    def get(self, key: tuple[object, ...], default: object = None) -> object:
        """As a dictionary's, whichever engine asks."""
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[object, ...], compiled: object) -> None:
        super().__setitem__(key[1:], compiled)


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let every engine that connects meanwhile take what another has compiled."""
    compiled = _Compiled()

    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=compiled)

    event.listen(Engine, "engine_connect", share)
    try:
        yield
    finally:
        event.remove(Engine, "engine_connect", share)
