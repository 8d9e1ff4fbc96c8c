"""File and ledger to plan: what a run would do with each row, and what it refuses until it is told what is meant."""

from batcher.planning.confirmation import confirmation
from batcher.planning.plan import Choices, Plan, PlanLine, Standing
from batcher.planning.planner import make_plan

__all__ = ["Choices", "Plan", "PlanLine", "Standing", "confirmation", "make_plan"]
