"""Every switch of the sandbox: what it is set to, and one sentence on what it does."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from batcher.sandbox.switch_values import (
    NEVER,
    Fault,
    amount_text,
    amounts,
    choice,
    fault,
    flag,
    number,
    numbers,
    positive,
    text,
    whole,
    words,
)

T = TypeVar("T")


def _switch(default: T, read: Callable[[object], T], sentence: str) -> T:
    made: T = field(default=default, metadata={"read": read, "sentence": sentence})
    return made


def _fault(sentence: str) -> dict[str, object]:
    return {"read": fault, "sentence": sentence}


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What the sandbox is to be like; the defaults are an API on a good day."""

    # The door
    accepted_keys: tuple[str, ...] = _switch(
        (), words, "API keys that are let in; empty: every key that starts with 'XX.' or 'xx.'."
    )
    live_versions: tuple[str, ...] = _switch(("2024-02-05",), words, "Values of X-Api-Version that are served.")
    removed_versions: tuple[str, ...] = _switch(
        ("2023-07-27",), words, "Values of X-Api-Version that answer 410 version_removed, unless they are live."
    )
    old_shape: str = _switch(
        "never",
        choice("never", "by_version", "always"),
        "Who gets the older reply (redemption_url on each item, numbers for strings): nobody, "
        "requests of version 2023-07-27 (which is then live), or everybody.",
    )
    rate: str = _switch(
        "sliding", choice("none", "fixed", "sliding", "bucket"), "The kind of window that limits requests."
    )
    rate_limit: int = _switch(60, whole, "Requests per window.")
    rate_window_s: float = _switch(60.0, number, "Length of the window, in seconds.")
    rate_burst: int = _switch(10, whole, "For 'bucket': how many tokens it holds.")
    rate_scope: str = _switch("orders", choice("orders", "all"), "What counts: POST /order, or every request.")
    rate_counts_refused: bool = _switch(False, flag, "For 'sliding': whether a request that got 429 counts as well.")
    retry_after: str = _switch(
        "none", choice("none", "seconds", "date"), "Whether a 429 carries Retry-After, and in which form."
    )

    # Idempotency
    key_days: float = _switch(30.0, number, "Days for which a key and its reply are kept.")
    key_compare: str = _switch("bytes", choice("bytes", "json"), "How a body is compared with the key's first one.")
    key_scope: str = _switch("account", choice("account", "api_key"), "Whether another API key sees the same keys.")
    store_door: bool = _switch(False, flag, "Whether 401, 403, 410 and 429 are kept under the key, too.")
    in_progress: str = _switch(
        "400", choice("400", "102"), "How 'the first request is still running' is said: 400, or a 102 and nothing more."
    )
    in_progress_s: float = _switch(
        0.0, number, "Seconds after the first request with a key in which others with it are told that it still runs."
    )

    # Orders
    latency_min_s: float = _switch(0.0, number, "Shortest time to a reply, in real seconds.")
    latency_max_s: float = _switch(0.0, number, "Longest time to a reply, in real seconds.")
    complete_min_s: float = _switch(0.2, number, "Shortest time from order to completion, in seconds.")
    complete_max_s: float = _switch(1.5, number, "Longest time from order to completion, in seconds.")
    slow_s: float = _switch(60.0, number, "How long an order for slow@ takes, in seconds.")
    stuck_s: float = _switch(6 * 3600.0, number, "How long an order for stuck@ takes, in seconds.")
    late_s: float = _switch(
        60.0, number, "How long an order for late@ stays FAILED before it is COMPLETED, in seconds."
    )
    sync_timeout_s: float = _switch(
        30.0, number, "After how long a synchronous order is answered with 504, in seconds."
    )
    failed_shape: str = _switch(
        "bare", choice("bare", "full", "either"), "Whether a FAILED order reads as {id, status} or as a whole order."
    )
    balance: str = _switch("1000000.00", amount_text, "What each currency's account holds at the start.")
    balances: Mapping[str, str] = field(
        default_factory=dict, metadata={"read": amounts, "sentence": "Other starting balances, by currency."}
    )

    # Reading
    list_order: str = _switch("newest", choice("newest", "oldest"), "Which end of the order list comes first.")
    list_end: str = _switch(
        "empty_page",
        choice("empty_page", "null_cursor"),
        "How the list ends: each page names a next one until one is empty, or the last page's cursor is null.",
    )
    list_lag_s: float = _switch(0.0, number, "Seconds for which a new order is not yet in the list.")
    list_page: int = _switch(500, positive, "The most orders on a page of the list, whatever limit is asked for.")
    list_grows: int = _switch(0, whole, "How many orders somebody else makes after each page of the list that is read.")
    list_grows_most: int = _switch(1000, whole, "How many such orders there can be in all, so that things end.")
    get_lag_s: float = _switch(0.0, number, "Seconds for which a new order answers 404.")
    estimate: bool = _switch(
        True, flag, "Whether there is POST /order/estimate; without it, 404 not_found, as the playground answers."
    )

    # Faults: in general
    faults_per_key: int = _switch(
        2, whole, "How many faults drawn by probability one key (or one read) suffers at most, so that things end."
    )
    error_statuses: tuple[int, ...] = _switch((500, 502, 503, 504), numbers, "Which statuses the error faults use.")
    error_html: float = _switch(0.25, number, "The share of error faults that is a proxy's HTML page, from 0 to 1.")
    redirect_to: str = _switch("https://elsewhere.example/v2/order", text, "Where the redirect fault points.")

    # Faults of POST /order, before anything is made
    reset_before: Fault = field(default=NEVER, metadata=_fault("The connection is reset; nothing was made."))
    hang_before: Fault = field(default=NEVER, metadata=_fault("No answer ever; nothing was made."))
    redirect: Fault = field(default=NEVER, metadata=_fault("A 307 to another host; nothing was made."))
    too_many: Fault = field(default=NEVER, metadata=_fault("A 429 out of turn; nothing was made."))
    unauthorized: Fault = field(default=NEVER, metadata=_fault("A 401 with a type; nothing was made."))
    forbidden: Fault = field(default=NEVER, metadata=_fault("A 403 with a type; nothing was made."))
    proxy_401: Fault = field(default=NEVER, metadata=_fault("A 401 as a proxy's HTML page; nothing was made."))
    proxy_403: Fault = field(default=NEVER, metadata=_fault("A 403 as a proxy's HTML page; nothing was made."))
    version_gone: Fault = field(default=NEVER, metadata=_fault("A 410 version_removed; nothing was made."))
    error_unmade: Fault = field(
        default=NEVER, metadata=_fault("A 5xx; nothing was made and nothing is kept under the key.")
    )
    error_unmade_stored: Fault = field(
        default=NEVER, metadata=_fault("A 5xx; nothing was made and the 5xx is kept under the key.")
    )

    # Faults of POST /order, after the order is made (or refused, or replayed)
    reset_after: Fault = field(default=NEVER, metadata=_fault("The connection is reset; the order was made."))
    lost_reply: Fault = field(
        default=NEVER, metadata=_fault("The connection is closed without a reply; the order was made.")
    )
    hang_after: Fault = field(default=NEVER, metadata=_fault("No answer ever; the order was made."))
    error_made: Fault = field(
        default=NEVER, metadata=_fault("A 5xx; the order was made and its true reply is kept under the key.")
    )
    error_made_stored: Fault = field(
        default=NEVER, metadata=_fault("A 5xx; the order was made, but the 5xx is kept under the key.")
    )
    in_progress_reply: Fault = field(
        default=NEVER, metadata=_fault("'Still running', in the form of in_progress; the order was made.")
    )
    broken_json: Fault = field(
        default=NEVER, metadata=_fault("The right status with a body that is no JSON; the order was made.")
    )
    truncated: Fault = field(default=NEVER, metadata=_fault("Half of the reply's body; the order was made."))
    no_id: Fault = field(default=NEVER, metadata=_fault("A 202 without an id; the order was made."))
    foreign_type: Fault = field(
        default=NEVER, metadata=_fault("The right status with a web page for a body; the order was made.")
    )

    # Faults of reading
    get_reset: Fault = field(default=NEVER, metadata=_fault("A GET's connection is reset."))
    get_hang: Fault = field(default=NEVER, metadata=_fault("A GET is never answered."))
    get_truncated: Fault = field(default=NEVER, metadata=_fault("A GET gets half of its body."))
    get_error: Fault = field(default=NEVER, metadata=_fault("A GET gets a 5xx."))
    get_too_many: Fault = field(default=NEVER, metadata=_fault("A GET gets a 429."))
    get_broken_json: Fault = field(default=NEVER, metadata=_fault("A GET gets a body that is no JSON."))
    get_unknown_status: Fault = field(
        default=NEVER, metadata=_fault("An order reads with a status that nobody has documented.")
    )

    # Faults of the order list; 'nth' counts the reads of one page, 'overall' those of all pages
    list_error: Fault = field(default=NEVER, metadata=_fault("A page of the order list gets a 5xx."))
    list_too_many: Fault = field(default=NEVER, metadata=_fault("A page of the order list gets a 429."))
    list_truncated: Fault = field(default=NEVER, metadata=_fault("A page of the order list gets half of its body."))

    def __post_init__(self) -> None:
        for each in fields(self):
            try:
                value = each.metadata["read"](getattr(self, each.name))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{each.name}: {error}") from None
            object.__setattr__(self, each.name, value)

    @classmethod
    def from_mapping(cls, given: Mapping[str, object]) -> "Switches":
        """Switches from names and plain values; raises `ValueError` with a sentence for what is unknown or wrong."""
        return cls().changed(given)

    def changed(self, given: Mapping[str, object]) -> "Switches":
        """These switches with some set anew."""
        unknown = sorted(set(given) - {each.name for each in fields(self)})
        if unknown:
            raise ValueError(f"No switch is called {', '.join(unknown)}.")
        anew: dict[str, Any] = dict(given)
        return replace(self, **anew)

    def document(self) -> dict[str, object]:
        """Every switch as a plain JSON value; `from_mapping` reads it back."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def sentences(cls) -> dict[str, str]:
        """Each switch with what it does and its default, for help texts."""
        defaults = cls().document()
        return {
            each.name: f"{each.metadata['sentence']} Default: {json.dumps(defaults[each.name])}."
            for each in fields(cls)
        }


def _plain(value: object) -> object:
    if isinstance(value, Fault):
        return value.document()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
