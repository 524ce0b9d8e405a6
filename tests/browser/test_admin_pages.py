"""The admin as somebody sees it who opens it for the first time, in a real Chromium."""

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.live import ADMIN_EMAIL, Server

PICTURES = os.environ.get("PICTURES")  # a folder to put the README's pictures into


def test_the_first_page_shows_the_figures_that_matter(page: Page) -> None:
    assert page.inner_text(".figures").split("\n")[0].startswith("264")


def test_an_item_is_found_changed_and_its_history_tells_who(page: Page) -> None:
    page.click("text=Items >> nth=0")
    page.fill("#searchbar", "의자")
    page.press("#searchbar", "Enter")
    page.wait_for_load_state()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "items.png")
    page.click("text=의자 (메쉬, 검정)")
    page.fill("#id_name", "의자 (메쉬, 파랑)")
    page.click("input[name=_save]")
    page.click("text=의자 (메쉬, 파랑) >> nth=0")
    page.click("text=History")
    latest = page.inner_text("section.change >> nth=0")
    assert "Updated by Administrator" in latest
    assert latest.split("Name")[1].split("\t")[1:3] == ["의자 (메쉬, 검정)", "의자 (메쉬, 파랑)"]


def test_the_second_of_two_forms_is_refused_with_both_versions(page: Page) -> None:
    page.goto("/admin/items/item/?q=LAP-0002")
    page.click("#result_list tbody th a")
    page.wait_for_selector("#id_description")
    other = page.context.new_page()
    other.goto(page.url)
    other.fill("#id_description", "saved by the other")
    other.click("input[name=_save]")
    other.wait_for_selector(".messagelist .success")
    page.fill("#id_description", "saved too late")
    page.click("input[name=_save]")
    assert (
        page.inner_text("table.versions tbody") == "Description\tsaved by the other\tsaved too late"
    )


def test_a_token_is_shown_once_and_opens_the_api(page: Page, sampled: Server) -> None:
    page.goto("/admin/users/apitoken/add/")
    page.click(".select2-selection")
    page.fill(".select2-search__field", "admin@")
    page.click(".select2-results__option--highlighted")
    page.fill("#id_name", "a script")
    page.click("input[name=_save]")
    token = page.input_value("input.token")
    with sampled.client(token) as client:
        assert client.get("/users/me").json()["data"]["email"] == ADMIN_EMAIL
    page.goto("/admin/users/apitoken/")
    assert token not in page.content()


def test_the_documentation_loads_with_nothing_from_elsewhere(page: Page) -> None:
    page.goto("/api/v1/docs")
    page.get_by_text("/api/v1/items/{id}/history").wait_for()
