"""Each movement: what it leaves, and what it refuses with which facts."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from config.constraints import broken_by
from config.errors import DomainError
from items.models import Item
from items.stock import errors, services
from items.stock.models import WORLD, Loan, Location, Movement
from tests.factories import LoanFactory, LocationFactory, UserFactory
from tests.items.stock.helpers import at, check_proof, kept, lend, receive, sums
from users.models import User

pytestmark = pytest.mark.django_db


def refused(error: type[DomainError], call: Callable[..., Any], **arguments: Any) -> DomainError:
    """The refusal, after which everything is as it was."""
    before = kept()
    with pytest.raises(error) as caught:
        call(actor=None, **arguments)
    assert kept() == before
    check_proof()
    return caught.value


def facts(error: DomainError) -> dict[str, str]:
    """{field: message} of the details."""
    return {detail.field: detail.message for detail in error.details}


# ── What each leaves ──────────────────────────────────────────────────────────────────────────
def test_it_is_there_when_received(item: Item, shelf: Location, clerk: User) -> None:
    made = services.receive_stock(
        actor=clerk,
        item=item,
        destination=shelf,
        quantity=Decimal("2.5"),
        reason="delivery",
        reference="PO-7",
    )
    assert (at(item, shelf), sums(item)) == (Decimal("2.5"), (Decimal("2.5"), 0))
    assert (made.kind, made.actor, made.reason, made.reference) == (
        Movement.Kind.RECEIVE,
        clerk,
        "delivery",
        "PO-7",
    )
    assert made.created_at.tzinfo == UTC
    assert (made.source.name, at(item, made.source)) == (WORLD, Decimal("-2.5"))
    check_proof()


def test_it_is_from_the_supplier_when_one_is_named(
    item: Item, shelf: Location, supplier: Location
) -> None:
    services.receive_stock(
        actor=None, item=item, source=supplier, destination=shelf, quantity=Decimal(3)
    )
    assert (at(item, supplier), at(item, shelf)) == (-3, 3)


def test_less_is_there_when_issued(item: Item, shelf: Location, supplier: Location) -> None:
    receive(item, shelf, 5)
    services.issue_stock(actor=None, item=item, source=shelf, quantity=Decimal(2))
    services.issue_stock(
        actor=None, item=item, source=shelf, destination=supplier, quantity=Decimal(1)
    )
    assert (at(item, shelf), at(item, supplier), sums(item)) == (2, 1, (2, 0))
    check_proof()


def test_it_is_elsewhere_when_moved(item: Item, shelf: Location, other: Location) -> None:
    receive(item, shelf, 5)
    services.transfer_stock(
        actor=None, item=item, source=shelf, destination=other, quantity=Decimal(5)
    )
    assert (at(item, shelf), at(item, other), sums(item)) == (0, 5, (5, 0))
    check_proof()


@pytest.mark.parametrize(("counted", "booked"), [("7", "2"), ("3.5", "1.5"), ("0", "5")])
def test_the_difference_is_booked_when_counted(
    item: Item, shelf: Location, counted: str, booked: str
) -> None:
    receive(item, shelf, 5)
    made = services.count_stock(actor=None, item=item, location=shelf, counted=Decimal(counted))
    assert (made.kind, made.quantity) == (Movement.Kind.COUNT, Decimal(booked))
    assert (at(item, shelf), sums(item).on_hand) == (Decimal(counted), Decimal(counted))
    check_proof()


def test_the_holder_has_it_when_lent(item: Item, shelf: Location, holder: User) -> None:
    receive(item, shelf, 5)
    due = datetime(2030, 1, 1, tzinfo=UTC)
    loan = services.check_out(
        actor=None, item=item, holder=holder, source=shelf, quantity=Decimal(2), due_at=due
    )
    assert (loan.quantity, loan.returned, loan.closed_at, loan.due_at) == (2, 0, None, due)
    place = services.place_of(holder)
    assert (place.kind, place.user, place.name) == ("person", holder, holder.name)
    assert (at(item, shelf), at(item, place), sums(item)) == (3, 2, (3, 2))
    check_proof()


def test_the_loan_closes_when_all_has_come_back(
    item: Item, shelf: Location, other: Location, holder: User
) -> None:
    receive(item, shelf, 5)
    loan = lend(item, shelf, holder, 3)
    services.check_in(actor=None, loan=loan, destination=other, quantity=Decimal(1))
    loan.refresh_from_db()
    assert (loan.returned, loan.closed_at) == (1, None)
    last = services.check_in(actor=None, loan=loan, destination=shelf)
    loan.refresh_from_db()
    assert (last.quantity, loan.returned, loan.closed_at) == (2, 3, last.created_at)
    assert (at(item, shelf), at(item, other), sums(item)) == (4, 1, (5, 0))
    check_proof()


def test_it_is_gone_when_written_off_in_store(item: Item, shelf: Location) -> None:
    receive(item, shelf, 5)
    services.write_off(actor=None, item=item, source=shelf, quantity=Decimal(4))
    assert (at(item, shelf), sums(item)) == (1, (1, 0))
    check_proof()


@pytest.mark.parametrize(("quantity", "closed"), [(None, True), (Decimal(1), False)])
def test_that_part_of_the_loan_closes_when_it_is_lost(
    quantity: Decimal | None, closed: bool
) -> None:
    loan = LoanFactory.create(quantity=Decimal(3))
    made = services.write_off_loan(actor=None, loan=loan, quantity=quantity)
    loan.refresh_from_db()
    assert (loan.returned, loan.closed_at is not None) == (made.quantity, closed)
    assert sums(loan.item) == (0, 3 - made.quantity)
    check_proof()


def test_neither_version_nor_history_moves_when_something_is_booked(
    item: Item, shelf: Location, other: Location, holder: User
) -> None:
    before = (item.version, item.updated_at, item.events.count())  # type: ignore[attr-defined]
    receive(item, shelf, 5)
    services.transfer_stock(
        actor=None, item=item, source=shelf, destination=other, quantity=Decimal(2)
    )
    loan = lend(item, shelf, holder, 1)
    services.check_in(actor=None, loan=loan, destination=shelf)
    item.refresh_from_db()
    assert (item.version, item.updated_at, item.events.count()) == before  # type: ignore[attr-defined]


# ── Put right ─────────────────────────────────────────────────────────────────────────────────
def reverse(movement: Movement) -> Movement:
    return services.reverse_movement(actor=None, movement=movement, reason="typing error")


def test_all_is_as_before_when_each_kind_is_reversed(
    item: Item, shelf: Location, other: Location, holder: User
) -> None:
    receive(item, shelf, 9)
    loan, place = lend(item, shelf, holder, 4), services.place_of(holder)
    named: dict[str, Any] = {"actor": None, "item": item, "source": shelf, "quantity": Decimal(2)}
    calls: list[Callable[[], Movement]] = [
        lambda: receive(item, shelf, 3),
        lambda: services.issue_stock(**named),
        lambda: services.transfer_stock(**named, destination=other),
        lambda: services.write_off(**named),
        lambda: services.count_stock(actor=None, item=item, location=shelf, counted=Decimal(1)),
        lambda: services.count_stock(actor=None, item=item, location=shelf, counted=Decimal(99)),
        lambda: services.check_in(actor=None, loan=loan, destination=shelf),
        lambda: services.write_off_loan(actor=None, loan=loan),
        lambda: Movement.objects.get(loan=lend(item, shelf, holder, 2)),
    ]
    for call in calls:
        made = call()
        undone = reverse(made)
        assert (undone.reverses, undone.quantity, undone.loan) == (made, made.quantity, made.loan)
        assert (undone.source, undone.destination) == (made.destination, made.source)
        loan.refresh_from_db()
        assert (loan.returned, loan.closed_at) == (0, None), made
        assert (at(item, shelf), at(item, place), sums(item)) == (5, 4, (5, 4)), made
        check_proof()


def test_the_loan_is_closed_when_its_check_out_is_reversed() -> None:
    loan = LoanFactory.create()
    undone = reverse(Movement.objects.get(loan=loan))
    loan.refresh_from_db()
    assert (loan.returned, loan.closed_at) == (1, undone.created_at)
    assert sums(loan.item) == (1, 0)


def test_refused_with_its_number_when_reversed_already(item: Item, shelf: Location) -> None:
    made = receive(item, shelf, 1)
    first = reverse(made)
    error = refused(errors.AlreadyReversed, services.reverse_movement, movement=made)
    assert str(first.pk) in error.message


def test_refused_when_a_reversal_is_reversed(item: Item, shelf: Location) -> None:
    undone = reverse(receive(item, shelf, 1))
    refused(errors.NotReversible, services.reverse_movement, movement=undone)


def test_refused_when_what_was_received_is_not_there_any_more(item: Item, shelf: Location) -> None:
    made = receive(item, shelf, 3)
    services.issue_stock(actor=None, item=item, source=shelf, quantity=Decimal(1))
    error = refused(errors.InsufficientStock, services.reverse_movement, movement=made)
    assert facts(error) == {"asked": "3", "available": "2"}


def test_refused_when_part_of_the_loan_has_come_back_and_another_loan_is_out(
    item: Item, shelf: Location, holder: User
) -> None:
    receive(item, shelf, 9)
    loan = lend(item, shelf, holder, 2)
    lend(item, shelf, holder, 5)
    services.check_in(actor=None, loan=loan, destination=shelf, quantity=Decimal(1))
    opening = Movement.objects.get(loan=loan, kind="check_out")
    error = refused(errors.MoreThanLent, services.reverse_movement, movement=opening)
    assert facts(error) == {"asked": "2", "outstanding": "1"}


def test_refused_when_reversing_would_make_a_single_thing_two(
    single: Item, shelf: Location
) -> None:
    receive(single, shelf, 1)
    made = services.issue_stock(actor=None, item=single, source=shelf, quantity=Decimal(1))
    receive(single, shelf, 1)
    refused(errors.SingleThing, services.reverse_movement, movement=made)


# ── Refused ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["issue_stock", "transfer_stock", "write_off", "check_out"])
@pytest.mark.parametrize("asked", ["2.501", "3"])
def test_refused_with_the_facts_when_there_is_too_little(
    item: Item, shelf: Location, other: Location, name: str, asked: str
) -> None:
    receive(item, shelf, "2.5")
    receive(item, other, 10)
    more: dict[str, dict[str, Any]] = {
        "transfer_stock": {"destination": other},
        "check_out": {"holder": UserFactory.create()},
    }
    error = refused(
        errors.InsufficientStock,
        getattr(services, name),
        item=item,
        source=shelf,
        quantity=Decimal(asked),
        **more.get(name, {}),
    )
    assert facts(error) == {"asked": asked, "available": "2.5"}
    assert str(item) in error.message
    assert "at Shelf" in error.message


@pytest.mark.parametrize("quantity", [None, Decimal(3)])
def test_refused_with_the_facts_when_more_would_come_back_than_is_out(
    quantity: Decimal | None,
) -> None:
    loan = LoanFactory.create(quantity=Decimal(2))
    shelf = LocationFactory.create()
    if quantity is None:
        services.check_in(actor=None, loan=loan, destination=shelf)
    for call, more in ((services.check_in, {"destination": shelf}), (services.write_off_loan, {})):
        error = refused(errors.MoreThanLent, call, loan=loan, quantity=quantity, **more)
        out = "2" if quantity else "0"
        assert facts(error) == {"asked": "3" if quantity else "0", "outstanding": out}


def test_refused_when_a_single_thing_comes_twice(single: Item, shelf: Location) -> None:
    receive(single, shelf, 1)
    more = {"item": single, "destination": shelf, "quantity": Decimal("0.001")}
    error = refused(errors.SingleThing, services.receive_stock, **more)
    assert str(single) in error.message
    count = {"item": single, "location": shelf, "counted": Decimal(2)}
    refused(errors.SingleThing, services.count_stock, **count)


def test_refused_when_the_single_thing_that_comes_is_lent(
    single: Item, shelf: Location, holder: User
) -> None:
    receive(single, shelf, 1)
    lend(single, shelf, holder, 1)
    more = {"item": single, "destination": shelf, "quantity": Decimal(1)}
    refused(errors.SingleThing, services.receive_stock, **more)


def test_refused_when_what_is_counted_is_there(item: Item, shelf: Location) -> None:
    receive(item, shelf, 5)
    count = {"item": item, "location": shelf, "counted": Decimal("5.000")}
    error = refused(errors.NothingToBook, services.count_stock, **count)
    assert error.message.startswith("5 are there")


def test_refused_when_the_borrower_is_not_active(item: Item, shelf: Location) -> None:
    receive(item, shelf, 5)
    gone = UserFactory.create(name="Gone Person", is_active=False)
    lent = {"item": item, "source": shelf, "holder": gone, "quantity": Decimal(1)}
    assert "Gone Person" in refused(errors.NotActive, services.check_out, **lent).message
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    ("name", "places", "field"),
    [
        ("receive_stock", {"destination": "supplier"}, "destination_id"),
        ("receive_stock", {"destination": "person"}, "destination_id"),
        ("receive_stock", {"destination": "shelf", "source": "shelf"}, "source_id"),
        ("issue_stock", {"source": "supplier"}, "source_id"),
        ("issue_stock", {"source": "person"}, "source_id"),
        ("issue_stock", {"source": "shelf", "destination": "person"}, "destination_id"),
        ("transfer_stock", {"source": "shelf", "destination": "supplier"}, "destination_id"),
        ("transfer_stock", {"source": "person", "destination": "shelf"}, "source_id"),
        ("write_off", {"source": "person"}, "source_id"),
        ("check_out", {"source": "supplier"}, "source_id"),
        ("check_in", {"destination": "supplier"}, "destination_id"),
        ("count_stock", {"location": "person"}, "destination_id"),
    ],
)
def test_refused_with_the_field_when_the_place_is_of_a_wrong_kind(
    shelf: Location, supplier: Location, name: str, places: dict[str, str], field: str
) -> None:
    loan = LoanFactory.create()
    places_by_name = {
        "shelf": shelf,
        "supplier": supplier,
        "person": services.place_of(loan.holder),
    }
    what: dict[str, Any] = {"item": loan.item, "quantity": Decimal(1)}
    if name == "check_in":
        what = {"loan": loan}
    if name == "count_stock":
        what = {"item": loan.item, "counted": Decimal(1)}
    if name == "check_out":
        what["holder"] = loan.holder
    where = {key: places_by_name[value] for key, value in places.items()}
    error = refused(errors.WrongLocation, getattr(services, name), **what, **where)
    assert list(facts(error)) == [field]


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0001"])
def test_refused_by_the_database_when_the_quantity_is_nothing(
    item: Item, shelf: Location, quantity: str
) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        receive(item, shelf, quantity)
    broken = broken_by(caught.value)
    assert broken is not None
    assert (broken.field, broken.message) == ("quantity", "A movement is of more than nothing.")


# ── The world, and whose a place is ───────────────────────────────────────────────────────────
def test_one_world_when_it_is_asked_for_again_and_in_another_case() -> None:
    world = services.world()
    Location.objects.filter(pk=world.pk).update(name=WORLD.upper())
    assert services.world() == world


def test_refused_when_a_store_takes_the_name_of_the_world() -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        LocationFactory.create(name=WORLD.lower())
    broken = broken_by(caught.value)
    assert broken is not None
    assert "name of the world" in broken.message
    assert services.world().kind == "outside"


def test_one_place_each_when_two_are_of_one_name() -> None:
    one, two = UserFactory.create(name="Kim Minji"), UserFactory.create(name="Kim Minji")
    assert services.place_of(one) != services.place_of(two)
    assert services.place_of(one) == services.place_of(one)


def test_called_as_they_are_when_a_borrower_was_renamed(
    item: Item, shelf: Location, holder: User
) -> None:
    receive(item, shelf, 2)
    lend(item, shelf, holder, 1)
    holder.name = "Another Name"
    holder.save()
    lend(item, shelf, holder, 1)
    assert Location.objects.get(user=holder).name == "Another Name"
