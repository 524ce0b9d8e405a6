"""What the forms that book do: try it, and tell what would happen; or do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from psycopg.errors import NumericValueOutOfRange

from config.constraints import broken_by
from config.decimals import plain
from config.transactions import retried
from items.catalogue.models import Item
from items.stock import services
from items.stock.forms import BookingForm
from items.stock.models import Location, Movement, StockLevel
from items.stock.places import Paths


@dataclass(frozen=True)
class End:
    """One end of a movement, and how much is there before and after; outside, nobody counts."""

    place: str
    before: Decimal | None = None
    after: Decimal | None = None

    def __str__(self) -> str:
        if self.before is None or self.after is None:
            return self.place
        return f"{self.place}: {plain(self.before)} → {plain(self.after)}"


@dataclass(frozen=True)
class Told:
    """A movement as a person reads it."""

    movement: Movement
    source: End
    destination: End

    @property
    def amount(self) -> str:
        """How many of what."""
        item = self.movement.item
        return f"{item.in_units(self.movement.quantity)} of {item}"

    def __str__(self) -> str:
        kind = self.movement.get_kind_display().capitalize()
        return f"{kind}: {self.amount}, from {self.source.place} to {self.destination.place}."


def attempt(form: BookingForm) -> list[Told]:
    """What would be booked: it is, and taken back. The form has the reasons when it cannot be."""
    return _unless_refused(form, lambda: _booked(form, keep=False))


def book(form: BookingForm, seen: str) -> list[Told]:
    """Book all that the form says, or nothing: then the form has the reasons.

    `seen` is what `state_of` its items was when the form was shown: when somebody has booked since
    then, the same person by a second click perhaps, it is refused, and they look again.
    """
    return _unless_refused(form, lambda: _booked(form, keep=True, seen=seen))


def state_of(items: Iterable[Item]) -> str:
    """Which movement of each item was the last: another when anything has been booked."""
    of_item = Movement.objects.filter(item=OuterRef("pk")).order_by("-pk")
    rows = Item.objects.with_ids([item.pk for item in items]).order_by("pk")
    last = rows.values_list("pk", Subquery(of_item.values("pk")[:1]))
    return " ".join(f"{item}:{movement or 0}" for item, movement in last)


def _unless_refused(form: BookingForm, work: Callable[[], list[Told]]) -> list[Told]:
    """What `work` does; the form has the reason when only the database could refuse it."""
    try:
        return retried(work)
    except IntegrityError as error:
        if (broken := broken_by(error)) is None:
            raise
        form.add_error(None, broken.message)
    except DataError as error:
        if not isinstance(error.__cause__, NumericValueOutOfRange):
            raise
        form.add_error(None, "With this there would be more than the books can hold.")
    return []


@transaction.atomic
def _booked(form: BookingForm, *, keep: bool, seen: str = "") -> list[Told]:
    if form.errors:  # of an attempt that ended in a dead-lock
        form.full_clean()
    services.lock_in_one_order(form.items)
    told: list[Told] = []
    if keep and seen != state_of(form.items):
        form.add_error(None, _booked_meanwhile(form.items))
    else:
        told = _told(form.book())
    if form.errors or not keep:
        transaction.set_rollback(True)
    return [] if form.errors else told


def _booked_meanwhile(items: list[Item]) -> str:
    last = Movement.objects.filter(item__in=items).with_relations().first()
    what = ""
    if last is not None:
        by = f" by {last.actor}" if last.actor else ""
        what = f" Last: {last}{by}, {last.created_at:%Y-%m-%d %H:%M}."
    return (
        "Something has been booked since you opened this, so nothing of yours was booked now."
        f"{what} Look whether yours is still right, then send it again."
    )


def _told(movements: list[Movement]) -> list[Told]:
    """The movements, with the levels that they have led to, and those before."""
    items = {movement.item_id for movement in movements}
    levels = StockLevel.objects.filter(item__in=items)
    now = {(level.item_id, level.location_id): level.quantity for level in levels}
    path_of = Paths()
    told = []
    for movement in reversed(movements):  # back from what is there now to what was there before
        ends = []
        for place, sign in ((movement.source, -1), (movement.destination, 1)):
            key = (movement.item_id, place.pk)
            after = now[key]
            now[key] = after - sign * movement.quantity
            counted = place.kind != Location.Kind.OUTSIDE
            ends.append(End(path_of(place), *((now[key], after) if counted else ())))
        told.append(Told(movement, *ends))
    return told[::-1]


def subjects_of(form: type[BookingForm], ids: list[int]) -> list[Any]:
    """What the ids name, with all that a form shows of it, in the order of the ids.

    Those that are not there are left out.
    """
    rows: Any = form.subject._default_manager.with_ids(ids).with_relations()
    found = {row.pk: row for row in rows}
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]
