"""For whoever watches from outside: `/metrics` for Prometheus, `/healthz` and `/readyz` for whatever keeps it running.

They have no session, so they are answered only where the `Host` is an IP address or `localhost`: a scraper or a probe
beside the server names it so; what comes through the proxy, or from a page that points its own name here, does not.
"""

import asyncio
import ipaddress
import logging
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from batcher.inboxes import OPEN as INBOX_OPEN
from batcher.ledger import Gauges
from batcher.schedules import OPEN, PeriodState
from batcher.states import State
from batcher.web.house import House

PATHS = ("/metrics", "/healthz", "/readyz")
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LOG = logging.getLogger("batcher.web")


class Watched:
    """Answers the three paths, where the host is an address; everything else is for the pages."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] in PATHS and _is_direct(Headers(scope=scope)):
            response = await self._answer(scope["method"], scope["path"])
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _answer(self, method: str, path: str) -> Response:
        if method not in {"GET", "HEAD"}:
            return PlainTextResponse("It can only be read.\n", 405, {"Allow": "GET"})
        if path == "/healthz":
            return PlainTextResponse("ok\n")
        try:
            figures = await asyncio.to_thread(self._house.office.gauges)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody can work with this ledger
            _LOG.error("The ledger cannot be read: %s", type(error).__name__)
            return PlainTextResponse("The ledger cannot be read.\n", 503)
        if path == "/metrics":
            return Response(_metrics(figures, self._house), media_type=_CONTENT_TYPE)
        if self._house.ending.is_set() or self._house.desk.fault:
            return PlainTextResponse("It ends, or its desk cannot work.\n", 503)
        return PlainTextResponse("ready\n")


_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""What proxies add: whoever is behind one chooses the host that it passes on."""


def _is_direct(headers: Headers) -> bool:
    """Whether it comes from no proxy, and names an address."""
    if any(name in headers for name in _PASSED_ON):
        return False
    hosts = headers.getlist("host")
    try:
        name = urlsplit(f"//{hosts[0]}").hostname or ""
        return len(hosts) == 1 and (name == "localhost" or bool(ipaddress.ip_address(name)))
    except (IndexError, ValueError):
        return False


def _metrics(figures: Gauges, house: House) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures, house))
    return generate_latest(registry)


