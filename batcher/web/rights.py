"""Which right each route asks for: the one table. A route that is not in it does not open; see `doorway`."""

from collections.abc import Mapping

from batcher.assembly import Session
from batcher.roles import Right

ANYONE = None
"""Also who is not signed in."""

NEEDS: Mapping[str, Right | None] = {
    "enter": ANYONE,
    "new_link": ANYONE,
    "sign_in": ANYONE,
    "leave": Right.LOOK,
    "start": Right.LOOK,
    "template": Right.LOOK,
    "upload": Right.PREPARE,
    "sheet": Right.LOOK,
    "sheet_problems": Right.LOOK,
    "sheet_reading": Right.PREPARE,
    "sheet_afresh": Right.PREPARE,
    "sheet_remove": Right.PREPARE,
    # The cells of a sheet are in it as they are, and there may be links among them.
    "rows_to_mend": Right.REVEAL,
    "pay": Right.PREPARE,
    "pay_review": Right.PREPARE,
    "plan_confirm": Right.SEND,
    "approvals": Right.LOOK,
    "plan": Right.LOOK,
    # It asks Runa, as a review does.
    "plan_look": Right.PREPARE,
    "plan_ask": Right.PREPARE,
    "plan_approve": Right.APPROVE,
    "plan_refuse": Right.APPROVE,
    "batch": Right.LOOK,
    "batch_live": Right.LOOK,
    "batch_wish": Right.SEND,
    "batch_row": Right.LOOK,
    "batch_link": Right.REVEAL,
    "batch_results": Right.REVEAL,
    "batch_results_masked": Right.LOOK,
    "batch_go_on": Right.SEND,
    "batch_reconcile": Right.SETTLE,
    "batch_retry": Right.SEND,
    "batch_retry_confirm": Right.SEND,
    "batch_decide": Right.SETTLE,
    "batch_report": Right.LOOK,
    "coming": Right.LOOK,
    "history": Right.LOOK,
    "people": Right.LOOK,
    # Everybody's own, and nobody else's.
    "account": Right.LOOK,
    "account_changed": Right.LOOK,
    "account_password": Right.LOOK,
    "account_sessions": Right.LOOK,
    "history_find": Right.LOOK,
}
"""By the name of the route."""


def may_pass(session: Session | None, route: str) -> bool:
    """Whether this person may see or do what is behind this route."""
    needed = NEEDS[route]
    return needed is None or (session is not None and session.may(needed))
