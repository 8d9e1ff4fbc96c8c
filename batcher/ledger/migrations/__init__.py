"""Changes of the ledger's tables, oldest first; applied when a ledger is opened."""
