"""What a person says of one file stands above what the settings say of all."""

from batcher.assembly import SaidOfFile, read_options
from batcher.settings import load_settings

SETTINGS = load_settings(
    None, {"BATCHER_COLUMNS__AMOUNT": "Net due", "BATCHER_COLUMNS__REFERENCE": "Case no"}, places=()
)


def test_what_is_said_of_a_column_wins_over_the_config() -> None:
    options = read_options(SETTINGS, SaidOfFile(columns=(("amount", "Gross"),)))
    assert options.columns == {"amount": "Gross", "reference": "Case no"}


def test_a_column_that_is_said_to_be_something_else_is_no_longer_what_the_config_says() -> None:
    options = read_options(SETTINGS, SaidOfFile(columns=(("recipient_reference", "case NO"),)))
    assert options.columns == {"recipient_reference": "case NO", "amount": "Net due"}


def test_a_column_that_is_said_not_to_be_there_is_not_looked_for() -> None:
    options = read_options(SETTINGS, SaidOfFile(unused=frozenset({"amount"})))
    assert (options.columns, options.unused) == ({"reference": "Case no"}, frozenset({"amount"}))
