"""manage.py prune: what is old goes, what is needed stays."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import timezone

from config import pruning
from config.models import IdempotencyRecord
from items.models import Category, Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory, token_for
from users.models import ApiToken, User


def prune(*options: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue()


def events_of(row: Any) -> list[tuple[str, str]]:
    """(label, name) of the events of a row, the oldest first."""
    return list(
        row.events.model.objects.filter(pgh_obj_id=row.pk)
        .order_by("pk")
        .values_list("pgh_label", "name")
    )


@pytest.fixture
def aged(db: None) -> Callable[[str], None]:
    """Make all events of a table a hundred days older, which takes to go round their guard."""

    def age(table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                f"UPDATE {table} SET pgh_created_at = pgh_created_at - interval '100 days'"
            )
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    return age


# ── Answers, tokens, log-ins ──────────────────────────────────────────────────────────────────
def test_answers_go_when_a_day_has_passed(api: Api) -> None:
    for n in range(3):
        api.post("/items", {"sku": f"S{n}", "name": "N"}, **{"Idempotency-Key": f"k{n}"})
    old = IdempotencyRecord.objects.filter(key__in=["k0", "k1"])
    old.update(created_at=timezone.now() - timedelta(hours=25))
    assert "answers: 2 deleted" in prune()
    assert [record.key for record in IdempotencyRecord.objects.all()] == ["k2"]


def test_refused_and_nothing_deleted_when_answers_are_still_needed(api: Api) -> None:
    token = ApiToken.objects.latest("pk")
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now() - timedelta(days=91))
    with pytest.raises(CommandError, match="--answers 2h is too young"):
        prune("--answers", "2h")
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_tokens_go_when_they_ended_long_ago(clerk: User) -> None:
    now, ages = timezone.now(), {"fresh": -1, "lately": 89, "expired": 91, "revoked": 91}
    for name, days in ages.items():
        token_for(clerk)
        token = ApiToken.objects.latest("pk")
        column = "revoked_at" if name == "revoked" else "expires_at"
        ApiToken.objects.filter(pk=token.pk).update(
            name=name, **{column: now - timedelta(days=days)}
        )
    assert "tokens: 2 deleted" in prune()
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"fresh", "lately"}
    assert "tokens: 1 deleted" in prune("--tokens", "30d")


def test_the_history_says_that_it_was_the_command_when_tokens_go(clerk: User) -> None:
    token_for(clerk)
    ApiToken.objects.update(revoked_at=timezone.now() - timedelta(days=91))
    prune()
    event: Any = apps.get_model("users", "ApiTokenEvent")._default_manager.latest("pk")
    assert (event.pgh_label, event.pgh_context["via"]) == ("delete", "command prune")


def test_log_ins_go_when_they_have_expired(db: None) -> None:
    for key, days in {"old": -1, "current": 1}.items():
        end = timezone.now() + timedelta(days=days)
        Session.objects.create(session_key=key, session_data="", expire_date=end)
    prune()
    assert [session.session_key for session in Session.objects.all()] == ["current"]


# ── History ───────────────────────────────────────────────────────────────────────────────────
def test_history_stays_when_nothing_is_said_of_it(aged: Callable[[str], None]) -> None:
    item = ItemFactory.create()
    item.delete()
    aged("items_itemevent")
    assert "history" not in prune()
    assert apps.get_model("items", "ItemEvent")._default_manager.count() == 2


def test_the_last_change_before_stays_when_the_row_is_there(aged: Callable[[str], None]) -> None:
    category = CategoryFactory.create(name="a")
    for name in ("b", "c"):
        category.name = name
        category.save()
    aged("items_categoryevent")
    category.name = "d"
    category.save()
    assert "history: 2 deleted" in prune("--history", "90d")
    assert events_of(category) == [("update", "c"), ("update", "d")]
    assert "history: 0 deleted" in prune("--history", "90d")


def test_what_is_left_is_told_rightly_when_history_was_pruned(
    api: Api, aged: Callable[[str], None]
) -> None:
    item = ItemFactory.create(name="a")
    path = f"/items/{item.pk}"
    api.patch(path, {"name": "b"})
    aged("items_itemevent")
    api.patch(path, {"name": "c"})
    prune("--history", "90d")
    newest, oldest = api.get(f"{path}/history").data
    assert newest["changes"] == [{"field": "name", "before": "b", "after": "c"}]
    assert (oldest["action"], oldest["changes"]) == ("updated", [])


def test_everything_goes_when_the_row_was_deleted_before(aged: Callable[[str], None]) -> None:
    item = ItemFactory.create()
    pk = item.pk
    item.delete()
    aged("items_itemevent")
    prune("--history", "90d")
    assert not apps.get_model("items", "ItemEvent")._default_manager.filter(pgh_obj_id=pk).exists()


def test_memberships_are_forgotten_too(clerk: User, aged: Callable[[str], None]) -> None:
    aged("users_membershipevent")
    prune("--history", "90d")
    assert not apps.get_model("users", "MembershipEvent")._default_manager.exists()
    assert clerk.groups.exists()


def test_nobody_else_may_delete_history_when_prune_has_run(aged: Callable[[str], None]) -> None:
    item: Any = ItemFactory.create()
    prune("--history", "0d")
    with pytest.raises(DatabaseError, match="append_only"):
        item.events.all().delete()


# ── How ───────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_deleted_when_it_is_a_dry_run(clerk: User) -> None:
    token_for(clerk)
    ApiToken.objects.update(revoked_at=timezone.now() - timedelta(days=91))
    assert "tokens: 1 would be deleted" in prune("--dry-run")
    assert ApiToken.objects.count() == 1


def test_all_go_in_several_steps_when_there_are_many(
    clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 2)
    for _ in range(5):
        token_for(clerk)
    ApiToken.objects.update(revoked_at=timezone.now() - timedelta(days=91))
    assert list(pruning.delete(ApiToken.objects.all(), via="test")) == [2, 2, 1]
    assert not ApiToken.objects.exists()


def test_a_kind_stays_when_its_age_is_never(clerk: User) -> None:
    token_for(clerk)
    ApiToken.objects.update(revoked_at=timezone.now() - timedelta(days=9000))
    assert "tokens" not in prune("--tokens", "never")


@pytest.mark.parametrize("age", ["", "x", "5", "-5d", "5w", "1.5d", "5 d"])
def test_refused_when_an_age_is_none(db: None, age: str) -> None:
    with pytest.raises(CommandError, match="is no age"):
        prune(f"--tokens={age}")


def test_the_register_is_untouched_when_everything_old_goes(db: None) -> None:
    ItemFactory.create(category=CategoryFactory.create(), owner=UserFactory.create())
    prune("--history", "0h", "--tokens", "0h")
    assert (Item.objects.count(), Category.objects.count(), User.objects.count()) == (1, 1, 1)
