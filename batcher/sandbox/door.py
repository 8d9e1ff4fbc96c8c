"""What every request must pass: the key, the rate, the version, the execution mode. In that order."""

import math
from email.utils import formatdate

from batcher.sandbox.message import Reply, Request, refused
from batcher.sandbox.switches import Switches

OLD_VERSION = "2023-07-27"
MODES = ("async", "sync")


def turn_away(request: Request, switches: Switches, wait_s: float | None, now_s: float) -> Reply | None:
    """The reply to a request that is not let in, or `None`; `wait_s` is what the rate limit said."""
    return (
        _unknown_caller(request, switches)
        or (None if wait_s is None else too_many(switches, wait_s, now_s))
        or _unserved_version(request, switches)
        or _unknown_mode(request)
    )


def too_many(switches: Switches, wait_s: float, now_s: float) -> Reply:
    """The 429, which has no type."""
    headers: tuple[tuple[str, str], ...] = ()
    wait_whole_s = math.ceil(min(wait_s, 3600.0))
    if switches.retry_after == "seconds":
        headers = (("Retry-After", str(wait_whole_s)),)
    elif switches.retry_after == "date":
        headers = (("Retry-After", formatdate(now_s + wait_whole_s + 1, usegmt=True)),)
    return Reply(429, b'{"error": "rate exceeded"}', headers=headers)


def wants_old_shape(request: Request, switches: Switches) -> bool:
    """Whether this caller gets replies of the older version."""
    by_version = switches.old_shape == "by_version" and request.headers.get("x-api-version") == OLD_VERSION
    return switches.old_shape == "always" or by_version


def _unknown_caller(request: Request, switches: Switches) -> Reply | None:
    key = request.headers.get("x-api-key", "")
    if not key:
        return refused(401, "unauthorized", "An API key is needed.", names_version=False)
    known = key in switches.accepted_keys if switches.accepted_keys else key.casefold().startswith("xx.")
    if not known:
        return refused(403, "invalid_api_key", "This API key is not known here.", names_version=False)
    return None


def _unserved_version(request: Request, switches: Switches) -> Reply | None:
    version = request.headers.get("x-api-version", "")
    if version in switches.live_versions or (switches.old_shape == "by_version" and version == OLD_VERSION):
        return None
    if version in switches.removed_versions:
        return refused(410, "version_removed", "This version is no longer served.")
    return refused(400, "invalid_version", "X-Api-Version names no version.")


def _unknown_mode(request: Request) -> Reply | None:
    if request.headers.get("x-execution-mode", "async") in MODES:
        return None
    return refused(400, "invalid_execution_mode", "X-Execution-Mode is async or sync.")
