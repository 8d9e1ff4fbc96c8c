"""What a batch has come to: a line for every row that it ever had, in three formats, and sums for the books."""

from batcher.results.files import FORMATS, write_problems, write_results
from batcher.results.summary import Summary, SummaryLine, summary_of

__all__ = ["FORMATS", "Summary", "SummaryLine", "summary_of", "write_problems", "write_results"]
