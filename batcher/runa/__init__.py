"""Runa's orders API over HTTP. What happens out there comes back as a `Reply`; nothing here says what it means."""

from batcher.runa.client import RunaClient

__all__ = ["RunaClient"]
