"""XML as a stream: no tree is built, nothing is fetched, and a document that declares entities is refused unread.

The parser is Python's own expat. `defusedxml` would refuse the same, but reads in pure Python, several times slower.
"""

from collections.abc import Iterator
from typing import IO, Protocol
from xml.parsers import expat

_CHUNK = 65_536
_NAMES = 10_000


class HasDoctype(Exception):
    """The document declares a type, and with it perhaps entities: no program that writes sheets does that."""


class Listener(Protocol):
    """Is told of a document's parts in their order.

    Tags come without their namespace, if nothing else is asked for; attributes that have one as `namespace name`.
    """

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def closed(self, tag: str) -> None:
        """An element ends."""

    def written(self, text: str) -> None:
        """Text within the innermost open element; long ones come in pieces."""


def walked(stream: IO[bytes], listener: Listener, *, whole_names: bool = False) -> Iterator[None]:
    """Tell `listener` the document, and pause after each few thousand bytes so that what it has can be taken.

    Raises `HasDoctype`, and `expat.ExpatError` where this is no XML.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    local = _Names(whole=whole_names)
    parser.StartElementHandler = lambda tag, attributes: listener.opened(local[tag], attributes)
    parser.EndElementHandler = lambda tag: listener.closed(local[tag])
    parser.CharacterDataHandler = listener.written
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
        yield
    parser.Parse(b"", True)
    yield


class _Names(dict[str, str]):
    """Names as a listener wants them. A document has few of them, and millions of elements."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self._whole = whole

    def __missing__(self, name: str) -> str:
        told = name if self._whole else name.rpartition(" ")[2]
        if len(self) < _NAMES:
            self[name] = told
        return told


def _refuse(*_: object) -> None:
    raise HasDoctype


class _Elements:
    """Keeps what begins: enough for parts that say everything in attributes."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.found: list[tuple[str, str, dict[str, str]]] = []

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        plain = {name.rpartition(" ")[2]: value for name, value in attributes.items()}
        self.found.append((self.path[-1] if self.path else "", tag, plain))
        self.path.append(tag)

    def closed(self, tag: str) -> None:
        self.path.pop()

    def written(self, text: str) -> None:
        """Says nothing here."""


def elements(stream: IO[bytes]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every element as its parent's tag, its own, and its attributes. Raises as `walked` does."""
    listener = _Elements()
    for _ in walked(stream, listener):
        yield from listener.found
        listener.found.clear()
