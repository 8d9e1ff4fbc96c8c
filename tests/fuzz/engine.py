"""The search: atheris changes files, and keeps those that make the reader do something new.

A packed file is changed within its parts, as no change to the bytes of one would ever be a packed file again.
"""

import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["batcher"]):
    import batcher.intake.workbooks.opendocument
    import batcher.intake.workbooks.parquet
    import batcher.intake.workbooks.workbook  # noqa: F401 - the reader imports it once there is a workbook
    from tests.fuzz.findings import Findings, told_of
    from tests.intake.workbooks import packed, unpacked


def changed(data: bytes, most: int, seed: int) -> bytes:
    """Another file of at most so many bytes."""
    try:
        parts = unpacked(data) if data.startswith(b"PK") else {}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error):
        parts = {}
    if not parts or seed % 8 == 0:
        return bytes(atheris.Mutate(data, most))
    # What the cells are is in the largest of them.
    names = sorted(parts, key=lambda name: len(parts[name]), reverse=True)
    name = names[0] if seed % 3 else names[seed % len(names)]
    parts[name] = bytes(atheris.Mutate(parts[name], len(parts[name]) + 200))
    whole = packed(parts)
    return whole if len(whole) <= most else data


def main() -> None:
    """Arguments: where findings go, and then those of the engine."""
    folder, *options = sys.argv[1:]
    findings = Findings(Path(folder))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "sheet.csv"

        def one(data: bytes) -> None:
            path.write_bytes(data)
            said = told_of(path)
            if said:
                findings.keep(data, said)

        def mutated(data: bytes, most: int, seed: int) -> Any:
            return changed(data, most, seed)

        atheris.Setup([sys.argv[0], *options], one, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
