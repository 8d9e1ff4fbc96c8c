"""Inboxes, decided: what lies in one, when it may be taken, and what becomes of it. Nothing here acts.

store       the port to the place that an inbox is: a folder here, or one that is reached over a network
place       where that is, as the config has it
definition  an inbox as the config has it
names       what the name of a file says, and what it never decides
stillness   when a file is whole
files       a file that was taken, as the ledger keeps it
"""

from batcher.inboxes.definition import Inbox
from batcher.inboxes.files import ENDED, OPEN, UNCONFIRMED, UNPAID, FileState, InboxFile, Judged, judged
from batcher.inboxes.place import BucketPlace, Cloud, FolderPlace, Login, Place, SftpPlace
from batcher.inboxes.stillness import STILL_S, Stillness
from batcher.inboxes.store import Listed, Store

__all__ = [
    "ENDED",
    "OPEN",
    "STILL_S",
    "UNCONFIRMED",
    "UNPAID",
    "BucketPlace",
    "Cloud",
    "FileState",
    "FolderPlace",
    "Inbox",
    "InboxFile",
    "Judged",
    "Listed",
    "Login",
    "Place",
    "SftpPlace",
    "Stillness",
    "Store",
    "judged",
]
