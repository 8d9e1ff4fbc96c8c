"""Looks for a file for which the reader breaks a promise, for as long as it is told to.

The search itself is a process of its own: an engine that has run out of memory or time tells no more, and then this
one says what was found. Each finding is a file; `--replay FILE` shows what is wrong with it.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.findings import Findings, told
from tests.intake.fragments import LINES, SIGNS, WORDS, real_files

MISSING = "atheris is not installed, so nothing was fuzzed: install it with `pip install 'batcher[fuzz]'`."
LONGEST = 16_384
"""Bytes of a file: as large as a small workbook."""
MEMORY_MB = 2_048


def main() -> int:
    """0 where nothing was found, 1 where something was."""
    arguments = _arguments()
    if arguments.replay:
        return _replayed(arguments.replay)
    if importlib.util.find_spec("atheris") is None:
        print(MISSING)
        return 0
    arguments.findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus = arguments.corpus or Path(folder) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        _sow(corpus)
        return _searched(arguments.seconds, corpus, arguments.findings, Path(folder))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long to look (60)")
    parser.add_argument("--corpus", type=Path, help="where to keep the files that reach something new, for next time")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"), help="where findings are written")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="say what is wrong with one file, and nothing else")
    return parser.parse_args()


def _replayed(path: Path) -> int:
    said = told(path.read_bytes())
    print("\n".join(said) if said else f"Every promise is kept for {path}.")
    return int(bool(said))


def _sow(corpus: Path) -> None:
    for number, (data, _) in enumerate(real_files()):
        if len(data) <= LONGEST:
            (corpus / f"real-{number}").write_bytes(data)


def _dictionary(path: Path) -> None:
    """What an engine would take long to find by itself."""
    short = [text.encode() for text in (*SIGNS, *WORDS, *LINES) if len(text) < 60]
    words = ("".join(f"\\x{byte:02x}" for byte in text) for text in short)
    path.write_text("".join(f'"{word}"\n' for word in words))


def _searched(seconds: int, corpus: Path, findings: Path, folder: Path) -> int:
    words = folder / "words"
    _dictionary(words)
    command = [
        *(sys.executable, "-m", "tests.fuzz.engine", str(findings)),
        *(f"-dict={words}", f"-max_len={LONGEST}", f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}"),
        *("-handle_alrm=0", "-print_final_stats=1", f"-artifact_prefix={findings}/stopped-", str(corpus)),
    ]
    before = set(findings.iterdir())
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    executed = re.findall(r"number_of_executed_units:\s*(\d+)", done.stderr) or re.findall(r"#(\d+)\t", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    found = sorted(path for path in set(findings.iterdir()) - before if path.suffix != ".txt")
    print(
        f"{int((executed or ['0'])[-1]):,} files were tried, and {(covered or ['0'])[-1]} places of the code reached."
    )
    if done.returncode and not found:
        print(f"The engine has stopped by itself with {done.returncode}:\n{done.stderr[-2_000:]}")
        return 1
    for path in found:
        print(f"{path}: {Findings.summary(path)}\n  python -m tests.fuzz --replay {path}")
    print(f"{len(found)} findings." if found else "Nothing was found.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
