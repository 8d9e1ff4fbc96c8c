"""What the documentation says of the limit is what the benchmark measures."""

from pathlib import Path

import pytest

from tests.benchmarks.throttle_plot import SAYS, digest, series
from tests.benchmarks.throttle_rate import RESTARTS, line

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("restarts", [0, RESTARTS])
def test_the_page_tells_of_batcher_what_is_measured(restarts: int) -> None:
    assert line("batcher", restarts) in (DOCS / "reliability.md").read_text(encoding="utf-8")


def test_the_picture_is_drawn_from_what_is_measured() -> None:
    assert f"{SAYS}{digest(series())}" in (DOCS / "limit.svg").read_text(encoding="utf-8")
