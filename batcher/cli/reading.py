"""The flags by which a person says how a file is to be read; each wins over what evidence and config say."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.assembly import SaidOfFile


def reading(function: Callable[..., int]) -> Callable[..., int]:
    """Add the flags; the command gets them among its options, unmade."""
    for option in reversed(
        [
            click.option("--encoding", metavar="NAME", help="What the file's bytes are, such as utf-8 or cp1252."),
            click.option(
                "--delimiter", metavar="SIGN", help="What divides the cells: comma, semicolon, tab or a sign."
            ),
            click.option("--sheet", metavar="NAME", help="Which sheet of a workbook."),
            click.option(
                "--header-line", type=click.IntRange(min=1), metavar="ROW", help="The row that names the columns."
            ),
            click.option(
                "--decimal",
                type=click.Choice(["point", "comma"]),
                help="The decimal mark of amounts that could be two.",
            ),
        ]
    ):
        function = option(function)
    return function


def said_of_file(options: dict[str, Any]) -> "SaidOfFile":
    """The flags as the reader takes them. Raises `UsageError`."""
    from batcher.assembly import SaidOfFile

    try:
        return SaidOfFile.of(
            encoding=options["encoding"],
            delimiter=options["delimiter"],
            sheet=options["sheet"],
            header_line=options["header_line"],
            decimal=options["decimal"],
        )
    except ValueError as error:
        raise UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.", "See --help.") from None
