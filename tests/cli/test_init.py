"""`batcher init`: what it asks and writes, what it never overwrites, and that the key shows nowhere."""

import json
import os
import pty
import select
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from batcher.assembly import load_sheet
from batcher.cli.init import SetUp, Wanted
from batcher.errors import UsageError
from batcher.model import Distribution
from batcher.sandbox import SandboxThread
from batcher.settings import Settings, environment, load_api_key, load_settings
from tests.cli.desk import Desk

PLAYGROUND_KEY, PRODUCTION_KEY = "xx.s3cret-never-shown", "wg.s3cret-never-shown"
ENTER = ""

AT_ITS_TERMINAL = """
import fcntl, os, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from batcher.cli import main
main(["init"])
"""
"""`batcher init` in a session of its own, so that it asks its own terminal and no other."""


@dataclass
class Person:
    """Answers questions in turn; Enter takes what is proposed. Fails a test that asks one question more."""

    answers: Iterator[str]
    key: str = PLAYGROUND_KEY
    asked: list[str] = field(default_factory=list)

    def ask(self, question: str, *, default: str | None = None, choices: Sequence[str] = ()) -> str:
        self.asked.append(question)
        answer = next(self.answers)
        if answer == ENTER and default is not None:
            return default
        assert not choices or answer in choices, f"{answer!r} would be asked for again"
        return answer

    def ask_hidden(self, question: str) -> str:
        self.asked.append(question)
        return self.key


@dataclass
class FakeKeyring:
    """A keyring in memory."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    locked: bool = False
    name: str = "Fake"

    def get(self, service: str, user: str) -> str | None:
        if self.locked:
            raise UsageError("The system keyring (Fake) does not open.", "Unlock it.")
        return self.kept.get((service, user))

    def keep(self, service: str, user: str, secret: SecretStr) -> None:
        self.kept[service, user] = secret.get_secret_value()


@dataclass
class Bench:
    """A folder to set up in."""

    folder: Path
    ring: FakeKeyring | None = field(default_factory=FakeKeyring)
    environ: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def set_up(self, *answers: str, key: str = PLAYGROUND_KEY, **wanted: object) -> Person:
        """Set up with a person who answers so."""
        person = Person(iter(answers), key)
        self._run(person, wanted)
        assert list(person.answers) == [], "fewer questions than answers"
        return person

    def by_flags(self, **wanted: object) -> None:
        """Set up where nobody answers."""
        self._run(None, wanted)

    def _run(self, person: Person | None, wanted: Mapping[str, object]) -> None:
        SetUp(
            Wanted(**{"directory": self.folder, **wanted}),  # type: ignore[arg-type]
            questions=person,
            keyring=lambda: self.ring,
            environ=self.environ,
            say=self.said.append,
        ).run()

    @property
    def config(self) -> Path:
        return self.folder / "batcher.toml"

    @property
    def template(self) -> Path:
        return self.folder / "payouts-template.csv"

    def settings(self) -> Settings:
        """What the config file gives."""
        return load_settings(self.config, {})

    def nothing_was_written(self) -> bool:
        return not list(self.folder.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench. The key is in nothing that was said, nor in any file but the one that is for it."""
    folder = tmp_path / "payments"
    folder.mkdir()
    bench = Bench(folder)
    yield bench
    assert "s3cret" not in "\n".join(bench.said)
    for path in folder.rglob("*"):
        assert path.is_dir() or path.name == "api-key" or "s3cret" not in path.read_text(encoding="utf-8-sig")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_enter_to_everything_is_the_playground_with_the_defaults(bench: Bench) -> None:
    bench.ring = None
    key_file = bench.folder / "api-key"
    person = bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, ENTER, str(key_file))

    assert bench.settings().model_dump(exclude={"api": {"api_key_file"}}) == Settings().model_dump(
        exclude={"api": {"api_key_file"}}
    )
    assert environment(bench.settings()).kind == "PLAYGROUND"
    assert len(person.asked) == 8
    assert "[limits]" not in bench.config.read_text()


