"""Single characters in words: what nobody sees, or takes for another, is named by its number and its name."""

import unicodedata

_FAMILIAR = {
    "\t": "a tab",
    "\n": "a line end",
    "\r": "a line end",
    "\u00a0": "a no-break space",
    "\u00ad": "a soft hyphen",
    "\u200b": "a zero-width space",
    "\u2018": "a curly quote",
    "\u2019": "a curly apostrophe",
    "\u201c": "a curly quote",
    "\u201d": "a curly quote",
    "\ufeff": "a byte order mark, which nobody sees",
    "\uff20": "a full-width @",
}
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of characters that nobody sees."""


def named(sign: str) -> str:
    """`U+200B, a zero-width space`."""
    return f"U+{ord(sign):04X}, {_FAMILIAR.get(sign) or _in_words(sign)}"


def _in_words(sign: str) -> str:
    name = unicodedata.name(sign, "").lower()
    if not name:
        return "a control character" if unicodedata.category(sign) == "Cc" else "a character without a name"
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def unseen(text: str) -> str:
    """The first character of `text` that nobody sees, or whose blank is none of the usual; empty if there is none."""
    return next((sign for sign in text if _is_unseen(sign)), "")


def _is_unseen(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category in _UNSEEN or (category == "Zs" and sign != " ")
