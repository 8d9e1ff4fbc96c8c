"""Inboxes, decided: what lies in one, when it may be taken, and what becomes of it. Nothing here acts.

store       the port to the place that an inbox is: a folder here, or one that is reached over a network
place       where that is, as the config has it
"""

from batcher.inboxes.place import BucketPlace, Cloud, FolderPlace, Login, Place, SftpPlace
from batcher.inboxes.store import Listed, Store

__all__ = ["BucketPlace", "Cloud", "FolderPlace", "Listed", "Login", "Place", "SftpPlace", "Store"]
