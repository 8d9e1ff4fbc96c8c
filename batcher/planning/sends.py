"""What a plan would send and take back, as one digest: what is done later is what somebody said yes to."""

from batcher import keys
from batcher.planning.plan import SENDING, Plan, Standing
from batcher.planning.sealed import order_of


def digest_of_sends(plan: Plan) -> str:
    """A digest in hex over key and body of every order that the plan sends or takes back, whatever their order."""
    place = (plan.environment.base_url, plan.environment.account, plan.batch)
    told = []
    for line in plan.of(*SENDING, Standing.WITHDRAWN):
        order = order_of(line)
        act = "take back" if line.standing is Standing.WITHDRAWN else "send"
        told.append(keys.digest(act, order.key, order.body.decode()).hex())
    return keys.digest("sends", *place, *sorted(told)).hex()
