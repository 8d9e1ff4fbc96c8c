"""The ledger: what was meant, sent, answered and paid, durable before anything else happens.

SQL lives in this room only. Reads give records (`batcher.records`), writes go through `SqlJournal`.
"""

from batcher.ledger.asking import AskedRuns
from batcher.ledger.copying import CopiedBatch, LedgerCopy, copy_ledger
from batcher.ledger.gauges import Gauges
from batcher.ledger.health import LedgerHealth, examine
from batcher.ledger.history import FoundPayout, Happening, History, KnownBatch, ShownRow
from batcher.ledger.inbox_files import InboxFiles
from batcher.ledger.journal import SqlJournal
from batcher.ledger.ledger import Ledger
from batcher.ledger.lock import Holder, LedgerLock, holder_of, results_lock, user_name
from batcher.ledger.notices import KeptNotices
from batcher.ledger.register import ApprovedPlan, KeptSession, Register
from batcher.ledger.scheduled import ScheduledPeriods

__all__ = [
    "ApprovedPlan",
    "AskedRuns",
    "CopiedBatch",
    "FoundPayout",
    "Gauges",
    "Happening",
    "History",
    "Holder",
    "InboxFiles",
    "KeptNotices",
    "KeptSession",
    "KnownBatch",
    "Ledger",
    "LedgerCopy",
    "LedgerHealth",
    "LedgerLock",
    "Register",
    "ScheduledPeriods",
    "ShownRow",
    "SqlJournal",
    "copy_ledger",
    "examine",
    "holder_of",
    "results_lock",
    "user_name",
]
