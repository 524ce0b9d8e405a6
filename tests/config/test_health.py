"""Alive and ready, asked over HTTP, with servers that are there and servers that are not."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.fragile import FragileRedis


@pytest.fixture(autouse=True)
def _static_files_on_demand(settings: Settings) -> None:
    """Not every static file is looked up anew for each client."""
    settings.WHITENOISE_AUTOREFRESH = True


def test_is_alive_when_asked(client: Client) -> None:
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json()) == (
        200,
        {"success": True, "data": {"status": "alive"}, "meta": {}},
    )


@pytest.mark.usefixtures("no_database", "no_cache")
def test_is_alive_when_nothing_else_is(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_is_ready_when_all_is_there(client: Client) -> None:
    reply = client.get("/readyz")
    checks = {"database": "ok", "migrations": "ok", "cache": "ok"}
    assert (reply.status_code, reply.json()) == (
        200,
        {"success": True, "data": {"status": "ready", "checks": checks}, "meta": {}},
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("no_cache")
def test_is_degraded_when_the_cache_is_lost(client: Client) -> None:
    reply = client.get("/readyz")
    checks = {"database": "ok", "migrations": "ok", "cache": "failed"}
    assert (reply.status_code, reply.json()["data"]) == (
        200,
        {"status": "degraded", "checks": checks},
    )


@pytest.mark.django_db
def test_is_degraded_and_ready_again_at_once_when_the_cache_comes_back(
    client: Client, fragile_cache: FragileRedis
) -> None:
    found = []
    for act in (fragile_cache.start, fragile_cache.stop, fragile_cache.start):
        act()
        found.append(client.get("/readyz").json()["data"]["status"])
    assert found == ["ready", "degraded", "ready"]


@pytest.mark.usefixtures("no_database")
def test_is_not_ready_when_the_database_is_lost(client: Client) -> None:
    reply = client.get("/readyz")
    body = reply.json()
    assert (reply.status_code, body["success"], body["error"]["code"]) == (
        503,
        False,
        "unavailable",
    )
    assert {detail["field"] for detail in body["error"]["details"]} == {"database", "migrations"}


@pytest.mark.usefixtures("no_database")
def test_says_when_to_ask_again_when_it_is_not_ready(client: Client) -> None:
    assert int(client.get("/readyz").headers["Retry-After"]) > 0


@pytest.mark.usefixtures("no_database")
def test_says_nothing_of_the_inside_when_it_is_not_ready(client: Client, closed_port: int) -> None:
    text = client.get("/readyz").content.decode()
    assert [word for word in ("127.0.0.1", str(closed_port), "psycopg") if word in text] == []


@pytest.mark.usefixtures("no_tables")
def test_is_not_ready_when_migrations_are_missing(client: Client) -> None:
    reply = client.get("/readyz")
    fields = [detail["field"] for detail in reply.json()["error"]["details"]]
    assert (reply.status_code, fields) == (503, ["migrations"])


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_answers_when_the_host_is_whatever_the_balancer_says(client: Client, path: str) -> None:
    assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_answers_without_https_when_https_is_on(
    client: Client, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path).status_code == 200
