"""A permit is out for as long as its request is: the window begins with the answer, however slow the network."""

import pytest

from tests.lifecycle.bench import Bench, row


@pytest.mark.parametrize("answer_s", [0.2, 5.0, 25.0])
def test_the_window_of_a_send_begins_with_its_answer(answer_s: float) -> None:
    bench = Bench([row("R1"), row("R2")], per_minute=1, answer_s=answer_s)
    bench.run()

    first, second = bench.times("create")
    assert second - first >= answer_s + 60
