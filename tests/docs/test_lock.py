"""The lock and `pyproject.toml` agree: what the project needs is locked, at versions that it allows."""

import re
import tomllib
from collections.abc import Iterator

from packaging.requirements import Requirement

from tests.docs.readme import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COVERED = re.findall(r"--extra (\w+)", LOCK)


def locked() -> dict[str, list[str]]:
    """The versions of each package; more than one where Pythons differ."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE):
        found.setdefault(name, []).append(version)
    return found


def needed() -> Iterator[Requirement]:
    """What the project and the extras that the lock covers ask for."""
    extras = PROJECT["optional-dependencies"]
    for text in [*PROJECT["dependencies"], *(one for extra in COVERED for one in extras[extra])]:
        yield Requirement(text)


def test_it_covers_the_page_and_what_people_are_told() -> None:
    assert COVERED == ["notify", "web"]


def test_everything_that_is_needed_is_locked_at_a_version_that_is_allowed() -> None:
    versions = locked()
    assert [str(one) for one in needed() if not versions.get(one.name)] == []
    assert [str(one) for one in needed() if not all(map(one.specifier.contains, versions[one.name]))] == []


def test_each_version_has_its_hashes() -> None:
    blocks = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == sum(map(len, locked().values()))
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
