"""What a currency sign or code beside an amount may stand for.

The signs are those of Unicode's CLDR (the symbols of all its locales, common and narrow) for the currencies of today,
with short forms that people type (`SFr.`, `A$`, `Rs.`). Babel has the same data, and 36 MB more. Single letters are
left out: `12 K` is twelve thousand, `5 M` five million, `50 p` half a pound. What is not here is no currency.
"""

from functools import cache

from batcher import money

_DOLLARS = (
    "ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MOP MXN NAD NIO NZD SBD SGD SRD SVC TOP "
    "TTD TWD USD UYU WST XCD"
)

_SIGNS = {
    "$": _DOLLARS,
    "£": "EGP FKP GBP GIP LBP SDG SHP SSP SYP",
    "¥": "CNY JPY",
    "€": "EUR",
    "₹": "INR",
    "₨": "INR LKR MUR NPR PKR SCR",
    "₽": "RUB",
    "₩": "KPW KRW",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "₦": "NGN",
    "₴": "UAH",
    "₺": "TRY",
    "₸": "KZT",
    "₼": "AZN",
    "₾": "GEL",
    "₡": "CRC",
    "₲": "PYG",
    "₵": "GHS",
    "₭": "LAK",
    "₮": "MNT",
    "৳": "BDT",
    "฿": "THB",
    "៛": "KHR",
    "֏": "AMD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD NIO",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "SG$": "SGD",
    "NT$": "TWD",
    "MX$": "MXN",
    "R$": "BRL",
    "RD$": "DOP",
    "J$": "JMD",
    "TT$": "TTD",
    "EC$": "XCD",
    "FJ$": "FJD",
    "GB£": "GBP",
    "E£": "EGP",
    "CN¥": "CNY",
    "JP¥": "JPY",
    "GH₵": "GHS",
    "kr": "DKK ISK NOK SEK",
    "kr.": "DKK ISK NOK SEK",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "MDL RON",
    "Fr": "CDF CHF DJF GNF KMF RWF XAF XOF XPF",
    "Fr.": "CDF CHF DJF GNF KMF RWF XAF XOF XPF",
    "SFr": "CHF",
    "SFr.": "CHF",
    "Rs": "INR LKR MUR NPR PKR SCR",
    "Rs.": "INR LKR MUR NPR PKR SCR",
    "Rp": "IDR",
    "Rp.": "IDR",
    "RM": "MYR",
    "KSh": "KES",
    "TSh": "TZS",
    "USh": "UGX",
    "FCFA": "XAF XOF",
    "TL": "TRY",
    "NIS": "ILS",
    "DH": "AED MAD",
    "Dhs": "AED MAD",
    "元": "CNY HKD MOP TWD",
    "円": "JPY",
    "원": "KRW",
}

_MEANINGS = {sign.lower(): frozenset(codes.split()) for sign, codes in _SIGNS.items()}


@cache
def meanings(currency_text: str) -> frozenset[str]:
    """The codes of ISO 4217 that `currency_text` may stand for; none where it is no currency.

    Upper and lower case are one: people write `gbp`, `Kr` and `SFR`.
    """
    code = currency_text.upper()
    if currency_text.isascii() and currency_text.isalpha() and money.minor_units(code) is not None:
        return frozenset({code})
    return _MEANINGS.get(currency_text.lower(), frozenset())


def may_mean(currency_text: str, iso_code: str) -> bool:
    """Whether an amount with this sign or code may be in that currency. No sign at all speaks against none."""
    return not currency_text or iso_code in meanings(currency_text)
