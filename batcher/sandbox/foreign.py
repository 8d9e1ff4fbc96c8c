"""Orders that somebody else makes, as a user of the portal would: without an idempotency key and without metadata."""

from collections.abc import Mapping

from batcher.sandbox import catalogue, jsontext
from batcher.sandbox.message import Reply
from batcher.sandbox.outcomes import REFUSED, outcome_for
from batcher.sandbox.switch_values import amount, number, positive, text
from batcher.sandbox.validation import Asked, read_order
from batcher.sandbox.world import World

MOST = 10_000
GIVEN: Mapping[str, object] = {
    "count": 1,
    "currency": "GBP",
    "amount": "12.00",
    "description": None,
    "email": None,
    "settle_s": None,
}
"""What can be said of foreign orders, and what they are like otherwise.

`email` is whom each is for (`None`: payout links), and asks for an outcome as every recipient's name does.
`settle_s` is how long each is PROCESSING (`None`: as the switches have it).
"""


def make(world: World, given: Mapping[str, object], now_s: float) -> list[str]:
    """Make them and take their money; gives their ids.

    Raises `ValueError` or `TypeError` with a sentence, and then makes none, for what the API would not make.
    """
    if unknown := sorted(set(given) - set(GIVEN)):
        raise ValueError(f"A foreign order has no {', '.join(unknown)}.")
    said = {**GIVEN, **given}
    count, settle_s = positive(said["count"]), None if said["settle_s"] is None else number(said["settle_s"])
    if count > MOST:
        raise ValueError(f"At most {MOST} orders can be made at once.")
    asked = _asked(said)
    outcome = outcome_for(*asked.items[0].recipients)
    if outcome in REFUSED:
        raise ValueError(f"An order for {said['email']} is refused.")
    if not world.orders.can_pay(asked, now_s, times=count):
        raise ValueError("The balance does not cover these orders.")
    # No POST can have the empty key: their ids are their own.
    orders = [world.orders.make("", asked, outcome, world.switches, now_s, settle_s=settle_s) for _ in range(count)]
    return [order.id for order in orders]


def grow(world: World, now_s: float) -> None:
    """Make the orders that `list_grows` asks for after a page was read, while there is room and money for them."""
    switches = world.switches
    room = min(switches.list_grows, switches.list_grows_most - world.grown)
    for _ in range(room):
        asked = _asked(GIVEN)
        if not world.orders.can_pay(asked, now_s):
            return
        world.orders.make("", asked, outcome_for(), switches, now_s)
        world.grown += 1


def _asked(said: Mapping[str, object]) -> Asked:
    currency, email = text(said["currency"]), said["email"]
    payout_link = {"type": "PAYOUT_LINK"}
    item = {
        "face_value": amount(said["amount"]),
        "distribution_method": payout_link if email is None else {"type": "EMAIL", "email_address": email},
        "products": {"type": "SINGLE", "value": _open_product(currency)},
    }
    payment = {"type": "ACCOUNT_BALANCE", "currency": currency}
    asked = read_order({"payment_method": payment, "items": [item], "description": said["description"]})
    if isinstance(asked, Asked):
        return asked
    raise ValueError(_why(asked))


def _open_product(currency: str) -> str:
    """The first product in that currency that comes in any value."""
    return next((each.code for each in catalogue.PRODUCTS if each.currency == currency and not each.fixed), "")


def _why(refusal: Reply) -> str:
    document = jsontext.read(refusal.body)
    details = [detail["message"] for detail in document.get("details", ())]
    return " ".join([document["message"], *details])
