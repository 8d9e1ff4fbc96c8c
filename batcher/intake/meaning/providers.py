"""Domains that are a slip of the keyboard for a large provider: worth a warning, never a reason to refuse.

A table, not a distance between words: one letter away from `gmail.com` lie `ymail.com`, `email.com` and `fmail.com`,
which are real. The slips are of the kinds that Mailcheck and Blendle's emailcorrect look for, with the providers of
Mailcheck's list of popular domains; no spelling is in it under which one of these really has addresses.
"""

_SLIPS = {
    "gmail": (
        "gmial gmal gmai gmil gamil gmali gnail gmaill gmaiil gmaul gmaol gmsil gmeil gimail gmailc mgail gmaail ggmail"
    ),
    "googlemail": "googelmail goglemail googlemial googlmail gogglemail",
    "hotmail": (
        "hotmial hotmal hotmai hotmil hotmaill hotmali homail hotamil hotmeil hotrmail hoitmail htmail hotnail hotmaul "
        "otmail hptmail"
    ),
    "yahoo": "yaho yahooo yhoo yahho yhaoo yahoi yaoo yahpp ahoo yajoo",
    "outlook": "outlok outloo outlool outlock otlook outllook oulook outlokk outook putlook outloock",
    "icloud": "iclod icoud iclould icluod iclud icolud iclound",
    "protonmail": "protonmial protonmal protonmai",
}
"""How the name of each provider is misspelt."""

_SUFFIXES = {
    "gmail": "com",
    "googlemail": "com",
    "hotmail": "com co.uk fr de it es be nl se dk no ca com.ar com.br com.mx",
    "yahoo": "com co.uk fr de it es in ca ie co.in co.jp com.ar com.au com.br com.mx com.sg com.ph",
    "outlook": "com fr de it es ie dk be at pt com.ar com.au com.br",
    "icloud": "com",
    "protonmail": "com ch",
    "aol": "com co.uk de fr it",
}
"""What really stands behind the name of each provider, the usual first."""

_SUFFIX_SLIPS = {
    "com": "con cmo ocm vom xom comm coom cpm clm cim com.com ccom om cm co",
    "co.uk": "co.uj co.ul co.ik couk co.u c.uk o.uk co.ukk",
}
"""How these suffixes are misspelt. Behind other names `.co`, `.cm` and `.om` are countries."""


def _table() -> dict[str, str]:
    meant: dict[str, str] = {}
    for name, suffixes in _SUFFIXES.items():
        real = suffixes.split()
        written = {suffix: suffix for suffix in real}
        written |= {slip: suffix for suffix in real for slip in _SUFFIX_SLIPS.get(suffix, "").split()}
        for spelling in (name, *_SLIPS.get(name, "").split()):
            meant |= {f"{spelling}.{slip}": f"{name}.{suffix}" for slip, suffix in written.items()}
    return {domain: provider for domain, provider in meant.items() if domain != provider}


_MEANT = _table()


def likely_meant(domain: str) -> str | None:
    """The provider's domain that was probably meant, where `domain` is a known slip for it."""
    return _MEANT.get(domain.lower())
