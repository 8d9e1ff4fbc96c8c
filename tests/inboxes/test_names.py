"""Names that strangers chose: what they may decide, and what they never do."""

from datetime import UTC, datetime

import pytest

from batcher.inboxes.names import batch_of, beside, ending_of, first_free, is_sheet, kept_as, shown

HOSTILE = [
    "../../etc/passwd",
    "..",
    "a/b.csv",
    "a\\b.csv",
    "C:evil.csv",
    "nul\0.csv",
    "two\nlines.csv",
    "\x1b[31mred.csv",
    "turned\u202evsc.exe",
    "hid\u200bden.csv",
    "<script>.csv",
    "x" * 5000 + ".csv",
    "café.csv",
    "\uff41.csv",
    "\u212a.csv",  # the Kelvin sign, which is a k in small letters
    "\u017f.csv",
    "con spaces.csv",
    "",
    "{name}.csv",
    "{0.__class__}.csv",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_makes_no_batch_and_no_path(name: str) -> None:
    assert batch_of("{name}", name) is None
    assert ending_of(name) in {".csv", ""}
    kept = kept_as(name)
    assert kept.strip()
    assert not set(kept) & set('/\\:*?"<>|\0\n\x1b\u202e\u200b')
    assert not kept.startswith(".")
    assert len(kept) <= 120
    assert shown(name).isprintable()
    assert len(shown(name)) <= 100


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        ("march.csv", "march"),
        ("March.XLSX", "march"),
        ("2026-11.incentives.csv", "2026-11.incentives"),
        ("2026.11", "2026.11"),
        ("payroll", "payroll"),
        ("-march.csv", None),
        ("x" * 41 + ".csv", None),
    ],
)
def test_a_batch_is_the_name_without_its_ending_in_small_letters(name: str, batch: str | None) -> None:
    assert batch_of("{name}", name) == batch


def test_a_template_may_say_more() -> None:
    assert batch_of("payroll-{name}", "2026-11.csv") == "payroll-2026-11"
    assert batch_of("payroll-{name}", "x" * 40 + ".csv") is None


@pytest.mark.parametrize("name", [".a", "~$a.xlsx", "a.csv.part", "a.TMP", "a.csv.done", "a.filepart", "a.crdownload"])
def test_what_is_still_being_sent_is_no_sheet(name: str) -> None:
    assert not is_sheet(name)


def test_neither_a_sheet_nor_what_lies_beside_it_takes_another_s_name() -> None:
    at = datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert first_free("a.csv", [], at, "d" * 64) == "a.csv"
    assert first_free("A.xlsx", ["a.csv"], at, "d" * 64) == "A-20261128T090000Z.xlsx"
    assert first_free("a.results.csv", ["a.csv"], at, "d" * 64) == "a.results-20261128T090000Z.csv"
    assert first_free("a.csv", ["a.csv", "a-20261128T090000Z.csv"], at, "d" * 64).endswith(f"-{'d' * 12}.csv")
    assert beside("a.xlsx", "results.csv") == "a.results.csv"
