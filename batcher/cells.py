"""Cells that a spreadsheet would run as a formula: written so that it does not, and read back as they were."""

import re

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the full-width forms of the first four: some locales run them as well."""

LISTS_SHEET = "Lists of batcher"
"""The hidden sheet of a template, which holds the choices of its drop-downs and never a payout."""

RESULTS_SHEETS = ("Results", "Summary")
"""The sheets of a workbook of results: its rows, and what they cost."""

_PLAIN_NUMBER = re.compile(r"-\d+(?:[.,]\d+)*")


def neutralised(text: str) -> str:
    """`text` as a spreadsheet may open it: `=1+1` becomes `'=1+1`; a negative number is no formula and stays."""
    if text.startswith(_RUN_BY_SPREADSHEETS) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def restored(text: str) -> str:
    """`text` as it was before `neutralised`: one `'` comes off, and only where such a character follows."""
    if text.startswith("'") and text[1:].startswith(_RUN_BY_SPREADSHEETS):
        return text[1:]
    return text
