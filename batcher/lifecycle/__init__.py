"""The one way a row is issued: from planned to settled. Every engine calls it, so what holds here holds everywhere."""

from batcher.lifecycle.following import Follower, Polls
from batcher.lifecycle.halt import Halt, Stop
from batcher.lifecycle.issuing import Issuer
from batcher.lifecycle.retries import Retries

__all__ = ["Follower", "Halt", "Issuer", "Polls", "Retries", "Stop"]