def test_answers_go_into_the_config_each_with_its_sentence(bench: Bench) -> None:
    bench.set_up("production", "acme-uk", "gbp", "AMZ-GB", "email", "keyring", key=PRODUCTION_KEY)
    settings = bench.settings()

    assert environment(settings).label == "PRODUCTION (acme-uk at api.runa.io/v2)"
    defaults = settings.defaults
    assert (defaults.currency, defaults.product, defaults.distribution) == ("GBP", "AMZ-GB", Distribution.EMAIL)
    written = bench.config.read_text().splitlines()
    assert [line for line in written if line and not line.startswith(("#", "["))] == [
        'base_url = "https://api.runa.io/v2"',
        'account = "acme-uk"',
        'currency = "GBP"',
        'product = "AMZ-GB"',
        'distribution = "EMAIL"',
    ]
    for line, above in zip(written[1:], written, strict=False):
        assert " = " not in line or line.startswith("#") or above.startswith("# ")
    assert "PRODUCTION" in written[0]


def test_whoever_names_the_account_is_told_what_hangs_on_it(bench: Bench) -> None:
    bench.set_up(ENTER, "acme", ENTER, ENTER, ENTER, "variable")

    assert "never change it" in "\n".join(bench.said)
    assert environment(bench.settings()).account == "acme"


def test_the_usual_account_of_the_playground_does_not_go_along_to_production(bench: Bench) -> None:
    bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "variable")
    bench.config.write_text(f'{bench.config.read_text()}\n[api]\nbase_url = "https://api.runa.io/v2"\n')

    with pytest.raises(UsageError, match=r"api\.account is missing"):
        bench.settings()


def test_production_proposes_no_account(bench: Bench) -> None:
    bench.set_up("production", ENTER, "acme", ENTER, ENTER, ENTER, "variable")

    assert environment(bench.settings()).account == "acme"


def test_an_answer_that_cannot_be_used_is_asked_again(bench: Bench) -> None:
    person = bench.set_up(ENTER, "ac me", "acme", "POUND", "EUR", "A B", "PT-1", "post", "RECIPIENT", "variable")

    assert [person.asked.count(question) for question in dict.fromkeys(person.asked)] == [1, 2, 2, 2, 2, 1]
    assert 'api.account is "ac me" in your answer; it must be' in "\n".join(bench.said)
    assert (bench.settings().defaults.currency, bench.settings().defaults.product) == ("EUR", "PT-1")


@pytest.mark.parametrize("section", ["account", "product"])
def test_a_key_that_is_given_as_something_else_is_not_taken(bench: Bench, section: str) -> None:
    with pytest.raises(UsageError) as caught:
        bench.by_flags(environment="production", **{"account": "acme", section: PRODUCTION_KEY})

    assert "s3cret" not in str(caught.value)
    assert bench.nothing_was_written()


def test_the_keyring_gets_the_key_where_it_will_be_looked_for(bench: Bench) -> None:
    assert bench.ring is not None
    bench.set_up("production", "acme", ENTER, ENTER, ENTER, ENTER, key=PRODUCTION_KEY)

    assert bench.ring.kept == {("batcher", "acme@api.runa.io"): PRODUCTION_KEY}
    ring = bench.ring
    assert load_api_key(bench.settings(), {}, ask_keyring=ring.get).get_secret_value() == PRODUCTION_KEY


def test_a_key_that_the_keyring_has_is_left_there(bench: Bench) -> None:
    assert bench.ring is not None
    bench.ring.kept["batcher", "playground@playground.runa.io"] = "xx.s3cret-older"
    person = bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "keyring")

    assert "API key (it does not show)" not in person.asked
    assert list(bench.ring.kept.values()) == ["xx.s3cret-older"]


def test_force_replaces_the_key_in_the_keyring(bench: Bench) -> None:
    assert bench.ring is not None
    bench.ring.kept["batcher", "playground@playground.runa.io"] = "xx.s3cret-older"
    bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "keyring", force=True)

    assert list(bench.ring.kept.values()) == [PLAYGROUND_KEY]


