"""The admin's forms that book: who may, whose it was, where it leads, and what never gets out."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from items.models import Item
from items.stock.models import Loan
from tests.client import signed_in
from tests.factories import ItemFactory, LocationFactory, UserFactory
from tests.items.helpers import sql, text_of
from tests.items.stock.desk import (
    ITEMS,
    LOANS,
    LOCATIONS,
    MOVEMENTS,
    XSS,
    Stage,
    form_of,
    last,
    page_of,
    quantity,
    send,
)
from tests.items.stock.helpers import kept, lend, receive
from users.models import User

SLUGS = (
    *("receive", "issue", "move", "count", "lend", "write-off"),
    *("take-back", "lost", "reverse"),
)
OF_CLERKS = {"receive", "issue", "move", "lend", "take-back"}


# ── Who may ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("group", "may"), [("Viewer", set()), ("Clerk", OF_CLERKS), ("Manager", set(SLUGS))]
)
def test_403_when_the_right_is_missing(group: str, may: set[str], stage: Stage) -> None:
    desk = signed_in(UserFactory.create(group=group, is_staff=True))
    before = kept()
    for slug in SLUGS:
        page, status = page_of(slug, stage.subject_of(slug)), 200 if slug in may else 403
        assert desk.get(page).status_code == status, slug
        assert desk.post(page, {"seen": "x"}).status_code == status, slug
        assert desk.post(page, {"try": "1", "fragment": "1"}).status_code == status, slug
    assert kept() == before


@pytest.mark.parametrize("group", [None, "Manager"])
def test_to_the_log_in_when_somebody_is_not_staff(group: str | None, stage: Stage) -> None:
    desk = signed_in(UserFactory.create(group=group)) if group else Client()
    page = page_of("receive", stage.item)
    for answer in (desk.get(page), desk.post(page, {"seen": "x"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/?next=")


def test_403_when_the_form_has_no_token_of_the_site(stage: Stage, clerk: User) -> None:
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(clerk)
    assert send(desk, page_of("receive", stage.item)).status_code == 403


def test_404_when_there_is_no_such_form(stage: Stage, desk: Client) -> None:
    for slug in ("nothing", "RECEIVE", "add", "give_out"):
        assert desk.get(page_of(slug, stage.item)).status_code == 404


# ── Never markup ──────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def hostile(db: None) -> Stage:
    """A stage on which every name is markup."""
    item = ItemFactory.create(sku=XSS, name=XSS, unit="<i>")
    shelf = LocationFactory.create(name=XSS)
    other = LocationFactory.create(name=XSS, parent=shelf)
    supplier = LocationFactory.create(name=f"{XSS} outside", kind="outside")
    holder = UserFactory.create(name=XSS)
    received = receive(item, shelf, 10)
    return Stage(item, shelf, other, supplier, holder, received, lend(item, shelf, holder, 4))


def test_text_when_a_name_is_markup_and_a_page_is_opened(
    hostile: Stage, manager_desk: Client
) -> None:
    pages = [
        *(ITEMS, LOCATIONS, f"{LOCATIONS}?kind=person", LOANS, MOVEMENTS),
        *(f"{ITEMS}?location={hostile.other.pk}", f"{LOANS}?holder={hostile.holder.pk}"),
        *(f"{ITEMS}{hostile.item.pk}/change/", f"{LOANS}{hostile.loan.pk}/change/"),
        *(f"{LOCATIONS}{hostile.shelf.pk}/change/", f"{MOVEMENTS}{hostile.lent.pk}/change/"),
        f"{LOCATIONS}{hostile.holder.location.pk}/change/",
        f"/admin/users/user/{hostile.holder.pk}/change/",
        *(page_of(slug, hostile.subject_of(slug)) for slug in ("lend", "lost", "reverse")),
        page_of("move", hostile.item, ItemFactory.create()),
        page_of("receive", hostile.item, back=f"/{XSS}"),
    ]
    for page in pages:
        answer = manager_desk.get(page)
        assert answer.status_code == 200, page
        assert XSS not in answer.content.decode(), page


@pytest.mark.parametrize("slug", ["move", "lend", "take-back", "reverse"])
def test_text_when_a_name_is_markup_and_something_is_booked(
    slug: str, hostile: Stage, manager_desk: Client
) -> None:
    page = page_of(slug, hostile.subject_of(slug))
    said = form_of(manager_desk, page) | {"reason": XSS, "reference": XSS}
    said |= {"destination": hostile.other.pk, "holder": hostile.holder.pk}
    said |= {} if slug == "reverse" else quantity(hostile.subject_of(slug), "1")
    tried = manager_desk.post(page, said | {"try": "1", "fragment": "1"})
    assert tried.context["told"]
    receive(hostile.item, hostile.shelf, 1)
    refused = manager_desk.post(page, said)
    assert "Something has been booked" in text_of(refused)
    after = manager_desk.post(page, said | {"seen": refused.context["seen"]}, follow=True)
    assert XSS in text_of(after)
    for answer in (tried, refused, after):
        assert XSS not in answer.content.decode()


def test_no_page_when_a_lookup_finds_markup(hostile: Stage, manager_desk: Client) -> None:
    asked = {"app_label": "items", "model_name": "movement", "field_name": "destination"}
    answer = manager_desk.get("/admin/autocomplete/", {**asked, "term": "script"})
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"


# ── Whose it was ──────────────────────────────────────────────────────────────────────────────
def test_ascribed_to_who_sent_it_when_something_is_lent(
    stage: Stage, desk: Client, clerk: User
) -> None:
    send(desk, page_of("lend", stage.item), quantity(stage.item, 1), holder=stage.holder.pk)
    [(context,)] = sql("SELECT pgh_context FROM items_loanevent ORDER BY pgh_id DESC LIMIT 1")
    said = json.loads(context)
    assert (said["actor"]["id"], said["via"]) == (clerk.pk, "admin")
    assert last().actor == clerk
    page = f"{LOANS}{Loan.objects.latest('pk').pk}/history/"
    assert "Clara Clerk" in text_of(desk.get(page))


def test_ascribed_when_the_day_it_is_due_is_changed(stage: Stage, desk: Client) -> None:
    page = f"{LOANS}{stage.loan.pk}/change/"
    day = timezone.localdate() + timedelta(days=3)
    form = desk.get(page).context["adminform"].form
    said = {"seen": form.initial["seen"], "due_at_0": f"{day}", "due_at_1": "12:00:00"}
    assert desk.post(page, said).status_code == 302
    stage.loan.refresh_from_db()
    assert stage.loan.due_at == datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert "Updated by Clara Clerk" in text_of(desk.get(f"{LOANS}{stage.loan.pk}/history/"))


# ── Where it leads ────────────────────────────────────────────────────────────────────────────
def test_back_where_one_came_from_when_it_is_said(stage: Stage, desk: Client) -> None:
    page = page_of("take-back", stage.loan, back=f"{LOANS}?state=all")
    assert desk.get(page).context["back"] == f"{LOANS}?state=all"
    assert send(desk, page)["Location"] == f"{LOANS}?state=all"


def test_home_when_back_leads_elsewhere(stage: Stage, desk: Client) -> None:
    home = f"{ITEMS}{stage.item.pk}/change/"
    elsewhere = [
        *("https://evil.example/", "//evil.example/", "///evil.example", "http:///evil.example"),
        *("javascript:alert(1)", "\\\\evil.example", "/\\evil.example", "ftp://evil.example/"),
        *("\x00https://evil.example", "data:text/html,x"),
    ]
    for back in elsewhere:
        page = page_of("take-back", stage.loan, back=back)
        assert desk.get(page).context["back"] == home, back
    assert send(desk, page)["Location"] == home


def test_to_the_list_when_many_are_booked(stage: Stage, desk: Client, item: Item) -> None:
    page = page_of("receive", stage.item, item)
    answer = send(desk, page, quantity(item, 1), destination=stage.shelf.pk)
    assert answer["Location"] == ITEMS
