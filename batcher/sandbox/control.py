"""The sandbox's own levers, beside the API on the same port: `/_sandbox/…`. They answer at once and have no faults.

GET  /_sandbox/dump                            what was really issued
GET  /_sandbox/switches                        what every switch is set to
POST /_sandbox/switches  {"rate": "fixed"}     set some of them
POST /_sandbox/clock     {"advance_s": 3600}   move the clock on
POST /_sandbox/balance   {"GBP": "100.00"}     let an account hold exactly that much
POST /_sandbox/foreign   {"count": 3, …}       let somebody else make orders; {"ids": ["O-…"]}
POST /_sandbox/payout    {"id": "O-…", "status": "CLAIMED"}
                                               let the payouts of a completed order be that

What can be said of foreign orders, and what they are like otherwise:
{"count": 1, "currency": "GBP", "amount": "12.00", "description": null, "email": null, "settle_s": null}
"""

from collections.abc import Mapping
from typing import Any

from batcher.sandbox import jsontext
from batcher.sandbox.api import Api
from batcher.sandbox.clock import MovableClock
from batcher.sandbox.message import JSON, Answer, Request, Wire
from batcher.sandbox.switch_values import number, text

PREFIX = "/_sandbox/"


def handle(api: Api, clock: MovableClock, request: Request) -> Answer:
    """The answer of a lever: 200 with the new state, 400 with a sentence, or 404."""
    try:
        document = _pulled(api, clock, request)
    except (TypeError, ValueError) as error:
        return _answer(400, {"type": "bad_request", "message": str(error)})
    if document is None:
        return _answer(404, {"type": "not_found", "message": "There is no such lever."})
    return _answer(200, document)


def _pulled(api: Api, clock: MovableClock, request: Request) -> object:
    match (request.method, request.path.removeprefix(PREFIX)):
        case ("GET", "dump"):
            return api.dump(clock.now_s())
        case ("GET", "switches"):
            return _switches(api)
        case ("POST", "switches"):
            api.change(_given(request))
            return _switches(api)
        case ("POST", "clock"):
            given = _exactly(request, "advance_s")
            clock.advance(number(given["advance_s"]))
            return {"now_s": round(clock.now_s())}
        case ("POST", "balance"):
            api.set_balances(_given(request), clock.now_s())
            return api.dump(clock.now_s())["balances"]
        case ("POST", "foreign"):
            return {"ids": api.make_foreign(_given(request), clock.now_s())}
        case ("POST", "payout"):
            given = _exactly(request, "id", "status")
            api.set_payout(text(given["id"]), text(given["status"]), clock.now_s())
            return given
    return None


def _switches(api: Api) -> object:
    return api.switches.document()


def _given(request: Request) -> Mapping[str, Any]:
    given = jsontext.read(request.body)
    if not isinstance(given, dict):
        raise TypeError("a JSON object is needed")
    return given


def _exactly(request: Request, *names: str) -> Mapping[str, Any]:
    given = _given(request)
    if set(given) != set(names):
        raise ValueError(f"{' and '.join(names)}, and nothing else, is needed")
    return given


def _answer(status: int, document: object) -> Answer:
    body = jsontext.write(document)
    headers = (("Content-Type", JSON), ("Content-Length", str(len(body))))
    return Answer(Wire.REPLY, status, headers, body)
