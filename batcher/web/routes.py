"""What a page says of each of its routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from batcher.web.visit import Visit

FORM_BYTES = 64_000
"""What a form without a file may weigh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRoute:
    """One path, one method, and the function that answers."""

    name: str
    """In links (`visit.url`), and in `rights.NEEDS`."""
    path: str
    answer: "Callable[[Visit], Awaitable[Response]]"
    method: str = "GET"
    most_bytes: int = FORM_BYTES
    """What the body of a request may weigh."""
