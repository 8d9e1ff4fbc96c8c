"""A file of payouts to a `Sheet`: every row a payout that has one meaning, or the problems that it has.

    bytes ─ source ─▶ text ─ table ─▶ header and records ─ header ─▶ our columns ─ frame, rules ─▶ payouts or problems

CSV only so far: a workbook or a Parquet file is refused with a sentence that says what to save it as.
"""

from batcher.intake.options import ReadOptions
from batcher.intake.outline import Outline, read_outline
from batcher.intake.sheet import read_sheet

__all__ = ["Outline", "ReadOptions", "read_outline", "read_sheet"]
