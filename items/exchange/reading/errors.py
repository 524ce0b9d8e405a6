"""What is wrong with a file as a whole."""

from config.errors import Unusable


class Unreadable(Unusable):
    """The file cannot be read, or not further; `line` is where, when it is anywhere."""

    code = "unreadable"

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line
