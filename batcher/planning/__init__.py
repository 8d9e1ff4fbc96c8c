"""File and ledger to plan: what a run would do with each row, and what it refuses until it is told what is meant."""

from batcher.planning.alike import Alike, rows_alike
from batcher.planning.catalogue import age_in_words, held_against_catalogue, orderable_codes
from batcher.planning.comparison import Change, Comparison, compared
from batcher.planning.confirmation import confirmation
from batcher.planning.cover import Cover, PriceKey, covers, price_questions, priced
from batcher.planning.differing import plans_that_differ, settings_that_differ
from batcher.planning.findings import is_forgetful, sent_elsewhere
from batcher.planning.finishing import finished
from batcher.planning.large import is_typed, large_totals
from batcher.planning.plan import ASKING, SENDING, Choices, Plan, PlanLine, Standing
from batcher.planning.planner import make_plan
from batcher.planning.preflight import Preflight
from batcher.planning.resuming import choices_of, sheet_of
from batcher.planning.sealed import Act, SealedFile, SealedPlan, SealedRow, marked, sealed_rows, sealed_text, unsealed
from batcher.planning.sends import digest_of_sends
from batcher.planning.zeros import zeros_lost_since

__all__ = [
    "ASKING",
    "SENDING",
    "Act",
    "Alike",
    "Change",
    "Choices",
    "Comparison",
    "Cover",
    "Plan",
    "PlanLine",
    "Preflight",
    "PriceKey",
    "SealedFile",
    "SealedPlan",
    "SealedRow",
    "Standing",
    "age_in_words",
    "choices_of",
    "compared",
    "confirmation",
    "covers",
    "digest_of_sends",
    "finished",
    "held_against_catalogue",
    "is_forgetful",
    "is_typed",
    "large_totals",
    "make_plan",
    "marked",
    "orderable_codes",
    "plans_that_differ",
    "price_questions",
    "priced",
    "rows_alike",
    "sealed_rows",
    "sealed_text",
    "sent_elsewhere",
    "settings_that_differ",
    "sheet_of",
    "unsealed",
    "zeros_lost_since",
]
