"""What other libraries do with the same file, each in a process of its own.

    python -m tests.benchmarks.reading_rivals pyarrow|pandas FILE

pyarrow prints the seconds of its one call, `read_csv` with its default options (every core, types by what the cells
look like, no rule held to any of them); its import is not in them. pandas is measured as a whole process.
"""

import sys
from pathlib import Path

from tests.benchmarks.whole_process import own_work


def parse_by_pyarrow(path: Path) -> None:
    """Print the seconds that the parse takes."""
    from pyarrow import csv

    own_work(lambda: csv.read_csv(path))


def read_by_pandas(path: Path) -> None:
    """Read it with the default options."""
    import pandas as pd

    own_work(lambda: pd.read_csv(path))


RIVALS = {"pyarrow": parse_by_pyarrow, "pandas": read_by_pandas}


if __name__ == "__main__":
    RIVALS[sys.argv[1]](Path(sys.argv[2]))
