"""What a plan would send and take back, as one digest: what is done later is what somebody said yes to."""

from batcher import keys
from batcher.planning.plan import SENDING, Plan, Standing


def digest_of_sends(plan: Plan) -> str:
    """A digest in hex over key and body of every order that the plan sends or takes back, whatever their order."""
    place = (plan.environment.base_url, plan.environment.account, plan.batch)
    told = []
    for line in plan.of(*SENDING, Standing.WITHDRAWN):
        order = line.order or (line.record.latest.order if line.record is not None else None)
        assert order is not None  # noqa: S101 - a row without a planned order is one that the ledger knows
        act = "take back" if line.standing is Standing.WITHDRAWN else "send"
        told.append(keys.digest(act, order.key, order.body.decode()).hex())
    return keys.digest("sends", *place, *sorted(told)).hex()
