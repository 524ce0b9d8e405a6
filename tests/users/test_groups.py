"""The groups that a migration makes: idempotent, and nothing is ever taken away."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management.sql import emit_post_migrate_signal

from tests.factories import UserFactory

LADDER = ("Viewer", "Clerk", "Manager")


def rights() -> dict[str, set[str]]:
    """The codenames that each group has."""
    return {
        group.name: set(group.permissions.values_list("codename", flat=True))
        for group in Group.objects.all()
    }


def migrate() -> None:
    """What happens after each migration."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")


@pytest.mark.django_db
def test_there_are_three_groups_when_migrated() -> None:
    assert set(rights()) == set(LADDER)


@pytest.mark.django_db
def test_each_has_the_rights_of_the_one_below_when_migrated() -> None:
    viewer, clerk, manager = (rights()[name] for name in LADDER)
    assert viewer < clerk < manager


@pytest.mark.parametrize(
    ("group", "right", "has"),
    [
        ("Viewer", "view_item", True),
        ("Viewer", "change_item", False),
        ("Viewer", "view_user", False),
        ("Clerk", "change_item", True),
        ("Clerk", "add_item", True),
        ("Clerk", "delete_item", False),
        ("Clerk", "view_user", False),
        ("Clerk", "change_user", False),
        ("Manager", "delete_item", True),
        ("Manager", "view_user", True),
        ("Manager", "add_user", True),
        ("Manager", "change_user", True),
        ("Manager", "delete_user", True),
        ("Manager", "add_apitoken", True),
        ("Manager", "delete_apitoken", False),
        ("Manager", "change_group", False),
        ("Manager", "change_permission", False),
    ],
)
@pytest.mark.django_db
def test_a_group_has_the_right_or_not_when_migrated(group: str, right: str, has: bool) -> None:
    assert (right in rights()[group]) is has


@pytest.mark.django_db
def test_nothing_changes_when_migrated_again() -> None:
    before = rights()
    migrate()
    assert rights() == before


@pytest.mark.django_db
def test_a_right_that_was_added_stays_when_migrated_again() -> None:
    added = Permission.objects.get(codename="view_group")
    Group.objects.get(name="Viewer").permissions.add(added)
    migrate()
    assert "view_group" in rights()["Viewer"]


@pytest.mark.django_db
def test_a_group_of_ones_own_stays_when_migrated_again() -> None:
    Group.objects.create(name="Auditors")
    migrate()
    assert rights()["Auditors"] == set()


@pytest.mark.django_db
def test_a_right_that_is_missing_is_added_when_migrated_again() -> None:
    before = rights()
    Group.objects.get(name="Clerk").permissions.clear()
    migrate()
    assert rights() == before


@pytest.mark.django_db
def test_a_group_that_is_missing_is_made_when_migrated_again() -> None:
    before = rights()
    Group.objects.get(name="Clerk").delete()
    migrate()
    assert rights() == before


@pytest.mark.django_db
def test_members_stay_when_migrated_again() -> None:
    user = UserFactory.create(group="Clerk")
    migrate()
    assert user.groups.get().name == "Clerk"
