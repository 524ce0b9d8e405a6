"""The currencies of ISO 4217 and how many decimals an amount in each may have."""

from decimal import Decimal

DEFAULT_DECIMALS = 2
MAX_DECIMALS = 4

_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES
WST XCD XCG YER ZAR ZMW ZWG
"""
# Decimals other than two, by the standard's list one (minor units).
OTHER_DECIMALS: dict[int, tuple[str, ...]] = {
    0: (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND"),
        *("VUV", "XAF", "XOF", "XPF"),
    ),
    3: ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    4: ("CLF", "UYW"),
}
DECIMALS: dict[str, int] = dict.fromkeys(_TWO.split(), DEFAULT_DECIMALS) | {
    code: decimals for decimals, codes in OTHER_DECIMALS.items() for code in codes
}


def fits(amount: Decimal, currency: str) -> bool:
    """True when `amount` has no more decimals than its currency allows (trailing zeros aside)."""
    return amount == round(amount, DECIMALS[currency])


def written(amount: Decimal, currency: str) -> str:
    """An amount with exactly its currency's decimals: "12.30" in USD, "1890000" in KRW."""
    return format(amount, f".{DECIMALS.get(currency, DEFAULT_DECIMALS)}f")


def cut(text: str, currency: str) -> str:
    """The same, of an amount's text with MAX_DECIMALS decimals, of which those cut off are 0."""
    kept = DECIMALS.get(currency, DEFAULT_DECIMALS)
    return text[: len(text) - MAX_DECIMALS + kept].rstrip(".")
