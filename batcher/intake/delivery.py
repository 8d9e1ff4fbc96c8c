"""The rules for how a payout reaches its recipient."""

from batcher.intake import masks
from batcher.intake.rule import Rule
from batcher.model import Distribution

MAX_RECIPIENT_REFERENCE = 255
TEMPLATE_PATTERN = r"[A-Za-z0-9_.-]{1,100}"

_MAIL_NEEDED = (Distribution.EMAIL, Distribution.RECIPIENT)

DELIVERY_RULES = (
    Rule(
        "distribution_missing",
        "distribution",
        masks.equal("distribution", ""),
        "The delivery is missing.",
        "Enter EMAIL, PAYOUT_LINK or RECIPIENT, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "distribution_unknown",
        "distribution",
        masks.no_delivery,
        "This is no way to deliver a payout.",
        "Enter EMAIL, PAYOUT_LINK or RECIPIENT.",
    ),
    Rule(
        "email_missing",
        "email",
        masks.lacks("email", _MAIL_NEEDED),
        "The e-mail address is missing, and a delivery by {distribution} needs one.",
        "Enter the address.",
    ),
    Rule(
        "email_invalid",
        "email",
        masks.true("email_bad"),
        "No mail can reach this address: {email_reason}.",
        "Enter one address, such as ann@example.com.",
    ),
    Rule(
        "recipient_repeated",
        "email",
        masks.filled("recipient_peers"),
        "The address is also on {recipient_peers}.",
        "Take out what is there twice, or allow it with same_recipient under [input] in the config.",
    ),
    Rule(
        "link_without_owner",
        "email",
        masks.link_without_owner,
        "Nothing says whose payout link this is.",
        "Give the row a reference or an e-mail address.",
    ),
    Rule(
        "recipient_reference_missing",
        "recipient_reference",
        masks.lacks("recipient_reference", (Distribution.RECIPIENT,)),
        "The recipient reference is missing, and a delivery by {distribution} needs one.",
        "Enter who the recipient is in your books.",
    ),
    Rule(
        "recipient_reference_invalid",
        "recipient_reference",
        masks.not_matching("recipient_reference", rf"[A-Za-z0-9_@.-]{{1,{MAX_RECIPIENT_REFERENCE}}}"),
        f"A recipient reference has at most {MAX_RECIPIENT_REFERENCE} letters, digits and the signs - _ @ .",
        "Write it without other characters.",
    ),
    Rule(
        "template_invalid",
        "template",
        masks.not_matching("template", TEMPLATE_PATTERN),
        "This is no template.",
        "Copy the template's id from Runa's portal, or leave the cell empty.",
    ),
)
