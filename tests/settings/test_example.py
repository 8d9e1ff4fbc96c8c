import re
import tomllib
from pathlib import Path

import pytest

from batcher.settings import Settings, load_settings
from batcher.settings.sections import SECTIONS, SEVERAL
from tests.settings.example import rendered

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
KEYS = [(section, key) for section, model in SECTIONS.items() for key in model.model_fields]


def test_the_example_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == rendered()


def test_every_section_of_the_settings_is_known_by_name() -> None:
    assert [*SECTIONS, *SEVERAL] == list(Settings.model_fields)


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_has_its_sentence_and_its_default(section: str, key: str) -> None:
    field = SECTIONS[section].model_fields[key]
    assert field.description is not None
    assert field.description.endswith((".", "…"))
    written = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))[section]
    if field.default is None:
        assert key not in written
        assert field.examples
    else:
        assert type(field.default)(written[key]) == field.default


def test_nothing_else_is_in_the_example() -> None:
    written = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert {(section, key) for section, table in written.items() for key in table} <= set(KEYS)


def test_the_example_is_the_defaults() -> None:
    assert load_settings(EXAMPLE, {}) == Settings()


def test_every_example_of_a_key_without_default_can_be_used(tmp_path: Path) -> None:
    text, _, _ = EXAMPLE.read_text(encoding="utf-8").partition("# [inboxes")  # whose keys exclude each other
    # A schedule's inbox would be one of those.
    text = re.sub(r"^# ((?!inbox)\w+ = |\[schedules)", r"\1", text, flags=re.MULTILINE)
    (tmp_path / "batcher.toml").write_text(text, encoding="utf-8")
    settings = load_settings(tmp_path / "batcher.toml", {})
    assert all(getattr(getattr(settings, section), key) is not None for section, key in KEYS)
    assert settings.definitions[0].batch_of("2026-11") == "incentives-2026-11"