def test_a_keyring_that_does_not_open_ends_it_before_anything_is_written(bench: Bench) -> None:
    assert bench.ring is not None
    bench.ring.locked = True
    with pytest.raises(UsageError, match="Unlock"):
        bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "keyring")

    assert bench.nothing_was_written()


def test_the_key_file_is_for_its_owner_only_and_found_again(bench: Bench) -> None:
    key_file = bench.folder / "secrets" / "api-key"
    bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "file", str(key_file))

    assert (mode(key_file), mode(key_file.parent)) == (0o600, 0o700)
    assert load_api_key(bench.settings(), {}, ask_keyring=lambda *_: None).get_secret_value() == PLAYGROUND_KEY


def older_key_in(folder: Path) -> Path:
    key_file = folder / "api-key"
    key_file.write_text("xx.s3cret-older\n")
    key_file.chmod(0o600)
    return key_file


def test_a_key_file_that_is_there_is_used_as_it_is(bench: Bench) -> None:
    key_file = older_key_in(bench.folder)
    bench.by_flags(key_file=key_file, force=True)

    assert key_file.read_text() == "xx.s3cret-older\n"
    assert bench.settings().api.api_key_file == key_file


def test_whoever_names_a_key_file_that_is_there_is_not_asked_for_the_key(bench: Bench) -> None:
    key_file = older_key_in(bench.folder)
    person = bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "file", str(key_file))

    assert "API key (it does not show)" not in person.asked
    assert key_file.read_text() == "xx.s3cret-older\n"


def test_force_replaces_the_key_in_its_file_by_the_one_that_is_given(bench: Bench) -> None:
    key_file = older_key_in(bench.folder)
    bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "file", str(key_file), force=True)

    assert (key_file.read_text(), mode(key_file)) == (f"{PLAYGROUND_KEY}\n", 0o600)


def test_a_key_file_that_others_can_read_is_refused(bench: Bench) -> None:
    key_file = bench.folder / "api-key"
    key_file.write_text(f"{PLAYGROUND_KEY}\n")
    key_file.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        bench.by_flags(key_file=key_file)

    assert not bench.config.exists()


def test_a_key_file_that_is_not_there_is_named_where_nobody_can_be_asked(bench: Bench) -> None:
    with pytest.raises(UsageError, match=r"--key-file .* is not there"):
        bench.by_flags(key_file=bench.folder / "api-key")

    assert bench.nothing_was_written()


@pytest.mark.parametrize("name", ["batcher.toml", "payouts-template.csv"])
def test_the_key_has_a_file_of_its_own(bench: Bench, name: str) -> None:
    with pytest.raises(UsageError, match="Give the API key its own"):
        bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, key_file=bench.folder / name)

    assert bench.nothing_was_written()


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ((ENTER, ENTER), PRODUCTION_KEY),
        (("sandbox", ENTER), PRODUCTION_KEY),
        (("production", "acme"), PLAYGROUND_KEY),
        (("production", "acme"), PLAYGROUND_KEY.upper()),
        (("production", "acme"), "s3cret-without-prefix"),
        ((ENTER, ENTER), "xx.s3cret with space"),
        ((ENTER, ENTER), "xx.s3crét"),
    ],
)
@pytest.mark.parametrize("way", ["keyring", "file", "variable"])
def test_a_key_that_does_not_fit_the_environment_ends_it(
    bench: Bench, answers: tuple[str, ...], key: str, way: str
) -> None:
    assert bench.ring is not None
    if way == "variable":
        bench.environ["RUNA_API_KEY"] = key
    where = [str(bench.folder / "api-key")] if way == "file" else []
    with pytest.raises(UsageError) as caught:
        bench.set_up(*answers, ENTER, ENTER, ENTER, way, *where, key=key)

    assert "s3cr" not in str(caught.value)
    assert bench.ring.kept == {}
    assert bench.nothing_was_written()


def test_a_variable_that_would_come_before_the_kept_key_is_told(bench: Bench) -> None:
    bench.environ["RUNA_API_KEY"] = PLAYGROUND_KEY
    bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "keyring")

    assert any(line.startswith("RUNA_API_KEY is set here") for line in bench.said)


