"""A real Chromium, and somebody signed in to a server with the sample."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from tests.live import ADMIN_EMAIL, ADMIN_PASSWORD, Server, live_database, live_server

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Without a graphics card or a wish to call home, and as root too.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 10_000


@pytest.fixture(scope="module")  # not longer: beside its event loop Django refuses the database
def browser() -> Iterator[Browser]:
    """Without one, the tests that need it are left out."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sampled(servers: None) -> Iterator[Server]:
    """A server with the sample in it."""
    with live_database(f"browser_{os.getpid()}") as url, live_server(url) as server:
        yield server


@pytest.fixture
def page(browser: Browser, sampled: Server) -> Iterator[Page]:
    """Somebody signed in; whatever fails to load, or comes from elsewhere, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 560}, base_url=sampled.url)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))

    def see_response(response: Response) -> None:
        if response.status >= 400 or not response.url.startswith(sampled.url):
            troubles.append(f"{response.status} {response.url}")

    page.on("response", see_response)
    page.goto("/")
    page.fill("#id_username", ADMIN_EMAIL)
    page.fill("#id_password", ADMIN_PASSWORD)
    page.click("input[type=submit]")
    yield page
    context.close()
    assert not troubles
