"""A file of payouts to a `Sheet`: every row a payout that has one meaning, or the problems that it has.

    bytes ─ opening ─▶ grid of records ─ table ─▶ header, rows below it ─ blocks, columns ─▶ what each cell means
      ─ survey ─▶ what only the whole sheet tells ─ rules ─▶ payouts or problems

`text/` reads CSVs, `workbooks/` what has typed cells, `meaning/` what one cell says.
"""

from batcher.intake.checking import Counted, Surveyed, survey_sheet
from batcher.intake.options import ReadOptions
from batcher.intake.outline import Outline, read_outline
from batcher.intake.sheet import read_sheet

__all__ = ["Counted", "Outline", "ReadOptions", "Surveyed", "read_outline", "read_sheet", "survey_sheet"]
