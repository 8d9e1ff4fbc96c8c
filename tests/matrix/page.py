"""`docs/faults.md`, written from the table."""

from collections.abc import Iterator
from pathlib import Path

from tests.matrix.table import SECTIONS, cells, impossible
from tests.matrix.terms import Impossible, Moment, Place, Real, Recovery, Row, Section, Sent, Step

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CELLS = "tests/matrix/test_cells.py::test_cell"

MOMENTS = {Moment.FIRST: "first send", Moment.RESEND: "resend", Moment.ACCEPTED: "after acceptance"}
KEYS = {
    Sent.NOTHING: "none: nothing is sent",
    Sent.FIRST: "its first",
    Sent.SAME: "the same",
    Sent.AMENDED: "the same, with the edited row",
    Sent.NEW: "a new one, after proof",
}
AFTERWARDS = {
    Sent.NOTHING: "nothing",
    Sent.FIRST: "first key",
    Sent.SAME: "same key",
    Sent.AMENDED: "same key, edited row",
    Sent.NEW: "new key",
}

INTRO = """\
<!-- Written by `python -m tests.matrix` from tests/matrix; do not edit. -->

# When things break

What batcher does about every fault that it knows of: what happens, which key is used, how the run ends, and what the
next run does. The page is written from the table that the tests run, so each cell of it is a test that passes.

## How to read it

A **fault** strikes one row of a batch, while another row beside it is paid. It lasts for the whole run that meets it:
all three tries of that run are struck. It strikes at one of three **moments**:

- **first send**: the row is sent for the first time;
- **resend**: an earlier run left the row unknown, and this run asks again;
- **after acceptance**: an earlier run has the order's id, and this run reads the order.

**Key** is what the run sends for the row. The same key makes the same order, however often it is sent; a new key could
make a second one, so it is used only after proof that the old one paid nothing. **Exit** is the exit code of the run
that meets the fault.

Then the fault ends, and one of four **recoveries** follows: the **same** command again, **`resume`**, the same rows
**reordered**, or the struck row **edited** (its amount changed; where its address is at fault, the address mended).
Runs are a quarter of an hour apart. `7 same key → 0 new key` means: a first run ends with 7 and sends the same key, a
second ends with 0 and sends a new one. *Back* is a run of the file as it was, after the recovery was refused.

Everywhere it holds, and is checked at every step: nobody has two orders that pay, no order is sent before the ledger
has it, no row is lost from the results, and every link stands in its own line.

The exit codes: 0 all paid · 1 batcher's own machine · 2 usage · 3 some rows refused or failed · 4 the API refuses the
key or the version · 5 the file is refused, nothing was sent · 6 stopped early · 7 some rows unknown or in progress ·
11 another process has the ledger.

"""


def page() -> str:
    """The whole page."""
    return INTRO + _figures() + "".join(_section(section) for section in SECTIONS).rstrip("\n") + "\n"


def _figures() -> str:
    made, not_made = len(cells()), len(impossible()) * len(Recovery)
    return (
        f"There are {made} cells; {not_made} more cannot be, for the reasons given. The test of a cell is\n"
        f"`{CELLS}[FAULT-MOMENT-RECOVERY]`, with the fault's name in small type below its title,\n"
        "the moment `first`, `resend` or `accepted`, and the recovery `same`, `resume`, `reordered` or `edited`.\n\n"
    )


def _section(section: Section) -> str:
    lines = [f"## {section.title}", "", section.intro, ""]
    lines += [
        "| fault | moment | what happens | key | exit | then: same | resume | reordered | edited |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    also = []
    for row in section.rows:
        lines += _row(row)
        also += [f"- {row.title}: `{test}`" for test in row.also]
    if also:
        lines += ["", "Beside these cells:", "", *also]
    return "\n".join([*lines, "", ""])


def _row(row: Row) -> Iterator[str]:
    for number, moment in enumerate(Moment):
        title = f'<a id="{row.name}"></a>**{row.title}**<br><sub>`{row.name}`</sub>' if number == 0 else ""
        yield f"| {title} | {MOMENTS[moment]} | {' | '.join(_place(row.at[moment], moment))} |"


def _place(place: Place, moment: Moment) -> list[str]:
    if isinstance(place, Impossible):
        return [f"*Cannot be.* {place.why}", *("-" for _ in range(6))]
    words = place.happens + (f" **A person decides.** {place.person}" if place.person else "")
    words += f" **A defect, not mended yet.** {place.defect}" if place.defect else ""
    return [words, _key(place, moment), str(place.exit_code), *(_steps(place.then.of(one)) for one in Recovery)]


def _key(real: Real, moment: Moment) -> str:
    times = f", {real.sends} times" if real.sends > 1 else ""
    return f"{KEYS[real.sent_at(moment)]}{times}"


def _steps(runs: tuple[Step, ...]) -> str:
    return " → ".join(_step(run) for run in runs)


def _step(run: Step) -> str:
    days = f"{run.days} days later " if run.days else ""
    return f"{'back: ' if run.back else ''}{days}{run.exit_code} {AFTERWARDS[run.sent]}"
