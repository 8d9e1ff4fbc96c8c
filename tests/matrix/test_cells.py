"""Every cell of the fault matrix, lived through in virtual time and held against the table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blank_ledger import lay_blank_ledger
from tests.compiled_sql import compiled_once
from tests.matrix.acting import Struck, Ways
from tests.matrix.strikes import STRIKES
from tests.matrix.table import ROWS, cell_id, cells, forms
from tests.matrix.terms import Moment, Real, Recovery, Row

SETTLED = frozenset({"COMPLETED", "REJECTED", "FAILED"})
MOST_WRITES = 60
DISKS = sorted({name for row in ROWS for name in row.strikes if STRIKES[name].fate is not None})


class Worlds:
    """Worlds after their faults; the four recoveries of a cell, and the parts of a run, go on from the same one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ways = Ways(folder, lay_blank_ledger(folder / "blank.sqlite3"))
        self._last: dict[tuple[str, Moment], Struck] = {}
        self._writes: dict[tuple[str, Moment], tuple[Struck, ...]] = {}

    def of(self, row: Row, moment: Moment, real: Real, recovery: Recovery) -> list[Struck]:
        """The worlds by which a cell is tested."""
        (first, *_) = names = forms(row, moment, recovery)
        if first not in DISKS:
            return [self._struck(name, moment) for name in names]
        here = [one for one in self.writes(first, moment) if is_of(one, real)]
        at = list(Recovery).index(recovery) % max(1, len(here))
        return here[at :: len(Recovery)]

    def writes(self, name: str, moment: Moment) -> tuple[Struck, ...]:
        """One world for each write of the run that a fault of the disk can strike."""
        if (name, moment) not in self._writes:
            self._writes[name, moment] = tuple(self._each_write(name, moment))
        return self._writes[name, moment]

    def _each_write(self, name: str, moment: Moment) -> Iterator[Struck]:
        for commit in range(1, MOST_WRITES):
            struck = Struck(name, moment, self._folder / f"{name}-{moment.value}-{commit}", self._ways, commit=commit)
            if struck.met.commits < commit:
                assert struck.met.exit_code == 0, "nothing was struck"
                return
            yield struck
        raise AssertionError(f"a run makes no {MOST_WRITES} writes")

    def _struck(self, name: str, moment: Moment) -> Struck:
        if (name, moment) not in self._last:
            if len(self._last) > 1:
                self._last.pop(next(iter(self._last))).bury()
            self._last[name, moment] = Struck(name, moment, self._folder / f"{name}-{moment.value}", self._ways)
        return self._last[name, moment]


def is_of(struck: Struck, real: Real) -> bool:
    """Whether a write is one of those that a row of the table speaks of."""
    return struck.met.sends == real.sends and struck.met.state in real.state.split("|")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with compiled_once():
        yield Worlds(tmp_path_factory.mktemp("matrix"))


@pytest.mark.parametrize(
    ("row", "moment", "real", "recovery"),
    [
        pytest.param(
            *cell,
            id=cell_id(cell[0], cell[1], cell[3]),
            marks=pytest.mark.xfail(reason=cell[2].defect, strict=True) if cell[2].defect else (),
        )
        for cell in cells()
    ],
)
def test_cell(worlds: Worlds, row: Row, moment: Moment, real: Real, recovery: Recovery) -> None:
    struck_ones = worlds.of(row, moment, real, recovery)
    assert struck_ones, "the fault strikes nothing"
    for struck in struck_ones:
        met, then = struck.met, real.then.of(recovery)
        seen = (met.exit_code, met.sends, met.sent, met.orders)
        assert seen == (real.exit_code, real.sends, real.sent_at(moment), real.orders_made), struck.told
        assert met.state in real.state.split("|")
        runs, state = struck.recover(recovery, then)
        assert " > ".join(map(str, runs)) == " > ".join(map(str, then))
        assert real.person or state in SETTLED


@pytest.mark.parametrize("name", DISKS)
@pytest.mark.parametrize("moment", list(Moment))
def test_every_write_of_a_run_is_struck_and_is_in_one_row_of_the_table(
    worlds: Worlds, name: str, moment: Moment
) -> None:
    said = [place for row in ROWS if name in row.strikes and isinstance(place := row.at[moment], Real)]
    for struck in worlds.writes(name, moment):
        assert struck.met.exit_code == 1
        assert sum(is_of(struck, real) for real in said) == 1, struck.met
    for real in said:
        assert any(is_of(struck, real) for struck in worlds.writes(name, moment))
