"""How exact numbers are written."""

from decimal import Decimal


def plain(number: Decimal) -> str:
    """A decimal without padding zeros and without an exponent: "3", "2.5"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
