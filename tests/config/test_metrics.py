"""/metrics: to whom it answers, and what it counts."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from tests.client import Api
from tests.factories import ItemFactory

LOOPBACK, STRANGER = "127.0.0.1", "203.0.113.9"
TOKEN = "a-token-for-the-figures"
ITEM_ROUTE = "api/v1/items/<int:pk>"

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def ask(sender: str = LOOPBACK, **headers: str) -> Any:
    """The answer of /metrics to a request from the address `sender`."""
    return Client().get("/metrics", REMOTE_ADDR=sender, headers=headers)


def figures() -> Figures:
    """{(name, labels): value} of all that is counted."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(ask().content.decode())
        for sample in family.samples
    }


def value(found: Figures, name: str, **labels: str) -> float:
    """One of the figures; 0 for what has not been counted yet."""
    return found.get((f"stockroom_{name}", tuple(sorted(labels.items()))), 0)


# ── To whom ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("sender", [LOOPBACK, "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_answers_when_asked_from_this_machine(sender: str) -> None:
    reply = ask(sender)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize("sender", [STRANGER, "10.0.0.1", "::ffff:10.0.0.1", "", "localhost"])
def test_403_when_asked_from_elsewhere(sender: str) -> None:
    reply = ask(sender)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("proxies", [[], [LOOPBACK]], ids=["unknown", "trusted"])
@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"],
)
def test_403_when_a_proxy_on_this_machine_forwards(
    header: str, proxies: list[str], settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert ask(**{header: LOOPBACK}).status_code == 403
    assert ask(**{header: "unknown"}).status_code == 403
    assert ask(**{header: ""}).status_code == 403


def test_answers_when_the_token_is_brought(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    forwarded = {"X-Forwarded-For": STRANGER}
    assert ask(STRANGER, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert ask(Authorization=f"bearer {TOKEN}", **forwarded).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"]
)
def test_403_when_another_token_is_brought(header: str, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert ask(STRANGER, Authorization=header).status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer None"])
def test_403_when_there_is_no_token_to_bring(header: str) -> None:
    assert ask(STRANGER, Authorization=header).status_code == 403


def test_answers_when_host_and_scheme_are_whatever(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert ask(Host="10.1.2.3:8000").status_code == 200


# ── What ──────────────────────────────────────────────────────────────────────────────────────
def test_counted_by_method_route_and_status_when_requests_are_answered(api: Api) -> None:
    path = f"/items/{ItemFactory.create().pk}"
    api.get(path)
    before = figures()
    for _ in range(3):
        api.get(path)
    api.get("/items/999999")
    after = figures()

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    on = {"method": "GET", "route": ITEM_ROUTE}
    assert more("requests_total", **on, status="200") == 3
    assert more("requests_total", **on, status="404") == 1
    assert more("request_duration_seconds_count", **on) == 4
    assert more("request_duration_seconds_bucket", **on, le="+Inf") == 4
    assert 0 < more("request_duration_seconds_sum", **on) < 40
    assert more("request_queries_total", **on) == 8  # the token and the row


def test_counted_by_status_when_something_breaks(api: Api) -> None:
    before = figures()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE items_item RENAME COLUMN id TO moved")
    assert api.get("/items").status == 500
    on = {"method": "GET", "route": "api/v1/items", "status": "500"}
    assert value(figures(), "requests_total", **on) == value(before, "requests_total", **on) + 1


def test_one_label_when_urls_and_methods_are_made_up(api: Api, client: Client) -> None:
    on = {"method": "other", "route": "-", "status": "404"}
    before = value(figures(), "requests_total", **on)
    for number in range(20):
        client.generic(f"SPY{number}", f"/made/up/{number}")
        api.call(f"SPY{number}", f"/made/up/{number}")
    after = figures()
    assert value(after, "requests_total", **on) == before + 2 * 20
    labels = {text for _, pairs in after for _, text in pairs}
    assert not [text for text in labels if "SPY" in text or "made/up" in text]


def test_machines_are_told_apart_from_people_when_they_ask(client: Client) -> None:
    client.get("/healthz")
    on = {"method": "GET", "route": "healthz", "status": "200"}
    assert value(figures(), "requests_total", **on) >= 1
