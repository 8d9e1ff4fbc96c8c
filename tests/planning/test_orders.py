"""Orders of a plan whose bodies are made when somebody asks: in all else they are orders."""

from functools import partial

from batcher import keys
from batcher.planning.orders import OrderToBe
from tests.payouts import BATCH, payout, planned


def test_an_order_to_be_is_the_order() -> None:
    order = planned(payout("R1"))
    to_be = OrderToBe(
        identity=order.identity,
        number=order.number,
        key=order.key,
        body=partial(keys.body, batch=BATCH),
        payout=order.payout,
    )
    assert to_be == order
    assert order == to_be
    assert hash(to_be) == hash(order)
    assert to_be.body == order.body
    assert to_be != planned(payout("R1", "12.00"))
