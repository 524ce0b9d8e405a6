"""A store keeper's day at the admin, in a real Chromium: each form says first what will happen."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.live import ADMIN_EMAIL, Server

PICTURES = os.environ.get("PICTURES")  # a folder to put the README's pictures into
SKU, STORE, SHELF = "DAY-1", "Main store", "Upper shelf"
FRIDAY = 4


class Keeper:
    """Somebody at the page of one item, who books with its forms."""

    def __init__(self, page: Page, api: httpx.Client, item: int) -> None:
        self.page, self.api, self.item = page, api, item
        self.page.goto(f"/admin/items/item/{item}/change/")

    def opens(self, form: str) -> None:
        """Press a button of the stock panel."""
        self.page.locator(".panel a.button", has_text=form).first.click()
        self.page.wait_for_selector("#booking")

    def looks_up(self, field: str, text: str) -> None:
        """Choose what is found for a text."""
        self.page.locator(f".field-{field} .select2-selection").click()
        self.page.fill(".select2-search__field", text)
        self.page.locator(".select2-results__option", has_text=text).first.click()

    def types(self, quantity: str) -> None:
        """Say how many."""
        self.page.fill("input[name^=quantity_]", quantity)

    def is_told(self, *texts: str) -> None:
        """Wait until the form says what will happen."""
        for text in texts:
            self.page.locator("#outcome", has_text=text).wait_for()

    def books(self) -> str:
        """Send the form; what the page says then."""
        self.page.click(".submit-row input.default")
        return self.page.inner_text(".messagelist")

    @property
    def levels(self) -> dict[str, str]:
        """{location: quantity} as the API has it, without what is outside."""
        rows = self.api.get(f"/items/{self.item}/stock").json()["data"]
        return {
            row["location"]["name"]: row["quantity"] for row in rows if row["kind"] != "outside"
        }


@pytest.fixture(scope="module")
def api(sampled: Server) -> Iterator[httpx.Client]:
    """The API of the same server."""
    with sampled.client(sampled.manage("create_token", ADMIN_EMAIL).stdout.strip()) as client:
        yield client


def made(api: httpx.Client, path: str, body: dict[str, Any]) -> int:
    """The id of what has been made over the API."""
    return int(api.post(path, json=body).raise_for_status().json()["data"]["id"])


def test_a_day_of_a_store_keeper_is_booked_as_told(page: Page, api: httpx.Client) -> None:
    store = made(api, "/locations", {"name": STORE, "kind": "storage"})
    made(api, "/locations", {"name": SHELF, "kind": "storage", "parent_id": store})
    colleague = made(api, "/users", {"email": "day@example.org", "name": "Daisy Day"})
    keeper = Keeper(page, api, made(api, "/items", {"sku": SKU, "name": "Hand drill"}))

    keeper.opens("Receive")
    keeper.looks_up("destination", STORE)
    keeper.types("50")
    keeper.is_told(f"{STORE}: 0 → 50")
    assert "Received: 50 pcs" in keeper.books()

    keeper.opens("Move")
    keeper.looks_up("destination", SHELF)
    keeper.types("10")
    keeper.is_told(f"{STORE}: 50 → 40", f"{SHELF}: 0 → 10")
    assert "Moved: 10 pcs" in keeper.books()

    keeper.opens("Lend")
    page.select_option("[name=source]", label=f"{STORE} (40 pcs)")
    keeper.looks_up("holder", "Daisy Day")
    today = datetime.now(UTC).date()
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    page.fill("[name=due_at]", friday.isoformat())
    keeper.types("2")
    keeper.is_told("Daisy Day: 0 → 2")
    assert "Lent: 2 pcs" in keeper.books()
    assert f"Fri {friday}" in page.inner_text(".panel")

    page.locator("td.actions a.button", has_text="Take back").click()
    keeper.types("1")
    keeper.is_told("Daisy Day: 2 → 1")
    assert "Taken back: 1 pcs" in keeper.books()

    keeper.opens("Count")
    keeper.looks_up("location", STORE)
    keeper.types("38")
    keeper.is_told(f"{STORE}: 39 → 38")
    assert "Counted: 1 pcs" in keeper.books()

    keeper.opens("Receive")
    keeper.looks_up("destination", STORE)
    keeper.types("500")
    keeper.books()
    page.locator("td.actions a.button", has_text="Reverse").first.click()
    page.fill("[name=reason]", "50 were meant, and those are in")
    keeper.is_told(f"{STORE}: 538 → 38")
    assert "Reversed: 500 pcs" in keeper.books()

    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "stock.png")
    assert keeper.levels == {STORE: "38", SHELF: "10", "Daisy Day": "1"}
    held = api.get(f"/users/{colleague}/holdings").json()["data"]
    assert [(row["item"]["sku"], row["quantity"]) for row in held] == [(SKU, "1")]


def test_it_is_refused_with_a_sentence_when_there_is_not_enough(
    page: Page, api: httpx.Client
) -> None:
    made(api, "/locations", {"name": "Back room", "kind": "storage"})
    keeper = Keeper(page, api, made(api, "/items", {"sku": "DAY-2", "name": "Hand saw"}))
    keeper.opens("Receive")
    keeper.looks_up("destination", "Back room")
    keeper.types("3")
    keeper.books()
    keeper.opens("Issue")
    keeper.types("4")
    refusal = "4 of DAY-2 Hand saw were asked for, and 3 are at Back room."
    keeper.is_told(refusal)
    page.click(".submit-row input.default")
    assert refusal in page.inner_text(".errors")
    assert keeper.levels == {"Back room": "3"}


def test_one_booking_when_the_button_is_clicked_twice(page: Page, api: httpx.Client) -> None:
    made(api, "/locations", {"name": "Cellar", "kind": "storage"})
    keeper = Keeper(page, api, made(api, "/items", {"sku": "DAY-3", "name": "Hand cart"}))
    keeper.opens("Receive")
    keeper.looks_up("destination", "Cellar")
    keeper.types("5")
    page.locator(".submit-row input.default").dblclick()
    page.wait_for_selector(".messagelist, .errornote")
    assert keeper.levels == {"Cellar": "5"}
