"""Questions to a person: a protocol, and the terminal behind it."""

from collections.abc import Sequence
from typing import Protocol

import click


class Questions(Protocol):
    """Whoever answers."""

    def ask(self, question: str, *, default: str | None = None, choices: Sequence[str] = ()) -> str:
        """An answer: one of `choices` where there are any, `default` for Enter. An empty default may be left empty."""
        ...

    def ask_hidden(self, question: str) -> str:
        """An answer that does not show while it is typed or pasted."""
        ...


class OnTerminal:
    """Asks on stderr and reads from the terminal."""

    def ask(self, question: str, *, default: str | None = None, choices: Sequence[str] = ()) -> str:
        """Ask until the answer is one that may be given."""
        answer = click.prompt(
            question,
            default=default,
            type=click.Choice(choices) if choices else str,
            show_default=bool(default),
            err=True,
        )
        return str(answer).strip()

    def ask_hidden(self, question: str) -> str:
        """Ask without an echo."""
        return str(click.prompt(question, hide_input=True, err=True)).strip()
