"""Every setting: its default, its bounds, and its sentence for people. Those of sheets are in `input.py`.

The descriptions are the comments of `config.example.toml`; a test compares the two. A key is here only once the program
uses it: one that does nothing would be a lie. Validators raise a `ValueError` that completes "it must be …".
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from batcher.model import RUNA_HOSTS, Distribution, Environment
from batcher.money import minor_units
from batcher.schedules.definition import Definition
from batcher.settings.addresses import (
    host_of,
    is_known_host,
    normalised_base_url,
    normalised_host,
    normalised_ledger_url,
)
from batcher.settings.approval import Approval
from batcher.settings.inboxes import INBOX_NAME
from batcher.settings.input import Input
from batcher.settings.kinds import (
    Count,
    Seconds,
    SecretFile,
    Section,
    Sums,
    Text,
    by_currency,
    listed,
    not_blank,
    plain_path,
)
from batcher.settings.notifications import Notifications
from batcher.settings.paid_inboxes import PaidInbox
from batcher.settings.schedules import SCHEDULE_NAME, Schedule

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError('a name of 1 to 64 letters, digits, ".", "_" and "-" that begins with a letter or digit')
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError('a date such as "2024-02-05"')
    return value


def _currency(value: str) -> str:
    if not (value.isascii() and value.isupper()) or minor_units(value) is None:
        raise ValueError('a currency code of ISO 4217 in capitals, such as "GBP"')
    return value


def _ascending(lower: str, low: float, upper: str, high: float) -> None:
    if low > high:
        raise ValueError(f"{lower} is {low:g}, above {upper}, which is {high:g}; it must not be.")


Format = Literal["csv", "xlsx", "parquet"]


class Api(Section):
    """Where orders are made, and as whom. The API key has no place in this file."""

    base_url: Annotated[str, AfterValidator(normalised_base_url)] = Field(
        default="https://playground.runa.io/v2",
        description="The address of the API: https, or plain http on this machine. Production is written out: "
        "https://api.runa.io/v2.",
    )
    other_host: Annotated[str, AfterValidator(normalised_host)] | None = Field(
        default=None,
        examples=["gateway.example.com"],
        description="Only where base_url is neither Runa's nor this machine, such as a gateway of your own: its host "
        "once more, word for word. It gets the API key and every payout, so this is how you say that it may.",
    )
    version: Annotated[str, AfterValidator(_version)] = Field(
        default="2024-02-05", description="The version of the API that is asked for, sent as X-Api-Version."
    )
    account: Annotated[str, AfterValidator(_account)] | None = Field(
        default=None,
        examples=["acme-uk"],
        description="Your own name for the account at Runa. It is part of what makes a payment the same payment, so "
        "never change it. Production and other hosts have no default; the playground's is `playground`, this machine's "
        "`sandbox`.",
    )
    timeout_s: Seconds = Field(
        default=30,
        ge=0.1,
        le=300,
        description="Seconds to wait for one answer. An order without an answer is unknown, so do not be short.",
    )
    api_key_file: SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/api-key"],
        description="A file with nothing in it but the API key, which only its owner can read (chmod 600). It is asked "
        "last, after the variable RUNA_API_KEY and the system keyring. A relative path starts at this file's folder.",
    )

    @model_validator(mode="after")
    def _a_foreign_host_is_meant(self) -> Self:
        host = host_of(self.base_url)
        if not is_known_host(self.base_url) and self.other_host != host:
            named = "" if self.other_host is None else f" api.other_host names {self.other_host}, which is another one."
            raise ValueError(
                f"api.base_url leads to {host}, which is none of Runa's hosts ({', '.join(RUNA_HOSTS)}): if that is a "
                f"slip, whoever has this host would get the API key and every payout. Correct it.{named} Only if you "
                f'mean this host and trust it, write other_host = "{host}" under [api] (or BATCHER_API__OTHER_HOST).'
            )
        return self

    @model_validator(mode="after")
    def _real_money_names_its_account(self) -> Self:
        place = Environment(base_url=self.base_url, account="")
        if self.account is None and place.is_real_money:
            counts = "is production" if place.kind == "PRODUCTION" else "counts as real money"
            raise ValueError(
                f"api.account is missing: {self.base_url} {counts}, where it has no default; "
                "give the account a name of your own and keep it."
            )
        return self


class Limits(Section):
    """How fast orders are sent."""

    orders_per_minute: Count = Field(
        default=60,
        ge=1,
        le=10_000,
        description="Orders sent in any 60 seconds, resends included. Raise it only as far as Runa allows you.",
    )


class Polling(Section):
    """How an accepted order is asked about until it is done: after max(first_s, √age) seconds, at most max_s."""

    first_s: Seconds = Field(
        default=1.0,
        ge=0.01,
        le=60,
        description="Seconds before an order is asked about for the first time; the playground takes about one.",
    )
    max_s: Seconds = Field(
        default=60,
        ge=0.01,
        le=3600,
        description="The most seconds between two questions about one order; it is reached after an hour.",
    )
    give_up_after_s: Seconds = Field(
        default=900,
        ge=1,
        le=86_400,
        description="Seconds after which a run stops asking and reports the row as PROCESSING (exit 7); the same "
        "command asks again later, and nothing is sent twice.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _ascending("polling.first_s", self.first_s, "polling.max_s", self.max_s)
        return self


class Retry(Section):
    """How an order without a usable answer is sent again: the same bytes under the same key."""

    min_wait_s: Seconds = Field(default=1, ge=0.01, le=60, description="Seconds before the first resend, about.")
    max_wait_s: Seconds = Field(
        default=30, ge=0.01, le=600, description="The most seconds between two resends; the waits double up to it."
    )
    rate_limited_wait_s: Seconds = Field(
        default=5,
        ge=0.01,
        le=900,
        description="Seconds that all sending pauses when Runa says it was too fast; Runa asks for at least 5.",
    )
    attempts: Count = Field(
        default=5,
        ge=1,
        le=20,
        description="How often a run sends one order at most, the first time included; then the row is UNKNOWN.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _ascending("retry.min_wait_s", self.min_wait_s, "retry.max_wait_s", self.max_wait_s)
        return self


class Reconcile(Section):
    """How what is unknown is settled by Runa's order list."""

    settle_after_s: Seconds = Field(
        default=900,
        ge=1,
        le=86_400,
        description="Seconds between two readings of the order list, before an order that neither shows counts as "
        "never made; also between the first and the last of three equal 5xx that count as stored.",
    )
    max_pages: Count = Field(
        default=40,
        ge=1,
        le=10_000,
        description="Pages of 500 orders that one reading of the list takes at most; more than these and it is "
        "incomplete, and proves nothing.",
    )


