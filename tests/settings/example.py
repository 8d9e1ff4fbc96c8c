"""`config.example.toml` as the settings themselves would write it.

`python -m tests.settings.example > config.example.toml` writes it anew.
"""

import json
import sys
import textwrap
from enum import Enum
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from batcher.settings.sections import SECTIONS, SEVERAL

_HEAD = """\
Every setting of batcher with its default; what begins with "# name =" has none, and shows an example.
Save what you change as batcher.toml where you run batcher, or under batcher/ in your user config folder.
Each can also come from a variable, which wins over the file: BATCHER_API__BASE_URL for base_url in [api].
The API key never goes in here: it comes from the variable RUNA_API_KEY, the system keyring, or a file of its own.
"""

_NAMES = {"schedules": "monthly-incentives", "inboxes": "sheets"}


def rendered() -> str:
    """The whole file."""
    parts = [_comment(_HEAD), *(_section(name, model) for name, model in SECTIONS.items())]
    parts += [_one_of_several(f"{kind}.{_NAMES[kind]}", model) for kind, model in SEVERAL.items()]
    return "\n".join(parts)


def _section(name: str, model: type[BaseModel]) -> str:
    keys = [_key(key, field) for key, field in model.model_fields.items()]
    return f"{_comment(model.__doc__ or '')}[{name}]\n\n" + "\n".join(keys)


def _one_of_several(name: str, model: type[BaseModel]) -> str:
    """There is none by default: an example of each key, as a comment."""
    lines = [f"{_comment(model.__doc__ or '')}#\n# [{name}]\n"]
    for key, field in model.model_fields.items():
        value = (field.examples or [""])[0] if field.is_required() or field.default is None else field.default
        lines.append(f"#\n{_comment(field.description or '')}# {key} = {_toml(value)}\n")
    return "".join(lines)


def _key(key: str, field: FieldInfo) -> str:
    default = field.default
    line = f"{key} = {_toml(default)}" if default is not None else f"# {key} = {_toml((field.examples or [''])[0])}"
    return f"{_comment(field.description or '')}{line}\n"


def _toml(value: object) -> str:
    if isinstance(value, Path | Enum):
        value = str(value)
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    lines = [line for part in text.strip().splitlines() for line in textwrap.wrap(part.strip(), 118)]
    return "".join(f"# {line}\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(rendered())
