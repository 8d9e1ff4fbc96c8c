"""The results file: one line for every row that a batch ever had."""

from batcher.results.files import write_problems, write_results

__all__ = ["write_problems", "write_results"]
