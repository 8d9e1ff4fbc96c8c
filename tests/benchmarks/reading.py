"""What reading a sheet costs, as ratios of one run: beside other readers, and as the sheet grows.

    python -m tests.benchmarks.reading                                the tables, in Markdown
    python -m tests.benchmarks.reading --large                        with ten times the rows as well
    python -m tests.benchmarks.reading --page docs/performance.md     the tables put into the page
    python -m tests.benchmarks.reading --plot docs/reading.svg        and the picture (needs the extra `bench`)

Contestants are whole processes, run in turns, and every figure is the median of its runs. The seconds differ from
machine to machine; goals are ratios. It needs the extra `dev`, two gigabytes on the disk with `--large`, and a
quarter of an hour.
"""

import argparse
import math
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.whole_process import Command, Median, Processes, Run

ROWS = 1_000_000
TENTH = 10
"""A tenth of it is what the usual script is given several times."""
FEW = 100
GOAL_ROUNDS, OTHER_ROUNDS, START_ROUNDS, SLOW_ROUNDS = 7, 3, 21, 1
"""How often each is run: for a goal, for a report, where a process takes less than a second, where it takes minutes."""
PROBLEMS_FOUND = 5
"""How `batcher check` ends when a row has a problem."""

BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A ratio, and what it should be."""

    what: str
    ours: str
    theirs: str
    ratio: float
    by_processor: float | None = None
    """The same of processor time: what else runs on the machine changes it less."""
    most: float | None = None
    least: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the ratio is on the right side; on the line it is."""
        return (self.most is None or self.ratio <= self.most) and (self.least is None or self.ratio >= self.least)

    @property
    def line(self) -> str:
        """Of the table."""
        bound = f"at most {self.most:g}" if self.most is not None else f"at least {self.least:g}"
        verdict = "pass" if self.kept else "**fail**"
        second = "" if self.by_processor is None else f"{self.by_processor:.2f}"
        return _row(self.what, self.ours, self.theirs, f"{self.ratio:.2f}", bound, verdict, second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a sheet of one size takes."""

    rows: int
    check: Median
    pandas: Median
    pyarrow: Median

    @property
    def line(self) -> str:
        """Of the table."""
        return _row(
            f"{self.rows:,}",
            _seconds(self.check.wall_s),
            _seconds(self.check.cpu_s),
            _megabytes(self.check),
            _seconds(self.pandas.wall_s),
            _megabytes(self.pandas),
            _seconds(self.pyarrow.own_s),
        )


@dataclass(slots=True)
class Found:
    """Everything that is measured, in the order of the tables."""

    goals: list[Goal] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where it is measured, and how much."""

    processes: Processes
    rows: int
    batch: int
    """Of the sheet that is planned and confirmed."""
    large: bool
    rounds: float
    """By how much every number of runs is multiplied."""

    def times(self, rounds: int) -> int:
        """How often to run something."""
        return math.ceil(rounds * self.rounds)

    def sheet(self, kind: str, rows: int) -> str:
        """A file of that kind and size, written once."""
        name = f"{kind}-{rows}{'.xlsx' if kind == 'xlsx' else '.csv'}"
        if not (self.processes.folder / name).exists():
            self.processes.do(_module("reading_sheets", kind, str(rows), name))
        return name

    def measured(self, commands: Mapping[str, Command], rounds: int) -> dict[str, Median]:
        """The medians of what takes turns."""
        return self.processes.in_turns(commands, self.times(rounds))


def check(file: str, *options: str, exit_code: int = 0) -> Command:
    """`batcher check`, as a person runs it."""
    return Command(("-m", "batcher", "check", file, *options), exit_code)


def _module(name: str, *arguments: str) -> Command:
    return Command(("-m", f"tests.benchmarks.{name}", *arguments))


def _time(what: str, ours: Median, theirs: Median, *, most: float | None = None, least: float | None = None) -> Goal:
    """Of whole processes; a goal of at least so much is how many times as long theirs takes."""
    ratio, by_processor = ours.wall_s / theirs.wall_s, ours.cpu_s / theirs.cpu_s
    return Goal(
        what=what,
        ours=_seconds(ours.wall_s),
        theirs=_seconds(theirs.wall_s),
        ratio=1 / ratio if least else ratio,
        by_processor=1 / by_processor if least else by_processor,
        most=most,
        least=least,
    )


def growth(bench: Bench, found: Found) -> None:
    """Sheets from a thousandth of the rows up; the last gives the first two goals."""
    tenth = bench.rows // TENTH
    for rows in (bench.rows // 1000, bench.rows // 100, tenth, tenth + 1, bench.rows):
        file = bench.sheet("plain", rows)
        seen = bench.measured(
            {
                "check": check(file),
                "pyarrow": _module("reading_rivals", "pyarrow", file),
                "pandas": _module("reading_rivals", "pandas", file),
            },
            GOAL_ROUNDS if rows == bench.rows else OTHER_ROUNDS,
        )
        found.sizes.append(Size(rows=rows, **seen))
    largest = found.sizes[-1]
    checked, parsed, pandas = largest.check, largest.pyarrow, largest.pandas
    found.goals += [
        Goal(
            what=f"time of a check of {bench.rows:,} rows, to that of `pyarrow.csv.read_csv` alone",
            ours=_seconds(checked.wall_s),
            theirs=_seconds(parsed.own_s),
            ratio=checked.wall_s / parsed.own_s,
            by_processor=checked.cpu_s / parsed.own_cpu_s,
            most=12,
        ),
        _memory(f"memory of that check, to that of `pandas.read_csv` in {bench.rows:,} rows", checked, pandas, 0.75),
    ]


def _memory(what: str, ours: Median, theirs: Median, most: float) -> Goal:
    return Goal(
        what=what, ours=_megabytes(ours), theirs=_megabytes(theirs), ratio=ours.peak_mb / theirs.peak_mb, most=most
    )


def large(bench: Bench, found: Found) -> None:
    """The memory of a check of ten times the rows."""
    rows = bench.rows * TENTH
    file = bench.sheet("plain", rows)
    seen = bench.measured({"check": check(file)}, SLOW_ROUNDS)["check"]
    what = f"memory of a check of {rows:,} rows, to that of {bench.rows:,}"
    found.goals.append(_memory(what, seen, found.sizes[-1].check, 1.1))
    found.others.append(_other("as it comes", rows, seen))
    (bench.processes.folder / file).unlink()


def usual_script(bench: Bench, found: Found) -> None:
    """The script that people write, several times on a tenth of the rows and once on all of them."""
    for rows, rounds in ((bench.rows // TENTH, OTHER_ROUNDS), (bench.rows, SLOW_ROUNDS)):
        file = bench.sheet("plain", rows)
        seen = bench.measured({"check": check(file), "script": _module("usual_script", file)}, rounds)
        what = f"time of the usual script on {rows:,} rows, to that of a check"
        found.goals.append(_time(what, seen["check"], seen["script"], least=15))


def start(bench: Bench, found: Found) -> None:
    """A small sheet, for which only the imports take time."""
    file = bench.sheet("plain", FEW)
    seen = bench.measured({"check": check(file), "import": Command(("-c", "import pandas"))}, START_ROUNDS)
    what = f"time of a check of {FEW} rows, to that of `import pandas`"
    found.goals.append(_time(what, seen["check"], seen["import"], most=1))


def dialects(bench: Bench, found: Found) -> None:
    """The same rows as other programs write them."""
    kinds = {
        "a quote around every cell": ("quoted",),
        "semicolons and decimal commas": ("european",),
        "cp1252, said with --encoding": ("cp1252", "--encoding", "cp1252"),
    }
    commands = {name: check(bench.sheet(kind, bench.rows), *options) for name, (kind, *options) in kinds.items()}
    if found.sizes:
        found.others.append(_other("as it comes: a comma, UTF-8", bench.rows, found.sizes[-1].check))
    for name, seen in bench.measured(commands, OTHER_ROUNDS).items():
        found.others.append(_other(name, bench.rows, seen))


def mistaken(bench: Bench, found: Found) -> None:
    """Sheets of which every row has a problem; as many of them as are held are also written down."""
    held, errors = bench.rows // TENTH, "errors.csv"
    for rows in (held, bench.rows):
        seen = bench.measured({"check": check(bench.sheet("mistaken", rows), exit_code=PROBLEMS_FOUND)}, SLOW_ROUNDS)
        found.others.append(_other("a problem in every row", rows, seen["check"]))
    command = check(bench.sheet("mistaken", held), "--json", "--errors", errors, exit_code=PROBLEMS_FOUND)
    seen = bench.measured({"check": command}, SLOW_ROUNDS)
    written = (bench.processes.folder / errors).stat().st_size
    out = f"{_bytes(seen['check'].output)}, and {_bytes(written)} of errors"
    found.others.append(_other("the same with --json and --errors", held, seen["check"], out))


def workbooks(bench: Bench, found: Found) -> None:
    """Workbooks, whose amounts are numbers."""
    for rows, rounds in ((bench.rows // 50, OTHER_ROUNDS), (bench.rows // TENTH, SLOW_ROUNDS)):
        seen = bench.measured({"check": check(bench.sheet("xlsx", rows))}, rounds)["check"]
        found.others.append(_other("a workbook (.xlsx)", rows, seen))


def ledger(bench: Bench, found: Found) -> None:
    """The largest batch: planned and confirmed beside a bare insert, planned again and known again beside its check."""
    rows = bench.batch
    file, folder = bench.sheet("plain", rows), bench.processes.folder
    runs: dict[str, list[Run]] = {"confirm": [], "bare": [], "check": [], "again": [], "finished": []}
    size = 0
    for _ in range(bench.times(OTHER_ROUNDS)):
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            for name, command in (
                ("confirm", _module("reading_ledger", "confirm", file, fresh)),
                ("bare", _module("reading_ledger", "bare", fresh)),
                ("check", check(file)),
                ("again", _module("reading_ledger", "again", file, fresh)),
                ("finish", _module("reading_ledger", "finish", file, fresh)),
                ("finished", _module("reading_ledger", "finished", file, fresh)),
            ):
                runs.setdefault(name, []).append(bench.processes.run(command))
            size = (Path(fresh) / "ledger.sqlite3").stat().st_size
    seen = {name: Median(runs=tuple(of)) for name, of in runs.items()}
    confirm, bare, checked, again, known = (seen[name] for name in ("confirm", "bare", "check", "again", "finished"))
    found.goals += [
        Goal(
            what=f"time to plan and confirm {rows:,} rows, to that of a bare insert of the same values",
            ours=_seconds(confirm.own_s),
            theirs=_seconds(bare.own_s),
            ratio=confirm.own_s / bare.own_s,
            by_processor=confirm.own_cpu_s / bare.own_cpu_s,
            most=4,
        ),
        _time(f"time to run {rows:,} paid rows again, to that of their check", known, checked, most=1.5),
    ]
    found.others.append(_other("read, planned and confirmed", rows, confirm, f"{_bytes(size)} of ledger"))
    found.others.append(_other("confirmed and not sent: read and planned again", rows, again))
    found.others.append(_other("paid whole: known again", rows, known))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 1 else f"{seconds:.2f} s"


def _megabytes(median: Median) -> str:
    return f"{median.peak_mb:.0f} MB"


def _bytes(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e6:.1f} MB"


def _other(name: str, rows: int, seen: Median, out: str = "") -> str:
    return _row(
        name,
        f"{rows:,}",
        _seconds(seen.wall_s),
        _seconds(seen.cpu_s),
        _megabytes(seen),
        out or _bytes(seen.output),
        str(len(seen.runs)),
    )


def _table(head: Sequence[str], lines: Sequence[str], *, words: int = 1) -> Iterator[str]:
    yield _row(*head)
    yield "|" + "---|" * words + "--:|" * (len(head) - words)
    yield from lines
    yield ""


def tables(found: Found, where: str) -> list[str]:
    """All tables, with the machine above them."""
    return [
        where,
        "",
        *_table(
            ("what", "batcher", "beside it", "ratio", "goal", "verdict", "ratio of processor time"),
            [goal.line for goal in found.goals],
        ),
        *_table(("sheet", "rows", "time", "processor time", "memory", "output", "runs"), found.others),
        *_table(
            ("rows", "check", "processor time", "memory", "`pandas.read_csv`", "memory", "parse by pyarrow"),
            [size.line for size in found.sizes],
            words=0,
        ),
    ][:-1]


def machine(before: float) -> str:
    """What it was measured on, and how busy that was."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "pandas", "numpy", "pydantic"))
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{libraries}. Load of the machine (processes that ran or waited): {before:.1f} before, "
        f"{os.getloadavg()[0]:.1f} at the end, of which one to two are the benchmark's own."
    )


def put(page: Path, lines: Sequence[str]) -> None:
    """Put the tables into a page, between its marks."""
    above, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, found, below = rest.partition(END)
    if not found:
        raise ValueError(f"{page} has no place for the tables: {BEGIN.strip()} … {END.strip()}")
    page.write_text(above + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + below, encoding="utf-8")


PARTS = (growth, start, usual_script, ledger, dialects, mistaken, workbooks)


def main() -> None:
    """Measure, print, and put the tables where they are asked for."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks.reading")
    asked.add_argument("--rows", type=int, default=ROWS, metavar="N", help="of the large sheet; the others follow")
    asked.add_argument("--large", action="store_true", help="ten times the rows as well")
    asked.add_argument("--rounds", type=float, default=1.0, metavar="X", help="so many times the usual runs")
    asked.add_argument("--page", type=Path, metavar="PAGE", help="put the tables into this page")
    asked.add_argument("--plot", type=Path, metavar="SVG", help="draw the picture")
    asked.add_argument("--batch", type=int, metavar="N", help="rows that are planned and confirmed (as many as --rows)")
    asked.add_argument("--only", choices=[part.__name__ for part in PARTS], help="measure one part")
    options = asked.parse_args()
    before, found = os.getloadavg()[0], Found()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(
            processes=Processes(Path(folder)),
            rows=options.rows,
            batch=options.batch or options.rows,
            large=options.large,
            rounds=options.rounds,
        )
        parts = [part for part in PARTS if options.only in (None, part.__name__)]
        for part in (*parts, *((large,) if options.large else ())):
            part(bench, found)
            print(f"{part.__name__}: measured, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    lines = tables(found, machine(before))
    print("\n".join(lines))
    if options.page:
        put(options.page, lines)
    if options.plot:
        from tests.benchmarks.reading_plot import draw

        draw(options.plot, found.sizes)


if __name__ == "__main__":
    main()
