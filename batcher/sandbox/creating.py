"""`POST /order`: the one request that spends money, and the one with most ways to go wrong."""

from dataclasses import replace

from batcher.sandbox import damage, door, faults, jsontext, views
from batcher.sandbox.keystore import Look
from batcher.sandbox.message import Reply, Request, Wire, json_reply, refused
from batcher.sandbox.orders import Order
from batcher.sandbox.outcomes import Outcome, outcome_for
from batcher.sandbox.validation import Asked, read_order
from batcher.sandbox.witness import Post
from batcher.sandbox.world import World

KEPT_AT_THE_DOOR = frozenset({401, 403, 410, 429})


def create(world: World, request: Request, post: Post, now_s: float) -> tuple[Wire, Reply]:
    """What becomes of one `POST /order`; `post` is where the witness wrote it down, and what is written on."""
    wait_s = world.gate.admit(now_s)
    fault = world.faults.strike(faults.BEFORE, world.switches, post.key, post.nth, post.number)
    if fault is not None:
        post.fault = fault
        return damage.wire_of(fault), _kept_door(world, request, post, _before(world, fault, post, now_s), now_s)
    turned_away = door.turn_away(request, world.switches, wait_s, now_s)
    if turned_away is not None:
        return Wire.REPLY, _kept_door(world, request, post, turned_away, now_s)
    if not post.key:
        return Wire.REPLY, refused(400, "bad_request", "X-Idempotency-Key is needed.")
    return _inside(world, request, post, now_s)


def _before(world: World, fault: str, post: Post, now_s: float) -> Reply:
    if fault == "too_many":
        return door.too_many(world.switches, 5.0, now_s)
    error = damage.server_error(world.switches, world.dice, post.key, post.nth)
    return damage.turned_away(fault, world.switches) or error


def _kept_door(world: World, request: Request, post: Post, reply: Reply, now_s: float) -> Reply:
    """The reply, kept under the key where the switches say that the door keeps its answers, too."""
    if world.switches.store_door and post.key and reply.status in KEPT_AT_THE_DOOR:
        look, _ = _look(world, request, post, now_s)
        if look is Look.NEW:
            world.keys.keep(_scoped(world, request, post), request.body, reply, now_s, 0.0)
    return reply


def _inside(world: World, request: Request, post: Post, now_s: float) -> tuple[Wire, Reply]:
    look, kept = _look(world, request, post, now_s)
    latency_s = world.dice.between(
        world.switches.latency_min_s, world.switches.latency_max_s, "latency", post.key, post.nth
    )
    if look is Look.RUNNING:
        return _running(world)
    if look is Look.OTHER_BODY:
        return Wire.REPLY, refused(400, "idempotency_validation_error", "This key was used with another body.")
    reply = kept if kept is not None else _first(world, request, post, now_s, latency_s)
    reply = replace(reply, delay_s=reply.delay_s + latency_s)
    post.order_id = reply.order_id
    fault = world.faults.strike(faults.AFTER, world.switches, post.key, post.nth, post.number)
    post.fault = post.fault or fault
    if fault == "in_progress_reply":
        return _running(world)
    if fault == "error_made":
        return Wire.REPLY, damage.server_error(world.switches, world.dice, post.key, post.nth)
    return damage.wire_of(fault), damage.damaged(fault, reply)


def _running(world: World) -> tuple[Wire, Reply]:
    reply = refused(400, "idempotency_in_progress", "The first request with this key is still running.")
    return (Wire.CONTINUE_102 if world.switches.in_progress == "102" else Wire.REPLY), reply


def _scoped(world: World, request: Request, post: Post) -> str:
    """The key as the store knows it."""
    if world.switches.key_scope == "account":
        return post.key
    return f"{request.headers.get('x-api-key', '')}\n{post.key}"


def _look(world: World, request: Request, post: Post, now_s: float) -> tuple[Look, Reply | None]:
    return world.keys.look(
        _scoped(world, request, post),
        request.body,
        now_s,
        days=world.switches.key_days,
        compare=world.switches.key_compare,
    )


def _first(world: World, request: Request, post: Post, now_s: float, latency_s: float) -> Reply:
    """The reply to a key that is new, made and kept."""
    asked = _asked(request)
    if _is_sync(request) and isinstance(asked, Asked) and len(asked.items) > 1:
        return refused(400, "invalid_execution_mode", "sync takes exactly one item.")
    fault = world.faults.strike(faults.INSTEAD, world.switches, post.key, post.nth, post.number)
    post.fault = fault
    error = damage.server_error(world.switches, world.dice, post.key, post.nth)
    if fault == "error_unmade_stored":
        reply = error
    else:
        reply = asked if isinstance(asked, Reply) else _made(world, asked, request, post, now_s)
        if fault == "error_made_stored":
            reply = replace(error, order_id=reply.order_id)
    busy_s = max(latency_s + reply.delay_s, world.switches.in_progress_s)
    world.keys.keep(_scoped(world, request, post), request.body, reply, now_s, busy_s)
    return reply


def _is_sync(request: Request) -> bool:
    return request.headers.get("x-execution-mode") == "sync"


def _asked(request: Request) -> Asked | Reply:
    match request.headers.get("x-trigger-error"):
        case "insufficient_funds":
            return _no_funds()
        case "internal_server_error":
            return refused(500, "internal_server_error", "As asked for.")
    try:
        document = jsontext.read(request.body)
    except ValueError:
        return refused(400, "bad_request", "The body is not JSON.")
    return read_order(document)


def _no_funds() -> Reply:
    return refused(400, "insufficient_funds", "The balance does not cover this order.")


def _made(world: World, asked: Asked, request: Request, post: Post, now_s: float) -> Reply:
    outcome = outcome_for(*(recipient for item in asked.items for recipient in item.recipients))
    if outcome is Outcome.FUNDS or not world.orders.can_pay(asked, now_s):
        return _no_funds()
    if outcome is Outcome.PRODUCT:
        return refused(400, "product_validation_error", "This product is not for this recipient.")
    if outcome is Outcome.INVALID:
        detail = {"type": "value_error", "message": "not reachable", "location": ["body", "items", 0]}
        return refused(422, "validation_error", "The body of the request is not valid.", [detail])
    order = world.orders.make(post.key, asked, outcome, world.switches, now_s)
    post.made = True
    if not _is_sync(request):
        return json_reply(202, {"id": order.id, "status": "PROCESSING"}, order_id=order.id)
    return _waited_for(world, order, door.wants_old_shape(request, world.switches), now_s)


def _waited_for(world: World, order: Order, old_shape: bool, now_s: float) -> Reply:
    takes_s = order.settled_s - now_s
    if takes_s > world.switches.sync_timeout_s:
        late = refused(504, "timeout", "The order takes longer than a request may.")
        return replace(late, order_id=order.id, delay_s=world.switches.sync_timeout_s)
    whole = views.read_by_id(order, order.settled_s, old_shape=old_shape)
    return replace(json_reply(200, whole, order_id=order.id), delay_s=takes_s)
