"""What a message says of the command line, said of the page: its fields and boxes in place of flags."""

import re

_ON_PAGE = (
    (r"run again with --pay-again .*?(?=; else)", "tick it under “What else is meant”, among the doubtful rows"),
    (r"run again with --accept-missing", "tick “Go on without rows that were sent” under “What else is meant”"),
    (r"say --never-sent", "tick “This batch was never sent from anywhere else” under “What else is meant”"),
    (r"or send what it covers with --ignore-balance", "or tick “Send although the balance is short”"),
    (r"run the same command again", "look again"),
    (r"--pay-again", "“Pay these doubtful rows”"),
    (r"--accept-missing", "“Go on without rows that were sent”"),
    (r"--never-sent", "“This batch was never sent from anywhere else”"),
    (r"--encoding", "“Encoding”"),
    (r"--delimiter", "“Divided by”"),
    (r"--decimal", "“Amounts are written like”"),
    (r"--header-line", "“Row that names the columns”"),
    (r"--sheet( NAME)?", "“Sheet of the workbook”"),
)
_RULES = tuple((re.compile(flag, re.IGNORECASE), words) for flag, words in _ON_PAGE)


def on_page(fix: str) -> str:
    """The way to mend something, for who has no terminal."""
    for flag, words in _RULES:
        fix = flag.sub(words, fix)
    return fix
