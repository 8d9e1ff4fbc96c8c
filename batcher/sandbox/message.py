"""What comes in and what goes out, apart from any socket: a request, a reply, and how the reply reaches the caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from batcher.sandbox import jsontext

JSON = "application/json"
HTML = "text/html; charset=utf-8"


class Wire(StrEnum):
    """What the connection does with an answer."""

    REPLY = "reply"
    """The whole reply is sent."""
    RESET = "reset"
    """The connection is reset (TCP RST) without a byte."""
    CLOSE = "close"
    """The connection is closed in good order (FIN) without a byte."""
    HANG = "hang"
    """Nothing is ever sent; the connection stays open until the caller leaves."""
    TRUNCATE = "truncate"
    """The head and the first half of the body are sent, then the connection is closed."""
    CONTINUE_102 = "continue-102"
    """An informational 102 is sent, and no final reply ever."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    method: str
    """Upper case."""
    path: str
    """Without the query: `/v2/order`."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> "Request":
        """A request from its parts; `target` is a path with its query, such as `/v2/order?limit=10`."""
        path, _, query = target.partition("?")
        named = dict(parse_qsl(query, keep_blank_values=True))
        return cls(method.upper(), path, named, {name.lower(): value for name, value in headers}, body)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply before it is dressed with the headers that every reply has."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    names_version: bool = True
    """Whether it carries `X-Api-Version`; what is turned away at the door (401, 403) does not."""
    order_id: str | None = None
    """The order that this reply reports as made."""
    delay_s: float = 0.0
    """How long the caller waits for it, in real seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What happens to one request: a wire behaviour, and the reply where one is sent."""

    wire: Wire
    status: int | None = None
    """The HTTP status that the caller would see; `None` where no reply is sent."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    """Real seconds between the request and what `wire` says."""


def json_reply(status: int, document: object, *, order_id: str | None = None) -> Reply:
    """A JSON reply."""
    return Reply(status, jsontext.write(document), order_id=order_id)


def refused(
    status: int, kind: str, message: str, details: Iterable[Mapping[str, object]] = (), *, names_version: bool = True
) -> Reply:
    """An error as the API words it: `{type, message}`, with `details` where there are some."""
    document: dict[str, object] = {"type": kind, "message": message}
    listed = list(details)
    if listed:
        document["details"] = listed
    return Reply(status, jsontext.write(document), names_version=names_version)
