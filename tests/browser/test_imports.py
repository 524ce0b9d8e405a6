"""A store keeper imports files, in a real Chromium: the plan is seen first, and can be undone."""

import os
from pathlib import Path

from playwright.sync_api import Page

PICTURES = os.environ.get("PICTURES")  # a folder to put the README's pictures into
MANY = 2_500  # rows, more than are applied while somebody waits


def choose(page: Page, name: str, *lines: str) -> None:
    """Send a file from the list of items."""
    page.goto("/admin/items/item/")
    page.click(".object-tools >> text=Import")
    data = "\n".join(lines).encode()
    page.set_input_files("#id_file", {"name": name, "mimeType": "text/csv", "buffer": data})
    page.click("#upload .submit-row input.default")
    page.wait_for_selector(".state")


def test_good_rows_written_and_taken_back_when_a_file_has_bad_ones(page: Page) -> None:
    choose(
        page,
        "workshop.csv",
        "SKU,Name,Price,Currency,Quantity,Location",
        "WS-1,Band saw,1290.00,EUR,1,Workshop / Saws",
        "WS-2,Drill press,cheap,EUR,1,Workshop",
        "WS-3,Clamp,12.50,EUR,40,Workshop / Clamps",
        "LAP-0001,Laptop of the workshop,,,,",
    )
    assert "Nothing has been written yet. 4 rows" in page.inner_text(".state")
    assert "Price cheap: It is not a number" in page.inner_text("table.rows")
    if PICTURES:
        page.set_viewport_size({"width": 1280, "height": 760})  # down to the rows
        page.screenshot(path=Path(PICTURES) / "import.png")
    page.click("#apply input[type=submit]")  # the browser asks to tick first
    assert page.locator("#leave_out:invalid").count() == 1
    page.check("text=Leave the 1 row that is refused out")
    page.click("input[value='Make 2 items, change 1 item, book 2 quantities']")
    assert "Made 2 items, changed 1 item, booked 2 quantities." in page.inner_text(".state")

    page.click("table.rows a >> text=WS-3")
    assert "Workshop / Clamps" in page.inner_text(".panel")
    page.click("text=History")
    page.click("section.change a >> text=import")
    page.click("text=Undo this import")
    page.click(".submit-row input.default")
    told = page.inner_text(".state")
    assert "2 bookings reversed, 1 items as they were before and 2 items retired" in told


def test_planned_when_it_is_said_what_the_columns_are(page: Page) -> None:
    choose(page, "lager.csv", "Artikel;Bezeichnung;Preis", "LG-1;Zange;1.234", "LG-2;Feile;2.500")
    page.wait_for_selector("#lacking")
    page.select_option("#id_column_0", label="SKU")
    assert page.is_hidden("#lacking")
    page.select_option("#id_column_1", label="name")
    page.select_option("#id_column_2", label="price")
    page.click("text=Make the plan")
    page.check(".questions input[value=comma]")
    page.click("text=Make the plan")
    assert "Preis 1234" in page.inner_text("table.rows")
    page.click("text=Discard")
    assert "Discarded: lager.csv." in page.inner_text(".messagelist")


def test_the_page_goes_on_by_itself_when_a_worker_applies_a_large_file(page: Page) -> None:
    choose(page, "many.csv", "sku,name", *(f"MANY-{n:05},Thing {n}" for n in range(MANY)))
    page.click("input[value='Make 2,500 items']")
    page.wait_for_selector("text=Made 2,500 items.")
    page.click("text=Next rows")
    assert page.inner_text("table.rows .line >> nth=0") == "52"
