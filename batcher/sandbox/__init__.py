"""Runa's API as this project knows it, on a real port: an independent witness that imports nothing from the rest."""

from batcher.sandbox.api import Api
from batcher.sandbox.message import Answer, Request, Wire
from batcher.sandbox.rate import max_in_any_window
from batcher.sandbox.sandbox import Sandbox, SandboxThread, serve_forever
from batcher.sandbox.switch_values import Fault
from batcher.sandbox.switches import Switches
from batcher.sandbox.webhooks import Hook

__all__ = [
    "Answer",
    "Api",
    "Fault",
    "Hook",
    "Request",
    "Sandbox",
    "SandboxThread",
    "Switches",
    "Wire",
    "max_in_any_window",
    "serve_forever",
]