class Breaker(Section):
    """When going on is pointless."""

    consecutive: Count = Field(
        default=5,
        ge=1,
        le=1000,
        description="Rows refused for one cause, or ending unknown, in a row, after which a run sends no more.",
    )


class Duplicates(Section):
    """When a new row looks like a payment that was made already."""

    window_days: Count = Field(
        default=20,
        ge=1,
        le=366,
        description="Days in which a payment in another batch to the same recipient, of the same amount and product, "
        "makes a new row doubtful. Below a month, so that a monthly payment is not.",
    )


class Defaults(Section):
    """What a row means that leaves a column out or empty. Nothing here is guessed: no default, no payment."""

    currency: Annotated[str, AfterValidator(_currency)] | None = Field(
        default=None, examples=["GBP"], description="ISO 4217; the balance that pays."
    )
    product: Text | None = Field(
        default=None,
        examples=["AMZ-GB"],
        description="One product code, several with | between them, or a template PT-….",
    )
    distribution: Distribution | None = Field(
        default=None, examples=["EMAIL"], description="How recipients get it: EMAIL, PAYOUT_LINK or RECIPIENT."
    )
    template: Text | None = Field(
        default=None, examples=["ET-123"], description="The mail or page template; without one, the account's own."
    )


class Columns(Section):
    """What your sheets call the columns, where batcher does not know the name: ours = "theirs"."""

    reference: Text | None = Field(
        default=None, examples=["Case no"], description="Your own id of the payout, unique in the batch."
    )
    amount: Text | None = Field(default=None, examples=["Reward"], description="The face value.")
    currency: Text | None = Field(default=None, examples=["Money"], description="The currency of the face value.")
    product: Text | None = Field(default=None, examples=["Brand"], description="The product code or codes.")
    distribution: Text | None = Field(default=None, examples=["How"], description="How the recipient gets it.")
    email: Text | None = Field(default=None, examples=["Work mail"], description="The recipient's e-mail address.")
    recipient_reference: Text | None = Field(
        default=None, examples=["Employee no"], description="Who the recipient is in your own books."
    )
    template: Text | None = Field(default=None, examples=["Design"], description="The mail or page template.")

    @property
    def mapping(self) -> dict[str, str]:
        """Only what is set, ours to theirs."""
        return {ours: theirs for ours, theirs in self.model_dump().items() if theirs is not None}

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        seen: dict[str, str] = {}
        for ours, theirs in self.mapping.items():
            other = seen.setdefault(" ".join(theirs.casefold().split()), ours)
            if other != ours:
                raise ValueError(f'columns.{other} and columns.{ours} both name "{theirs}"; a column has one meaning.')
        return self


class Confirm(Section):
    """How a plan is said yes to."""

    type_total_above: Sums = Field(
        default=(),
        description='Above these sums, one for each currency ("GBP 10000"), whoever confirms types the total that '
        "would be sent; y is not enough. `--yes` in a script confirms all the same. None is set without it.",
    )

    @property
    def type_total_above_by_currency(self) -> dict[str, Decimal]:
        """The largest total that a yes is enough for, by currency."""
        return by_currency(self.type_total_above)


