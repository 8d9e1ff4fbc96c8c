"""Lines within a cell: whether they are text of several lines, or rows that a quote left open has swallowed."""

import re

LINE_END = re.compile(r"\r\n|[\r\n]")


def delimiters_in(line: str, delimiter: str) -> int:
    """How often the delimiter stands in a line as no sentence has it: with no blank behind it."""
    return line.count(delimiter) - line.count(f"{delimiter} ")
