"""The lists of locations, loans and movements in the admin, and what stays as it is in them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from items.models import Item
from items.stock import services
from items.stock.models import Loan, Location, Movement
from tests.client import signed_in
from tests.factories import ItemFactory, LoanFactory, LocationFactory, UserFactory
from tests.items.helpers import queries, text_of
from tests.items.stock.desk import ITEMS, LOANS, LOCATIONS, MOVEMENTS, Stage
from tests.items.stock.helpers import receive
from users.models import User


def listed(desk: Client, url: str) -> list[Any]:
    """The rows of a list."""
    answer = desk.get(url, follow=True)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def names(desk: Client, url: str) -> list[str]:
    """What the rows of a list are called."""
    return [str(row) for row in listed(desk, url)]


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def loans(db: None) -> dict[str, Loan]:
    """One of each kind, and none in the order in which they are due."""
    now = timezone.now()
    days = {"never": None, "soon": 1, "late": -1, "later": 5, "latest": -9, "closed": -20}
    made = {
        name: LoanFactory.create(
            item=ItemFactory.create(sku=name, name="Chair"),
            holder=UserFactory.create(name=f"{name} borrower"),
            due_at=None if day is None else now + timedelta(days=day),
            quantity=Decimal(2),
        )
        for name, day in days.items()
    }
    services.check_in(actor=None, loan=made["closed"])
    return made


@pytest.mark.parametrize(
    ("state", "found"),
    [
        *((value, "latest late soon later never") for value in ("", "open", "x", "%00")),
        *(("overdue", "latest late"), ("closed", "closed")),
        ("all", "closed latest late soon later never"),
    ],
)
def test_overdue_first_when_loans_are_listed(
    state: str, found: str, loans: dict[str, Loan], viewer_desk: Client
) -> None:
    rows = listed(viewer_desk, f"{LOANS}?state={state}" if state else LOANS)
    assert [row.item.sku for row in rows] == found.split()


def test_overdue_marked_and_the_rest_told_when_loans_are_listed(
    loans: dict[str, Loan], viewer_desk: Client
) -> None:
    services.check_in(actor=None, loan=loans["late"], quantity=Decimal("0.5"))
    html = viewer_desk.get(LOANS).content.decode()
    text = text_of(viewer_desk.get(LOANS))
    assert html.count('class="overdue"') == 2
    assert f"late borrower 1.5 pcs of 2 {loans['late'].due_at:%a %Y-%m-%d} overdue" in text
    assert "never borrower 2 pcs –" in text


def test_those_of_one_when_an_item_or_a_holder_is_chosen(
    loans: dict[str, Loan], viewer_desk: Client
) -> None:
    late = loans["late"]
    assert listed(viewer_desk, f"{LOANS}?item={late.item_id}") == [late]
    assert listed(viewer_desk, f"{LOANS}?holder={late.holder_id}") == [late]
    assert listed(viewer_desk, f"{LOANS}?holder={loans['closed'].holder_id}") == []
    answer = viewer_desk.get(f"{LOANS}?holder={late.holder_id}")
    assert "late borrower" in text_of(answer).split("Filter")[-1]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        *(("chair", 5), ("LATE", 3), ("soon borrower", 1), ("borrower", 5), ("table", 0)),
        *(("%25", 0), ("%00", 5), ("x" * 3000, 0), ("'", 0)),
    ],
)
def test_those_of_items_and_people_when_loans_are_searched(
    term: str, found: int, loans: dict[str, Loan], viewer_desk: Client
) -> None:
    assert len(listed(viewer_desk, f"{LOANS}?q={term}")) == found


def test_only_the_day_it_is_due_when_a_loan_is_changed(stage: Stage, desk: Client) -> None:
    page = f"{LOANS}{stage.loan.pk}/change/"
    form = desk.get(page).context["adminform"].form
    assert set(form.fields) == {"due_at", "seen"}
    assert desk.get(f"{LOANS}add/").status_code == 403


# ── Movements ─────────────────────────────────────────────────────────────────────────────────
def test_from_where_to_where_when_movements_are_listed(stage: Stage, viewer_desk: Client) -> None:
    text = text_of(viewer_desk.get(MOVEMENTS))
    assert "lent 4 pcs CH-1 Chair Store / Shelf → Hanna Holder" in text
    assert "received 10 pcs CH-1 Chair Outside → Store / Shelf" in text


def test_those_that_fit_when_movements_are_filtered(
    stage: Stage, item: Item, viewer_desk: Client, clerk: User
) -> None:
    moved = services.transfer_stock(
        actor=clerk,
        item=stage.item,
        source=stage.shelf,
        destination=stage.other,
        quantity=Decimal(1),
        reference="PO-7",
    )
    elsewhere = receive(item, LocationFactory.create(), 1)
    store = stage.shelf.parent_id
    everything = [elsewhere, moved, stage.lent, stage.received]
    for wanted, found in {
        "": everything,
        "?kind__exact=check_out": [stage.lent],
        f"?location={stage.other.pk}": [moved],
        f"?location={store}": [moved, stage.lent, stage.received],
        f"?item={item.pk}": [elsewhere],
        f"?actor={clerk.pk}": [moved],
        "?q=PO-7": [moved],
        "?q=PO": [],
        "?q=chair": [moved, stage.lent, stage.received],
        "?q=%00": everything,
        "?kind__exact=nothing": [],
    }.items():
        assert listed(viewer_desk, f"{MOVEMENTS}{wanted}") == found, wanted


def test_nothing_to_edit_when_movements_are_the_superusers(
    stage: Stage, admin_client: Client
) -> None:
    page = f"{MOVEMENTS}{stage.received.pk}/"
    before = Movement.objects.values().get(pk=stage.received.pk)
    assert admin_client.get(f"{page}change/").status_code == 200
    for url, data in (
        (f"{MOVEMENTS}add/", {"kind": "receive"}),
        (f"{page}change/", {"quantity": "99"}),
        (f"{page}delete/", {"post": "yes"}),
    ):
        assert admin_client.post(url, data).status_code == 403
    chosen = {"_selected_action": [stage.received.pk], "action": "delete_selected", "post": "yes"}
    admin_client.post(MOVEMENTS, chosen)
    assert Movement.objects.values().get(pk=stage.received.pk) == before
    assert admin_client.get(f"{page}history/").status_code == 404
    for page in (MOVEMENTS, f"{MOVEMENTS}{stage.received.pk}/change/"):
        html = admin_client.get(page).content.decode()
        assert f"{MOVEMENTS}add/" not in html
        assert "/delete/" not in html
        assert 'name="_save"' not in html


def test_no_loan_is_made_or_deleted_when_it_is_the_superuser(
    stage: Stage, admin_client: Client
) -> None:
    assert admin_client.post(f"{LOANS}add/", {}).status_code == 403
    page = f"{LOANS}{stage.loan.pk}/delete/"
    assert admin_client.post(page, {"post": "yes"}).status_code == 403


# ── Locations ─────────────────────────────────────────────────────────────────────────────────
def test_places_by_their_paths_when_locations_are_listed(stage: Stage, viewer_desk: Client) -> None:
    text = text_of(viewer_desk.get(LOCATIONS))
    assert "Store / Shelf storage" in text
    assert "Supplier outside" in text
    assert "Hanna Holder" not in text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        *(("kind=storage", "Shelf Store Table"), ("kind=outside", "Outside Supplier")),
        *(("kind=person", "Hanna Holder"), ("kind=x", "Outside Shelf Store Supplier Table")),
        *(("q=store", "Shelf Store Table"), ("q=shelf+STORE", "Shelf"), ("q=/", "Shelf Table")),
        *(("kind=person&q=hanna", "Hanna Holder"), ("q=hanna", ""), ("q=%25", "")),
        *(("q=%00shelf", "Outside Shelf Store Supplier Table"), ("q=" + "x+" * 2000, "")),
    ],
)
def test_those_that_fit_when_locations_are_filtered_or_searched(
    wanted: str, found: str, stage: Stage, viewer_desk: Client
) -> None:
    assert " ".join(names(viewer_desk, f"{LOCATIONS}?{wanted}")) == found


def test_no_place_of_a_person_is_made_when_a_location_is_added(desk: Client, nobody: User) -> None:
    options = desk.get(f"{LOCATIONS}add/").context["adminform"].form.fields["kind"].choices
    assert [value for value, _ in options] == ["storage", "outside"]
    said = {"name": "Mine", "kind": "person", "user": nobody.pk}
    assert desk.post(f"{LOCATIONS}add/", said).status_code == 200
    assert not Location.objects.exists()
    desk.post(f"{LOCATIONS}add/", {"name": "Bin", "kind": "storage", "user": nobody.pk})
    made = Location.objects.get()
    assert (made.name, made.user) == ("Bin", None)


def test_its_kind_stays_when_a_location_is_changed(shelf: Location, desk: Client) -> None:
    page = f"{LOCATIONS}{shelf.pk}/change/"
    seen = desk.get(page).context["adminform"].form.initial["seen"]
    said = {"name": "Renamed", "kind": "outside", "parent": "", "seen": seen}
    assert desk.post(page, said).status_code == 302
    shelf.refresh_from_db()
    assert (shelf.name, shelf.kind) == ("Renamed", "storage")


def test_only_looked_at_when_a_location_is_a_persons(stage: Stage, admin_client: Client) -> None:
    page = f"{LOCATIONS}{stage.holder.location.pk}/"
    html = admin_client.get(f"{page}change/").content.decode()
    assert 'name="_save"' not in html
    assert admin_client.post(f"{page}change/", {"name": "Mine"}).status_code == 403
    assert admin_client.post(f"{page}delete/", {"post": "yes"}).status_code == 403


def test_told_what_is_in_the_way_when_a_used_location_is_deleted(
    stage: Stage, manager_desk: Client
) -> None:
    page = f"{LOCATIONS}{stage.shelf.pk}/delete/"
    assert manager_desk.post(page, {"post": "yes"}).status_code in {200, 403}
    assert Location.objects.filter(pk=stage.shelf.pk).exists()


@pytest.mark.parametrize("parent", ["x", "999999", "9" * 30, "\0"])
def test_told_beside_it_when_the_place_above_is_unknown(parent: str, desk: Client) -> None:
    answer = desk.post(f"{LOCATIONS}add/", {"name": "Bin", "kind": "storage", "parent": parent})
    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == {"parent"}


# ── Items ─────────────────────────────────────────────────────────────────────────────────────
def test_those_that_fit_when_items_are_filtered_by_stock_or_place(
    stage: Stage, item: Item, shelf: Location, viewer_desk: Client
) -> None:
    low = ItemFactory.create(reorder_point=1)
    receive(low, shelf, 1)
    store = stage.shelf.parent_id
    for wanted, found in {
        "stock=low": {low},
        "stock=none": {item},
        "stock=lent": {stage.item},
        "stock=x": {low, item, stage.item},
        f"location={store}": {stage.item},
        f"location={stage.other.pk}": set(),
        f"location={shelf.pk}": {low},
        f"location={stage.holder.location.pk}&stock=low": set(),
    }.items():
        assert set(listed(viewer_desk, f"{ITEMS}?{wanted}")) == found, wanted


# ── All of them ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("value", ["x", "", "-1", "999999", "9" * 30, "²", "١", "%00"])
def test_a_page_when_a_filter_has_an_odd_value(value: str, stage: Stage, desk: Client) -> None:
    for page, filters in {
        ITEMS: ["location", "stock"],
        LOCATIONS: ["kind"],
        LOANS: ["holder", "item", "state"],
        MOVEMENTS: ["location", "item", "actor", "kind__exact", "created_at__gte"],
    }.items():
        asked = "&".join(f"{name}={value}" for name in filters)
        assert desk.get(f"{page}?{asked}").status_code in {200, 302}


def test_those_of_a_time_when_movements_are_filtered_by_it(stage: Stage, desk: Client) -> None:
    now = timezone.now()
    ago, soon = now - timedelta(days=1), now + timedelta(days=1)
    asked = urlencode({"created_at__gte": ago, "created_at__lt": soon})
    assert listed(desk, f"{MOVEMENTS}?{asked}") == [stage.lent, stage.received]
    assert listed(desk, f"{MOVEMENTS}?{urlencode({'created_at__gte': soon})}") == []
    assert listed(desk, f"{MOVEMENTS}?{urlencode({'created_at__lt': ago})}") == []


def grow(many: int) -> None:
    """Rows for every list, each with relations of its own."""
    for _ in range(many):
        place = LocationFactory.create(parent=LocationFactory.create())
        receive(ItemFactory.create(), place, 2)
        LoanFactory.create(source=place)


@pytest.mark.parametrize(
    ("url", "most"),
    [
        *((ITEMS, 8), (LOCATIONS, 7), (f"{LOCATIONS}?kind=person", 7), (LOANS, 6), (MOVEMENTS, 8)),
        *((f"{LOANS}?q=item&state=all", 8), (f"{MOVEMENTS}?q=item", 9), (f"{LOCATIONS}?q=s", 8)),
    ],
)
def test_no_query_a_row_when_listed(url: str, most: int, desk: Client) -> None:
    grow(2)
    desk.get(url)
    few = queries(desk, url)
    grow(6)
    desk.get(url)
    assert queries(desk, url) == few
    assert few <= most


# ── First page ────────────────────────────────────────────────────────────────────────────────
def test_what_is_low_lent_and_overdue_when_the_first_page_is_opened(
    loans: dict[str, Loan], viewer_desk: Client
) -> None:
    ItemFactory.create_batch(3, reorder_point=1)
    answer = viewer_desk.get("/admin/")
    figures = {figure.label: figure for figure in answer.context["figures"]}
    for label, found in (("low on stock", 3), ("loans", 5), ("overdue", 2)):
        assert figures[label].value == found
        assert len(listed(viewer_desk, figures[label].url)) == found


def test_no_loans_in_the_figures_when_one_may_not_see_them(loans: dict[str, Loan]) -> None:
    desk = signed_in(UserFactory.create(is_staff=True))
    assert "overdue" not in text_of(desk.get("/admin/"))
