"""Everything that only asks: orders, the list, balances, products, estimates, and whether anybody is there."""

from decimal import Decimal

from batcher.sandbox import catalogue, damage, door, faults, foreign, jsontext, listing, views
from batcher.sandbox.message import Reply, Request, Wire, json_reply, refused
from batcher.sandbox.orders import item_price
from batcher.sandbox.validation import MOST_ESTIMATED, read_order
from batcher.sandbox.world import World

UNKNOWN_STATUS = "UNDER_REVIEW"


def read(world: World, request: Request, now_s: float) -> tuple[Wire, Reply]:
    """What becomes of any request but `POST /order`."""
    target = f"{request.path}?{'&'.join(sorted(f'{name}={value}' for name, value in request.query.items()))}"
    nth, overall = world.witness.read_arrived(f"{request.method} {target.rstrip('?')}")
    wait_s = world.gate.admit(now_s) if world.switches.rate_scope == "all" else None
    turned_away = door.turn_away(request, world.switches, wait_s, now_s)
    if turned_away is not None:
        return Wire.REPLY, turned_away
    reply = _route(world, request, now_s)
    if request.method != "GET":
        return Wire.REPLY, reply
    fault = _strike(world, request.path, target, nth, overall)
    if fault in ("get_error", "list_error"):
        return Wire.REPLY, damage.server_error(world.switches, world.dice, target, nth)
    if fault in ("get_too_many", "list_too_many"):
        return Wire.REPLY, door.too_many(world.switches, 5.0, now_s)
    if fault == "get_unknown_status":
        return Wire.REPLY, _with_unknown_status(reply)
    return damage.wire_of(fault), damage.damaged(fault, reply)


def _strike(world: World, path: str, target: str, nth: int, overall: int) -> str | None:
    if path == "/v2/order":
        fault = world.faults.strike(faults.LISTING, world.switches, target, nth, world.witness.list_arrived())
        if fault is not None:
            return fault
    return world.faults.strike(faults.READING, world.switches, target, nth, overall)


def _route(world: World, request: Request, now_s: float) -> Reply:
    match (request.method, *request.path.removeprefix("/v2/").split("/")):
        case ("GET", "ping"):
            return json_reply(200, {"message": "pong"})
        case ("GET", "balance"):
            return _balance(world, request, now_s)
        case ("GET", "product"):
            return json_reply(200, {"catalog": [product.document() for product in catalogue.PRODUCTS]})
        case ("GET", "product", code) if code in catalogue.BY_CODE:
            return json_reply(200, catalogue.BY_CODE[code].document())
        case ("GET", "order"):
            return _list(world, request, now_s)
        case ("GET", "order", order_id):
            return _order(world, request, order_id, now_s)
        case ("POST", "order", "estimate") if world.switches.estimate:
            return _estimate(request)
    return _nothing_here()


def _nothing_here() -> Reply:
    return refused(404, "not_found", "There is nothing here.")


def _order(world: World, request: Request, order_id: str, now_s: float) -> Reply:
    order = world.orders.find(order_id)
    if order is None or now_s - order.created_s < world.switches.get_lag_s:
        return _nothing_here()
    old_shape = door.wants_old_shape(request, world.switches)
    return json_reply(200, views.read_by_id(order, now_s, old_shape=old_shape))


def _with_unknown_status(reply: Reply) -> Reply:
    document = jsontext.read(reply.body)
    if reply.status == 200 and isinstance(document, dict) and "status" in document:
        return json_reply(200, {**document, "status": UNKNOWN_STATUS})
    return reply


def _list(world: World, request: Request, now_s: float) -> Reply:
    page = listing.read_page(world.orders, request.query, world.switches, now_s)
    if isinstance(page, Reply):
        return page
    foreign.grow(world, now_s)
    old_shape = door.wants_old_shape(request, world.switches)
    rows = [views.list_row(order, now_s, old_shape=old_shape) for order in page.orders]
    cursors = {"after": page.after, "before": page.before}
    return json_reply(200, {"items": rows, "pagination": {"cursors": cursors, "page": {"limit": page.limit}}})


def _balance(world: World, request: Request, now_s: float) -> Reply:
    balances = world.orders.balances(now_s)
    old_shape = door.wants_old_shape(request, world.switches)
    asked_for = request.query.get("currency")
    if asked_for is None:
        shown = [_balance_row(each, amount, old_shape) for each, amount in balances.items() if amount > 0]
        return json_reply(200, shown)
    if asked_for not in balances:
        return refused(400, "bad_request", "There is no balance in that currency.")
    return json_reply(200, _balance_row(asked_for, balances[asked_for], old_shape))


def _balance_row(currency: str, amount: Decimal, old_shape: bool) -> dict[str, object]:
    return {"currency": currency, "balance": views.money(amount, old_shape=old_shape)}


def _estimate(request: Request) -> Reply:
    try:
        document = jsontext.read(request.body)
    except ValueError:
        return refused(400, "bad_request", "The body is not JSON.")
    asked = read_order(document, most_items=MOST_ESTIMATED)
    if isinstance(asked, Reply):
        return asked
    price = sum((item_price(item) for item in asked.items), Decimal("0.00"))
    face_value = sum((item.face_value for item in asked.items), Decimal("0.00"))
    estimate = {
        "currency": asked.currency,
        "total_price": format(price, "f"),
        "total_discount": format(face_value - price, "f"),
        "items": [
            {"face_value": format(each.face_value, "f"), "price": format(item_price(each), "f")} for each in asked.items
        ],
    }
    return json_reply(200, estimate)
