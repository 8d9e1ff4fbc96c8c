"""Schedules, decided: when a period is due, what it is called, and what its time asks for. Nothing here acts.

definition  a schedule as the config has it: its moments and the names of its periods
periods     one period of one schedule, as the ledger keeps it
due         definition, rows and now to what has become due; and what is to be done about a period
reports     what somebody is told, once each
"""

from batcher.schedules.definition import Definition, Unit, moments, period_of, unit_of, zone_of
from batcher.schedules.due import Act, Due, Step, act_of, coming_of, deadline, next_step
from batcher.schedules.periods import ENDED, OPEN, PeriodState, ScheduledPeriod
from batcher.schedules.reports import Report, ReportKind, Reports

__all__ = [
    "ENDED",
    "OPEN",
    "Act",
    "Definition",
    "Due",
    "PeriodState",
    "Report",
    "ReportKind",
    "Reports",
    "ScheduledPeriod",
    "Step",
    "Unit",
    "act_of",
    "coming_of",
    "deadline",
    "moments",
    "next_step",
    "period_of",
    "unit_of",
    "zone_of",
]
