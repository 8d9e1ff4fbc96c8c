"""The planted bugs fit the code as it is; `python -m tests.planted` plants them and sees who catches them."""

import ast
from pathlib import Path

import pytest

from tests.planted.copies import ROOT
from tests.planted.patches import Bug, NoFit, all_bugs, read_bug

BUGS = all_bugs()
PATCH = """\
Costs: something
Tests: tests/core/test_keys.py
--- a/batcher/some.py
+++ b/batcher/some.py
@@ -1,2 +1,2 @@
 first = 1
-second = 2
+second = 3
@@ -9,2 +9,1 @@
 last = 8
-gone = 9
"""


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_fits_the_code_and_leaves_it_code(bug: Bug) -> None:
    changed = bug.applied(ROOT)
    for path, text in changed.items():
        assert path.startswith("batcher/")
        before = (ROOT / path).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(before))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_tests_that_a_planted_bug_names_are_there(bug: Bug) -> None:
    assert [test for test in bug.tests if not (ROOT / test.partition("::")[0]).exists()] == []


def test_the_planted_bugs_are_numbered_one_by_one() -> None:
    assert [bug.number for bug in BUGS] == [*range(1, len(BUGS) + 1)]
    assert len(BUGS) >= 20


def test_a_patch_finds_its_lines_wherever_they_have_gone(tmp_path: Path) -> None:
    file = _some(tmp_path, "zeroth = 0\n\nfirst = 1\nsecond = 2\nthird = 3\nlast = 8\ngone = 9\n")
    read_bug("01-some", PATCH).plant(tmp_path)
    assert file.read_text() == "zeroth = 0\n\nfirst = 1\nsecond = 3\nthird = 3\nlast = 8\n"


@pytest.mark.parametrize(
    "text",
    [
        "first = 1\nsecond = 4\nlast = 8\ngone = 9\n",
        "first = 1\nsecond = 2\nlast = 8\n",
        "    first = 1\nsecond = 2\nlast = 8\ngone = 9\n",
        "first = 1\nsecond = 2\nfirst = 1\nsecond = 2\nlast = 8\ngone = 9\n",
    ],
)
def test_a_patch_that_does_not_fit_is_refused_and_changes_nothing(tmp_path: Path, text: str) -> None:
    file = _some(tmp_path, text)
    with pytest.raises(NoFit, match=r"batcher/some\.py has these lines"):
        read_bug("01-some", PATCH).plant(tmp_path)
    assert file.read_text() == text


def test_a_patch_of_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoFit, match=r"there is no batcher/some\.py"):
        read_bug("01-some", PATCH).plant(tmp_path)


@pytest.mark.parametrize("left_out", ["Costs: something\n", "Tests: tests/core/test_keys.py\n", PATCH[46:]])
def test_a_patch_says_what_it_costs_who_should_see_it_and_what_it_changes(left_out: str) -> None:
    with pytest.raises(ValueError, match="01-some"):
        read_bug("01-some", PATCH.replace(left_out, ""))


def _some(root: Path, text: str) -> Path:
    file = root / "batcher" / "some.py"
    file.parent.mkdir()
    file.write_text(text)
    return file
