"""Paths lead where Django's own resolver leads, whatever id stands in them."""

import pytest
from django.urls import get_resolver

from config.api.routing import MAX_REMEMBERED_LENGTH, resolve
from tests.client import Api

PATHS = [
    "/api/v1/items",
    "/api/v1/items/5",
    "/api/v1/items/0007",
    "/api/v1/items/5/stock",
    "/api/v1/items/5/movements",
    "/api/v1/movements/8/reverse",
    "/api/v1/users/me",
    "/api/v1/users/me/holdings",
    "/api/v1/items/5x",
    "/api/v1/items/-5",
    "/api/v1/items/٣",
    "/api/v1/items/5/7",
    "/api/v1/5/items",
    "/api/v1/nothing/5",
    "/api/v1/items/" + "9" * 18,
    "/api/v1/items/" + "9" * 19,
    "/api/v1/items/" + "9" * 5000,
    "/api/v1/" + "x" * MAX_REMEMBERED_LENGTH,
    "/api/",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_the_same_view_as_djangos_when_a_path_is(path: str) -> None:
    for _ in range(2):  # the second time it is remembered
        found, expected = resolve(path), get_resolver().resolve(path)
        assert (found.func, found.kwargs) == (expected.func, expected.kwargs)
        assert (found.route, found.url_name) == (expected.route, expected.url_name)


def test_each_its_own_id_when_paths_differ_in_it_alone() -> None:
    assert [resolve(f"/api/v1/items/{pk}").kwargs["pk"] for pk in (1, 2, 10**17)] == [1, 2, 10**17]


@pytest.mark.django_db
def test_in_the_readers_language_when_it_is_asked_for() -> None:
    german, english = (Api().get("/items", **{"Accept-Language": each}) for each in ("de", "xx"))
    assert (german["Content-Language"], english["Content-Language"]) == ("de", "en")
    assert german.error["code"] == english.error["code"]
    assert german.error["message"] != english.error["message"]
