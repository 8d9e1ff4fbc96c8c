"""The one way a row is issued: from planned to settled. Every engine calls it, so what holds here holds everywhere."""

from batcher.lifecycle.breaker import Breaker
from batcher.lifecycle.following import Follower, Polls
from batcher.lifecycle.halt import Halt, Stop
from batcher.lifecycle.hints import Hints
from batcher.lifecycle.issuing import Issuer
from batcher.lifecycle.retries import Retries
from batcher.lifecycle.settling import settle

__all__ = ["Breaker", "Follower", "Halt", "Hints", "Issuer", "Polls", "Retries", "Stop", "settle"]
