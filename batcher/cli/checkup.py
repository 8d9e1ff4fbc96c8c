"""What `batcher doctor` looks at, one thing after the other. Each finding is a value; nothing here changes anything."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batcher import money
from batcher.errors import ApiRefused, BatcherError, StoppedEarly

if TYPE_CHECKING:
    from batcher.ledger import LedgerHealth
    from batcher.model import Environment, Reply
    from batcher.ports import Account, Api, Clock, OrderList
    from batcher.settings.api_key import FoundKey

MACHINE, USAGE, REFUSED, UNREACHED = 1, 2, 4, 6
SERIOUS = (MACHINE, USAGE, REFUSED, UNREACHED)
"""Exit codes of findings, the most serious first."""

CLOCK_OFF, CLOCK_WRONG = timedelta(seconds=60), timedelta(hours=1)
ENOUGH_BYTES = 100_000_000
FINGERPRINT_SHOWN = 4
KEY_LIFE_DAYS = 29


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool | None
    """`None` for what deserves a look all the same, and for what could not be looked at."""
    finding: str
    fix: str = ""
    exit_code: int = 0
    """Of the command, where it is wrong."""


def fine(name: str, finding: str) -> Check:
    """Nothing to do."""
    return Check(name=name, ok=True, finding=finding)


def doubtful(name: str, finding: str, fix: str = "") -> Check:
    """A warning, or something that could not be looked at."""
    return Check(name=name, ok=None, finding=finding, fix=fix)


def wrong(name: str, finding: str, fix: str, exit_code: int) -> Check:
    """Somebody has to do something first."""
    return Check(name=name, ok=False, finding=finding, fix=fix, exit_code=exit_code)


def not_looked_at(why: str, *names: str) -> list[Check]:
    """What another finding stands in the way of."""
    return [doubtful(name, f"not looked at: {why}") for name in names]


def exit_code_of(checks: list[Check]) -> int:
    """That of the most serious finding; 0 where nothing is wrong."""
    codes = {check.exit_code for check in checks if check.ok is False}
    return next((code for code in SERIOUS if code in codes), 0)


def failure(name: str, error: BatcherError, exit_code: int, otherwise: str) -> Check:
    """What an error says, its way out apart: in its `fix`, else in the second sentence of its message."""
    finding, dot, remedy = error.message.partition(". ")
    return wrong(name, finding + dot.strip(), remedy or otherwise or error.fix, exit_code)


def key_check(found: "FoundKey", place: "Environment") -> Check:
    """Which key will be used, without telling it."""
    from batcher import keys
    from batcher.settings.api_key import PREFIXES, has_usual_prefix

    begins = keys.fingerprint(found.key.get_secret_value())[:FINGERPRINT_SHOWN]
    finding = f"found {found.origin}; its fingerprint begins with {begins}"
    if has_usual_prefix(found.key, place):
        return fine("key", finding)
    return doubtful(
        "key",
        f"{finding}; it does not begin with {PREFIXES[place.kind]}., as keys for {place.kind.lower()} do",
        "Compare it with the one in Runa's portal.",
    )


async def at_runa(
    api: "Api",
    account: "Account",
    order_list: "OrderList",
    *,
    knock: Callable[[], Awaitable[datetime | None]],
    clock: "Clock",
    base_url: str,
    has_key: bool,
    currency: str | None,
    proxied: bool = False,
) -> list[Check]:
    """What only Runa can tell: network, access, clock, balance, order list. It orders nothing."""
    before = clock.instant().at
    refusal: ApiRefused | None = None
    try:
        told = await knock()
    except StoppedEarly as error:
        names = ("access", "clock", "balance", "orders")
        return [_unreached(error, proxied), *not_looked_at("Runa was not reached", *names)]
    except ApiRefused as error:
        refusal, told = error, (await api.ping()).date
    clock_check = _clock(told, before, clock.instant().at)
    reached = fine("network", f"Runa is reached at {base_url}")
    if not has_key:
        return [reached, *not_looked_at("there is no API key", "access"), clock_check, *_closed("there is no API key")]
    if refusal is not None:
        access = failure("access", refusal, REFUSED, "Have whoever holds the account at Runa look at it.")
        return [reached, access, clock_check, *_closed("Runa refuses us")]
    access = fine("access", "Runa takes the API key and the version")
    return [reached, access, clock_check, await _balance(account, currency), await _orders(order_list)]


def _closed(why: str) -> list[Check]:
    return not_looked_at(why, "balance", "orders")


def _unreached(error: StoppedEarly, proxied: bool) -> Check:
    check = failure("network", error, UNREACHED, "Check [api] base_url, or wait until the service is well.")
    if not proxied:
        return check
    fix = f"{check.fix} A proxy is set here (HTTPS_PROXY), and batcher uses none: it needs a direct way out."
    return wrong(check.name, check.finding, fix, check.exit_code)


def _clock(told: datetime | None, before: datetime, after: datetime) -> Check:
    """Runa's `Date` against ours, which it was somewhere between `before` and `after`; it counts whole seconds."""
    if told is None:
        return not_looked_at("Runa did not say what time it is", "clock")[0]
    ahead, behind = before - (told + timedelta(seconds=1)), told - after
    off = max(ahead, behind, timedelta(0))
    finding = (
        "agrees with Runa's"
        if off <= CLOCK_OFF
        else f"{_span(off)} {'ahead of' if ahead > behind else 'behind'} Runa's"
    )
    fix = "Have this machine set its clock by the network (NTP): keys age by it, and expire."
    if off > CLOCK_WRONG:
        return wrong("clock", finding, fix, MACHINE)
    return doubtful("clock", finding, fix) if off > CLOCK_OFF else fine("clock", finding)


