"""Evidence for what is unknown: Runa's order list is read, matched with the rows, and held against the ledger.

listing     reads the list to both of its ends, as far as it can be believed
matching    which order is whose, by the key in its tag
absence     when the list proves that a payment was never made, and when it does not
settling    what that does to the rows of a batch
deciding    what a person decides where evidence cannot
proof       the closing proof
"""

from batcher.reconcile.absence import Judgement
from batcher.reconcile.deciding import accept_order, declare_never_created
from batcher.reconcile.listing import ListReader, ReadBounds
from batcher.reconcile.matching import evidence
from batcher.reconcile.proof import BalanceChange, Proof, closing_proof, proof_remembered
from batcher.reconcile.settling import Knowledge, Settlement, settle_by_evidence

__all__ = [
    "BalanceChange",
    "Judgement",
    "Knowledge",
    "ListReader",
    "Proof",
    "ReadBounds",
    "Settlement",
    "accept_order",
    "closing_proof",
    "declare_never_created",
    "evidence",
    "proof_remembered",
    "settle_by_evidence",
]
