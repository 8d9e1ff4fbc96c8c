"""`batcher init`: what is needed is asked, and a config and a template sheet are written."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.asking import OnTerminal, Questions
from batcher.cli.common import Given, common
from batcher.errors import UsageError

if TYPE_CHECKING:
    from batcher.settings import Settings
    from batcher.settings.keeping import Keyring

ENVIRONMENTS = {
    "playground": "https://playground.runa.io/v2",
    "sandbox": "http://127.0.0.1:8765/v2",
    "production": "https://api.runa.io/v2",
}
"""The words for them, the first one the default. Real money is reached by its whole word, and by nothing else."""

ABOUT_ENVIRONMENTS = """\
playground   Runa's own, to rehearse on: no money moves
sandbox      `batcher sandbox` on this machine: no key, no network, no money
production   real money; type the whole word"""

ABOUT_ACCOUNT = """\
The account's name is your own word for the account at Runa, such as acme-uk. It is part of what makes a payment the
same payment: under another name every row would count as never paid. Choose it once, write it down, never change it."""

ABOUT_DEFAULTS = "What a row leaves out or empty takes its default. Leave a default empty if every row is to say it."

QUESTIONS = {
    "currency": "Default currency, such as GBP (may be left empty)",
    "product": "Default product, such as AMZ-GB (may be left empty)",
    "distribution": "Default distribution: EMAIL, PAYOUT_LINK or RECIPIENT (may be left empty)",
}


@click.command(name="init")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to write; the working directory if it is not said.",
)
@click.option("--environment", type=click.Choice(list(ENVIRONMENTS)), help="Where orders will be made.")
@click.option("--account", metavar="NAME", help="Your own name for the account at Runa; never change it.")
@click.option("--currency", metavar="CODE", help="The currency of rows that name none.")
@click.option("--product", metavar="CODE", help="The product of rows that name none.")
@click.option("--distribution", metavar="HOW", help="EMAIL, PAYOUT_LINK or RECIPIENT, for rows that do not say.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file of the API key; without a terminal it must be there.",
)
@click.option("--force", is_flag=True, help="Replace what is there already.")
@common
def command(given: Given, **flags: Any) -> int:
    """Ask what is needed, and write batcher.toml and payouts-template.csv. On a terminal it asks; elsewhere flags say.

    The API key is kept in the system keyring, in a file that only you can read, or nowhere; never in batcher.toml.
    """
    from batcher.settings.keeping import system_keyring

    setup = SetUp(
        Wanted(config=given.config, **flags),
        questions=OnTerminal() if given.asks else None,
        keyring=system_keyring,
        environ=os.environ,
        say=given.say,
    )
    written = setup.run()
    if given.as_json:
        click.echo(json.dumps({**written, "exit_code": 0}, ensure_ascii=False))
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line says; `None` is asked for, or has its default."""

    directory: Path = Path()
    config: Path | None = None
    environment: str | None = None
    account: str | None = None
    currency: str | None = None
    product: str | None = None
    distribution: str | None = None
    key_file: Path | None = None
    force: bool = False


