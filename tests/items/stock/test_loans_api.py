"""Loans over REST: lent, taken back, lost; what is late; and what somebody holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from items.models import Loan, Movement
from tests.client import Api
from tests.factories import UserFactory
from tests.items.helpers import by_cursor, by_pages, ids_of
from tests.items.stock.shelves import Shelf, outside, place, shelf
from users.models import User

YESTERDAY, TOMORROW = (timezone.now() + timedelta(days=days) for days in (-1, 1))
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
DUE = "2030-01-31T12:00:00Z"


@pytest.fixture
def full(db: None) -> Shelf:
    """A shelf with ten of something."""
    return shelf("10")


@pytest.fixture
def bob(db: None) -> User:
    """Somebody who borrows."""
    return UserFactory.create(name="Bob Borrower")


def request(full: Shelf, holder: User, **more: Any) -> dict[str, Any]:
    """The body that lends one."""
    needed = {"item_id": full.item.pk, "holder_id": holder.pk, "source_id": full.place.pk}
    return {**needed, "quantity": "1", **more}


# ── Lent ──────────────────────────────────────────────────────────────────────────────────────
def test_whole_loan_answered_when_something_is_lent(api: Api, full: Shelf, bob: User) -> None:
    reply = api.post("/loans", request(full, bob, quantity="2.50", due_at=DUE, reason="Course"))
    assert reply.status == 201
    assert reply["Location"] == f"http://testserver/api/v1/loans/{reply.data['id']}"
    assert {k: v for k, v in reply.data.items() if k not in {"id", "opened_at"}} == {
        "item": {"id": full.item.pk, "name": full.item.name, "sku": full.item.sku},
        "holder": {"id": bob.pk, "name": "Bob Borrower"},
        "quantity": "2.5",
        "returned": "0",
        "outstanding": "2.5",
        "due_at": DUE,
        "closed_at": None,
        "overdue": False,
    }
    assert api.get(f"/loans/{reply.data['id']}").data == reply.data
    item = api.get(full.path).data
    assert (item["on_hand"], item["on_loan"]) == ("7.5", "2.5")
    (movement,) = api.get(f"/movements?loan={reply.data['id']}").data
    assert (movement["kind"], movement["reason"]) == ("check_out", "Course")
    assert movement["holder"] == {"id": bob.pk, "name": "Bob Borrower"}


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({"item_id": 999_999}, {"item_id": "does_not_exist"}),
        ({"holder_id": 999_999, "quantity": 0}, {"holder_id": "", "quantity": "min_value"}),
        ({"source_id": None}, {"source_id": "null"}),
        ({"due_at": "soon"}, {"due_at": "invalid"}),
        ({"returned": "1"}, {"returned": "unknown_field"}),
    ],
)
def test_422_when_a_loan_is_bad(
    more: dict[str, Any], codes: dict[str, str], api: Api, full: Shelf, bob: User
) -> None:
    reply = api.post("/loans", request(full, bob, **more))
    assert (reply.status, set(reply.codes)) == (422, set(codes))
    assert all(reply.codes[field] == code for field, code in codes.items() if code)


def test_every_field_named_when_a_loan_is_empty(api: Api) -> None:
    needed = {"item_id", "holder_id", "source_id", "quantity"}
    assert api.post("/loans", {}).codes == dict.fromkeys(needed, "required")


def test_409_when_the_holder_is_not_active(api: Api, full: Shelf) -> None:
    reply = api.post("/loans", request(full, UserFactory.create(is_active=False)))
    assert (reply.status, reply.error["code"]) == (409, "not_active")


def test_409_when_there_is_not_enough_to_lend(api: Api, full: Shelf, bob: User) -> None:
    reply = api.post("/loans", request(full, bob, quantity="11"))
    assert (reply.status, reply.error["code"]) == (409, "insufficient_stock")
    assert api.get("/loans").data == []


def test_422_when_it_is_lent_from_outside(api: Api, full: Shelf, bob: User) -> None:
    reply = api.post("/loans", request(full, bob, source_id=outside().pk))
    assert (reply.status, reply.codes) == (422, {"source_id": "wrong_location"})


# ── Taken back ────────────────────────────────────────────────────────────────────────────────
def test_closed_and_back_where_it_came_from_when_nothing_more_is_said(
    api: Api, full: Shelf
) -> None:
    loan = full.lend("3")
    reply = api.post(f"/loans/{loan.pk}/return", {})
    assert reply.status == 200
    assert (reply.data["returned"], reply.data["outstanding"]) == ("3", "0")
    assert reply.data["closed_at"] is not None
    assert full.levels(api) == {full.place.name: "10", "Outside": "-10"}


def test_still_open_when_a_part_comes_back_to_another_place(api: Api, full: Shelf) -> None:
    loan, other = full.lend("3"), place("Other")
    body = {"quantity": "1", "destination_id": other.pk, "reason": "Early"}
    data = api.post(f"/loans/{loan.pk}/return", body).data
    assert (data["outstanding"], data["closed_at"]) == ("2", None)
    assert full.levels(api)["Other"] == "1"


def test_409_when_more_comes_back_than_is_out(api: Api, full: Shelf) -> None:
    loan = full.lend("3")
    reply = api.post(f"/loans/{loan.pk}/return", {"quantity": "4"})
    assert (reply.status, reply.error["code"]) == (409, "more_than_lent")
    assert {each["field"]: each["message"] for each in reply.error["details"]} == {
        "asked": "4",
        "outstanding": "3",
    }


def test_409_when_all_of_it_is_back_already(api: Api, full: Shelf) -> None:
    loan = full.lend("3")
    replies = [api.post(f"/loans/{loan.pk}/return", {}) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 409]


def test_taken_back_once_when_it_is_sent_again_with_its_key(api: Api, full: Shelf) -> None:
    loan = full.lend("3")
    path, body = f"/loans/{loan.pk}/return", {"quantity": "1"}
    replies = [api.post(path, body, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert replies[0].body == replies[1].body
    assert api.get(f"/loans/{loan.pk}").data["returned"] == "1"


@pytest.mark.parametrize("action", ["return", "write-off"])
def test_404_when_there_is_no_such_loan(action: str, manager_api: Api) -> None:
    assert manager_api.post(f"/loans/999999/{action}", {}).status == 404


@pytest.mark.parametrize("action", ["return", "write-off"])
@pytest.mark.parametrize("quantity", ["0", None, "x"])
def test_422_when_it_is_so_much_of_nothing(
    quantity: Any, action: str, manager_api: Api, full: Shelf
) -> None:
    reply = manager_api.post(f"/loans/{full.lend().pk}/{action}", {"quantity": quantity})
    assert (reply.status, list(reply.codes)) == (422, ["quantity"])


def test_closed_and_gone_when_the_borrower_has_lost_it(manager_api: Api, full: Shelf) -> None:
    loan = full.lend("3")
    reply = manager_api.post(f"/loans/{loan.pk}/write-off", {"reason": "Lost"})
    assert (reply.status, reply.data["outstanding"]) == (200, "0")
    item = manager_api.get(full.path).data
    assert (item["on_hand"], item["on_loan"]) == ("7", "0")


def test_out_again_when_a_return_is_reversed(manager_api: Api, full: Shelf) -> None:
    loan = full.lend("3")
    manager_api.post(f"/loans/{loan.pk}/return", {})
    back = Movement.objects.of_loan(loan.pk).of_kind("check_in").get()
    assert manager_api.post(f"/movements/{back.pk}/reverse", {}).status == 201
    data = manager_api.get(f"/loans/{loan.pk}").data
    assert (data["outstanding"], data["closed_at"]) == ("3", None)


# ── Changed ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("due_at", [DUE, None])
def test_due_another_day_when_that_is_changed(due_at: Any, api: Api, full: Shelf) -> None:
    loan = full.lend(due_at=YESTERDAY)
    reply = api.patch(f"/loans/{loan.pk}", {"due_at": due_at})
    assert (reply.status, reply.data["due_at"], reply.data["overdue"]) == (200, due_at, False)


def test_all_else_stays_when_a_loan_is_patched(api: Api, full: Shelf) -> None:
    path = f"/loans/{full.lend().pk}"
    before = api.get(path).data
    assert api.patch(path, {**before, "quantity": "9", "due_at": DUE}).data == {
        **before,
        "due_at": DUE,
    }


def test_422_when_a_loan_has_no_such_field(api: Api, full: Shelf) -> None:
    reply = api.patch(f"/loans/{full.lend().pk}", {"holder_id": 1})
    assert reply.codes == {"holder_id": "unknown_field"}


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────
def test_those_that_match_when_loans_are_filtered(api: Api, full: Shelf, bob: User) -> None:
    late, early = full.lend(holder=bob, due_at=YESTERDAY), full.lend(due_at=TOMORROW)
    never, closed = full.lend(), full.lend(due_at=YESTERDAY)
    other = shelf().lend(holder=bob)
    api.post(f"/loans/{closed.pk}/return", {})

    def found(asked: str) -> list[int]:
        return ids_of(api.get(f"/loans?{asked}").data)

    assert found("overdue=true") == [late.pk]
    assert found("overdue=false") == [other.pk, closed.pk, never.pk, early.pk]
    assert found("open=true") == [other.pk, never.pk, early.pk, late.pk]
    assert found("open=false") == [closed.pk]
    assert found(f"holder={bob.pk}") == [other.pk, late.pk]
    assert found(f"item={other.item.pk}") == [other.pk]
    assert found("open=true&ordering=due_at")[:2] == [late.pk, early.pk]
    assert {row["id"] for row in api.get("/loans").data if row["overdue"]} == {late.pk}


@pytest.mark.parametrize("ordering", ["due_at", "-due_at"])
def test_each_once_when_loans_are_walked_by_the_day(ordering: str, api: Api, full: Shelf) -> None:
    for due_at in (TOMORROW, None, YESTERDAY, TOMORROW, LATEST, None):
        full.lend(due_at=due_at)
    walked = by_cursor(api, "/loans", ordering=ordering, page_size=2)
    days = [row["due_at"] or "never" for row in walked]
    assert days == sorted(days, reverse=ordering == "-due_at")
    assert len(set(ids_of(walked))) == Loan.objects.count()
    assert ids_of(walked) == ids_of(by_pages(api, "/loans", ordering=ordering, page_size=2))


@pytest.mark.parametrize("asked", ["open=1", "overdue=yes", "holder=x", "ordering=item"])
def test_400_naming_it_when_a_filter_is_bad(asked: str, api: Api) -> None:
    reply = api.get(f"/loans?{asked}")
    assert (reply.status, list(reply.codes)) == (400, [asked.partition("=")[0]])


# ── Holdings ──────────────────────────────────────────────────────────────────────────────────
def test_all_that_one_has_now_when_one_asks_for_oneself(
    api: Api, full: Shelf, bob: User, api_of: Callable[[User], Api]
) -> None:
    full.lend()
    loan, back = full.lend("3", bob, due_at=YESTERDAY), full.lend("1", bob)
    api.post(f"/loans/{back.pk}/return", {})
    opened = api.post(f"/loans/{loan.pk}/return", {"quantity": "0.5"}).data
    mine = api_of(bob).get("/users/me/holdings")
    assert mine.data == [
        {
            "loan_id": loan.pk,
            "item": opened["item"],
            "quantity": "2.5",
            "since": opened["opened_at"],
            "due_at": opened["due_at"],
            "overdue": True,
        }
    ]
    assert mine.meta["total"] == 1
    assert api_of(bob).get(f"/users/{bob.pk}/holdings").data == mine.data
    assert api.get(f"/users/{bob.pk}/holdings").data == mine.data


def test_each_once_when_many_holdings_are_walked(
    full: Shelf, bob: User, api_of: Callable[[User], Api]
) -> None:
    loans = [full.lend(holder=bob).pk for _ in range(5)]
    rows = by_cursor(api_of(bob), "/users/me/holdings", page_size=2)
    assert [row["loan_id"] for row in rows] == loans[::-1]


def test_403_when_others_are_asked_for_without_the_right(
    bob: User, api_of: Callable[[User], Api]
) -> None:
    api, other = api_of(bob), UserFactory.create()
    for pk in (other.pk, 999_999):
        reply = api.get(f"/users/{pk}/holdings")
        assert (reply.status, reply.error["code"]) == (403, "permission_denied")


def test_404_when_there_is_no_such_user(api: Api) -> None:
    assert api.get("/users/999999/holdings").status == 404


@pytest.mark.parametrize("path", ["/users/me/holdings", "/users/1/holdings"])
def test_401_when_nobody_is_signed_in(path: str, anonymous: Api, db: None) -> None:
    assert anonymous.get(path).status == 401
