"""What a batch has come to: a line for every row that it ever had, in three formats, and sums for the books."""

from batcher.results.checking import FileCheck, check_file
from batcher.results.files import (
    FORMATS,
    content_to_mend,
    remove_leftovers,
    results_paths,
    write_results,
    write_to_mend,
)
from batcher.results.summary import Summary, SummaryLine, summary_of

__all__ = [
    "FORMATS",
    "FileCheck",
    "Summary",
    "SummaryLine",
    "check_file",
    "content_to_mend",
    "remove_leftovers",
    "results_paths",
    "summary_of",
    "write_results",
    "write_to_mend",
]