def test_a_keyring_that_would_come_before_the_file_is_told(bench: Bench) -> None:
    assert bench.ring is not None
    bench.ring.kept["batcher", "playground@playground.runa.io"] = "xx.s3cret-older"
    bench.set_up(ENTER, ENTER, ENTER, ENTER, ENTER, "file", str(bench.folder / "api-key"))

    assert any("comes before the file" in line for line in bench.said)


@pytest.mark.parametrize("name", ["batcher.toml", "payouts-template.csv"])
def test_nothing_that_is_there_is_overwritten(bench: Bench, name: str) -> None:
    (bench.folder / name).write_text("mine")
    with pytest.raises(UsageError) as caught:
        bench.by_flags()

    assert name in caught.value.message
    assert [(path.name, path.read_text()) for path in bench.folder.iterdir()] == [(name, "mine")]


def test_a_link_that_leads_nowhere_is_something_that_is_there(bench: Bench, tmp_path: Path) -> None:
    bench.config.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"batcher\.toml"):
        bench.by_flags()

    assert not (tmp_path / "elsewhere").exists()
    bench.config.unlink()


def test_force_replaces_config_and_template(bench: Bench) -> None:
    bench.config.write_text("mine")
    bench.template.write_text("mine")
    bench.by_flags(force=True)

    assert bench.settings() == Settings()
    assert bench.template.read_text(encoding="utf-8-sig").startswith("reference,")


@pytest.mark.parametrize("words", ["yes", "y", "PRODUCTION", "prod", "p"])
def test_production_is_reached_by_its_whole_word_alone(desk: Desk, words: str) -> None:
    done = desk.call("init", "--no-input", "--environment", words, "--account", "acme")

    assert done.code == 2
    assert not (desk.folder / "batcher.toml").exists()


@pytest.mark.parametrize("currency", [None, "GBP", "EUR", "USD", "JPY", "KWD"])
@pytest.mark.parametrize("product", [None, "AMZ-DE", "AMZ-GB|AIRBNB-GB", "PT-123"])
@pytest.mark.parametrize("distribution", [None, "EMAIL", "PAYOUT_LINK", "RECIPIENT"])
def test_the_template_passes_the_check_with_its_config(
    bench: Bench, currency: str | None, product: str | None, distribution: str | None
) -> None:
    bench.by_flags(currency=currency, product=product, distribution=distribution)
    sheet = load_sheet(bench.template, bench.settings())

    assert (sheet.problems, sheet.warnings) == ((), ())
    assert len(sheet.payouts) == 2
    assert {payout.currency for _, payout in sheet.payouts} <= {currency or "GBP", currency or "EUR"}
    assert {payout.distribution for _, payout in sheet.payouts} == {distribution or "EMAIL"}


def test_where_nobody_can_be_asked_what_has_no_default_is_named_by_its_flag(desk: Desk) -> None:
    done = desk.call("init", "--no-input", "--environment", "production", "--json")

    assert done.code == 2
    assert "--account" in done.json["error"]["fix"]


@pytest.mark.parametrize(
    ("flag", "value"), [("--account", "ac me"), ("--currency", "POUND"), ("--distribution", "post")]
)
def test_a_flag_that_cannot_be_used_is_named(desk: Desk, flag: str, value: str) -> None:
    done = desk.call("init", "--no-input", flag, value)

    assert done.code == 2
    assert flag in done.err
    assert not (desk.folder / "batcher.toml").exists()


def test_flags_alone_make_a_config_that_the_next_commands_take(desk: Desk) -> None:
    folder = desk.folder / "new"
    made = desk.call("init", "--no-input", "--environment", "sandbox", "--directory", folder, "--currency", "EUR")
    config = folder / "batcher.toml"
    checked = desk.call("check", folder / "payouts-template.csv", "--config", config)

    assert (made.code, checked.code) == (0, 0)
    assert "2 rows, EUR 35.00" in checked.err
    assert made.err.index("batcher doctor") < made.err.index("batcher check")
    assert (mode(config) & 0o022, mode(folder / "payouts-template.csv")) == (0, 0o600)


