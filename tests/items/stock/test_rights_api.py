"""Who may do what with locations, stock, movements and loans."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from items.models import Movement
from tests.client import Api, Reply
from tests.factories import UserFactory, token_for
from tests.items.stock.shelves import Shelf, place, shelf
from users.models import ApiToken, User

CLIENTS = ("nobody_api", "viewer_api", "api", "manager_api")


@pytest.fixture(params=CLIENTS)
def who(request: pytest.FixtureRequest) -> str:
    """One rung of the ladder after the other, as the name of their client."""
    return str(request.param)


def may(who: str, least: str) -> bool:
    """True when somebody stands on this rung, or above it."""
    return CLIENTS.index(who) >= CLIENTS.index(least)


Call = Callable[[Api, Shelf], Reply]


def loan_of(full: Shelf) -> int:
    """The id of a new loan."""
    return int(full.lend().pk)


def first_of(full: Shelf) -> int:
    """The id of the movement that filled the shelf."""
    return int(Movement.objects.of_item(full.item.pk).order_by("pk")[0].pk)


def moved(kind: str, **places: bool) -> Call:
    """A movement of a kind, with what it needs."""

    def call(api: Api, full: Shelf) -> Reply:
        body: dict[str, Any] = {"quantity": "1"}
        if places.get("source"):
            body["source_id"] = full.place.pk
        if places.get("destination"):
            body["destination_id"] = place().pk if kind == "transfer" else full.place.pk
        return full.book(api, kind, **body)

    return call


def lent(api: Api, full: Shelf) -> Reply:
    """Something is lent."""
    holder, body = UserFactory.create(), {"item_id": full.item.pk, "source_id": full.place.pk}
    return api.post("/loans", {**body, "holder_id": holder.pk, "quantity": "1"})


READS: dict[str, Call] = {
    "locations": lambda api, _: api.get("/locations"),
    "a location": lambda api, full: api.get(f"/locations/{full.place.pk}"),
    "stock": lambda api, full: api.get(f"{full.path}/stock"),
    "movements": lambda api, _: api.get("/movements"),
    "an item's movements": lambda api, full: api.get(f"{full.path}/movements"),
    "a movement": lambda api, full: api.get(f"/movements/{first_of(full)}"),
    "loans": lambda api, _: api.get("/loans"),
    "a loan": lambda api, full: api.get(f"/loans/{loan_of(full)}"),
    "holdings": lambda api, full: api.get(f"/users/{full.lend().holder.pk}/holdings"),
}
CLERKS: dict[str, Call] = {
    "a new location": lambda api, _: api.post("/locations", {"name": "New"}),
    "another name": lambda api, full: api.patch(f"/locations/{full.place.pk}", {"name": "New"}),
    "a whole location": lambda api, full: api.put(f"/locations/{full.place.pk}", {"name": "New"}),
    "receive": moved("receive", destination=True),
    "issue": moved("issue", source=True),
    "transfer": moved("transfer", source=True, destination=True),
    "lend": lent,
    "another day": lambda api, full: api.patch(f"/loans/{loan_of(full)}", {"due_at": None}),
    "take back": lambda api, full: api.post(f"/loans/{loan_of(full)}/return", {}),
}
MANAGERS: dict[str, Call] = {
    "count": moved("count", destination=True),
    "write off": moved("write_off", source=True),
    "lose": lambda api, full: api.post(f"/loans/{loan_of(full)}/write-off", {}),
    "reverse": lambda api, full: api.post(f"/movements/{first_of(full)}/reverse", {}),
    "delete": lambda api, _: api.delete(f"/locations/{place().pk}"),
}


def client(who: str, request: pytest.FixtureRequest) -> Api:
    """The client of this name."""
    found: Api = request.getfixturevalue(who)
    return found


@pytest.mark.parametrize("what", READS)
def test_read_from_a_viewer_up_when_it_is_of_the_ledger(
    what: str, who: str, request: pytest.FixtureRequest
) -> None:
    reply = READS[what](client(who, request), shelf())
    assert reply.status == (200 if may(who, "viewer_api") else 403)


@pytest.mark.parametrize("what", CLERKS)
def test_done_from_a_clerk_up_when_it_is_the_daily_work(
    what: str, who: str, request: pytest.FixtureRequest
) -> None:
    reply = CLERKS[what](client(who, request), shelf())
    assert (reply.status in {200, 201}) is may(who, "api")
    assert reply.status in {200, 201} or reply.error["code"] == "permission_denied"


@pytest.mark.parametrize("what", MANAGERS)
def test_done_by_a_manager_alone_when_it_corrects_the_books(
    what: str, who: str, request: pytest.FixtureRequest
) -> None:
    reply = MANAGERS[what](client(who, request), shelf())
    assert (reply.status in {200, 201}) is may(who, "manager_api")
    assert reply.status in {200, 201} or reply.error["code"] == "permission_denied"


def test_everybodys_own_when_holdings_are_read(who: str, request: pytest.FixtureRequest) -> None:
    assert client(who, request).get("/users/me/holdings").status == 200


@pytest.mark.parametrize("what", [*READS, *CLERKS, *MANAGERS])
def test_401_when_nobody_is_signed_in(what: str, anonymous: Api, db: None) -> None:
    assert {**READS, **CLERKS, **MANAGERS}[what](anonymous, shelf()).status == 401


@pytest.mark.parametrize("what", [*CLERKS, *MANAGERS])
def test_403_when_a_token_that_only_reads_would_write(what: str, manager: User) -> None:
    reading = Api(token_for(manager, scope=ApiToken.Scope.READ))
    reply = {**CLERKS, **MANAGERS}[what](reading, shelf())
    assert (reply.status, reply.error["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("kind", "status"), [("count", 409), ("write_off", 201), ("receive", 403), ("issue", 403)]
)
def test_those_kinds_alone_when_somebody_may_only_adjust(
    kind: str, status: int, nobody: User, api_of: Callable[[User], Api]
) -> None:
    nobody.user_permissions.add(Permission.objects.get(codename="adjust"))
    full = shelf("1")
    where = "source" if kind in {"write_off", "issue"} else "destination"
    assert moved(kind, **{where: True})(api_of(nobody), full).status == status


def test_the_kind_named_when_a_clerk_may_not_make_it(api: Api) -> None:
    reply = moved("count", destination=True)(api, shelf())
    assert "of the kind count" in reply.error["message"]


def test_403_before_422_when_somebody_may_move_nothing(viewer_api: Api) -> None:
    assert viewer_api.post(f"{shelf().path}/movements", {"kind": "x"}).status == 403
