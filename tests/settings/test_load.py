import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from batcher.errors import UsageError
from batcher.model import Distribution
from batcher.settings import Settings, load_settings
from batcher.settings.load import default_places
from batcher.settings.sections import SECTIONS, Limits

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Settings from the text of a file and from variables."""

    def from_text(text: str = "", environ: Mapping[str, str] | None = None) -> Settings:
        file = tmp_path / "batcher.toml"
        file.write_text(text, encoding="utf-8")
        return load_settings(file, environ or {})

    return from_text


def refused(load: Load, text: str = "", environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(text, environ)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_nothing_set_is_the_defaults(load: Load) -> None:
    assert load() == Settings()
    assert load_settings(None, {}, places=()) == Settings()


def test_the_file_wins_over_the_defaults_and_a_variable_over_the_file(load: Load) -> None:
    settings = load(
        "[limits]\norders_per_minute = 50\n[retry]\nattempts = 3\nmax_wait_s = 20",
        {"BATCHER_RETRY__ATTEMPTS": "4", "BATCHER_INPUT__REQUIRE_REFERENCE": "true", "HOME": "/home/me"},
    )
    assert settings.limits.orders_per_minute == 50
    assert (settings.retry.attempts, settings.retry.max_wait_s, settings.retry.min_wait_s) == (4, 20, 1)
    assert settings.input.require_reference is True


def test_a_variable_lists_formats_with_commas_and_the_file_as_a_list(load: Load) -> None:
    assert load("", {"BATCHER_RESULTS__FORMATS": "csv, xlsx"}).results.formats == ("csv", "xlsx")
    assert load('[results]\nformats = ["parquet"]').results.formats == ("parquet",)
    assert "results.formats" in refused(load, "", {"BATCHER_RESULTS__FORMATS": "csv,pdf"})[0]


def test_the_environment_of_the_process_is_never_read() -> None:
    program = "from batcher.settings import *; print(load_settings(None, {}, places=()), Settings(), sep='\\n')"
    environ = {**os.environ, "BATCHER_LIMITS__ORDERS_PER_MINUTE": "7", "BATCHER_API": "{"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.count("orders_per_minute=60") == 2


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().limits = Limits(orders_per_minute=1)
    with pytest.raises(ValidationError):
        Settings().limits.orders_per_minute = 1


def test_the_first_place_that_has_a_file_counts(tmp_path: Path) -> None:
    here, home = tmp_path / "batcher.toml", tmp_path / "home" / "batcher.toml"
    home.parent.mkdir()
    home.write_text("[limits]\norders_per_minute = 2")
    assert load_settings(None, {}, places=(here, home)).limits.orders_per_minute == 2
    here.write_text("[limits]\norders_per_minute = 1")
    assert load_settings(None, {}, places=(here, home)).limits.orders_per_minute == 1


def test_the_places_are_the_working_directory_and_the_users_config_folder() -> None:
    here, home = default_places()
    assert here == Path("batcher.toml")
    assert home.is_absolute()
    assert home.parts[-2:] == ("batcher", "batcher.toml")


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no config file .*gone\.toml"):
        load_settings(tmp_path / "gone.toml", {})


def test_a_folder_is_no_config_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(None, {}, places=(tmp_path,))


def test_broken_toml_is_told_with_its_line(load: Load) -> None:
    (sentence,) = refused(load, "[api]\n\nbase_url = https://playground.runa.io/v2\n")
    assert "batcher.toml is no valid TOML" in sentence
    assert "line 3" in sentence


@pytest.mark.parametrize(("data", "told"), [(b"[api]\n# \xe9\n", "UTF-8 (line 2)"), (b"#" * 1_000_001, "larger than")])
def test_what_is_no_config_file_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    file = tmp_path / "batcher.toml"
    file.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        load_settings(file, {})
    assert told in str(caught.value)


def test_the_mark_that_notepad_writes_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "batcher.toml"
    file.write_bytes(b"\xef\xbb\xbf[retry]\r\nattempts = 2\r\n")
    assert load_settings(file, {}).retry.attempts == 2


@pytest.mark.parametrize(
    ("text", "named", "hint"),
    [
        ("[api]\nbaseurl = 'x'", "api.baseurl", "did you mean base_url in [api]?"),
        ("[api]\norders_per_minute = 1", "api.orders_per_minute", "did you mean orders_per_minute in [limits]?"),
        ("[columns]\nmail = 'x'", "columns.mail", "did you mean email in [columns]?"),
        ("base_url = 'x'", "base_url", "did you mean base_url in [api]?"),
        ("[limit]\na = 1\nb = 2", "[limit]", "did you mean [limits]?"),
        ("[API]", "[API]", "did you mean [api]?"),
        ("[zzz]", "[zzz]", "there are [api], "),
        ("[api]\nzzzzzz = 1", "api.zzzzzz", "config.example.toml shows every key."),
        ("api = 1", "api", "config.example.toml"),
    ],
)
def test_a_typo_is_named_with_the_nearest_name(load: Load, text: str, named: str, hint: str) -> None:
    (sentence,) = refused(load, text)
    assert sentence.startswith(("There is no setting " + named, "There is no section " + named))
    assert "batcher.toml" in sentence
    assert hint in sentence


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("BATCHER_API__BASEURL", "did you mean BATCHER_API__BASE_URL?"),
        ("BATCHER_API_BASE_URL", "did you mean BATCHER_API__BASE_URL?"),
        ("BATCHER_", "config.example.toml shows every key."),
        ("BATCHER_API__BASE_URL__X", "did you mean BATCHER_API__BASE_URL?"),
        ("batcher_api__version", "the name of the variable is BATCHER_API__VERSION"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_name(load: Load, variable: str, hint: str) -> None:
    (sentence,) = refused(load, "", {variable: "2024-02-05"})
    assert variable in sentence
    assert hint in sentence


def test_all_problems_are_told_at_once(load: Load) -> None:
    sentences = refused(
        load,
        "[limit]\n[limits]\norders_per_minute = 0\n[polling]\nfirst_s = 50\nmax_s = 2",
        {"BATCHER_RETRY__ATTEMPTS": "many", "BATCHER_HOME": "x"},
    )
    assert len(sentences) == 5
    assert any(s.startswith("limits.orders_per_minute is 0 in ") for s in sentences)
    assert any(s.endswith("it must be a whole number from 1 to 10,000.") for s in sentences)
    assert 'retry.attempts is "many" in BATCHER_RETRY__ATTEMPTS; it must be a whole number from 1 to 20.' in sentences
    assert "polling.first_s is 50, above polling.max_s, which is 2; it must not be." in sentences


NUMBERS = [
    (section, key)
    for section, model in SECTIONS.items()
    for key, field in model.model_fields.items()
    if field.annotation in {int, float}
]


@pytest.mark.parametrize("value", ["0", "-1", "1e99", "inf", "nan", "true", "'1 s'", "[1]", "{}", "2024-02-05"])
@pytest.mark.parametrize(("section", "key"), NUMBERS)
def test_every_number_has_bounds(load: Load, section: str, key: str, value: str) -> None:
    (sentence,) = refused(load, f"[{section}]\n{key} = {value}")
    assert sentence.startswith(f"{section}.{key} is ")
    assert "number from " in sentence


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("api.version = 2024-02-05", "api.version is 2024-02-05 in FILE; it must be text in quotes."),
        ("api.version = 'v2'", 'api.version is "v2" in FILE; it must be a date such as "2024-02-05".'),
        ("api.account = 'a b'", 'api.account is "a b" in FILE; it must be a name of 1 to 64 letters, digits'),
        ("defaults.currency = 'gbp'", 'it must be a currency code of ISO 4217 in capitals, such as "GBP".'),
        ("defaults.currency = 'XAU'", 'it must be a currency code of ISO 4217 in capitals, such as "GBP".'),
        ("defaults.distribution = 'MAIL'", "it must be one of EMAIL, PAYOUT_LINK, RECIPIENT."),
        ("defaults.product = ' '", "it must be text of 1 to 255 characters, without control characters."),
        ("columns.email = ''", "it must be text of 1 to 255 characters, without control characters."),
        ("input.require_reference = 'maybe'", "it must be true or false."),
        ("results.directory = 3", "results.directory is 3 in FILE; it must be text in quotes."),
        ("results.directory = ''", 'it must be a path; the working directory is "."'),
        ("results.directory = '~nobody-of-this-name/x'", "whose home ~ means here is not known"),
        ("api.api_key_file = ''", "it must be a path"),
        ("api.api_key_file = '~nobody-of-this-name/x'", "whose home ~ means"),
        ("retry = {min_wait_s = 9, max_wait_s = 8}", "retry.min_wait_s is 9, above retry.max_wait_s, which is 8"),
        ("columns = {email = 'A', reference = ' a '}", "columns.reference and columns.email both name"),
        ("limits.orders_per_minute = '" + "9" * 500 + "'", "9…"),
    ],
)
def test_a_value_that_cannot_be_used_is_shown_with_what_can(
    load: Load, setting: str, told: str, tmp_path: Path
) -> None:
    (sentence,) = refused(load, setting)
    assert told.replace("FILE", str(tmp_path / "batcher.toml")) in sentence
    assert len(sentence) < 400


def test_texts_are_trimmed_and_words_become_values(load: Load) -> None:
    settings = load("[defaults]\ndistribution = 'EMAIL'\nproduct = ' AMZ-GB|AIRBNB-GB '\n[columns]\nemail = ' Mail '")
    assert settings.defaults.distribution is Distribution.EMAIL
    assert settings.defaults.product == "AMZ-GB|AIRBNB-GB"
    assert settings.columns.mapping == {"email": "Mail"}


@pytest.mark.parametrize(
    "text",
    [
        "[api]\napi_key = 'hunter2hunter2'",
        "[api]\nkey = 'hunter2hunter2'",
        "[api]\ntoken = 'hunter2hunter2'",
        "[api]\nX-Api-Key = 'hunter2hunter2'",
        "api_key = 'hunter2hunter2'",
        "[api]\naccount = 'wg.hunter2hunter2'",
        "[api]\napi_key_file = 'XX.hunter2hunter2'",
    ],
)
def test_the_api_key_has_no_place_in_the_file(load: Load, text: str) -> None:
    (sentence,) = refused(load, text)
    assert "never goes into the settings" in sentence
    assert "RUNA_API_KEY" in sentence
    assert "hunter2" not in sentence


def test_the_api_key_has_no_place_in_a_variable_of_the_settings(load: Load) -> None:
    (sentence,) = refused(load, "", {"BATCHER_API__API_KEY": "hunter2"})
    assert "BATCHER_API__API_KEY" in sentence
    assert "RUNA_API_KEY" in sentence
    assert "hunter2" not in sentence


def test_production_has_no_account_of_its_own(load: Load) -> None:
    (sentence,) = refused(load, "[api]\nbase_url = 'https://api.runa.io/v2'")
    assert sentence.startswith("api.account is missing")
    assert load("[api]\nbase_url = 'https://api.runa.io/v2'\naccount = 'acme'").api.account == "acme"


def test_what_is_kept_lies_where_the_file_says_wherever_the_command_runs(load: Load, tmp_path: Path) -> None:
    settings = load("[ledger]\nurl = 'sqlite:///sub/ledger.db'\n[api]\napi_key_file = 'key'")
    assert settings.ledger.url == f"sqlite:///{tmp_path}/sub/ledger.db"
    assert settings.api.api_key_file == tmp_path / "key"
    assert load("", {"BATCHER_LEDGER__URL": "sqlite:///a.db"}).ledger.url == f"sqlite:///{Path().absolute()}/a.db"
    assert load("[ledger]\nurl = 'sqlite:///~/a.db'").ledger.url == f"sqlite:///{Path.home()}/a.db"
