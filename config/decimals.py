"""How exact numbers are written."""

from decimal import Decimal


def plain(number: Decimal) -> str:
    """A decimal without padding zeros and without an exponent: "3", "2.5"."""
    return without_padding(format(number, "f"))


def without_padding(text: str) -> str:
    """A number's text ("3.000", without an exponent) without padding zeros."""
    return text.rstrip("0").rstrip(".") if "." in text else text
