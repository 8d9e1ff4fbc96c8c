"""Inboxes, decided: what lies in one, when it may be taken, and what becomes of it. Nothing here acts.

store       the place that an inbox is: a folder here, or one that is reached over a network
"""

from batcher.inboxes.store import Listed, Store

__all__ = ["Listed", "Store"]
