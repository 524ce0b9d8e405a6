"""manage.py load_sample."""

from collections import defaultdict
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from items.models import Category, Item, Loan, Location, Movement, StockLevel
from items.stock import services
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, LocationFactory, UserFactory
from tests.items.helpers import by_cursor, sql
from tests.items.stock.helpers import check_proof
from users.models import User

pytestmark = pytest.mark.django_db

SOMETHING = [ItemFactory, UserFactory, CategoryFactory, LocationFactory]


def load(*options: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("load_sample", *options, stdout=out)
    return out.getvalue()


def test_everything_is_there_when_the_register_was_empty() -> None:
    said = load()
    places = Location.objects.impersonal()
    counted = (Item.objects, Category.objects, User.objects, places, Movement.objects)
    assert [each.count() for each in counted] == [300, 39, 25, 38, 366]
    counts = "300 items, 39 categories, 25 people, 38 locations, 366 movements"
    assert said == f"Loaded the sample: {counts}.\n"


def test_nobody_can_log_in_when_loaded() -> None:
    load()
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not User.objects.filter(is_superuser=True).exists()


def test_all_can_be_read_by_the_api_when_loaded(
    request: pytest.FixtureRequest,
) -> None:
    load()
    api: Api = request.getfixturevalue("api")
    assert len(by_cursor(api, "/items", page_size=200)) == 300


def test_korean_is_found_when_loaded(request: pytest.FixtureRequest) -> None:
    load()
    api: Api = request.getfixturevalue("api")
    reply = api.get("/items?search=노트북")
    assert reply.meta["total"] > 0
    assert "approximate" not in reply.meta


def test_history_names_the_command_when_loaded() -> None:
    load()
    for table in ("items_itemevent", "items_locationevent", "items_loanevent"):
        sources = sql(f"SELECT DISTINCT pgh_context ->> 'via' FROM {table}")
        assert sources == [("command load_sample",)]


# ── The store ─────────────────────────────────────────────────────────────────────────────────
def test_the_ledger_is_proven_when_loaded() -> None:
    load()
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    check_proof()
    assert set(Movement.objects.values_list("kind", flat=True)) == set(Movement.Kind.values)


def test_never_less_than_nothing_was_anywhere_when_loaded() -> None:
    load()
    there: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for movement in Movement.objects.order_by("pk").select_related("source"):
        there[movement.item_id, movement.source_id] -= movement.quantity
        there[movement.item_id, movement.destination_id] += movement.quantity
        if movement.source.kind != "outside":
            assert there[movement.item_id, movement.source_id] >= 0, movement


def test_movements_are_past_and_in_order_when_loaded() -> None:
    load()
    moments = list(Movement.objects.order_by("pk").values_list("created_at", flat=True))
    assert moments == sorted(moments)
    assert moments[-1] < timezone.now()
    assert all(loan.opened_at < loan.closed_at for loan in Loan.objects.being_open(False))


def test_things_are_at_their_places_when_loaded() -> None:
    load()
    paths = {path: pk for pk, path in Location.objects.paths().items()}
    there = StockLevel.objects.below(paths["Seoul / Office / Server rack"])
    assert there.count() == 6
    in_seoul = StockLevel.objects.below(paths["Seoul"]).filter(item__sku="PAP-A4-80")
    assert {level.location.name: level.quantity for level in in_seoul} == {
        "사무용품장": 3,
        "지하 창고": 8,
    }
    assert Item.objects.get(sku="PAP-A4-80").on_hand == 11
    assert services.world().pk == paths["Outside"]


def test_of_a_single_thing_there_is_at_most_one_when_loaded() -> None:
    load()
    single = Item.objects.exclude(serial_number=None)
    gone = single.filter(on_hand=0, on_loan=0)
    assert [item.sku for item in gone] == ["LAP-0016"]  # given away
    assert single.filter(on_loan=1).count() == 12


def test_some_is_low_when_loaded() -> None:
    load()
    low = Item.objects.being_low(True)
    assert low.count() == 14
    assert Item.objects.get(sku="INS-M3-HEAT", on_hand=0) in low
    assert not Item.objects.with_status("retired").filter(on_loan__gt=0).exists()


def test_some_is_lent_and_overdue_when_loaded() -> None:
    load()
    loans = Loan.objects.all()
    assert (loans.open().count(), loans.being_open(False).count()) == (15, 6)
    late = loans.overdue().values_list("item__sku", flat=True)
    assert set(late) == {"ADP-UNIV", "IRC-0001", "AUD-0002"}
    assert loans.open().filter(due_at=None).count() == 2
    jose = User.objects.get(name="José Martínez")
    held = Item.objects.held_by(jose.pk).order_by("sku").values_list("sku", flat=True)
    assert list(held) == ["CAM-0001", "LEN-0001"]
    boards = loans.with_relations().get(item__sku="BRD-MICROBIT2")
    assert (boards.quantity, boards.outstanding) == (24, 14)


def test_a_mistake_is_put_right_when_loaded() -> None:
    load()
    reversal = Movement.objects.get(kind="reversal")
    mistake = reversal.reverses
    assert mistake is not None
    assert (mistake.kind, mistake.quantity) == ("receive", 60)
    assert Item.objects.get(sku="SCR-M3-08").on_hand == 14


def test_those_who_booked_had_the_right_when_loaded() -> None:
    load()
    rights = {"count": "adjust", "write_off": "adjust", "reversal": "reverse"}
    lending = {"check_out": "lend", "check_in": "lend"}
    for kind, email in Movement.objects.values_list("kind", "actor__email").distinct():
        right = (rights | lending).get(kind, "add_movement")
        assert User.objects.get(email=email).has_perm(f"items.{right}"), (kind, email)


# ── Only into an empty one ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("factory", SOMETHING)
def test_refused_when_something_is_there(factory: type[ItemFactory]) -> None:
    factory()
    with pytest.raises(CommandError, match="not empty"):
        load()


@pytest.mark.parametrize("factory", SOMETHING)
def test_quiet_when_something_is_there_and_only_an_empty_one_is_wanted(
    factory: type[ItemFactory],
) -> None:
    factory()
    items = Item.objects.count()
    assert load("--if-empty") == ""
    assert Item.objects.count() == items


def test_loaded_when_empty_and_only_an_empty_one_is_wanted() -> None:
    load("--if-empty")
    assert Item.objects.count() == 300


def test_refused_when_loaded_twice() -> None:
    load()
    with pytest.raises(CommandError, match="not empty"):
        load()


def test_loaded_when_only_an_administrator_is_there() -> None:
    UserFactory.create(is_superuser=True)
    call_command("load_sample", stdout=StringIO())
    assert Item.objects.count() == 300
