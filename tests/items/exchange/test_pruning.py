"""manage.py prune: what of imports is old goes, what is needed stays."""

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from items.exchange import services
from items.exchange.errors import WrongState
from items.exchange.models import Import
from items.exchange.rooms import Room
from tests.items.exchange.files import applied, planned, received

pytestmark = pytest.mark.django_db

CHAIR = "sku,name\nC-1,Chair\n"
Status = Import.Status


def prune(*options: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("prune", *options, stdout=out)
    return out.getvalue()


def aged(record: Import, days: int) -> Import:
    """The import, as if all of it had been done so many days earlier."""
    back = timedelta(days=days)
    for name in ("created_at", "planned_at", "applied_at"):
        if moment := getattr(record, name):
            Import.objects.filter(pk=record.pk).update(**{name: moment - back})
    record.refresh_from_db()
    return record


def lost(hours: int) -> str:
    """The name of a file that no import names, written so many hours ago."""
    services.folder().mkdir(parents=True, exist_ok=True)
    path = services.folder() / f"lost-{hours}"
    path.write_text("sku\n")
    then = (timezone.now() - timedelta(hours=hours)).timestamp()
    os.utime(path, (then, then))
    return path.name


def files() -> set[str]:
    return {path.name for path in services.folder().glob("*")}


@pytest.mark.parametrize("status", ["waiting", "planning", "planned", "failed"])
def test_plans_go_with_their_files_and_rows_when_a_week_has_passed(status: str) -> None:
    old, fresh = aged(planned(CHAIR), 8), aged(planned(CHAIR), 6)
    Import.objects.filter(pk=old.pk).update(status=status)
    assert "plans: 1 deleted" in prune()
    assert (Import.objects.get(), files()) == (fresh, {fresh.stored_as})
    assert (Room(old.schema).has("rows"), Room(fresh.schema).has("rows")) == (False, True)


def test_a_plan_stays_when_its_file_is_old_and_was_planned_anew() -> None:
    record = aged(received(CHAIR), 8)
    services.plan(record)
    prune()
    assert Import.objects.get() == record


def test_a_plan_stays_when_it_is_being_applied() -> None:
    record = aged(planned(CHAIR), 8)
    Import.objects.filter(pk=record.pk).update(status=Status.APPLYING)
    assert "plans: 0 deleted" in prune()


def test_what_undoing_needs_goes_when_an_import_was_applied_long_ago() -> None:
    old, fresh = aged(applied(CHAIR), 91), aged(applied("sku,name\nT-1,Table\n"), 89)
    assert "imports: 1 deleted" in prune()
    assert (Import.objects.count(), files()) == (2, {fresh.stored_as})
    with pytest.raises(WrongState, match="its rows have been pruned"):
        services.take_back(Import.objects.get(pk=old.pk))
    assert services.take_back(fresh).retired == 1


def test_none_goes_again_when_it_has_gone_before() -> None:
    aged(applied(CHAIR), 91)
    prune()
    assert "imports: 0 deleted" in prune()


def test_files_go_when_no_import_names_them() -> None:
    record, fresh = received(CHAIR), lost(hours=23)
    lost(hours=25)
    assert "uploads: 1 deleted" in prune()
    assert files() == {record.stored_as, fresh}


def test_nothing_goes_when_it_is_only_counted() -> None:
    aged(planned(CHAIR), 8)
    old = lost(hours=25)
    assert "plans: 1 would be deleted" in (said := prune("--dry-run"))
    assert "uploads: 1 would be deleted" in said
    assert (Import.objects.count(), old in files()) == (1, True)


def test_refused_when_files_may_still_be_on_their_way() -> None:
    with pytest.raises(CommandError, match="--uploads 0d is too young"):
        prune("--uploads", "0h")
