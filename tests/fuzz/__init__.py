"""Fuzzing that is guided by what the reader has not done yet; see `python -m tests.fuzz --help`."""
