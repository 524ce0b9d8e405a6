"""Rows that are kept while PostgreSQL has the same versions of them."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet

from config.api.reads import plan_of
from config.api.rows import KeptRow, KeptRows, version_of
from config.api.viewsets import ResourceViewSet
from config.statements import compiled, fetch
from items.catalogue.views import CategoryViewSet, ItemViewSet
from items.models import Category, Item
from items.stock import services
from items.stock.models import Location, Movement
from items.stock.views import LoanViewSet, LocationViewSet, MovementViewSet
from tests.client import Api
from tests.factories import (
    CategoryFactory,
    ItemFactory,
    LoanFactory,
    LocationFactory,
    UserFactory,
    token_for,
)
from tests.items.helpers import late_reads, sql
from users.views import UserViewSet

CHANGES = 60
PATHS = ("/items?ids={item}", "/categories", "/locations", "/movements?item={item}")
ODD = 'Ö "quoted" {braced} \\ back, comma NULL \U0001f4e6'


@pytest.fixture
def reader(transactional_db: None) -> Api:
    """A client whose requests are in no transaction."""
    return Api(token_for(UserFactory.create(is_superuser=True)))


@pytest.fixture
def item(reader: Api) -> Item:
    """An item with all that can be told of one, which has been moved, lent and given back."""
    category = CategoryFactory.create(name="Chairs", parent=CategoryFactory.create(name="All"))
    made = ItemFactory.create(
        name=ODD,
        category=category,
        owner=UserFactory.create(name="Owner"),
        unit_price="12.3000",
        tags=["a", ODD],
        attributes={"k": [1, None, ODD]},
        reorder_point="2.500",
    )
    room = LocationFactory.create(name="Room", parent=LocationFactory.create(name="House"))
    receive(made, 10, into=room)
    receive(made, 1, into=room)
    LoanFactory.create(item=made, source=room, holder=UserFactory.create(name="Holder"))
    return made


def shown(reader: Api, item: Item) -> list[Any]:
    """What is answered of all that has to do with an item."""
    return [reader.get(path.format(item=item.pk)).data for path in PATHS]


def read_anew(reader: Api, item: Item) -> list[Any]:
    """The same in a transaction, where nothing is kept."""
    with transaction.atomic():
        return shown(reader, item)


def receive(item: Item, quantity: int, into: Location | None = None) -> Movement:
    """Take in some of it."""
    room = into or Location.objects.get(name="Room")
    actor = UserFactory.create(name="Receiver")
    return services.receive_stock(
        actor=actor, item=item, quantity=Decimal(quantity), destination=room
    )


def reverse_last_receipt(item: Item) -> None:
    """Put right what was received last."""
    receipt = Movement.objects.filter(item=item, kind="receive").latest("pk")
    services.reverse_movement(actor=None, movement=receipt)


def by_sql(statement: str) -> Callable[[Item], Any]:
    """A change by hand."""
    return lambda _: sql(statement)


CHANGES_OF: dict[str, Callable[[Item], Any]] = {
    "the item": by_sql("UPDATE items_item SET name = 'Stool'"),
    "its stock": partial(receive, quantity=3),
    "a null": by_sql("UPDATE items_item SET category_id = NULL, owner_id = NULL"),
    "the category": by_sql("UPDATE items_category SET name = 'Seats' WHERE name = 'Chairs'"),
    "the category above": by_sql("UPDATE items_category SET name = 'Every' WHERE name = 'All'"),
    "the location above": by_sql("UPDATE items_location SET name = 'Hall' WHERE name = 'House'"),
    "the owner": by_sql("UPDATE users_user SET name = 'Heir' WHERE name = 'Owner'"),
    "who booked it": by_sql("UPDATE users_user SET name = 'Clerk' WHERE name = 'Receiver'"),
    "who has it": by_sql("UPDATE users_user SET name = 'Heir' WHERE name = 'Holder'"),
    "a reversal": reverse_last_receipt,
}
SAME: dict[str, Callable[[Item], Any]] = {
    "nothing": by_sql("SELECT 1"),
    "something else": by_sql("UPDATE users_user SET age = 33 WHERE name = 'Nobody'"),
    "a rewritten table": by_sql("VACUUM FULL items_item"),
}


@pytest.mark.parametrize("changed", [*CHANGES_OF, *SAME])
def test_answered_as_if_read_anew_when_something_has_changed(
    reader: Api, item: Item, changed: str
) -> None:
    before = [shown(reader, item) for _ in range(3)]
    assert before == [read_anew(reader, item)] * 3
    {**CHANGES_OF, **SAME}[changed](item)
    after = read_anew(reader, item)
    assert (after == before[0]) == (changed in SAME)
    assert [shown(reader, item) for _ in range(3)] == [after] * 3


def test_only_what_has_changed_is_sent_when_the_rest_is_known(
    reader: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def spy(*asked: Any) -> Any:
        found = fetch(*asked)
        sent.append(len(found))
        return found

    monkeypatch.setattr("config.api.rows.fetch", spy)
    made = ItemFactory.create_batch(5)
    reader.get("/items?status=active")
    CategoryFactory.create()  # so that the list itself is not kept
    reader.get("/items?status=active")
    Item.objects.filter(pk=made[2].pk).update(name="another")
    reader.get("/items?status=active")
    assert sent == [5, 0, 1]


@pytest.mark.parametrize("path", ["/items", "/items?cursor=", "/items?search=item&ordering=name"])
def test_same_list_when_its_rows_are_known(reader: Api, path: str) -> None:
    ItemFactory.create_batch(5)
    lists = []
    for _ in range(3):
        lists.append(reader.get(path).data)
        CategoryFactory.create()
    assert lists == [lists[0]] * 3
    assert len(lists[0]) == 5


def everything_of(view: type[ResourceViewSet]) -> tuple[Any, Any]:
    """The plan of a view's rows, and what reads all of them with their version."""
    shape: Any = view.serializer_class
    plan = plan_of(shape)
    version = version_of(plan, view.queryset.model)
    everything: QuerySet[Any] = view.queryset.order_by().values_list(*plan.columns)
    return plan, compiled(everything.annotate(row_version=version))


