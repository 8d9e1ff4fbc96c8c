"""Blocks looked at side by side come in their order, whatever takes longer."""

import threading
from collections.abc import Iterator

import pytest

from batcher.intake.abreast import in_order


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    assert list(in_order(lambda number: number * 2, range(count), 3)) == [number * 2 for number in range(count)]


def test_a_later_item_that_is_done_first_waits_for_the_earlier_one() -> None:
    later = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert later.wait(10)
        else:
            later.set()
        return number

    assert list(in_order(work, [0, 1, 2])) == [0, 1, 2]


def test_few_items_are_taken_before_their_results_are_used() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    for result in in_order(lambda number: number, items(), 2):
        assert len(taken) <= result + 3


def test_what_the_work_raises_is_raised_in_its_place() -> None:
    found = in_order(lambda number: 6 // number, [3, 2, 0, 1])
    assert [next(found), next(found)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(found)
