"""What becomes of an order, chosen by whom it is for: the word before the first '+' or '@' of the recipient.

    fail@ fail-bare@ fail-full@   the order FAILED, read as {id, status} or whole (fail@: as failed_shape says)
    late@                         FAILED first, COMPLETED after late_s
    slow@ stuck@                  PROCESSING for slow_s, for stuck_s
    funds@                        400 insufficient_funds
    product@                      400 product_validation_error
    invalid@                      422 validation_error
    mismatch-amount@              the order reads back with another face value
    mismatch-address@             ... with another recipient
    mismatch-key@                 ... with other values in metadata
    nolink@                       COMPLETED, but the payout has no url

The same words work as a `recipient_reference` (`fail`, `fail@anything`). Everybody else is paid.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """What a recipient's name asks for."""

    PAID = ""
    FAIL = "fail"
    FAIL_BARE = "fail-bare"
    FAIL_FULL = "fail-full"
    LATE = "late"
    SLOW = "slow"
    STUCK = "stuck"
    FUNDS = "funds"
    PRODUCT = "product"
    INVALID = "invalid"
    MISMATCH_AMOUNT = "mismatch-amount"
    MISMATCH_ADDRESS = "mismatch-address"
    MISMATCH_KEY = "mismatch-key"
    NO_LINK = "nolink"


FAILING = frozenset({Outcome.FAIL, Outcome.FAIL_BARE, Outcome.FAIL_FULL})

REFUSED = frozenset({Outcome.FUNDS, Outcome.PRODUCT, Outcome.INVALID})
"""Those of which no order is made."""

_BY_WORD = {outcome.value: outcome for outcome in Outcome}


def outcome_for(*recipients: str) -> Outcome:
    """The first of the recipients' names that asks for something, else `PAID`."""
    for recipient in recipients:
        word = recipient.casefold().partition("@")[0].partition("+")[0]
        if word and word in _BY_WORD:
            return _BY_WORD[word]
    return Outcome.PAID