class _Figures(Collector):
    """The figures of one moment, as Prometheus has them.

    Schedules and inboxes are named; no batch, file, row, person or key is.
    """

    def __init__(self, figures: Gauges, house: House) -> None:
        self._figures, self._house = figures, house

    def collect(self) -> Iterator[Metric]:
        """Every figure."""
        figures, house = self._figures, self._house
        states = {str(state): 0 for state in State} | dict(figures.attempts)
        yield _by("batcher_orders", "Attempts to pay a row, by where they stand.", "state", states)
        refusals = CounterMetricFamily(
            "batcher_refusals", "Answers that refused an order or turned it away, by type.", labels=["type"]
        )
        for kind, count in _plain(figures.refusals).items():
            refusals.add_metric([kind], count)
        yield refusals
        yield _one("batcher_sends_last_minute", "Orders sent in the last 60 seconds.", figures.sends_last_minute)
        limit = house.office.orders_per_minute
        yield _one("batcher_sends_limit", "Orders that may be sent in any 60 seconds.", limit)
        yield _one(
            "batcher_oldest_unsettled_seconds",
            "Age of the oldest row that is neither settled nor certainly unsent; 0 where there is none.",
            figures.oldest_open_s,
        )
        yield _by("batcher_runs", "Runs that the page was asked for, by state.", "state", figures.runs)
        waiting = figures.approvals_waiting
        yield _one("batcher_approvals_waiting", "Plans that wait for another person.", waiting)
        undelivered = figures.notices_undelivered
        yield _one("batcher_notifications_undelivered", "Notifications that have not arrived.", undelivered)
        yield _one("batcher_desk_fault", "1 while the desk cannot work at all.", int(bool(house.desk.fault)))
        webhooks = CounterMetricFamily(
            "batcher_webhooks", "Deliveries of Runa's webhooks, by what became of them.", labels=["result"]
        )
        for result, count in (house.webhooks.counts if house.webhooks is not None else {}).items():
            webhooks.add_metric([result], count)
        yield webhooks
        yield from self._of_schedules()
        yield from self._of_inboxes()

    def _of_schedules(self) -> Iterator[Metric]:
        """Each schedule of the config has all of its figures from the start: what is missing cannot rise."""
        figures, house = self._figures, self._house
        names = list(house.settings.schedules)
        late = GaugeMetricFamily(
            "batcher_schedule_late_seconds",
            "Since the oldest period fell due that stands so and is not over; EXPECTED: nobody has noted that it did.",
            labels=["schedule", "state"],
        )
        states = (PeriodState.EXPECTED, *sorted(OPEN))
        for place, seconds in ({(name, state): 0.0 for name in names for state in states} | {**figures.late_s}).items():
            late.add_metric([*place], seconds)
        yield late
        left = dict.fromkeys(names, 0) | dict(figures.left)
        words = "Periods that were begun, and that nothing ends any more but a person."
        yield _by("batcher_schedule_left_to_a_person", words, "schedule", left)
        missed = CounterMetricFamily(
            "batcher_schedule_missed", "Periods whose time was over before they were paid.", labels=["schedule"]
        )
        for name, count in (dict.fromkeys(names, 0) | dict(figures.missed)).items():
            missed.add_metric([name], count)
        yield missed
        unlooked_s = (house.clock.instant().at - house.schedules.looked_at).total_seconds() if names else 0.0
        yield _one(
            "batcher_schedule_unlooked_seconds",
            "Since it was last looked whether something is due; nobody looks while a run is going on.",
            max(0.0, unlooked_s),
        )

    def _of_inboxes(self) -> Iterator[Metric]:
        """The same of each inbox."""
        figures, house = self._figures.inboxes, self._house
        names = list(house.settings.inboxes)
        everywhere = {(name, str(state)): 0 for name in names for state in sorted(INBOX_OPEN)}
        labels = ["inbox", "state"]
        files = GaugeMetricFamily("batcher_inbox_files", "Files that are not at their end.", labels=labels)
        for place, count in (everywhere | {**figures.files}).items():
            files.add_metric([*place], count)
        yield files
        oldest = GaugeMetricFamily(
            "batcher_inbox_waiting_seconds",
            "Since the oldest file was taken that stands so; 0 where there is none.",
            labels=labels,
        )
        for place, seconds in ({**everywhere} | {**figures.oldest_s}).items():
            oldest.add_metric([*place], seconds)
        yield oldest
        words = "Files that were taken, and that nothing brings to an end any more but a person."
        yield _by("batcher_inbox_left_to_a_person", words, "inbox", dict.fromkeys(names, 0) | dict(figures.left))
        put_aside = CounterMetricFamily(
            "batcher_inbox_put_aside", "Files of which nothing was sent, and that are in rejected.", labels=["inbox"]
        )
        for name, count in (dict.fromkeys(names, 0) | dict(figures.put_aside)).items():
            put_aside.add_metric([name], count)
        yield put_aside
        # One that is no longer in the config is not to be reached.
        unreachable = {name: figures.unreachable_s.get(name, 0.0) for name in names}
        words = "Since when an inbox cannot be looked into or written to; 0 where it can."
        yield _by("batcher_inbox_unreachable_seconds", words, "inbox", unreachable)
        now = house.clock.instant().at
        unlooked = {name: max(0.0, (now - at).total_seconds()) for name, at in house.inboxes.looked_at.items()}
        words = "Since an inbox was last seen into; nobody looks while a run is going on."
        yield _by("batcher_inbox_unlooked_seconds", words, "inbox", unlooked)


def _one(name: str, sentence: str, value: float) -> Metric:
    return GaugeMetricFamily(name, sentence, value=value)


def _by(name: str, sentence: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, sentence, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _plain(refusals: Mapping[str, int]) -> dict[str, int]:
    """Types are Runa's words: what does not look like one is `other`."""
    counted: dict[str, int] = {}
    for kind, count in refusals.items():
        name = kind if kind and _TYPE.fullmatch(kind) else "other"
        counted[name] = counted.get(name, 0) + count
    return counted