def _span(span: timedelta) -> str:
    from batcher.cli.words import duration

    days = span.days
    return f"{days} days" if days >= 2 else duration(span.total_seconds())


async def _balance(account: "Account", currency: str | None) -> Check:
    answer = await account.balances()
    if answer.content is None:
        return _unreadable("balance", "The balance", answer.reply)
    held = {code: amount for code, amount in answer.content.items() if amount > 0}
    finding = ", ".join(money.display(held[code], code) for code in sorted(held)) or "no balance holds anything"
    if not held:
        return doubtful("balance", finding, "Top it up in Runa's portal before a run.")
    if currency is not None and currency not in held:
        return doubtful(
            "balance",
            f"{finding}; nothing in {currency}, the default currency",
            f"Top the {currency} balance up in Runa's portal before a run.",
        )
    return fine("balance", finding)


async def _orders(order_list: "OrderList") -> Check:
    answer = await order_list.page()
    if answer.content is None:
        return _unreadable("orders", "The order list", answer.reply)
    seen = len(answer.content.orders)
    return fine("orders", f"it can be read; {seen} order{'s' * (seen != 1)} on its first page")


def _unreadable(name: str, what: str, reply: "Reply") -> Check:
    status = reply.http_status
    if status in (401, 403):
        fix = "Have the rights of the API key looked at in Runa's portal."
        return wrong(name, f"{what} is refused to this API key (HTTP {status})", fix, REFUSED)
    if status == 429:
        return doubtful(
            name, f"{what} was not told: too many requests", "Wait a minute, and run `batcher doctor` again."
        )
    answered = f"HTTP {status}" if status else "no answer"
    return wrong(name, f"{what} cannot be read ({answered})", "Run `batcher doctor` again later.", UNREACHED)


def of_ledger(health: "LedgerHealth", *, now: datetime, account: str, per_minute: int) -> list[Check]:
    """What the ledger shows: whether it is sound, whose it is, what is open, and how Runa liked the speed."""
    place = _place_of_ledger(health)
    limit = fine("limit", f"{per_minute} orders a minute")
    if not health.exists:
        ledger = doubtful(
            "ledger",
            f"no ledger yet at {health.path}, the first run makes it",
            "If this account was paid from before, put the ledger or its back-up there first.",
        )
        return [ledger, place, limit]
    ledger = _soundness(health, account)
    if ledger.exit_code == MACHINE:
        return [ledger, place, *not_looked_at("the ledger cannot be read", "lock", "unsettled"), limit]
    holder = fine("lock", "nobody sends from it now" if health.holder is None else f"in use: {health.holder}")
    return [ledger, place, holder, _unsettled(health, now), _limit(health, per_minute)]


def _soundness(health: "LedgerHealth", account: str) -> Check:
    if health.fault is not None:
        return wrong(
            "ledger",
            f"{health.path} is no sound ledger ({health.fault})",
            "Do not delete it and send nothing: restore the last back-up, keep this file, and ask for help.",
            MACHINE,
        )
    version = health.version or ""
    if version > health.head:
        finding = f"{health.path} was written by a newer batcher ({version}, this one knows {health.head})"
        return wrong("ledger", finding, "Install the newer batcher again.", MACHINE)
    if health.account is not None and health.account != account:
        return wrong(
            "ledger",
            f"it knows this API key under the account name {health.account!r}, and the config says {account!r}",
            f'Set account = "{health.account}" under [api] again: under another name every row counts as never paid.',
            USAGE,
        )
    older = "" if version == health.head else f"; version {version}, the next run brings it to {health.head}"
    return fine("ledger", f"{health.path} is sound{older}")


