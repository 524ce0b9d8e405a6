"""People as a file: for those who may see them, and never a secret."""

import pytest

from tests.client import Api
from tests.exported import cells, content, objects
from tests.factories import UserFactory
from users.models import User

HEADER = ["email", "name", "age", "is_active", "is_staff", "groups", "created_at"]


def test_every_column_when_exported_as_csv(manager: User, manager_api: Api) -> None:
    manager.groups.create(name="A; B")
    [row] = cells(content(manager_api.get("/users/export")))
    assert list(row) == HEADER
    del row["created_at"]
    assert row == {
        "email": manager.email,
        "name": "Max Manager",
        "age": "",
        "is_active": "true",
        "is_staff": "true",
        "groups": "A;; B; Manager",
    }


def test_values_as_the_api_has_them_when_exported_as_json_lines(
    manager: User, manager_api: Api
) -> None:
    [row] = objects(content(manager_api.get("/users/export?format=jsonl")))
    told = manager_api.get(f"/users/{manager.pk}").data
    del row["created_at"]
    assert row == {name: told[name] for name in row}


def test_no_secret_when_everything_is_exported(manager: User, manager_api: Api) -> None:
    for form in ("csv", "jsonl"):
        assert (
            manager.password
            not in content(manager_api.get(f"/users/export?format={form}")).decode()
        )


@pytest.mark.parametrize("asked", ["is_active=false", "group=Clerk", "search=someone"])
def test_what_the_list_has_when_it_is_filtered(asked: str, manager_api: Api) -> None:
    found = UserFactory.create(name="Someone", group="Clerk", is_active=False)
    UserFactory.create(name="Another")
    rows = cells(content(manager_api.get(f"/users/export?{asked}")))
    assert [row["email"] for row in rows] == [found.email]


def test_403_when_the_reader_may_not_see_users(api: Api) -> None:
    assert api.get("/users/export").status == 403
