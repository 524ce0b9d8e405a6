"""Idempotency-Key: a POST that is sent again does its work once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from config.models import IdempotencyRecord
from items.models import Category, Item
from tests.client import Api, Reply
from tests.factories import PASSWORD, UserFactory, token_for
from users.models import ApiToken, User

KEY = {"Idempotency-Key": "order-1"}
BODY = {"sku": "LAMP-1", "name": "Lamp"}


def test_the_same_answer_and_one_item_when_it_is_sent_twice(api: Api) -> None:
    first, second = api.post("/items", BODY, **KEY), api.post("/items", BODY, **KEY)
    assert (first.status, second.status) == (201, 201)
    assert second.response.content == first.response.content
    assert Item.objects.count() == 1


def test_the_headers_are_answered_again_and_it_is_said_so(api: Api) -> None:
    first, second = api.post("/items", BODY, **KEY), api.post("/items", BODY, **KEY)
    for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
        assert second[name] == first[name]
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.response.headers


def test_the_answer_of_then_when_the_item_has_been_changed_since(api: Api) -> None:
    made = api.post("/items", BODY, **KEY)
    api.patch(f"/items/{made.data['id']}", {"name": "Lantern"})
    assert api.post("/items", BODY, **KEY).data["name"] == "Lamp"


def test_the_same_when_the_names_come_in_another_order(api: Api) -> None:
    first = api.post("/items", b'{"sku": "A", "name": "B"}', **KEY)
    second = api.post("/items", b'{"name":"B","sku":"A"}', **KEY)
    assert (second.status, second.data["id"]) == (201, first.data["id"])


@pytest.mark.parametrize("body", [{**BODY, "name": "Lantern"}, {**BODY, "unit": "pcs"}, {}])
def test_409_and_nothing_done_when_the_body_is_another(api: Api, body: dict[str, Any]) -> None:
    api.post("/items", BODY, **KEY)
    reply = api.post("/items", body or {"sku": "OTHER", "name": "Other"}, **KEY)
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert "Idempotency-Key" in reply.error["message"]
    assert Item.objects.count() == 1


def test_done_anew_when_the_key_is_another(api: Api) -> None:
    api.post("/items", BODY, **KEY)
    reply = api.post("/items", {**BODY, "sku": "LAMP-2"}, **{"Idempotency-Key": "order-2"})
    assert reply.status == 201
    assert "Idempotency-Replayed" not in reply.response.headers


def test_done_anew_when_the_path_is_another(api: Api) -> None:
    api.post("/items", BODY, **KEY)
    assert api.post("/categories", {"name": "Lamps"}, **KEY).status == 201
    assert Category.objects.count() == 1


def test_done_anew_when_the_user_is_another(api: Api, api_of: Callable[[User], Api]) -> None:
    api.post("/items", BODY, **KEY)
    other = api_of(UserFactory.create(group="Clerk"))
    reply = other.post("/items", {**BODY, "sku": "LAMP-2"}, **KEY)
    assert (reply.status, reply.data["sku"]) == (201, "LAMP-2")


def test_the_same_answer_when_another_token_of_the_user_sends_it(
    clerk: User, api_of: Callable[[User], Api]
) -> None:
    first = api_of(clerk).post("/items", BODY, **KEY)
    assert api_of(clerk).post("/items", BODY, **KEY).data == first.data


@pytest.mark.parametrize(
    "bad", [{"sku": "", "name": "x"}, {"sku": "A"}, {"sku": "A", "name": "A", "category_id": 9}]
)
def test_nothing_is_kept_when_it_fails(api: Api, bad: dict[str, Any]) -> None:
    assert api.post("/items", bad, **KEY).status == 422
    assert not IdempotencyRecord.objects.exists()
    assert api.post("/items", BODY, **KEY).status == 201


def test_nothing_is_kept_when_it_conflicts(api: Api) -> None:
    api.post("/items", BODY)
    assert api.post("/items", BODY, **KEY).status == 409
    assert not IdempotencyRecord.objects.exists()


def test_403_when_the_right_is_gone_meanwhile(api: Api, clerk: User) -> None:
    api.post("/items", BODY, **KEY)
    clerk.groups.clear()
    assert api.post("/items", BODY, **KEY).status == 403


def test_done_anew_when_a_day_has_passed(api: Api) -> None:
    made = api.post("/items", BODY, **KEY)
    a_day_ago = timezone.now() - timedelta(hours=24, seconds=1)
    IdempotencyRecord.objects.update(created_at=a_day_ago)
    reply = api.post("/items", {**BODY, "sku": "LAMP-2"}, **KEY)
    assert (reply.status, reply.data["id"] > made.data["id"]) == (201, True)
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_done_anew_once_when_two_send_an_expired_key_at_once(
    manager_api: Api, manager: User
) -> None:
    manager_api.post("/items", BODY, **KEY)
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=30))
    body, token = {**BODY, "sku": "LAMP-2"}, token_for(manager)
    both = Barrier(2)

    def send() -> Reply:
        both.wait(10)
        try:
            return Api(token).post("/items", body, **KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        replies = [job.result() for job in [pool.submit(send), pool.submit(send)]]
    assert [reply.status for reply in replies] == [201, 201]
    assert {reply.data["sku"] for reply in replies} == {"LAMP-2"}


def test_the_same_answer_when_the_secret_key_was_changed_meanwhile(
    api: Api, settings: Settings
) -> None:
    first = api.post("/items", BODY, **KEY)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another " * 10
    assert api.post("/items", BODY, **KEY).data == first.data


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "ключ", "x" * 256])
def test_400_and_nothing_done_when_the_key_is_none(api: Api, key: str) -> None:
    reply = api.post("/items", BODY, **{"Idempotency-Key": key})
    assert (reply.status, reply.error["code"]) == (400, "malformed")
    assert not Item.objects.exists()


@pytest.mark.parametrize("key", ["a", "x" * 255, "8e03978e-40d5-43dd-bc93-6894a57f9324", "!~"])
def test_done_when_the_key_is_sane(api: Api, key: str) -> None:
    assert api.post("/items", BODY, **{"Idempotency-Key": key}).status == 201


def test_a_token_is_made_anew_and_nothing_kept_when_logging_in_with_a_key(
    anonymous: Api, clerk: User
) -> None:
    body = {"email": clerk.email, "password": PASSWORD}
    tokens = {anonymous.post("/auth/token", body, **KEY).data["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert not IdempotencyRecord.objects.exists()


def test_nothing_is_kept_when_a_token_is_made(api: Api) -> None:
    for _ in range(2):
        assert api.post("/tokens", {"name": "till"}, **KEY).status == 201
    assert ApiToken.objects.filter(name="till").count() == 2
    assert not IdempotencyRecord.objects.exists()


def test_nothing_is_kept_when_a_password_is_changed(api: Api) -> None:
    body = {"current_password": PASSWORD, "new_password": "another long passphrase"}
    assert api.post("/users/me/password", body, **KEY).status == 200
    assert not IdempotencyRecord.objects.exists()


def test_a_user_is_made_once_and_the_password_is_not_kept(manager_api: Api) -> None:
    body = {"email": "new@example.org", "name": "New", "password": "a very long passphrase"}
    first = manager_api.post("/users", body, **KEY)
    assert manager_api.post("/users", body, **KEY).data == first.data
    record = IdempotencyRecord.objects.get()
    assert b"passphrase" not in bytes(record.body)


def test_the_key_is_not_heeded_when_it_is_no_post(api: Api) -> None:
    made = api.post("/items", BODY)
    path = f"/items/{made.data['id']}"
    assert [api.patch(path, {"name": n}, **KEY).data["name"] for n in ("A", "B")] == ["A", "B"]