def _place_of_ledger(health: "LedgerHealth") -> Check:
    folder = health.path.parent
    if health.elsewhere is not None:
        fix = "Keep it on a disk of this machine ([ledger] url), and copy it only while no run goes on."
        return wrong("place", f"the ledger is at {folder}: {health.elsewhere}", fix, MACHINE)
    if health.file_mode is not None and health.file_mode & 0o077:
        finding = "others on this machine can read the ledger, and its links are worth money"
        return wrong("place", finding, f"chmod 600 {health.path}", MACHINE)
    if health.folder_mode is not None and health.folder_mode & 0o022:
        finding = f"others on this machine can write to {folder}, and put another ledger there"
        return wrong("place", finding, f"chmod 700 {folder}", MACHINE)
    if health.folder_mode is not None and health.folder_mode & 0o055:
        return doubtful("place", f"others on this machine can look into {folder}", f"chmod 700 {folder}")
    return fine("place", "for its owner only, and on no network drive that is known as one")


def _unsettled(health: "LedgerHealth", now: datetime) -> Check:
    if health.oldest_open_since is None:
        return fine("unsettled", "no row of this environment is open")
    batch, count = health.oldest_open_batch, health.open_rows
    age = now - health.oldest_open_since
    finding = f"{count} row{'s' * (count != 1)} not settled, the oldest for {_span(age)} (batch {batch})"
    fix = f"Run its command again, then `batcher reconcile {batch}`."
    if age.days >= KEY_LIFE_DAYS:
        fix += f" Its key is over {KEY_LIFE_DAYS} days old and is not repeated any more: only the order list can tell."
    return doubtful("unsettled", finding, fix)


def _limit(health: "LedgerHealth", per_minute: int) -> Check:
    finding = f"{per_minute} orders a minute"
    if not health.recent_sends:
        return fine("limit", f"{finding}; none was sent yet")
    sends, too_many = health.recent_sends, health.recent_too_many
    last = f"of the last {sends} request{'s' * (sends != 1)}"
    if health.last_too_many_at is None:
        calm = f"none {last} was" if sends > 1 else "the last request was not"
        return fine("limit", f"{finding}; {calm} too fast for Runa")
    return doubtful(
        "limit",
        f"{finding}; {too_many} {last} {'was' if too_many == 1 else 'were'} too fast for Runa, "
        f"the newest at {health.last_too_many_at:%Y-%m-%d %H:%M}Z",
        "Lower [limits] orders_per_minute, or see who else sends from this account.",
    )


def of_disks(
    folders: Mapping[str, Path], *, free_bytes: Callable[[Path], int], writable: Callable[[Path], bool]
) -> list[Check]:
    """Whether there is room at each of `folders`, and whether results can be written to the one called `results`."""
    short: list[str] = []
    rooms: list[str] = []
    for name, folder in folders.items():
        try:
            free = free_bytes(nearest(folder))
        except OSError as error:
            short.append(f"how much room there is for the {name} is not known ({error.strerror})")
            continue
        (short if free < ENOUGH_BYTES else rooms).append(f"{free // 1_000_000:,} MB free for the {name}")
    if short:
        disk = wrong("disk", "; ".join(short), f"Free at least {ENOUGH_BYTES // 1_000_000} MB there.", MACHINE)
    else:
        disk = fine("disk", ", ".join(rooms))
    return [disk, _results(folders["results"], writable)]


def _results(folder: Path, writable: Callable[[Path], bool]) -> Check:
    there = nearest(folder)
    fix = "Set [results] directory to a folder that you may write to."
    if not there.is_dir():
        return wrong("results", f"the results cannot go to {folder}: {there} is no folder", fix, MACHINE)
    if not writable(there):
        return wrong("results", f"the results cannot go to {folder}: you may not write to {there}", fix, MACHINE)
    return fine("results", f"they go to {folder}" + ("" if there == folder else ", which the first run makes"))


def nearest(path: Path) -> Path:
    """The path itself, or the nearest above it that is there."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def config_check(file: Path | None, environ: Mapping[str, str]) -> Check:
    """Which config counts, once it is known to load."""
    variables = sorted(name for name in environ if name.upper().startswith("BATCHER_"))
    above = f", with {', '.join(variables)} above it" if variables else ""
    if file is None:
        return doubtful("config", f"no config file, so the defaults count{above}", "Make one with `batcher init`.")
    return fine("config", f"{file.absolute()}{above}")


def as_json(checks: list[Check]) -> list[dict[str, Any]]:
    """The checks for scripts."""
    return [{"name": each.name, "ok": each.ok, "finding": each.finding, "fix": each.fix} for each in checks]
