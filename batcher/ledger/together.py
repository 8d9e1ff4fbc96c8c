"""Many rows written at once: tuples of values as they lie in the table, straight to the driver.

SQLAlchemy would look at every value of every row; a large batch has tens of millions of them, and each is what the
table holds already.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, TypeAlias

from sqlalchemy import Compiled, Connection, Dialect, Table, TableClause, bindparam, column, insert, table, update

Rows: TypeAlias = Sequence[tuple[Any, ...]]


def as_it_lies(of: Table) -> TableClause:
    """The table for values that are as they lie in it: what is written for a whole file is made into text once."""
    return table(of.name, *(column(one.name) for one in of.c))


def list_text(texts: Iterable[str]) -> str:
    """A list of texts as JSON, as `json.dumps` writes it."""
    return f"[{', '.join(map(encode_basestring_ascii, texts))}]"


def inserting(connection: Connection, into: Table, names: tuple[str, ...]) -> Callable[[Rows], None]:
    """Inserts rows of these columns."""
    return _many(connection, _insert(connection.dialect, into, names))


def updating(connection: Connection, of: Table, names: tuple[str, ...]) -> Callable[[Rows], None]:
    """Sets these columns; the last value of each row is the id."""
    return _many(connection, _update(connection.dialect, of, names))


@lru_cache(maxsize=64)
def _insert(dialect: Dialect, into: Table, names: tuple[str, ...]) -> "_Statement":
    statement = insert(as_it_lies(into)).values({name: bindparam(name) for name in names})
    return _Statement(statement.compile(dialect=dialect), names)


@lru_cache(maxsize=64)
def _update(dialect: Dialect, of: Table, names: tuple[str, ...]) -> "_Statement":
    lying = as_it_lies(of)
    values: dict[str, Any] = {name: bindparam(f"its_{name}") for name in names}
    statement = update(lying).where(lying.c.id == bindparam("its_id")).values(values)
    return _Statement(statement.compile(dialect=dialect), tuple(f"its_{name}" for name in (*names, "id")))


class _Statement:
    """A statement in the words of the driver, and where each of its places finds its value."""

    def __init__(self, compiled: Compiled, names: Sequence[str]) -> None:
        self.text = str(compiled)
        self._places = [names.index(name) for name in compiled.positiontup]  # type: ignore[attr-defined]  # of SQL
        self._as_given = self._places == list(range(len(names)))

    def ordered(self, values: Rows) -> list[tuple[Any, ...]]:
        """The values of each row in the order of the places."""
        if self._as_given:
            return list(values)
        return [tuple([one[place] for place in self._places]) for one in values]


def _many(connection: Connection, statement: _Statement) -> Callable[[Rows], None]:
    def write(values: Rows) -> None:
        if values:
            connection.exec_driver_sql(statement.text, statement.ordered(values))

    return write
