"""The places that inboxes are, each behind `batcher.inboxes.Store`."""