class SetUp:
    """One setting-up. `questions` is whoever answers, if anybody does; `keyring` is asked for only then."""

    def __init__(
        self,
        wanted: Wanted,
        *,
        questions: Questions | None,
        keyring: Callable[[], "Keyring | None"],
        environ: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self._wanted = wanted
        self._questions = questions
        self._keyring = keyring
        self._environ = environ
        self._say = say
        self._chosen: dict[tuple[str, str], object] = {}
        self._where: dict[tuple[str, str], str] = {}

    def run(self) -> dict[str, Any]:
        """Ask, keep the key, write; gives what was made, as JSON shows it. Raises `UsageError`, and then wrote nothing.

        Only where the disk fails meanwhile may the key be kept already.
        """
        from batcher.assembly import template_text
        from batcher.cli import template
        from batcher.cli.keeping import choose_key
        from batcher.settings import environment
        from batcher.settings.writing import config_text, put_file

        config = self._wanted.config or self._wanted.directory / "batcher.toml"
        sheet = self._wanted.directory / template.NAME
        self._refuse_existing(config, sheet)
        self._choose_environment()
        self._choose_account()
        self._choose_defaults()
        settings = self._settings()
        place = environment(settings)
        self._say(click.style(f"Environment: {place.label}", bold=True, fg="red" if _is_real(settings) else None))
        choice = choose_key(
            place,
            self._wanted.key_file,
            questions=self._questions,
            keyring=self._keyring,
            environ=self._environ,
            say=self._say,
            replace=self._wanted.force,
        )
        if choice.file is not None:
            if choice.file in (config.parent.resolve() / config.name, sheet.parent.resolve() / sheet.name):
                raise UsageError(f"{choice.file} is to be the file of something else.", "Give the API key its own.")
            self._chosen["api", "api_key_file"] = str(choice.file)
            self._where["api", "api_key_file"] = "--key-file"
            settings = self._settings()
        choice.keep()
        heading = _heading(place.label, choice.origin)
        force = self._wanted.force
        put_file(config, config_text(settings, heading).encode(), replace=force, mode=0o644)
        put_file(sheet, template_text(settings).encode("utf-8-sig"), replace=force, mode=0o600)
        return self._close(config, sheet, place.label, choice.origin, choice.todo)

    def _refuse_existing(self, *files: Path) -> None:
        """Raise `UsageError` for what would be overwritten, before anything is asked."""
        there = [str(file) for file in files if os.path.lexists(file)]
        if there and not self._wanted.force:
            raise UsageError(
                f"{' and '.join(there)} {'are' if len(there) > 1 else 'is'} there already; nothing was written.",
                "Name another folder with --directory, or replace what is there with --force.",
            )

    def _choose_environment(self) -> None:
        word = self._wanted.environment
        if word is None and self._questions is not None:
            self._say(ABOUT_ENVIRONMENTS)
            word = self._questions.ask(
                "Which environment?", default=next(iter(ENVIRONMENTS)), choices=tuple(ENVIRONMENTS)
            )
        self._chosen["api", "base_url"] = ENVIRONMENTS[word or next(iter(ENVIRONMENTS))]
        self._where["api", "base_url"] = "--environment"

    def _choose_account(self) -> None:
        from batcher.model import Environment

        base_url = str(self._chosen["api", "base_url"])
        kind = Environment(base_url=base_url, account="").kind
        usual = None if kind == "PRODUCTION" else kind.lower()
        if self._wanted.account is None and self._questions is None:
            if usual is None:
                raise UsageError(
                    "Production has no default for the account's name.",
                    "Say --account NAME: your own word for the account at Runa. Never change it afterwards.",
                )
            return
        if self._wanted.account is None:
            self._say(ABOUT_ACCOUNT)
        self._choose("api", "account", self._wanted.account, "Account name", usual)
        if usual is not None and self._chosen.get(("api", "account")) == usual:
            # The default stays one: in the file, it would go along to whatever base_url is set later.
            del self._chosen["api", "account"]

    def _choose_defaults(self) -> None:
        said = {name: getattr(self._wanted, name) for name in QUESTIONS}
        if None in said.values() and self._questions is not None:
            self._say(ABOUT_DEFAULTS)
        for name, question in QUESTIONS.items():
            self._choose("defaults", name, said[name], question, "")

    def _choose(self, section: str, key: str, said: str | None, question: str, usual: str | None) -> None:
        """Take what the flag says, else ask until the answer can be used."""
        if said is not None:
            self._take(section, key, said, f"--{key}")
        while said is None and self._questions is not None:
            answer = self._questions.ask(question, default=usual)
            try:
                self._take(section, key, answer, "your answer")
            except UsageError as error:
                self._say(str(error))
            else:
                return

    def _take(self, section: str, key: str, answer: str, where: str) -> None:
        """Have one setting chosen; an empty one is none. Raises `UsageError` where it cannot be used."""
        text = answer.strip()
        if key in ("currency", "distribution"):
            text = text.upper()
        before = dict(self._chosen)
        self._where[section, key] = where
        if text:
            self._chosen[section, key] = text
        try:
            self._settings()
        except UsageError:
            self._chosen = before
            raise

    def _settings(self) -> "Settings":
        """The settings as far as they are chosen, and as rows would take them. Raises `UsageError`."""
        from batcher.assembly import read_options
        from batcher.intake.defaults import check_defaults
        from batcher.settings.writing import settings_from

        settings = settings_from(self._chosen, self._where)
        check_defaults(read_options(settings))
        return settings

    def _close(self, config: Path, sheet: Path, label: str, origin: str, todo: str) -> dict[str, Any]:
        """Say what was made and what comes next."""
        named = "" if self._wanted.config is None else f" --config {config}"
        beside = [f"cd {self._wanted.directory}"] if self._wanted.directory != Path() and not named else []
        path = sheet.name if beside or self._wanted.directory == Path() else sheet
        commands = [*beside, f"batcher doctor{named}", f"batcher check {path}{named}"]
        self._say(f"Written: {config}, {sheet}")
        self._say(f"The API key: {origin}.")
        if todo:
            self._say(todo)
        self._say("Fill a copy of the template with rows of your own; its two are examples. Next:")
        for line in commands:
            self._say(f"  {line}")
        return {
            "config": str(config),
            "template": str(sheet),
            "environment": label,
            "api_key": origin,
            "next": commands,
        }


def _is_real(settings: "Settings") -> bool:
    from batcher.settings import environment

    return environment(settings).kind == "PRODUCTION"


def _heading(label: str, origin: str) -> str:
    return (
        f"batcher in {label}.\n"
        "Only what differs from the defaults is here; config.example.toml shows every setting.\n"
        f"The API key is never in this file. It was set up to come from here: {origin}.\n"
    )
