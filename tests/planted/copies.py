"""A copy of the project in a folder of its own, and its tests run there: only the copy is ever changed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 600.0
"""How long one run of tests may take; a bug that lets it hang longer is caught by that."""
WHOLE_DEADLINE_S = 3600.0

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*.egg-info")
_LEFT_OUT_AT_THE_ROOT = {"build", "dist", "results", "mutants", "batcher.toml"}
_FAILED = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_BROKEN = re.compile(r"^ERROR (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of tests ended."""

    failed: str | None
    """The first test that failed, or that it did not end; `None` where all passed."""
    broken: str | None = None
    """What could not be run at all: no test has judged anything then."""


def copied(to: Path) -> Path:
    """The project as it stands in the working tree, without what is not its own."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        here = _LEFT_OUT_AT_THE_ROOT if Path(folder) == ROOT else set()
        return {*_LEFT_OUT(folder, names), *(here & {*names})}

    shutil.copytree(ROOT, to, ignore=left_out)
    return to


def environ(copy: Path) -> dict[str, str]:
    """The environment in which the copy is what `import batcher` finds, in every process that a test starts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATCHER_", "PYTEST_"))}
    return kept | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


def assert_is_tested(copy: Path) -> None:
    """Raises `AssertionError` where another batcher than the copy's would be tested: an editable install, perhaps."""
    command = [sys.executable, "-c", "import batcher; print(batcher.__file__)"]
    done = subprocess.run(command, cwd=copy, env=environ(copy), capture_output=True, text=True, check=True)
    found = Path(done.stdout.strip()).resolve()
    if found != (copy / "batcher" / "__init__.py").resolve():
        raise AssertionError(f"{found} would be tested, and not the copy in {copy}")


def run_tests(copy: Path, tests: Sequence[str], *, deadline_s: float = DEADLINE_S) -> Ran:
    """Run these tests of the copy up to the first that fails; none named are all of the default suite."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *tests]
    running = subprocess.Popen(
        command,
        cwd=copy,
        env=environ(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = running.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        return Ran(f"(it did not end in {deadline_s:.0f} s)")
    if running.returncode == 0:
        return Ran(None)
    if running.returncode == 1 and (failed := _FAILED.search(said)):
        return Ran(failed[1])
    broken = _BROKEN.search(said)
    return Ran(None, broken[1] if broken else f"pytest ended with {running.returncode}: {said[-500:]}")
