"""The movements: each locks the item, checks, and books in one transaction.

Quantities are positive decimals of three places. The item's row is locked first, by id where there
are several; whoever comes second waits, and then sees what the first has left. The database adds
up levels and sums, and refuses whatever would be unsound (items/stock/ledger.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from items.catalogue.models import Item
from items.stock.errors import (
    AlreadyReversed,
    InsufficientStock,
    MoreThanLent,
    NotActive,
    NothingToBook,
    NotReversible,
    Retired,
    SingleThing,
    WrongLocation,
)
from items.stock.models import WORLD, Loan, Location, Movement, StockLevel

Kind = Movement.Kind
STORAGE, PERSON, OUTSIDE = Location.Kind.STORAGE, Location.Kind.PERSON, Location.Kind.OUTSIDE
NOTHING = Decimal(0)


# ── In, out and about ─────────────────────────────────────────────────────────────────────────
@transaction.atomic
def receive_stock(
    *,
    actor: Any,
    item: Item,
    destination: Location,
    quantity: Decimal,
    source: Location | None = None,
    **note: str,
) -> Movement:
    """Take in what comes from outside (`source`, a supplier say). `note`: reason, reference.

    Raises WrongLocation, Retired or SingleThing.
    """
    locked = _locked(item)
    _require_in_use(locked)
    source = source or world()
    _require(STORAGE, destination=destination)
    _require(OUTSIDE, source=source)
    _require_room(locked, quantity)
    return _book(Kind.RECEIVE, actor, item, quantity, (source, destination), **note)


@transaction.atomic
def issue_stock(
    *,
    actor: Any,
    item: Item,
    source: Location,
    quantity: Decimal,
    destination: Location | None = None,
    **note: str,
) -> Movement:
    """Give something away for good: sold, used up. Raises WrongLocation or InsufficientStock."""
    _locked(item)
    destination = destination or world()
    _require(STORAGE, source=source)
    _require(OUTSIDE, destination=destination)
    _require_there(item, source, quantity)
    return _book(Kind.ISSUE, actor, item, quantity, (source, destination), **note)


@transaction.atomic
def transfer_stock(
    *,
    actor: Any,
    item: Item,
    source: Location,
    destination: Location,
    quantity: Decimal,
    **note: str,
) -> Movement:
    """Move something within the store. Raises WrongLocation or InsufficientStock."""
    _locked(item)
    _require(STORAGE, source=source, destination=destination)
    _require_there(item, source, quantity)
    return _book(Kind.TRANSFER, actor, item, quantity, (source, destination), **note)


@transaction.atomic
def count_stock(
    *, actor: Any, item: Item, location: Location, counted: Decimal, **note: str
) -> Movement:
    """State what is there; the difference to the books is booked.

    Raises WrongLocation, SingleThing, or NothingToBook when there is none.
    """
    locked = _locked(item)
    _require(STORAGE, destination=location)
    difference = counted - level_of(item, location)
    if not difference:
        raise NothingToBook(counted)
    _require_room(locked, difference)
    route = (world(), location) if difference > 0 else (location, world())
    return _book(Kind.COUNT, actor, item, abs(difference), route, **note)


# ── Lent and taken back ───────────────────────────────────────────────────────────────────────
@transaction.atomic
def check_out(
    *,
    actor: Any,
    item: Item,
    holder: Any,
    source: Location,
    quantity: Decimal,
    due_at: datetime | None = None,
    **note: str,
) -> Loan:
    """Lend something to a user. Raises WrongLocation, Retired, NotActive or InsufficientStock."""
    _require_in_use(_locked(item))
    _require(STORAGE, source=source)
    if not holder.is_active:
        raise NotActive(str(holder))
    _require_there(item, source, quantity)
    loan = Loan.objects.create(item=item, holder=holder, quantity=quantity, due_at=due_at)
    route = (source, place_of(holder))
    _book(Kind.CHECK_OUT, actor, item, quantity, route, loan=loan, **note)
    loan.refresh_from_db()
    return loan


@transaction.atomic
def check_in(
    *,
    actor: Any,
    loan: Loan,
    destination: Location | None = None,
    quantity: Decimal | None = None,
    **note: str,
) -> Movement:
    """Take back what was lent, all that is out unless a quantity is said.

    It goes back to where it came from unless another place is said. Raises WrongLocation or
    MoreThanLent.
    """
    destination = destination or loan.movements.get(kind=Kind.CHECK_OUT).source
    _require(STORAGE, destination=destination)
    quantity = _of_what_is_out(loan, quantity)
    route = (place_of(loan.holder), destination)
    return _book(Kind.CHECK_IN, actor, loan.item, quantity, route, loan=loan, **note)


# ── Lost, and put right ───────────────────────────────────────────────────────────────────────
@transaction.atomic
def write_off(
    *, actor: Any, item: Item, source: Location, quantity: Decimal, **note: str
) -> Movement:
    """Book something in store as lost or broken. Raises WrongLocation or InsufficientStock."""
    _locked(item)
    _require(STORAGE, source=source)
    _require_there(item, source, quantity)
    return _book(Kind.WRITE_OFF, actor, item, quantity, (source, world()), **note)


@transaction.atomic
def write_off_loan(
    *, actor: Any, loan: Loan, quantity: Decimal | None = None, **note: str
) -> Movement:
    """Book what a borrower has lost, all that is out unless a quantity is said; closes that part.

    Raises MoreThanLent.
    """
    quantity = _of_what_is_out(loan, quantity)
    route = (place_of(loan.holder), world())
    return _book(Kind.WRITE_OFF, actor, loan.item, quantity, route, loan=loan, **note)


@transaction.atomic
def reverse_movement(*, actor: Any, movement: Movement, reason: str = "") -> Movement:
    """Put a mistake right: the movement turned round, whole and once; its loan is corrected too.

    Raises NotReversible, AlreadyReversed, InsufficientStock, MoreThanLent or SingleThing.
    """
    locked = _locked(movement.item)
    if movement.kind == Kind.REVERSAL:
        raise NotReversible
    reversal = Movement.objects.filter(reverses=movement).first()
    if reversal is not None:
        raise AlreadyReversed(reversal.pk)
    source, destination = movement.destination, movement.source
    if source.kind == STORAGE:
        _require_there(movement.item, source, movement.quantity)
    elif source.kind == PERSON:
        assert movement.loan is not None  # the database sees to it
        _of_what_is_out(movement.loan, movement.quantity)
    else:
        _require_room(locked, movement.quantity)
    return _book(
        Kind.REVERSAL,
        actor,
        movement.item,
        movement.quantity,
        (source, destination),
        loan=movement.loan,
        reverses=movement,
        reason=reason,
        reference=movement.reference,
    )


# ── What they share ───────────────────────────────────────────────────────────────────────────
def level_of(item: Item, location: Location) -> Decimal:
    """How much of the item is at the location by the books."""
    level = StockLevel.objects.filter(item=item, location=location).first()
    return level.quantity if level is not None else NOTHING


def world() -> Location:
    """Where things come from and go to when nobody says more."""
    named = Location.objects.filter(name__iexact=WORLD)
    defaults = {"name": WORLD, "kind": OUTSIDE}
    location: Location = named.get_or_create(parent=None, defaults=defaults)[0]
    return location


def place_of(user: Any) -> Location:
    """The location of what a user has, called as they are; made when it is first asked for."""
    name = str(user)[: Location._meta.get_field("name").max_length]
    defaults = {"name": name, "kind": PERSON}
    place: Location = Location.objects.get_or_create(user=user, defaults=defaults)[0]
    if place.name != name:  # they have been renamed
        place.name = name
        place.save(update_fields=["name"])
    return place


def lock_in_one_order(items: Sequence[Item]) -> None:
    """Lock the items of several movements to come: by id, so that nobody dead-locks."""
    ids = [item.pk for item in items]
    locked = Item.objects.with_ids(ids).select_for_update(no_key=True)
    list(locked.order_by("pk").values_list("pk"))


def _locked(item: Item) -> Item:
    locked: Item = Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    return locked


def _of_what_is_out(loan: Loan, quantity: Decimal | None) -> Decimal:
    """The quantity, or all that is out. Raises MoreThanLent."""
    _locked(loan.item)
    loan.refresh_from_db()
    outstanding = loan.quantity - loan.returned
    asked = outstanding if quantity is None else quantity
    if asked > outstanding or not outstanding:
        raise MoreThanLent(asked=asked, outstanding=outstanding)
    return asked


def _require(kind: Location.Kind, **locations: Location) -> None:
    for field, location in locations.items():
        if location.kind != kind:
            raise WrongLocation(f"{field}_id", wanted=kind, found=location.kind)


def _require_in_use(locked: Item) -> None:
    if locked.status == Item.Status.RETIRED:
        raise Retired(str(locked))


def _require_room(locked: Item, coming: Decimal) -> None:
    would_be = locked.on_hand + locked.on_loan + coming
    if locked.serial_number is not None and would_be > 1:
        raise SingleThing(str(locked), would_be)


def _require_there(item: Item, location: Location, quantity: Decimal) -> None:
    available = level_of(item, location)
    if quantity > available:
        raise InsufficientStock(
            item=str(item), location=str(location), asked=quantity, available=available
        )


def _book(
    kind: Movement.Kind,
    actor: Any,
    item: Item,
    quantity: Decimal,
    route: tuple[Location, Location],
    **more: Any,
) -> Movement:
    by = actor if isinstance(actor, get_user_model()) else None
    source, destination = route
    made = Movement.objects.create(
        kind=kind,
        actor=by,
        item=item,
        quantity=quantity,
        source=source,
        destination=destination,
        **more,
    )
    made.refresh_from_db(fields=["created_at"])
    return made
