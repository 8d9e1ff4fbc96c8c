"""Rows that share a key, told to each other by their lines."""

from collections.abc import Sequence

SHOWN = 5
"""How many other lines a message names before it only counts them."""


def same_key(lines: Sequence[int], keys: Sequence[str]) -> list[str]:
    """For each row, the other rows with its key: `line 4`, `lines 4 and 9`; empty for no others or an empty key."""
    groups: dict[str, list[int]] = {}
    for line, key in zip(lines, keys, strict=True):
        if key:
            groups.setdefault(key, []).append(line)
    return [
        _named([str(other) for other in groups[key][: SHOWN + 1] if other != line], len(groups[key]) - 1) if key else ""
        for line, key in zip(lines, keys, strict=True)
    ]


def same_key_other_text(lines: Sequence[int], keys: Sequence[str], texts: Sequence[str]) -> list[str]:
    """For each row, the rows with its key that are written differently: `line 4 (inc-7)`."""
    groups: dict[str, dict[str, list[int]]] = {}
    for line, key, text in zip(lines, keys, texts, strict=True):
        if key:
            groups.setdefault(key, {}).setdefault(text, []).append(line)
    sizes = {key: sum(map(len, texts_of.values())) for key, texts_of in groups.items()}
    words = []
    for key, text in zip(keys, texts, strict=True):
        written = groups.get(key, {})
        others: list[str] = []
        if len(written) > 1:
            for other, found in written.items():
                if other != text:
                    others += [f"{line} ({other})" for line in found[:SHOWN]]
                if len(others) > SHOWN:
                    break
        words.append(_named(others, sizes[key] - len(written[text])) if others else "")
    return words


def _named(others: list[str], count: int) -> str:
    if not count:
        return ""
    if count > SHOWN:
        return f"lines {', '.join(others[:SHOWN])} and {count - SHOWN} more"
    return f"lines {', '.join(others[:-1])} and {others[-1]}" if count > 1 else f"line {others[0]}"
