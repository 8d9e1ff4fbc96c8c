"""The command line: arguments to calls, outcomes to words and exit codes. No decision about money is made here."""

from batcher.cli.app import main

__all__ = ["main"]
