"""Lines of the log: which batch, row and attempt each is about, for people or as JSON. No secret is ever handed to one.

What a line is about goes with the task that writes it, so that whoever writes need not know.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from datetime import UTC, datetime

_ABOUT: ContextVar[Mapping[str, object]] = ContextVar("about", default={})  # noqa: B039 - never changed in place


@contextmanager
def about(**named: object) -> Iterator[None]:
    """What the lines of this block are about, beside what they are about anyway: `batch`, `row`, `attempt`."""
    token = _ABOUT.set({**_ABOUT.get(), **named})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def context_about(**named: object) -> Context:
    """The same for a task of its own: the context that it is made with."""
    context = copy_context()
    context.run(_ABOUT.set, {**_ABOUT.get(), **named})
    return context


class PlainLines(logging.Formatter):
    """For people: what it is about comes last, in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """One line."""
        named = ", ".join(f"{name} {value}" for name, value in _ABOUT.get().items())
        return super().formatMessage(record) + (f" [{named}]" if named else "")


class JsonLines(logging.Formatter):
    """For machines: one object on each line. Of an error it says the kind and the places, never the values in it."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_ABOUT.get(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
        return json.dumps(said, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """From here on this process logs as JSON, as much as with `-v`: for a config that is read after the first line."""
    root = logging.getLogger()
    ours = [handler for handler in root.handlers if isinstance(handler.formatter, PlainLines)]
    for handler in ours:
        handler.setFormatter(JsonLines())
    if ours:
        root.setLevel(min(root.level, logging.INFO))