class Ledger(Section):
    """Where it is written down what was sent, so that no row is paid twice. Keep it, and keep it in one place."""

    url: Annotated[str, AfterValidator(normalised_ledger_url)] | None = Field(
        default=None,
        examples=["sqlite:////home/me/batcher/ledger.sqlite3"],
        description="sqlite:/// and the path of a file on a disk of this machine; a relative one starts at this file's "
        "folder. Without it: ledger.sqlite3 in your user data folder.",
    )


class Results(Section):
    """Where the results go."""

    directory: Annotated[Path, BeforeValidator(not_blank), AfterValidator(plain_path)] = Field(
        default=Path("results"), description="The folder for NAME.csv; a relative one is below the working directory."
    )
    formats: Annotated[tuple[Format, ...], BeforeValidator(listed)] = Field(
        default=("csv",),
        min_length=1,
        description="What a run writes: csv, xlsx, parquet, or several of them.",
    )


class Webhooks(Section):
    """Runa's webhooks, which `batcher serve` takes as hints to look. Their secret has no place in this file."""

    secret_file: SecretFile | None = Field(
        default=None,
        examples=["~/.config/batcher/webhook-secret"],
        description="A file with nothing in it but the secret that Runa's portal shows (whsec_…), which only its owner "
        "can read (chmod 600). It is asked last, after the variable RUNA_WEBHOOK_SECRET and the system keyring. "
        "Without a secret no webhook is taken. A relative path starts at this file's folder.",
    )


class Logging(Section):
    """What every command logs to stderr beside its own words."""

    format: Literal["plain", "json"] = Field(
        default="plain",
        description="json makes each line an object, with batch, row and attempt in each that is about one, and logs "
        "as much as -v does; as --log-json, for whatever a timer or a supervisor starts.",
    )


class Settings(BaseModel):
    """All settings, checked and frozen. Made with no arguments it is the defaults; `load_settings` reads the others."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api: Api = Api()
    limits: Limits = Limits()
    polling: Polling = Polling()
    retry: Retry = Retry()
    reconcile: Reconcile = Reconcile()
    breaker: Breaker = Breaker()
    duplicates: Duplicates = Duplicates()
    defaults: Defaults = Defaults()
    columns: Columns = Columns()
    confirm: Confirm = Confirm()
    ledger: Ledger = Ledger()
    results: Results = Results()
    input: Input = Input()
    approval: Approval = Approval()
    webhooks: Webhooks = Webhooks()
    notifications: Notifications = Notifications()
    logging: Logging = Logging()
    schedules: dict[str, Schedule] = Field(default_factory=dict)
    inboxes: dict[str, PaidInbox] = Field(default_factory=dict)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """What is paid again and again, as it is worked with."""
        return tuple(schedule.definition(name) for name, schedule in self.schedules.items())

    @model_validator(mode="after")
    def _one_batch_and_file_each(self) -> Self:
        batches: dict[str, str] = {}
        files: dict[str, str] = {}
        for name, schedule in self.schedules.items():
            if not SCHEDULE_NAME.fullmatch(name):
                raise ValueError(f"schedules.{name} is no name for a schedule: use up to 40 of a-z, 0-9, _ and -.")
            if (other := batches.setdefault(schedule.batch, name)) != name:
                raise ValueError(
                    f"schedules.{other}.batch and schedules.{name}.batch are both {schedule.batch}; a batch is one "
                    "payment."
                )
            if (other := files.setdefault(schedule.file, name)) != name:
                raise ValueError(
                    f"schedules.{other}.file and schedules.{name}.file are both {schedule.file}; each would pay all of "
                    "its rows."
                )
        return self

    @model_validator(mode="after")
    def _inboxes_have_names(self) -> Self:
        for name in self.inboxes:
            if not INBOX_NAME.fullmatch(name):
                raise ValueError(f"inboxes.{name} is no name for an inbox: use up to 40 of a-z, 0-9, _ and -.")
        return self

    @model_validator(mode="after")
    def _inboxes_of_schedules_are_there(self) -> Self:
        for name, schedule in self.schedules.items():
            if schedule.inbox is not None and schedule.inbox not in self.inboxes:
                raise ValueError(
                    f"schedules.{name}.inbox is {schedule.inbox}, and there is no section [inboxes.{schedule.inbox}]."
                )
        return self


SECTIONS: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
"""Every section by its name in the file, but for those of which there may be several, each with its own name."""

SEVERAL: dict[str, type[BaseModel]] = {"schedules": Schedule, "inboxes": PaidInbox}
"""What there may be several of: `[schedules.NAME]`, `[inboxes.NAME]`."""


def several_of(section: str) -> str | None:
    """What a section is one of, such as `schedules` for `schedules.monthly`; `None` where there is only one such."""
    kind, dot, _ = section.partition(".")
    return kind if dot and kind in SEVERAL else None


def section_named(section: str) -> type[BaseModel] | None:
    """What may stand in the section of this name; `None` where there is no such section."""
    kind = several_of(section)
    return SECTIONS.get(section) if kind is None else SEVERAL[kind]
