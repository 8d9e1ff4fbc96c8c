"""Mutation testing of the core: `python -m tests.planted.mutants`. Needs mutmut (`pip install mutmut==3.8.1`).

mutmut changes the functions, one small thing at a time, and forks for each from a process that has imported all.
Two things escape it: what only runs when a module is imported, so each of its survivors is judged once more in a
process of its own; and the tables, which are no functions, so here their parts are left out, counted up and exchanged.
A mutant that survives is killed by a new test, or explained here as one that means the same.
"""

import argparse
import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

from tests.planted.copies import assert_is_tested, copied, environ, run_tests

MUTATED = tuple(f"batcher/{name}.py" for name in ("keys", "states", "policy", "resending", "money", "echo", "cells"))
JUDGES = (
    *(f"tests/core/test_{name}.py" for name in ("edges", "states", "cells", "policy", "echo", "money", "golden")),
    "tests/reconcile/test_spent_keys.py",
    "tests/lifecycle/test_resending.py",
    "tests/core/test_keys.py",
)
"""Those that run in seconds and know the core, the quickest first."""

THE_SAME = {
    "sends[-2].cause}) for its key, whether": "an error counts as stored only where the last three are the same",
    '(ours or "XXXX")': "no answer says XXXX; whatever else it says differs from an empty cell all the same",
    '(theirs or "XXXX")': "what says nothing was let through before",
    "Decimal(2).scaleb": "quantize looks at the exponent alone",
    'reply.error_type or "XXXX"': "no answer is documented under either word",
    "recent[1].cause": "all of them are compared with it, so whichever it is, all are the same",
    "to_bytes(8, ))": "'big' is what Python takes where nothing is said",
    **dict.fromkeys(
        [f"{word!r} became" for word in ("no", "after_a_wait", "within_the_limit", "row", "currency", "run")],
        "the words of Resend and Scope never leave the process; only the members are compared",
    ),
    'encode("ASCII")': "another spelling of the same name",
}
"""What survives because it means the same: part of the changed line, and why."""

_CONFIG = f"""
[tool.mutmut]
source_paths = ["batcher"]
only_mutate = {list(MUTATED)}
also_copy = ["README.md", "config.example.toml", "docs", "sample_data"]
pytest_add_cli_args_test_selection = {list(JUDGES)}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
use_git_change_detection = false
"""
_SURVIVED = re.compile(r"^\s*(\S+): (survived|no tests|timeout|suspicious|segfault)$", re.MULTILINE)
_NAME = re.compile(r"\S+__mutmut_\d+")


def of_functions(folder: Path, workers: int) -> tuple[int, dict[str, str]]:
    """How many mutants mutmut has made, and the changed line of each that survives in a process of its own too."""
    copy = copied(folder / "functions")
    with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(_CONFIG)
    _mutmut(copy, "run", "--max-children", str(workers), quiet=False)
    everyone = set(_NAME.findall(_mutmut(copy, "results", "--all", "true")))
    left = sorted({found[1] for found in _SURVIVED.finditer(_mutmut(copy, "results"))})
    mutants = copy / "mutants"

    def lives(name: str) -> bool:
        return _lives(mutants, {"MUTANT_UNDER_TEST": name})

    with ThreadPoolExecutor(workers) as pool:
        living = [name for name, alive in zip(left, pool.map(lives, left), strict=True) if alive]
    return len(everyone), {name: _changed_line(_mutmut(copy, "show", name)) for name in living}


