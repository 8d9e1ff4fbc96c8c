"""Settings to wired parts: the one place where adapters are chosen.

    surroundings  time, chance, the network, a thread for commits: this machine's, or a simulation's
    parts         ledger, client, throttle, journal: made from settings, shared by all below
    sheets        reading a sheet as the settings say
    checked       a sheet with everything that is known against it
    templates     the sheet to fill
    inquiry       what Runa is asked: balances, catalogue, prices, the order list
    casework      evidence: the look before a run, the closing proof, reconciling, deciding
    keeping       a batch that is over: its journal verified, what is personal purged
    sealing       a plan under one digest, in a file, and made again
    people        users and sessions
    approvals     plans that need a second person
    office        plan, confirm, issue, results
    backing up    a copy of the ledger
    examination   for somebody who only looks

Beside `batcher.cli` and the page, nothing imports from here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batcher.assembly.approvals import Approvals
    from batcher.assembly.casework import Casework, Closing, Prospect
    from batcher.assembly.checked import Checked, load_checked
    from batcher.assembly.examination import Examination
    from batcher.assembly.keeping import Keeping, Purged, Verified
    from batcher.assembly.office import Office
    from batcher.assembly.people import People, Refusal, Session
    from batcher.assembly.remembering import file_digests
    from batcher.assembly.sealing import Sealing, read_sealed, refuse_to_replace, write_sealed
    from batcher.assembly.sheets import SaidOfFile, load_for_check, load_outline, load_sheet, read_options
    from batcher.assembly.surroundings import Surroundings
    from batcher.assembly.templates import template_as_workbook, template_text

_ROOMS = {
    "Approvals": "approvals",
    "Casework": "casework",
    "Checked": "checked",
    "Closing": "casework",
    "Prospect": "casework",
    "Examination": "examination",
    "Keeping": "keeping",
    "Purged": "keeping",
    "Verified": "keeping",
    "Office": "office",
    "People": "people",
    "Refusal": "people",
    "Session": "people",
    "SaidOfFile": "sheets",
    "file_digests": "remembering",
    "load_checked": "checked",
    "Sealing": "sealing",
    "load_for_check": "sheets",
    "load_outline": "sheets",
    "load_sheet": "sheets",
    "read_options": "sheets",
    "read_sealed": "sealing",
    "refuse_to_replace": "sealing",
    "write_sealed": "sealing",
    "Surroundings": "surroundings",
    "template_as_workbook": "templates",
    "template_text": "templates",
}
"""Where each name is. Reading a sheet needs neither a ledger nor a client, and both take long to import."""

__all__ = [
    "Approvals",
    "Casework",
    "Checked",
    "Closing",
    "Examination",
    "Keeping",
    "Office",
    "People",
    "Prospect",
    "Purged",
    "Refusal",
    "SaidOfFile",
    "Sealing",
    "Session",
    "Surroundings",
    "Verified",
    "file_digests",
    "load_checked",
    "load_for_check",
    "load_outline",
    "load_sheet",
    "read_options",
    "read_sealed",
    "refuse_to_replace",
    "template_as_workbook",
    "template_text",
    "write_sealed",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
