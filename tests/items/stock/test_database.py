"""The last wall of the ledger: SQL typed by hand obeys it too, or is refused with a sentence."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from config.constraints import broken_by
from items.models import Item
from items.stock import services
from items.stock.models import Loan, Location, Movement, StockLevel
from tests.factories import ItemFactory, LoanFactory, UserFactory
from tests.items.helpers import sql
from tests.items.stock.helpers import at, check_proof, kept, lend, receive, sums
from users.models import User

pytestmark = pytest.mark.django_db

INSERT = """
INSERT INTO items_movement
    (kind, item_id, source_id, destination_id, quantity, loan_id, reverses_id, reason, reference)
VALUES (%s, %s, %s, %s, %s, %s, %s, '', '')
"""


def insert(
    kind: str,
    item: Item,
    places: Sequence[Location],
    quantity: Any = 1,
    *,
    loan: Loan | None = None,
    reverses: Movement | None = None,
) -> None:
    """A movement by SQL."""
    source, destination = places
    references = [each and each.pk for each in (loan, reverses)]
    sql(INSERT, kind, item.pk, source.pk, destination.pk, quantity, *references)


def run(statement: str | Callable[[], None], *values: Any) -> None:
    """A statement, or a call that makes some, up to the end of its transaction."""
    with transaction.atomic():
        if callable(statement):
            statement()
        else:
            sql(statement, *values)
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def refusal(statement: str | Callable[[], None], *values: Any) -> str:
    """The sentence with which it is refused, after which everything is as it was."""
    before = kept()
    with pytest.raises(IntegrityError) as caught:
        run(statement, *values)
    broken = broken_by(caught.value)
    assert broken is not None, caught.value
    assert kept() == before
    return broken.message


@pytest.fixture
def world(db: None) -> Location:
    """Where it comes from."""
    return services.world()


# ── What has been booked stays ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items_movement SET quantity = 2",
        "UPDATE items_movement SET reason = reason",
        "UPDATE items_movement SET created_at = now() - interval '1 day'",
        "DELETE FROM items_movement",
    ],
)
def test_refused_when_a_movement_is_changed(item: Item, shelf: Location, statement: str) -> None:
    receive(item, shelf, 1)
    assert refusal(statement) == "A movement stays as it is; reverse it instead."


@pytest.mark.parametrize(
    "tables",
    [
        "items_movement",
        "items_movement CASCADE",
        "items_stocklevel",
        "items_loan CASCADE",
        "items_movement, items_loan",
        "items_movement, items_loan, items_stocklevel",
        "items_location CASCADE",
    ],
)
def test_refused_when_the_ledger_is_truncated_in_part(tables: str) -> None:
    LoanFactory.create()
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert refusal(f"TRUNCATE {tables}") == "The ledger is never truncated in part."


def test_nothing_is_left_when_all_of_it_is_truncated_with_its_items() -> None:
    LoanFactory.create()
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE items_item CASCADE")
    assert kept() == {"levels": [], "loans": [], "sums": [], "movements": 0}
    check_proof()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items_stocklevel SET quantity = 7",
        "UPDATE items_stocklevel SET outside = true",
        "DELETE FROM items_stocklevel",
        """INSERT INTO items_stocklevel (item_id, location_id, quantity, outside)
        SELECT item_id, max(location_id) + 1, 1, true FROM items_stocklevel GROUP BY item_id""",
    ],
)
def test_refused_when_a_level_is_written(item: Item, shelf: Location, statement: str) -> None:
    receive(item, shelf, 1)
    assert refusal(statement) == "Levels follow from movements; make one."


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items_item SET on_hand = 7, on_loan = 7",
        "UPDATE items_item SET on_hand = -7",
        "UPDATE items_loan SET returned = 0.5",
        "UPDATE items_loan SET returned = 0, closed_at = NULL",
        "UPDATE items_loan SET closed_at = now() - interval '1 day'",
    ],
)
def test_it_stays_as_it_is_when_a_sum_is_written(statement: str) -> None:
    closed = LoanFactory.create()
    services.write_off_loan(actor=None, loan=closed)
    LoanFactory.create()
    before = kept()
    sql(statement)
    assert kept() == before
    check_proof()


def test_sums_begin_at_nothing_when_a_row_is_made_with_others(
    shelf: Location, holder: User
) -> None:
    item = Item.objects.create(sku="SUMS", name="Sums", on_hand=7, on_loan=7)
    assert sums(item) == (0, 0)
    receive(item, shelf, 1)
    with transaction.atomic():
        [[pk]] = sql(
            "INSERT INTO items_loan (item_id, holder_id, quantity, returned, closed_at)"
            " VALUES (%s, %s, 1, 1, now()) RETURNING id",
            item.pk,
            holder.pk,
        )
        loan = Loan.objects.get(pk=pk)
        assert (loan.returned, loan.closed_at) == (0, None)
        insert("check_out", item, (shelf, services.place_of(holder)), loan=loan)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    check_proof()


def test_refused_when_a_loan_is_made_without_its_check_out(item: Item, holder: User) -> None:
    make = "INSERT INTO items_loan (item_id, holder_id, quantity, returned) VALUES (%s, %s, 1, 0)"
    assert refusal(make, item.pk, holder.pk) == "A loan is opened by a check-out; make one."


@pytest.mark.parametrize(
    "change", ["quantity = 9", "opened_at = now() + interval '1 day'", "holder_id = {other}"]
)
def test_refused_when_a_loan_is_changed(change: str) -> None:
    LoanFactory.create()
    change = change.format(other=UserFactory.create().pk)
    said = refusal(f"UPDATE items_loan SET {change}")
    assert said == "Of a loan only the day it is due can be changed."
    sql("UPDATE items_loan SET due_at = now()")


@pytest.mark.parametrize(
    "change",
    ["kind = 'outside'", "kind = 'person', user_id = {user}", "kind = 'lost'"],
)
def test_refused_when_the_kind_of_a_place_is_changed(shelf: Location, change: str) -> None:
    change = change.format(user=UserFactory.create().pk)
    said = refusal(f"UPDATE items_location SET {change} WHERE id = {shelf.pk}")
    assert said == "What kind of location it is stays as it is."


def test_refused_when_a_place_becomes_somebody_elses(holder: User, clerk: User) -> None:
    place = services.place_of(holder)
    said = refusal("UPDATE items_location SET user_id = %s WHERE id = %s", clerk.pk, place.pk)
    assert said == "What kind of location it is stays as it is."


# ── Unsound movements ─────────────────────────────────────────────────────────────────────────
SOUND = {
    "receive": {"outside storage"},
    "issue": {"storage outside"},
    "transfer": {"storage storage"},
    "count": {"outside storage", "storage outside"},
    "check_out": {"storage person"},
    "check_in": {"person storage"},
    "write_off": {"storage outside", "person outside"},
}
WAYS = [
    f"{a} {b}" for a in ("storage", "person", "outside") for b in ("storage", "person", "outside")
]


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.parametrize("way", WAYS)
def test_refused_when_a_kind_goes_another_way(
    kind: str, way: str, shelf: Location, other: Location, supplier: Location
) -> None:
    world = services.world()
    loan = LoanFactory.create(source=shelf)
    receive(loan.item, shelf, 1)
    pairs = {
        "storage": (shelf, other),
        "outside": (world, supplier),
        "person": (services.place_of(loan.holder), services.place_of(UserFactory.create())),
    }
    source, destination = way.split()
    places = (pairs[source][0], pairs[destination][1 if source == destination else 0])
    lent = loan if kind != "check_out" and "person" in way else None
    if way in SOUND[kind] and kind != "check_out":
        insert(kind, loan.item, places, loan=lent)
        check_proof()
    elif kind != "check_out" or way != "storage person":
        said = refusal(lambda: insert(kind, loan.item, places, loan=lent))
        assert said == f"A {kind} does not go from a {source} to a {destination} location."


@pytest.mark.parametrize(
    ("kind", "quantity", "sentence"),
    [
        ("receive", 0, "A movement is of more than nothing."),
        ("receive", -1, "A movement is of more than nothing."),
        ("receive", "0.0004", "A movement is of more than nothing."),
        ("receive", "NaN", "A movement is of more than nothing."),
        ("borrow", 1, "The kind must be one of receive, issue"),
        ("", 1, "The kind must be one of receive, issue"),
        ("reversal", 1, "A reversal, and nothing else, names what it reverses."),
    ],
)
def test_refused_when_the_row_is_no_movement(
    item: Item, shelf: Location, kind: str, quantity: Any, sentence: str
) -> None:
    said = refusal(lambda: insert(kind, item, (services.world(), shelf), quantity))
    assert said.startswith(sentence)


def test_refused_when_it_goes_nowhere(item: Item, shelf: Location) -> None:
    receive(item, shelf, 1)
    said = refusal(lambda: insert("transfer", item, (shelf, shelf)))
    assert said == "It cannot go where it is already."


def test_refused_when_a_level_would_be_negative(
    item: Item, shelf: Location, other: Location
) -> None:
    receive(item, shelf, 1)
    receive(item, other, 9)
    said = refusal(lambda: insert("transfer", item, (shelf, other), 2))
    assert said == "There is not enough of it there."


def test_refused_when_a_single_thing_comes_twice(
    single: Item, shelf: Location, world: Location
) -> None:
    receive(single, shelf, 1)
    said = refusal(lambda: insert("receive", single, (world, shelf)))
    assert said == "An item with a serial number is a single thing."


def test_refused_when_two_things_get_a_serial_number(item: Item, shelf: Location) -> None:
    receive(item, shelf, 2)
    said = refusal("UPDATE items_item SET serial_number = 'SN-9' WHERE id = %s", item.pk)
    assert said == "An item with a serial number is a single thing."


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
NOT_THEIRS = "A movement from or to a person belongs to that person's loan of the item."


def test_refused_when_a_person_gets_it_without_a_loan(
    item: Item, shelf: Location, holder: User
) -> None:
    receive(item, shelf, 1)
    said = refusal(lambda: insert("check_out", item, (shelf, services.place_of(holder))))
    assert said == NOT_THEIRS


def test_refused_when_it_comes_back_on_another_loan(shelf: Location) -> None:
    mine, another = LoanFactory.create(), LoanFactory.create()
    same_item = LoanFactory.create(item=mine.item)
    same_holder = LoanFactory.create(holder=mine.holder)
    back = (services.place_of(mine.holder), shelf)
    for loan in (None, another, same_item, same_holder):
        said = refusal(partial(insert, "check_in", mine.item, back, loan=loan))
        assert said == NOT_THEIRS


def test_refused_when_what_is_in_store_is_on_a_loan(shelf: Location, other: Location) -> None:
    loan = LoanFactory.create(source=shelf)
    receive(loan.item, shelf, 1)
    said = refusal(lambda: insert("transfer", loan.item, (shelf, other), loan=loan))
    assert said == NOT_THEIRS


def test_refused_when_more_comes_back_than_was_lent(shelf: Location) -> None:
    loan = LoanFactory.create(quantity=Decimal(1))
    LoanFactory.create(quantity=Decimal(5), item=loan.item, holder=loan.holder)
    back = (services.place_of(loan.holder), shelf)
    said = refusal(lambda: insert("check_in", loan.item, back, 2, loan=loan))
    assert said == "No more can come back than was lent."


def test_refused_when_a_check_out_is_of_less_than_its_loan_or_the_second(
    shelf: Location, holder: User
) -> None:
    loan = LoanFactory.create(source=shelf, holder=holder, quantity=Decimal(2))
    receive(loan.item, shelf, 9)
    route = (shelf, services.place_of(holder))
    said = refusal(lambda: insert("check_out", loan.item, route, 1, loan=loan))
    assert said == "This loan has been opened already."

    def make() -> None:
        again = Loan.objects.create(item=loan.item, holder=holder, quantity=3)
        insert("check_out", loan.item, route, 2, loan=again)

    assert refusal(make) == NOT_THEIRS


# ── Reversals ─────────────────────────────────────────────────────────────────────────────────
NOT_ITS_REVERSAL = "A reversal is its original turned round, whole; and a reversal has none."


def test_refused_when_a_reversal_is_not_its_original_turned_round(
    item: Item, shelf: Location, other: Location, world: Location, supplier: Location
) -> None:
    made = receive(item, shelf, 5)
    receive(item, other, 5)
    second = ItemFactory.create()
    receive(second, shelf, 5)
    wrong: list[tuple[Item, tuple[Location, Location], int]] = [
        (item, (shelf, world), 4),
        (item, (shelf, world), 6),
        (item, (world, shelf), 5),
        (item, (other, world), 5),
        (item, (shelf, supplier), 5),
        (second, (shelf, world), 5),
    ]
    for of, places, quantity in wrong:
        said = refusal(partial(insert, "reversal", of, places, quantity, reverses=made))
        assert said == NOT_ITS_REVERSAL


def test_refused_when_a_reversal_names_another_loan(shelf: Location, holder: User) -> None:
    loan = LoanFactory.create(holder=holder, quantity=Decimal(1))
    twin = LoanFactory.create(holder=holder, item=loan.item, quantity=Decimal(1))
    back = services.check_in(actor=None, loan=loan, destination=shelf)
    again = (shelf, services.place_of(holder))
    said = refusal(lambda: insert("reversal", loan.item, again, loan=twin, reverses=back))
    assert said == NOT_ITS_REVERSAL


def test_refused_when_there_is_a_reversal_already(
    item: Item, shelf: Location, world: Location
) -> None:
    made = receive(item, shelf, 5)
    receive(item, shelf, 5)
    undone = services.reverse_movement(actor=None, movement=made)
    said = refusal(lambda: insert("reversal", item, (shelf, world), 5, reverses=made))
    assert said == "It has been reversed already."
    said = refusal(lambda: insert("reversal", item, (world, shelf), 5, reverses=undone))
    assert said == NOT_ITS_REVERSAL


# ── Many in one statement ─────────────────────────────────────────────────────────────────────
def test_sums_are_right_when_many_are_inserted_in_one_statement(
    shelf: Location, other: Location, world: Location, holder: User
) -> None:
    items = [ItemFactory.create() for _ in range(20)]
    for item in items[:10]:
        receive(item, shelf, 3)
    sql(
        """
        INSERT INTO items_movement
            (kind, item_id, source_id, destination_id, quantity, reason, reference)
        SELECT kind, id, source, destination, quantity, '', ''
        FROM items_item, (VALUES
            ('transfer', %s, %s, 4), ('receive', %s, %s, 10), ('issue', %s, %s, 2.5)
        ) AS each (kind, source, destination, quantity)
        """,
        *(shelf.pk, other.pk, world.pk, shelf.pk, other.pk, world.pk),
    )
    for number, item in enumerate(items):
        before = 3 if number < 10 else 0
        assert (at(item, shelf), at(item, other)) == (before + 6, Decimal("1.5"))
        assert sums(item) == (before + Decimal("7.5"), 0)
    check_proof()


def test_loans_are_right_when_many_are_opened_and_closed_in_one_statement(
    item: Item, shelf: Location, holder: User
) -> None:
    receive(item, shelf, 100)
    place = services.place_of(holder)
    with transaction.atomic():
        loans = [Loan.objects.create(item=item, holder=holder, quantity=n) for n in range(1, 9)]
        sql(
            """
            INSERT INTO items_movement
                (kind, item_id, source_id, destination_id, quantity, loan_id, reason, reference)
            SELECT 'check_out', item_id, %s, %s, quantity, id, '', '' FROM items_loan
            UNION ALL
            SELECT 'check_in', item_id, %s, %s, ceil(quantity / 2), id, '', '' FROM items_loan
            """,
            *(shelf.pk, place.pk, place.pk, shelf.pk),
        )
    closed = Loan.objects.filter(closed_at__isnull=False)
    assert [loan.pk for loan in closed] == [loans[0].pk]
    assert sums(item) == (84, 16)
    check_proof()


def test_nothing_is_booked_when_one_of_many_is_refused(
    item: Item, shelf: Location, other: Location, world: Location
) -> None:
    many = f"""
        INSERT INTO items_movement
            (kind, item_id, source_id, destination_id, quantity, reason, reference)
        VALUES ('receive', {item.pk}, {world.pk}, {shelf.pk}, 5, '', ''),
            ('transfer', {item.pk}, {shelf.pk}, {other.pk}, 6, '', '')
    """
    assert refusal(many) == "There is not enough of it there."
    assert not StockLevel.objects.exists()


def test_sums_are_right_when_movements_are_copied(
    item: Item, shelf: Location, other: Location, world: Location
) -> None:
    second = ItemFactory.create()
    rows = [
        ("receive", item.pk, world.pk, shelf.pk, "5"),
        ("receive", second.pk, world.pk, shelf.pk, "7"),
        ("transfer", item.pk, shelf.pk, other.pk, "2"),
    ]
    columns = "kind, item_id, source_id, destination_id, quantity, reason, reference"
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY items_movement ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row((*row, "", ""))
    assert (sums(item), sums(second)) == ((5, 0), (7, 0))
    assert (at(item, shelf), at(item, other), at(second, shelf)) == (3, 2, 7)
    check_proof()


def test_neither_version_nor_history_moves_when_sql_books(
    item: Item, shelf: Location, world: Location
) -> None:
    insert("receive", item, (world, shelf))
    again = Item.objects.get(pk=item.pk)
    assert (again.version, again.updated_at) == (1, item.updated_at)
    assert sums(item).on_hand == 1
    assert sql("SELECT count(*) FROM items_itemevent WHERE pgh_obj_id = %s", item.pk) == [(1,)]


def test_refused_when_what_has_been_booked_is_deleted(
    item: Item, shelf: Location, holder: User
) -> None:
    receive(item, shelf, 1)
    lend(item, shelf, holder, 1)
    for table, pk in (
        ("items_item", item.pk),
        ("items_location", shelf.pk),
        ("users_user", holder.pk),
        ("items_loan", Loan.objects.get().pk),
    ):
        assert refusal(f"DELETE FROM {table} WHERE id = {pk}")
