"""What `batcher doctor` looks at beside Runa and this machine: the inboxes, and who is told how runs end."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from batcher.cli.checkup import UNREACHED, USAGE, Check, fine, wrong
from batcher.errors import BatcherError

if TYPE_CHECKING:
    from batcher.assembly.notifying import Tried
    from batcher.inboxes import Store
    from batcher.outlets import Outlet

INBOX, NOTIFICATIONS = "inboxes", "notifications"


def of_inboxes(names: Collection[str], store_of: "Callable[[str], Store]") -> Iterator[Check]:
    """Whether each inbox can be looked into. Nothing is taken, and nothing written."""
    if not names:
        yield fine(INBOX, "none are in the config")
    for name in names:
        check = f"{INBOX}.{name}"
        try:
            count = len(store_of(name).listed())
        except BatcherError as error:
            fix = error.fix or f"Mend it there, or what [inboxes.{name}] says of it."
            yield wrong(check, f"{name}: {error.message}", fix, _code(error))
        else:
            lies = "nothing lies" if not count else f"{count:,} file{'s lie' if count != 1 else ' lies'}"
            yield fine(check, f"{name} can be looked into; {lies} there")


def of_notifications(outlets: "Callable[[], Sequence[Outlet]]") -> "tuple[Check, Sequence[Outlet]]":
    """Whether the addresses can be read and understood, and what is behind them. Nothing is sent."""
    try:
        found = outlets()
    except BatcherError as error:
        fix = error.fix or "Mend it there, or what [notifications] says of it."
        return wrong(NOTIFICATIONS, error.message, fix, _code(error)), ()
    if not found:
        return fine(NOTIFICATIONS, "none are set, so nobody is told how runs end"), ()
    names = ", ".join(dict.fromkeys(outlet.name for outlet in found))
    return fine(NOTIFICATIONS, f"the addresses can be read, and nothing was sent to them: {names}"), found


def nobody_to_test() -> Check:
    """A test was asked for, and nobody would get it."""
    fix = "Name addresses_file or webhook_url under [notifications]; config.example.toml shows how."
    return wrong(NOTIFICATIONS, "none are set, so there is none to test", fix, USAGE)


def of_tests(tried: "Iterable[Tried]") -> list[Check]:
    """What became of each test notification."""
    fix = "Compare its address with what the service says, and see that this machine may reach it."
    return [
        fine(f"{NOTIFICATIONS}.{one.outlet}", f"{one.outlet} took the test notification")
        if not one.why
        else wrong(f"{NOTIFICATIONS}.{one.outlet}", f"{one.outlet} did not take the test: {one.why}", fix, UNREACHED)
        for one in tried
    ]


def _code(error: BatcherError) -> int:
    return USAGE if error.exit_code == USAGE else UNREACHED
