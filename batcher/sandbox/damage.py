"""What each fault makes of a reply: every function here turns a true reply into what the caller gets instead."""

from batcher.sandbox.chance import Dice
from batcher.sandbox.message import HTML, Reply, Wire, json_reply, refused
from batcher.sandbox.switches import Switches

_SILENT = {
    "reset_before": Wire.RESET,
    "reset_after": Wire.RESET,
    "get_reset": Wire.RESET,
    "lost_reply": Wire.CLOSE,
    "hang_before": Wire.HANG,
    "hang_after": Wire.HANG,
    "get_hang": Wire.HANG,
    "truncated": Wire.TRUNCATE,
    "get_truncated": Wire.TRUNCATE,
    "list_truncated": Wire.TRUNCATE,
}


def turned_away(name: str, switches: Switches) -> Reply | None:
    """The reply of a fault of the door; `None` for faults of another kind."""
    match name:
        case "redirect":
            return Reply(307, b"", headers=(("Location", switches.redirect_to),))
        case "unauthorized":
            return refused(401, "invalid_api_key", "The API key is not valid.", names_version=False)
        case "forbidden":
            return refused(403, "ordering_restricted", "Orders are not allowed at present.", names_version=False)
        case "proxy_401" | "proxy_403":
            return proxy_page(int(name[-3:]))
        case "version_gone":
            return refused(410, "version_removed", "This version is no longer served.")
    return None


def server_error(switches: Switches, dice: Dice, *names: object) -> Reply:
    """A 5xx: which status, and whether JSON or a proxy's page, is drawn by the names."""
    status = dice.pick(switches.error_statuses, "error status", *names)
    if dice.share("error form", *names) < switches.error_html:
        return proxy_page(status)
    kind = {504: "timeout"}.get(status, "internal_server_error")
    return refused(status, kind, "Something went wrong on our side.")


def proxy_page(status: int) -> Reply:
    """A page as a proxy between writes it, in a form that no API client expects."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>proxy</body></html>"
    return Reply(status, page.encode(), HTML, names_version=False)


def wire_of(name: str | None) -> Wire:
    """What the connection does under that fault."""
    return _SILENT.get(name or "", Wire.REPLY)


def damaged(name: str | None, reply: Reply) -> Reply:
    """The reply with its body spoilt, for the faults that do so."""
    match name:
        case "broken_json" | "get_broken_json":
            return Reply(
                reply.status, reply.body[:-1] + b',"', reply.content_type, reply.headers, delay_s=reply.delay_s
            )
        case "no_id" if reply.status in (200, 202):
            return json_reply(202, {"status": "PROCESSING"})
        case "foreign_type":
            page = b"<html><body>Welcome to the wireless network of this hotel.</body></html>"
            return Reply(reply.status, page, HTML, names_version=False, delay_s=reply.delay_s)
    return reply