def _lives(root: Path, more: Mapping[str, str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *JUDGES]
    done = subprocess.run(command, cwd=root, env={**environ(root), **more}, capture_output=True, check=False)
    return done.returncode == 0


def _mutmut(copy: Path, *arguments: str, quiet: bool = True) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    out = subprocess.PIPE if quiet else None
    done = subprocess.run(command, cwd=copy, env={**os.environ}, stdout=out, text=True, check=True)
    return done.stdout or ""


def _changed_line(diff: str) -> str:
    return next(line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++"))


def of_tables(folder: Path, workers: int) -> tuple[int, dict[str, str]]:
    """How many ways there were to change a table or a constant, and those that no test has seen."""
    copies: Queue[Path] = Queue()
    for number in range(workers):
        copies.put(copied(folder / f"tables-{number}"))
    assert_is_tested(folder / "tables-0")

    def lives(change: tuple[str, str, str]) -> bool:
        path, _, text = change
        copy = copies.get()
        file = copy / path
        before = file.read_text(encoding="utf-8")
        try:
            file.write_text(text, encoding="utf-8")
            ran = run_tests(copy, JUDGES)
            return ran.failed is None and ran.broken is None
        finally:
            file.write_text(before, encoding="utf-8")
            copies.put(copy)

    tables = folder / "tables-0"
    changes = [(path, *change) for path in MUTATED for change in table_mutants((tables / path).read_text("utf-8"))]
    with ThreadPoolExecutor(workers) as pool:
        living = [change for change, alive in zip(changes, pool.map(lives, changes), strict=True) if alive]
    return len(changes), {f"{path}, {words}": words for path, words, _ in living}


def table_mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each way to change one part of what a module or a class assigns: what was done, and the whole text then."""
    for number in range(len(list(_places(ast.parse(source))))):
        for nth in range(2):
            tree = ast.parse(source)
            words = _changed(list(_places(tree))[number], nth)
            if words:
                yield words, ast.unparse(tree)


def _places(tree: ast.Module) -> Iterator[ast.AST]:
    """Every part of a value that is assigned outside of functions."""
    bodies: list[list[ast.stmt]] = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for body in bodies:
        for statement in body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
                yield from ast.walk(statement.value)


_MEMBERS = {
    "State": ["SENT", "UNKNOWN", "COMPLETED"],
    "Finding": ["ACCEPTED", "REFUSED"],
    "Resend": ["NO", "AFTER_A_WAIT"],
    "Scope": ["ROW", "RUN"],
}


def _changed(node: ast.AST, nth: int) -> str:
    """Change one part, the `nth` of two ways; gives what was done, or nothing where there is no such way."""
    where = f"line {getattr(node, 'lineno', 0)}"
    if isinstance(node, ast.Constant) and nth == 0 and isinstance(node.value, (int, str)):
        before: Any = node.value
        node.value = (
            f"XX{before}XX" if isinstance(before, str) else not before if before in (True, False) else before + 1
        )
        return f"{where}: {before!r} became {node.value!r}"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _MEMBERS:
        others = [member for member in _MEMBERS[node.value.id] if member != node.attr]
        if nth < len(others):
            before, node.attr = node.attr, others[nth]
            return f"{where}: {before} became {node.attr}"
    if nth == 0 and isinstance(node, (ast.Set, ast.Tuple, ast.List)) and len(node.elts) > 1:
        return f"{where}: {ast.unparse(node.elts.pop())} was left out"
    if nth == 0 and isinstance(node, ast.Dict) and node.keys:
        key = node.keys.pop()
        node.values.pop()
        return f"{where}: {ast.unparse(key) if key else '**'} was left out"
    return ""


def explained(words: str) -> str | None:
    """Why a mutant that survives means the same, or `None`."""
    return next((why for part, why in THE_SAME.items() if part in words), None)


def report(kind: str, count: int, living: Mapping[str, str]) -> Iterable[str]:
    """The figures and the survivors, line by line."""
    yield f"{kind}: {count} mutants, {count - len(living)} killed, {len(living)} survived."
    for name, words in living.items():
        yield f"  {name}: {words}\n    {explained(words) or 'NOT EXPLAINED'}"


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 where a mutant survives that nothing explains."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.planted.mutants", description="Mutation testing of the core."
    )
    parser.add_argument("--workers", type=int, default=2, help="how many at one time")
    parser.add_argument("--only", choices=("functions", "tables"), help="one kind alone")
    asked = parser.parse_args(arguments)
    left = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        for kind, run in (("functions", of_functions), ("tables", of_tables)):
            if asked.only in (None, kind):
                count, living = run(Path(name), asked.workers)
                print("\n".join(report(kind, count, living)), flush=True)
                left += sum(explained(words) is None for words in living.values())
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