@pytest.mark.django_db(transaction=True)
def test_left_out_when_a_row_has_gone() -> None:
    kept, (plan, read) = KeptRows(), everything_of(ItemViewSet)
    pks = [item.pk for item in ItemFactory.create_batch(3)]
    assert set(kept.read(plan, pks, read)) == set(pks)
    Item.objects.filter(pk=pks[1]).delete()
    for _ in range(2):
        assert set(kept.read(plan, [*pks, 2**62], read)) == {pks[0], pks[2]}


@pytest.mark.django_db(transaction=True)
def test_read_again_when_there_is_no_room_to_keep_it() -> None:
    kept, (plan, read) = KeptRows(room=1), everything_of(ItemViewSet)
    pks = [item.pk for item in ItemFactory.create_batch(3)]
    assert [set(kept.read(plan, pks, read)) for _ in range(2)] == [set(pks)] * 2


def contents(rows: dict[int, KeptRow]) -> list[bytes]:
    """What is answered of them."""
    return [row.content for row in rows.values()]


class Interrupted(KeptRows):
    """While it reads for the first time, something else happens."""

    def __init__(self, meanwhile: Callable[[], Any]) -> None:
        super().__init__()
        self.meanwhile = [meanwhile]

    def _changed(self, *about: Any) -> dict[int, Any]:
        found = super()._changed(*about)
        if self.meanwhile:
            self.meanwhile.pop()()
        return found


