"""A person at the command line: a folder with a config and sheets, a sandbox, and everything that was ever printed."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from batcher.cli import main
from batcher.sandbox import SandboxThread

API_KEY = "xx.s3cret-never-shown"
COLUMNS = ("Reference", "Name", "Amount", "Currency", "Product", "Distribution", "Email")


def row(reference: str, amount: str = "10.00", **cells: str) -> dict[str, str]:
    """A good row, but for what the test says."""
    good = {
        "Reference": reference,
        "Name": f"Zoë {reference}",
        "Amount": amount,
        "Currency": "GBP",
        "Product": "AMZ-GB",
        "Distribution": "EMAIL",
        "Email": f"{reference.lower()}@example.com",
    }
    return good | cells


def rows(count: int) -> list[dict[str, str]]:
    """So many good rows, no two alike."""
    return [row(f"R{number}", f"{number + 1}.00") for number in range(count)]


@dataclass(frozen=True, slots=True)
class Done:
    """One command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its one line of JSON; nothing else may be on stdout, and nothing at all on stderr."""
        assert self.err == ""
        (line,) = self.out.splitlines()
        content = json.loads(line)
        assert isinstance(content, dict)
        assert content["exit_code"] == self.code
        return content


@dataclass
class Desk:
    """One ledger, one sandbox, one config."""

    folder: Path
    sandbox: SandboxThread
    capsys: pytest.CaptureFixture[str]
    settings: dict[str, dict[str, object]] = field(default_factory=dict)
    """Of the config, over those that make a test quick."""
    printed: list[str] = field(default_factory=list)

    def config(self) -> Path:
        """The config file, written anew."""
        sections: dict[str, dict[str, object]] = {
            "api": {"base_url": self.sandbox.url, "account": "acme", "timeout_s": 5},
            "limits": {"orders_per_minute": 6000},
            "polling": {"first_s": 0.01, "max_s": 0.05, "give_up_after_s": 5},
            "retry": {"min_wait_s": 0.01, "max_wait_s": 0.02, "rate_limited_wait_s": 0.01, "attempts": 3},
            "ledger": {"url": "sqlite:///ledger.sqlite3"},
            "results": {"directory": str(self.folder / "results")},
        }
        lines = []
        for section in dict.fromkeys([*sections, *self.settings]):
            lines.append(f"[{section}]")
            values = sections.get(section, {}) | self.settings.get(section, {})
            lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        path = self.folder / "batcher.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def call(self, *arguments: object) -> Done:
        """The command line with exactly these arguments."""
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        out, err = self.capsys.readouterr()
        self.printed += [out, err]
        assert isinstance(left.value.code, int)
        return Done(left.value.code, out, err)

    def batcher(self, command: str, *arguments: object) -> Done:
        """A command with the desk's config."""
        return self.call(command, *arguments, "--config", self.config())

    def pay(self, sheet: Path, *flags: object, batch: str = "march") -> Done:
        """Run a sheet, confirmed."""
        return self.batcher("run", sheet, "--batch", batch, "--yes", *flags)

    def sheet(self, lines: Sequence[dict[str, str]], name: str = "payouts.csv", **options: Any) -> Path:
        """A CSV of these rows; the columns are those of the first."""
        path = self.folder / name
        form = {"encoding": "utf-8", "delimiter": ",", "lineterminator": "\n"} | options
        with path.open("w", encoding=form.pop("encoding"), newline="") as file:
            writer = csv.DictWriter(file, list(lines[0]) if lines else list(COLUMNS), **form)
            writer.writeheader()
            writer.writerows(lines)
        return path

    def file(self, name: str, content: bytes) -> Path:
        """Any file."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def results(self, batch: str = "march") -> list[dict[str, str]]:
        """The results file."""
        with (self.folder / "results" / f"{batch}.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def orders(self) -> list[dict[str, Any]]:
        """What was really issued."""
        orders = self.sandbox.dump()["orders"]
        assert isinstance(orders, list)
        return orders

    def posts(self) -> int:
        """How often the API was asked for an order."""
        return len(self.sandbox.dump()["posts"])
