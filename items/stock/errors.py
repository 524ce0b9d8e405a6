"""What the ledger refuses, with the facts."""

from decimal import Decimal

from config.decimals import plain
from config.errors import Conflict, Detail, Invalid


class InsufficientStock(Conflict):
    """More was asked for than is there."""

    code = "insufficient_stock"

    def __init__(self, *, item: str, location: str, asked: Decimal, available: Decimal) -> None:
        self.asked, self.available = asked, available
        super().__init__(
            f"{plain(asked)} of {item} were asked for, and {plain(available)} are at {location}.",
            Detail("asked", "insufficient_stock", plain(asked)),
            Detail("available", "insufficient_stock", plain(available)),
        )


class SingleThing(Conflict):
    """An item with a serial number would be there more than once."""

    code = "single_thing"

    def __init__(self, item: str, would_be: Decimal) -> None:
        self.would_be = would_be
        super().__init__(
            f"{item} has a serial number: there is one of it, and with this there would be "
            f"{plain(would_be)}."
        )


class MoreThanLent(Conflict):
    """More should come back than is out."""

    code = "more_than_lent"

    def __init__(self, *, asked: Decimal, outstanding: Decimal) -> None:
        super().__init__(
            f"{plain(asked)} should come back, and {plain(outstanding)} are out on this loan.",
            Detail("asked", "more_than_lent", plain(asked)),
            Detail("outstanding", "more_than_lent", plain(outstanding)),
        )


class AlreadyReversed(Conflict):
    """A movement can be reversed once."""

    code = "already_reversed"

    def __init__(self, reversal: int) -> None:
        super().__init__(f"It has been reversed already, by movement {reversal}.")


class NotReversible(Conflict):
    """A reversal is not reversed: the original is simply made again."""

    code = "not_reversible"

    def __init__(self) -> None:
        super().__init__("A reversal is not reversed; make the movement again.")


class NothingToBook(Conflict):
    """What was counted is what was there."""

    code = "nothing_to_book"

    def __init__(self, counted: Decimal) -> None:
        super().__init__(f"{plain(counted)} are there by the books too: there is nothing to book.")


class Retired(Conflict):
    """What is out of use is neither taken in nor lent."""

    code = "retired"

    def __init__(self, item: str) -> None:
        super().__init__(
            f"{item} is retired: it is neither received nor lent. Mark it as active first."
        )


class NotActive(Conflict):
    """Somebody who is not active borrows nothing."""

    code = "not_active"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not active, and cannot be lent anything.")


class WrongLocation(Invalid):
    """A location of a kind that the movement does not go to, or come from."""

    def __init__(self, field: str, *, wanted: str, found: str) -> None:
        message = f"It has to be a {wanted} location; this one is of kind {found}."
        super().__init__(Detail(field, "wrong_location", message))
