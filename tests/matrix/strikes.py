"""What a fault does to the world, by the name that the table gives it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

from batcher.sandbox import Answer, Wire
from tests.simulation.disk import Fate
from tests.simulation.wire import Trouble

MEANT_TWICE = "twice, with a reference each"
"""What is done to the file where both rows are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What becomes of the requests about the struck row, or of the machine, while the fault lasts."""

    trouble: Trouble = Trouble.NONE
    """Of the network, for what is sent; for what is read as well, where `reading` says so."""
    distrusted: bool = False
    """The certificate does not verify."""
    send: Mapping[str, object] = field(default_factory=dict)
    """Switches of the sandbox for each send."""
    read: Mapping[str, object] = field(default_factory=dict)
    """Switches of the sandbox for each reading of the order."""
    send_answer: Answer | None = None
    """What each send gets without the sandbox having seen it."""
    read_answer: Answer | None = None
    keeps: Mapping[str, object] = field(default_factory=dict)
    """Switches of the sandbox that stay after the fault."""
    word: str = "person"
    """Of the address: what the sandbox makes of the order."""
    no_funds: bool = False
    """The balance is spent by somebody else just before the send."""
    taken: str = ""
    """Another ledger has used the key for another amount just before: its order was `made` or `refused`."""
    found: bool = False
    """Of what is read: at the moment of the resend the order is there, and the row only does not know of it."""
    clock_days: int = 0
    """How wrong the machine's clock is."""
    fate: Fate | None = None
    """Of a commit; every commit of the run has its turn."""
    ledger: str = ""
    """The file is spoilt, and after the fault put back from a back-up (`back-up`) or begun anew (`anew`)."""
    twice: bool = False
    """Two processes run at once."""
    sheet: str = ""
    """What was done to the file."""
    later_s: float = 0.0
    """How much time passes after the fault, beyond the usual quarter of an hour."""


def _page(status: int) -> Answer:
    return Answer(Wire.REPLY, status, _headers("text/html"), f"<html><h1>{status}</h1><hr>proxy</html>".encode())


def _typed(status: int, kind: str) -> Answer:
    return Answer(Wire.REPLY, status, _headers("application/json"), json.dumps({"type": kind, "message": ""}).encode())


def _headers(kind: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", kind), ("Date", formatdate(1772442000, usegmt=True)))


def _errors(status: int, form: str) -> dict[str, Strike]:
    shape: dict[str, object] = {"error_statuses": (status,), "error_html": float(form == "html")}
    name = f"error_{status}_{form}"
    return {
        name: Strike(send={**shape, "error_unmade": 1}, read={**shape, "get_error": 1}),
        f"{name}_stored": Strike(send={**shape, "error_unmade_stored": 1}),
        f"{name}_made": Strike(send={**shape, "error_made": 1}),
        f"{name}_made_stored": Strike(send={**shape, "error_made_stored": 1}),
    }


_TOO_MANY = {"too_many": 1}, {"get_too_many": 1}

STRIKES: Mapping[str, Strike] = {
    # The network
    "refused": Strike(trouble=Trouble.REFUSED),
    "certificate": Strike(distrusted=True),
    "reset_before": Strike(send={"reset_before": 1}, read={"get_reset": 1}),
    "reset_after": Strike(send={"reset_after": 1}),
    "timeout_before": Strike(send={"hang_before": 1}, read={"get_hang": 1}),
    "timeout_after": Strike(send={"hang_after": 1}),
    "redirect": Strike(
        send={"redirect": 1},
        read_answer=Answer(Wire.REPLY, 307, (*_headers("text/html"), ("Location", "https://elsewhere.example/v2"))),
    ),
    # Answers that say nothing
    "in_progress_400": Strike(send={"in_progress_reply": 1, "in_progress": "400"}),
    "in_progress_102": Strike(send={"in_progress_reply": 1, "in_progress": "102"}),
    **{
        name: strike
        for status in (500, 502, 503, 504)
        for form in ("json", "html")
        for name, strike in _errors(status, form).items()
    },
    "truncated": Strike(send={"truncated": 1}, read={"get_truncated": 1}),
    "malformed": Strike(send={"broken_json": 1}, read={"get_broken_json": 1}),
    "no_id": Strike(
        send={"no_id": 1},
        read_answer=Answer(Wire.REPLY, 200, _headers("application/json"), b'{"status": "COMPLETED"}'),
    ),
    "foreign_type": Strike(send={"foreign_type": 1}, read_answer=_page(200)),
    # The door
    "too_many": Strike(send=_TOO_MANY[0], read=_TOO_MANY[1]),
    "too_many_seconds": Strike(
        send={**_TOO_MANY[0], "retry_after": "seconds"}, read={**_TOO_MANY[1], "retry_after": "seconds"}
    ),
    "too_many_date": Strike(send={**_TOO_MANY[0], "retry_after": "date"}, read={**_TOO_MANY[1], "retry_after": "date"}),
    "too_many_stored": Strike(send={**_TOO_MANY[0], "store_door": True}),
    "unauthorized": Strike(send={"unauthorized": 1}, read_answer=_typed(401, "invalid_api_key")),
    "unauthorized_proxy": Strike(send={"proxy_401": 1}, read_answer=_page(401)),
    "forbidden": Strike(send_answer=_typed(403, "forbidden"), read_answer=_typed(403, "forbidden")),
    "forbidden_proxy": Strike(send={"proxy_403": 1}, read_answer=_page(403)),
    "spending_limit": Strike(send={"forbidden": 1}, read_answer=_typed(403, "ordering_restricted")),
    "version_removed": Strike(send={"version_gone": 1}, read_answer=_typed(410, "version_removed")),
    # Refusals
    "refused_400": Strike(word="product"),
    "refused_422": Strike(word="invalid"),
    "insufficient_funds": Strike(no_funds=True),
    "other_body_made": Strike(taken="made"),
    "other_body_unmade": Strike(taken="refused"),
    # The order as it reads
    "failed_bare": Strike(word="fail-bare", found=True),
    "failed_full": Strike(word="fail-full", found=True),
    "processing": Strike(word="stuck", found=True, later_s=6 * 3600.0),
    "unknown_status": Strike(read={"get_unknown_status": 1}, found=True),
    "not_found": Strike(read={"get_lag_s": 1e9}, found=True),
    "echo_amount": Strike(word="mismatch-amount", found=True),
    "echo_address": Strike(word="mismatch-address", found=True),
    "echo_key": Strike(word="mismatch-key", found=True),
    # The machine
    "clock_forward": Strike(clock_days=31),
    "clock_back": Strike(clock_days=-31),
    "disk_full": Strike(fate=Fate.FULL),
    "disk_error": Strike(fate=Fate.FAILED),
    "disk_error_made": Strike(fate=Fate.FAILED_THOUGH_MADE),
    "ledger_backup": Strike(ledger="back-up"),
    "ledger_anew": Strike(ledger="anew"),
    "two_processes": Strike(twice=True),
    # The file
    "file_renamed": Strike(sheet="renamed"),
    "file_reordered": Strike(sheet="reordered"),
    "file_edited": Strike(sheet="edited"),
    "reference_renamed": Strike(sheet="other reference"),
    "row_twice": Strike(sheet="twice"),
    "row_twice_referenced": Strike(sheet=MEANT_TWICE),
    "row_dropped": Strike(sheet="dropped"),
}
"""By name: `Row.name` of the table."""
