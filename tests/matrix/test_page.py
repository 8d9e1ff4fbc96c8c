"""The page and the table say the same, the table is whole, and what it names is there."""

import ast
from pathlib import Path

import pytest

from tests.matrix import test_cells
from tests.matrix.page import PAGE, page
from tests.matrix.strikes import STRIKES
from tests.matrix.table import ROWS, cell_id, cells, forms, impossible
from tests.matrix.terms import Moment, Recovery, Step, steps

ROOT = Path(__file__).parents[2]


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.matrix"


def test_every_fault_is_spoken_of_at_every_moment() -> None:
    assert all(set(row.at) == set(Moment) for row in ROWS)
    assert len(cells()) + len(impossible()) * len(Recovery) == len(ROWS) * len(Moment) * len(Recovery)


def test_every_impossible_cell_says_why() -> None:
    assert all(len(place.why.split()) > 5 for _, _, place in impossible())


def test_every_fault_has_a_name_of_its_own_and_every_strike_is_in_the_table() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {name for row in ROWS for name in row.strikes} == set(STRIKES)


def test_every_form_of_a_fault_is_used_by_some_cell() -> None:
    used = {name for row, moment, _, recovery in cells() for name in forms(row, moment, recovery)}
    assert used == set(STRIKES)


def test_every_cell_is_a_test_that_is_collected() -> None:
    marks = {mark.name: mark for mark in test_cells.test_cell.pytestmark}  # type: ignore[attr-defined]
    collected = {parameter.id for parameter in marks["parametrize"].args[1]}
    assert collected == {cell_id(row, moment, recovery) for row, moment, _, recovery in cells()}


@pytest.mark.parametrize("named", sorted({test for row in ROWS for test in row.also}))
def test_a_test_that_is_named_beside_the_cells_is_there(named: str) -> None:
    path, name = named.split("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(
    "text", ["0 same", "5 nothing > back 0 same", "6 same > 31 days 0 new", "back 31 days 7 nothing"]
)
def test_a_step_reads_as_it_is_written(text: str) -> None:
    assert " > ".join(map(str, steps(text))) == text
    assert all(isinstance(step, Step) for step in steps(text))
