"""The lists of the admin as files: what a list shows, for whoever may see it."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from config.exports import workbooks
from items.stock import services
from tests.client import signed_in
from tests.exported import cells
from tests.factories import CategoryFactory, ItemFactory, LoanFactory, LocationFactory, UserFactory
from users.models import User

ITEMS = "/admin/items/item/export/items"


def downloaded(browser: Client, url: str) -> bytes:
    """The file that a link leads to."""
    answer: Any = browser.get(url)
    assert answer.status_code == 200, answer
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content)


def skus(file: bytes) -> list[str]:
    return [row["sku"] for row in cells(file)]


def test_a_link_that_keeps_the_filters_when_a_list_is_shown(desk: Client) -> None:
    page = desk.get("/admin/items/item/?status__exact=draft&p=1").content.decode()
    for form in ("csv", "jsonl", "xlsx"):
        assert f'href="export/items.{form}?status__exact=draft"' in page
    assert 'href="export/levels.csv?status__exact=draft"' in page


def test_no_link_when_nothing_of_a_list_is_exported(desk: Client) -> None:
    assert 'href="export/' not in desk.get("/admin/items/category/").content.decode()


@pytest.mark.parametrize(
    "asked", ["status__exact=draft", "category={category}", "q=needle", "stock=none&q=needle&p=3"]
)
def test_what_the_list_shows_when_it_is_filtered(asked: str, desk: Client) -> None:
    category = CategoryFactory.create()
    found = ItemFactory.create(name="Needle", status="draft", category=category)
    ItemFactory.create(name="Hay")
    assert skus(downloaded(desk, f"{ITEMS}.csv?{asked.format(category=category.pk)}")) == [
        found.sku
    ]


def test_all_pages_when_a_list_is_long(desk: Client) -> None:
    made = [ItemFactory.create().sku for _ in range(60)]
    assert skus(downloaded(desk, f"{ITEMS}.csv")) == made


def test_levels_of_what_is_shown_when_the_items_are_filtered(desk: Client) -> None:
    shelf = LocationFactory.create()
    wanted = LoanFactory.create(source=shelf, item=ItemFactory.create(status="draft")).item
    for item in (wanted, ItemFactory.create()):
        services.receive_stock(actor=None, item=item, destination=shelf, quantity=Decimal(1))
    file = downloaded(desk, "/admin/items/item/export/levels.csv?status__exact=draft")
    assert skus(file) == [wanted.sku]


def test_open_loans_alone_when_the_list_shows_those(desk: Client) -> None:
    loan = LoanFactory.create()
    closed = LoanFactory.create()
    services.check_in(actor=None, loan=closed, quantity=closed.quantity)
    shown = skus(downloaded(desk, "/admin/items/loan/export/loans.csv"))
    assert shown == [loan.item.sku]
    every = skus(downloaded(desk, "/admin/items/loan/export/loans.csv?state=all"))
    assert every == [loan.item.sku, closed.item.sku]


def test_movements_when_they_are_exported(desk: Client) -> None:
    LoanFactory.create()
    file = downloaded(desk, "/admin/items/movement/export/movements.csv?kind__exact=receive")
    assert [row["kind"] for row in cells(file)] == ["receive"]


def test_users_when_they_are_exported(manager_desk: Client) -> None:
    somebody = UserFactory.create(is_active=False)
    file = downloaded(manager_desk, "/admin/users/user/export/users.csv?is_active__exact=0")
    assert [row["email"] for row in cells(file)] == [somebody.email]


def test_403_when_the_list_may_not_be_seen(desk: Client, nobody: User) -> None:
    assert desk.get("/admin/users/user/export/users.csv").status_code == 403
    nobody.is_staff = True
    nobody.save()
    assert signed_in(nobody).get(f"{ITEMS}.csv").status_code == 403


def test_to_the_log_in_when_nobody_is_signed_in(client: Client, db: None) -> None:
    assert "/admin/login/" in client.get(f"{ITEMS}.csv")["Location"]


@pytest.mark.parametrize("name", ["items.pdf", "users.csv"])
def test_404_when_a_file_is_not_offered(name: str, desk: Client) -> None:
    assert desk.get(f"/admin/items/item/export/{name}").status_code == 404


def test_back_to_the_list_when_it_cannot_be_filtered_so(desk: Client) -> None:
    answer = desk.get(f"{ITEMS}.csv?no_such_field=1")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/items/item/")


def test_back_to_the_list_with_the_reason_when_a_workbook_is_too_small(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 1)
    for _ in range(2):
        ItemFactory.create()
    page = desk.get(f"{ITEMS}.xlsx?status__exact=active", follow=True)
    assert page.redirect_chain == [("/admin/items/item/?status__exact=active", 302)]
    assert "A workbook holds 1 rows, and there are more; ask for csv." in page.content.decode()


def test_405_when_a_file_is_posted_for(desk: Client) -> None:
    assert desk.post(f"{ITEMS}.csv").status_code == 405