def test_what_was_made_is_told_as_json(desk: Desk) -> None:
    content = desk.call("init", "--no-input", "--json").json

    assert content["config"] == "batcher.toml"
    assert content["environment"].startswith("PLAYGROUND")
    assert content["next"] == ["batcher doctor", "batcher check payouts-template.csv"]


def on_a_terminal(folder: Path, environ: dict[str, str], script: list[tuple[str, str]]) -> str:
    """`batcher init` in a folder, with somebody who types; gives all that the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AT_ITS_TERMINAL],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = typed_on(ours, script)
    assert process.wait(timeout=60) == 0, shown
    return shown


def test_on_a_real_terminal_it_asks_and_the_key_does_not_show(tmp_path: Path) -> None:
    # This machine's own keyring is nobody's business here.
    environ = {"HOME": str(tmp_path / "home"), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    typed = [
        ("Which environment?", "yes"),
        ("Which environment?", "production"),
        ("Account name", "acme"),
        ("Default currency", ""),
        ("Default product", ""),
        ("Default distribution", ""),
        ("Keep it in", "keyring"),
        ("Keep it in", "file"),
        ("File of the API key", ""),
        ("API key (it does not show)", PRODUCTION_KEY),
    ]
    (tmp_path / "payments").mkdir()
    shown = on_a_terminal(tmp_path / "payments", environ, typed)

    assert "s3cret" not in shown
    (key_file,) = (tmp_path / "home").rglob("api-key-acme")
    assert key_file.read_text() == f"{PRODUCTION_KEY}\n"
    assert json.dumps(str(key_file)) in (tmp_path / "payments" / "batcher.toml").read_text()


def test_what_is_kept_in_a_systems_keyring_is_found_by_the_doctor(tmp_path: Path) -> None:
    pytest.importorskip("keyring")
    store = tmp_path / "store.json"
    environ = {
        "HOME": str(tmp_path / "home"),
        "PYTHON_KEYRING_BACKEND": "tests.cli.keyring_backend.Keyring",
        "BACKEND_OF_TESTS_FILE": str(store),
    }
    typed = [
        ("Which environment?", "sandbox"),
        ("Account name", ""),
        ("Default currency", ""),
        ("Default product", ""),
        ("Default distribution", ""),
        ("Keep it in", "keyring"),
        ("API key (it does not show)", PLAYGROUND_KEY),
    ]
    (tmp_path / "payments").mkdir()
    shown = on_a_terminal(tmp_path / "payments", environ, typed)
    with SandboxThread() as sandbox:
        examined = subprocess.run(
            [sys.executable, "-m", "batcher", "doctor"],
            cwd=tmp_path / "payments",
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "BATCHER_API__BASE_URL": sandbox.url,
                **environ,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    assert json.loads(store.read_text()) == {"batcher/sandbox@127.0.0.1": PLAYGROUND_KEY}
    assert "found in the system keyring (batcher, sandbox@127.0.0.1)" in examined.stdout
    assert examined.returncode == 0, examined.stdout
    assert "s3cret" not in shown + examined.stdout + examined.stderr


def read_from(terminal: int) -> str:
    """What comes next; fails where nothing does."""
    ready, _, _ = select.select([terminal], [], [], 60)
    assert ready, "nothing came for a minute"
    return os.read(terminal, 4096).decode()


def typed_on(terminal: int, script: list[tuple[str, str]]) -> str:
    """Type each answer when its question has come; gives all that the terminal showed."""
    shown, seen = "", 0
    try:
        for question, answer in script:
            while question not in shown[seen:]:
                shown += read_from(terminal)
            seen = shown.index(question, seen) + len(question)
            # The space comes last, and where nothing is to show, once nothing shows any more.
            while not shown[seen:].endswith(": "):
                shown += read_from(terminal)
            seen = len(shown)
            os.write(terminal, f"{answer}\n".encode())
        while piece := read_from(terminal):
            shown += piece
    except OSError:
        pass  # how Linux says that the other end is closed
    finally:
        os.close(terminal)
    return shown
