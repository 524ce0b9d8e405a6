"""Levels, movements and loans as files."""

from datetime import UTC, datetime

import pytest

from items.models import Loan, Movement
from tests.client import Api
from tests.exported import cells, content, objects
from tests.factories import UserFactory
from tests.items.stock.shelves import Shelf, outside, place, shelf
from users.models import User

DUE = datetime(2999, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def holder(db: None) -> User:
    """Who has borrowed."""
    return UserFactory.create(name="Hanna Holder", email="hanna@example.org")


@pytest.fixture
def full(holder: User) -> Shelf:
    """Ten metres of something, of which somebody has two and a half."""
    full = shelf("10", sku="ROPE", name="Rope", unit="m")
    full.place.parent = place("A/B")
    full.place.save()
    full.lend("2.5", holder, due_at=DUE)
    return full


# ── Levels ────────────────────────────────────────────────────────────────────────────────────
def test_what_is_in_store_when_levels_are_exported(full: Shelf, api: Api) -> None:
    assert cells(content(api.get("/levels/export"))) == [
        {
            "sku": "ROPE",
            "item": "Rope",
            "location": f"A//B / {full.place.name}",
            "quantity": "7.5",
            "unit": "m",
        }
    ]


def test_fewer_levels_when_filtered(full: Shelf, api: Api) -> None:
    other = shelf("1")
    for asked in (f"item={other.item.pk}", f"location={other.place.pk}"):
        rows = cells(content(api.get(f"/levels/export?{asked}")))
        assert [row["sku"] for row in rows] == [other.item.sku]


def test_nothing_where_nothing_is_left_when_levels_are_exported(api: Api) -> None:
    empty = shelf("1")
    empty.book(api, "issue", source_id=empty.place.pk, quantity="1")
    assert cells(content(api.get("/levels/export"))) == []


# ── Movements ─────────────────────────────────────────────────────────────────────────────────
def test_every_column_when_movements_are_exported(
    full: Shelf, manager: User, manager_api: Api
) -> None:
    supplier = outside("Supplier")
    booked = full.book(
        manager_api,
        "receive",
        source_id=supplier.pk,
        destination_id=full.place.pk,
        quantity="1",
        reason="=cheap",
        reference="PO-1",
    ).data
    last = cells(content(manager_api.get("/movements/export")))[-1]
    assert datetime.fromisoformat(last.pop("created_at")) == datetime.fromisoformat(
        booked["created_at"]
    )
    assert last == {
        "id": str(booked["id"]),
        "kind": "receive",
        "sku": "ROPE",
        "quantity": "1",
        "unit": "m",
        "source": "Supplier",
        "destination": f"A//B / {full.place.name}",
        "reason": "'=cheap",
        "reference": "PO-1",
        "actor": manager.email,
        "loan": "",
        "reverses": "",
    }


def test_loan_and_place_of_the_person_when_a_check_out_is_exported(full: Shelf, api: Api) -> None:
    [row] = objects(content(api.get("/movements/export?format=jsonl&kind=check_out")))
    loan = Loan.objects.get()
    assert (row["loan"], row["destination"], row["actor"]) == (loan.pk, "Hanna Holder", None)


def test_what_it_reverses_when_a_reversal_is_exported(full: Shelf, manager_api: Api) -> None:
    first = Movement.objects.order_by("pk")[1]
    manager_api.post(f"/movements/{first.pk}/reverse", {})
    rows = objects(content(manager_api.get("/movements/export?format=jsonl")))
    assert [row["reverses"] for row in rows] == [None, None, first.pk]


def test_fewer_movements_when_filtered(full: Shelf, api: Api) -> None:
    rows = cells(content(api.get(f"/movements/export?item={full.item.pk}&kind=receive")))
    assert [row["kind"] for row in rows] == ["receive"]


def test_name_of_the_actor_when_the_reader_may_not_see_users(
    full: Shelf, api: Api, clerk: User
) -> None:
    full.book(api, "receive", destination_id=full.place.pk, quantity="1")
    assert cells(content(api.get("/movements/export")))[-1]["actor"] == clerk.name


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
def test_every_column_when_loans_are_exported(full: Shelf, manager_api: Api) -> None:
    [row] = cells(content(manager_api.get("/loans/export?open=true")))
    assert row.pop("opened_at")
    assert row == {
        "id": str(Loan.objects.get().pk),
        "sku": "ROPE",
        "holder": "hanna@example.org",
        "quantity": "2.5",
        "returned": "0",
        "due_at": "2999-01-31T12:00:00Z",
        "closed_at": "",
    }


def test_name_of_the_holder_when_the_reader_may_not_see_users(full: Shelf, api: Api) -> None:
    assert cells(content(api.get("/loans/export")))[0]["holder"] == "Hanna Holder"


def test_nothing_when_no_loan_is_overdue(full: Shelf, api: Api) -> None:
    assert cells(content(api.get("/loans/export?overdue=true"))) == []


@pytest.mark.parametrize("subject", ["levels", "movements", "loans"])
def test_403_when_the_reader_may_not_see_the_list(subject: str, nobody_api: Api) -> None:
    assert nobody_api.get(f"/{subject}/export").status == 403
