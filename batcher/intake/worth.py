"""The rules for what a row pays: amount, currency and product."""

from batcher.intake import masks
from batcher.intake.paid import MAX_AMOUNT, MIN_AMOUNT
from batcher.intake.rule import Rule

AMOUNT_RULES = (
    Rule(
        "amount_missing",
        "amount",
        masks.equal("amount_fault", "missing"),
        "The amount is missing.",
        "Enter what is to be paid.",
    ),
    Rule(
        "amount_ambiguous",
        "amount",
        masks.equal("amount_fault", "ambiguous"),
        "The amount has two readings, {amount_words}, and its column does not show which is meant.",
        "Write it with two decimals and no thousands mark, or say --decimal point or --decimal comma.",
    ),
    Rule(
        "amount_mixed_marks",
        "amount",
        masks.equal("amount_fault", "mixed"),
        "The amount is written with {amount_words}.",
        "Write the whole column in one way.",
    ),
    Rule(
        "amount_contradicts_decimal",
        "amount",
        masks.equal("amount_fault", "contradicts_declared"),
        "The amount is written with {amount_words}.",
        "Write it like the others, or say another --decimal.",
    ),
    Rule(
        "amount_negative",
        "amount",
        masks.equal("amount_fault", "negative"),
        "The amount is negative.",
        "Enter what is to be paid, or take the row out: batcher takes no money back.",
    ),
    Rule(
        "amount_other_currency",
        "amount",
        masks.true("currency_conflict"),
        "The amount is written with {currency_said}, and the row is in {currency}.",
        "Make both say the same.",
    ),
    Rule(
        "amount_not_a_number",
        "amount",
        masks.equal("amount_fault", "not_a_number"),
        "This is no amount: {amount_words}.",
        "Write digits with at most one decimal mark, such as 12.50.",
    ),
    Rule(
        "amount_zero",
        "amount",
        masks.equal("amount_size", "zero"),
        "The amount is zero.",
        "Enter it, or delete the row.",
    ),
    Rule(
        "amount_too_small",
        "amount",
        masks.equal("amount_size", "small"),
        f"The amount is below {MIN_AMOUNT}, the least that can be paid.",
        "Enter at least that much.",
    ),
    Rule(
        "amount_too_large",
        "amount",
        masks.equal("amount_size", "large"),
        f"The amount is above {MAX_AMOUNT:,}, the most that batcher takes.",
        "Check the digits, or split the payout.",
    ),
    Rule(
        "amount_too_many_decimals",
        "amount",
        masks.too_many_decimals,
        "The amount has {decimals} decimals, and {currency} has {units}.",
        "Round it yourself: batcher rounds nothing.",
    ),
    Rule(
        "amount_above_ceiling",
        "amount",
        masks.filled("ceiling"),
        "The amount is above {ceiling}, the most that the config lets one row pay.",
        "Check the digits, split the payout, or raise the ceiling under [input] in the config.",
    ),
    Rule(
        "amount_split",
        "amount",
        masks.filled("split_rest"),
        "The amount is followed by {split_rest} in the next column: a comma inside it may have divided it.",
        "Put quotes around amounts that contain a comma, or write this one with its decimals.",
    ),
    Rule(
        "amount_not_whole",
        "amount",
        masks.not_whole,
        "Several products, or a template, take whole amounts only.",
        "Enter a whole amount, or name a single product.",
    ),
)

CURRENCY_RULES = (
    Rule(
        "currency_missing",
        "currency",
        masks.equal("currency", ""),
        "The currency is missing.",
        "Enter its code, such as GBP, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "currency_unknown",
        "currency",
        masks.no_currency,
        "{currency} is no currency of ISO 4217.",
        "Enter the code of three letters, such as GBP or EUR.",
    ),
)

PRODUCT_RULES = (
    Rule(
        "product_missing",
        "product",
        masks.equal("product_fault", "missing"),
        "The product is missing.",
        "Enter its code, such as AMZ-GB, or set one for all rows under [defaults] in the config.",
    ),
    Rule(
        "product_malformed",
        "product",
        masks.equal("product_fault", "malformed"),
        "This is no product code.",
        "Enter one code such as AMZ-GB, several with | between them, or a template that begins with PT-.",
    ),
    Rule(
        "product_repeated",
        "product",
        masks.equal("product_fault", "repeated"),
        "The same product is named twice.",
        "Name each product once.",
    ),
    Rule(
        "product_template_mixed",
        "product",
        masks.equal("product_fault", "mixed"),
        "A template stands beside other products.",
        "Enter the template alone, or the products alone.",
    ),
)