@pytest.mark.django_db(transaction=True)
def test_a_row_that_comes_late_is_not_believed_when_a_later_state_is_known() -> None:
    plan, read = everything_of(ItemViewSet)
    pks = [ItemFactory.create(name="Old").pk]

    def meanwhile() -> None:
        sql("UPDATE items_item SET name = 'New'")
        kept.read(plan, pks, read, state="later")

    kept = Interrupted(meanwhile)
    assert b"Old" in kept.read(plan, pks, read, state="earlier")[pks[0]].content
    assert b"New" in kept.read(plan, pks, read, state="later")[pks[0]].content


@pytest.mark.django_db(transaction=True)
def test_a_row_is_right_when_an_older_one_was_kept_while_it_was_asked_about() -> None:
    plan, read = everything_of(ItemViewSet)
    pks = [ItemFactory.create(name="Old").pk]
    kept = Interrupted(lambda: None)
    late = kept.read(plan, pks, read, state="earlier")
    sql("UPDATE items_item SET name = 'New'")
    kept.read(plan, pks, read, state="later")
    kept.meanwhile = [lambda: kept.keep(plan, pks[0], late[pks[0]])]
    kept.read(plan, pks, read, state="latest")
    assert b"New" in kept.read(plan, pks, read, state="latest")[pks[0]].content


@pytest.mark.django_db(transaction=True)
def test_not_asked_about_when_the_state_is_the_same() -> None:
    kept, (plan, read) = KeptRows(), everything_of(ItemViewSet)
    pks = [item.pk for item in ItemFactory.create_batch(2)]
    before = contents(kept.read(plan, pks, read, state="same"))
    sql("UPDATE items_item SET name = 'New'")
    assert contents(kept.read(plan, pks, read, state="same")) == before
    assert contents(kept.read(plan, pks, read, state="other")) != before


@pytest.mark.django_db(transaction=True)
def test_asked_about_when_no_state_is_told() -> None:
    kept, (plan, read) = KeptRows(), everything_of(ItemViewSet)
    pks = [ItemFactory.create().pk]
    before = contents(kept.read(plan, pks, read))
    sql("UPDATE items_item SET name = 'New'")
    assert contents(kept.read(plan, pks, read)) != before


@pytest.mark.django_db
def test_version_names_the_start_of_the_server_when_it_could_come_from_an_older_copy() -> None:
    _, read = everything_of(ItemViewSet)
    ItemFactory.create()
    [(*_, version)] = sql(read.sql, *read.values)
    [(started,)] = sql("SELECT extract(epoch FROM pg_postmaster_start_time())::text")
    assert version.startswith(f"{started}/")


@pytest.mark.parametrize("view", [LoanViewSet, UserViewSet])
def test_no_version_when_a_row_is_made_of_more_than_columns(view: type[ResourceViewSet]) -> None:
    shape: Any = view.serializer_class
    assert version_of(plan_of(shape), view.queryset.model) is None


@pytest.mark.parametrize("view", [ItemViewSet, CategoryViewSet, LocationViewSet, MovementViewSet])
def test_version_of_each_table_when_rows_are_joined(view: type[ResourceViewSet]) -> None:
    _, read = everything_of(view)
    assert read.sql.count(".xmin") == 1 + read.sql.count(" JOIN ")


@pytest.mark.parametrize("change", ["item", "category"])
def test_no_row_is_older_than_what_was_committed_before_it_was_asked_for(
    reader: Api, change: str
) -> None:
    item = ItemFactory.create(name="0", category=CategoryFactory.create(name="0"))
    model: Any = {"item": Item, "category": Category}[change]
    name_of: Callable[[Any], str] = {
        "item": lambda row: row["name"],
        "category": lambda row: row["category"]["name"],
    }[change]

    def write(number: int) -> None:
        model.objects.filter(pk__in=[item.pk, item.category_id]).update(name=str(number))

    def read() -> int:
        return int(name_of(reader.get("/items?status=active").data[0]))

    assert late_reads(write, read, CHANGES) == []
    assert name_of(reader.get("/items?status=active").data[0]) == str(CHANGES)
