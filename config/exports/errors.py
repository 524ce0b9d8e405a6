"""What cannot be exported as it was asked for."""

from config.errors import Conflict


class TooLarge(Conflict):
    """A workbook cannot hold it."""

    code = "too_large_for_xlsx"
