"""The places that inboxes are, each behind `batcher.inboxes.Store`.

    opening     which of them a place is; the packages of each are imported only for one of its kind
    folder      a folder of this machine
    sftp        a folder of an SFTP server, over asyncssh; `hosts` is which server is believed to be one
    buckets     a bucket, over fsspec; what differs: `s3`, `gcs`, `azure`
    arriving    a file on its way here: bounded, 0600, whole or not at all
    names       which names are used at all
    patience    how long anything is waited for

Every call blocks, and belongs in a thread without an event loop of its own. Nothing is kept open between two calls.
"""

from batcher.storage.arriving import MOST_BYTES
from batcher.storage.opening import open_store
from batcher.storage.patience import Patience

__all__ = ["MOST_BYTES", "Patience", "open_store"]
