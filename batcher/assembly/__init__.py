"""Settings to wired parts: the one place where adapters are chosen.

    parts         ledger, client, throttle, journal: made from settings, shared by all below
    sheets        reading a sheet as the settings say
    inquiry       what Runa is asked: balances, catalogue, prices, the order list
    casework      evidence: the look before a run, the closing proof, reconciling, deciding
    office        plan, confirm, issue, results
    examination   for somebody who only looks

Beside `batcher.cli` and the page, nothing imports from here.
"""

from batcher.assembly.casework import Casework, Closing, Prospect
from batcher.assembly.examination import Examination
from batcher.assembly.office import Office
from batcher.assembly.sheets import load_outline, load_sheet, read_options

__all__ = [
    "Casework",
    "Closing",
    "Examination",
    "Office",
    "Prospect",
    "load_outline",
    "load_sheet",
    "read_options",
]
