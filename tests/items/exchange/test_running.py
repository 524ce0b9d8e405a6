"""What is short is done at once; what takes long is a job, which may be cut off anywhere."""

from collections.abc import Callable
from typing import Any

import pytest

from config.errors import NotAllowed
from items.exchange import jobs, running, services
from items.exchange.errors import Changed, HasRefusedRows, WrongState
from items.exchange.models import Import
from items.exchange.options import Options
from items.exchange.progress import Told, progress_of, told
from items.models import Item
from tests.factories import ItemFactory
from tests.items.exchange.conftest import Received
from users.models import User

Status = Import.Status
HEADER, CHAIR, TABLE = "sku,name", "C-1,Chair", "T-1,Table"


@pytest.fixture
def planned(received: Received) -> Import:
    return services.plan(received(HEADER, CHAIR, TABLE))


# ── Plans ─────────────────────────────────────────────────────────────────────────────────────
def test_planned_at_once_when_the_file_is_small(received: Received) -> None:
    assert running.plan_soon(received(HEADER, CHAIR)).status == Status.PLANNED


def test_planned_by_a_worker_when_the_file_is_large(
    received: Received, slow: None, work: Callable[[], int]
) -> None:
    record = running.plan_soon(received(HEADER, CHAIR))
    assert record.status == Status.WAITING
    assert work() == 1
    record.refresh_from_db()
    assert (record.status, record.totals["create"]) == (Status.PLANNED, 1)


def test_planned_by_other_options_when_they_are_given(received: Received) -> None:
    record = running.plan_soon(received("Number;Thing", "C-1;Chair"))
    assert record.status == Status.FAILED
    options = Options(map={"Number": "sku", "Thing": "name"})
    assert running.plan_soon(record, options=options).status == Status.PLANNED


def test_what_is_wrong_with_a_file_is_kept_when_a_worker_finds_it(
    received: Received, slow: None, work: Callable[[], int]
) -> None:
    record = running.plan_soon(received("\0\1\2", name="items.xlsx"))
    work()
    record.refresh_from_db()
    assert record.status == Status.FAILED
    assert "items.xlsx" in record.problem


def test_nothing_happens_when_a_plan_that_is_made_is_asked_for_again(planned: Import) -> None:
    when = planned.planned_at
    jobs.plan_import(import_id=planned.pk)
    planned.refresh_from_db()
    assert planned.planned_at == when


def test_nothing_happens_when_the_import_has_been_discarded(
    received: Received, slow: None, work: Callable[[], int]
) -> None:
    services.discard(running.plan_soon(received(HEADER, CHAIR)))
    assert work() == 1


def test_planned_when_a_worker_was_cut_off_in_it(received: Received) -> None:
    record = received(HEADER, CHAIR)
    Import.objects.filter(pk=record.pk).update(status=Status.PLANNING)
    jobs.plan_import(import_id=record.pk)
    record.refresh_from_db()
    assert record.status == Status.PLANNED


def test_refused_when_its_file_is_gone(received: Received) -> None:
    record = received(HEADER, CHAIR)
    services.path_of(record).unlink()
    with pytest.raises(WrongState, match="without its file"):
        running.plan_soon(record)


# ── Application ───────────────────────────────────────────────────────────────────────────────
def test_applied_at_once_when_there_are_few_rows(planned: Import, manager: User) -> None:
    assert running.apply_soon(planned, actor=manager).status == Status.APPLIED
    assert Item.objects.count() == 2


def test_applied_by_a_worker_when_there_are_many_rows(
    planned: Import, manager: User, slow: None, work: Callable[[], int]
) -> None:
    assert running.apply_soon(planned, actor=manager).status == Status.APPLYING
    assert not Item.objects.exists()
    assert work() == 1
    planned.refresh_from_db()
    assert (planned.status, Item.objects.count()) == (Status.APPLIED, 2)
    chair: Any = Item.objects.get(sku="C-1")
    assert chair.events.get().pgh_context["actor"]["id"] == manager.pk


@pytest.mark.usefixtures("slow")
def test_refused_at_once_when_somebody_lacks_the_right(planned: Import, clerk: User) -> None:
    with pytest.raises(NotAllowed):
        running.apply_soon(planned, actor=clerk)
    assert planned.status == Status.PLANNED


@pytest.mark.usefixtures("slow")
def test_refused_at_once_when_rows_are_refused(received: Received, manager: User) -> None:
    record = services.plan(received(HEADER, CHAIR, "C-1,Twice"))
    with pytest.raises(HasRefusedRows):
        running.apply_soon(record, actor=manager)
    assert record.status == Status.PLANNED


@pytest.mark.usefixtures("slow")
def test_refused_when_it_is_being_applied_already(planned: Import, manager: User) -> None:
    running.apply_soon(planned, actor=manager)
    with pytest.raises(WrongState, match="it is being applied"):
        running.apply_soon(planned, actor=manager)


def test_planned_still_when_something_has_changed(planned: Import, manager: User) -> None:
    ItemFactory.create(sku="C-1")
    with pytest.raises(Changed):
        running.apply_soon(planned, actor=manager)
    assert (planned.status, Item.objects.count()) == (Status.PLANNED, 1)


def test_planned_still_and_told_why_when_a_worker_finds_a_change(
    planned: Import, manager: User, slow: None, work: Callable[[], int]
) -> None:
    running.apply_soon(planned, actor=manager)
    ItemFactory.create(sku="C-1")
    work()
    planned.refresh_from_db()
    assert planned.status == Status.PLANNED
    assert "since the plan was made" in planned.problem


def test_planned_still_and_told_why_when_rights_have_gone_meanwhile(
    planned: Import, manager: User, slow: None, work: Callable[[], int]
) -> None:
    running.apply_soon(planned, actor=manager)
    manager.groups.clear()
    work()
    planned.refresh_from_db()
    assert planned.status == Status.PLANNED
    assert "You do not have the right" in planned.problem


def test_planned_still_and_told_so_when_a_worker_fails(
    planned: Import, manager: User, slow: None, work: Callable[[], int]
) -> None:
    running.apply_soon(planned, actor=manager)
    Import.objects.filter(pk=planned.pk).update(totals={})  # which nobody does
    with pytest.raises(KeyError):
        work()
    planned.refresh_from_db()
    assert (planned.status, planned.problem) == (Status.PLANNED, services.NOT_APPLIED)


def test_applied_once_when_the_job_is_done_again(planned: Import, manager: User) -> None:
    running.apply_soon(planned, actor=manager)
    jobs.apply_import(import_id=planned.pk, actor_id=manager.pk, skip_bad=False)
    planned.refresh_from_db()
    assert (planned.status, Item.objects.count()) == (Status.APPLIED, 2)


def test_applied_still_when_it_is_applied_by_another_at_the_same_time(planned: Import) -> None:
    other: Any = Import.objects.get(pk=planned.pk)
    services.apply(planned)
    services.put_back(other, Status.PLANNED, services.NOT_APPLIED)
    assert (other.status, other.problem) == (Status.APPLIED, "")


# ── Undoing ───────────────────────────────────────────────────────────────────────────────────
def test_undone_at_once_when_there_are_few_rows(planned: Import, manager: User) -> None:
    record = running.undo_soon(services.apply(planned), actor=manager)
    assert (record.status, record.totals["undone"]["retired"]) == (Status.UNDONE, 2)


def test_undone_by_a_worker_when_there_are_many_rows(
    planned: Import, manager: User, slow: None, work: Callable[[], int]
) -> None:
    record = running.undo_soon(services.apply(planned), actor=manager)
    assert record.status == Status.UNDOING
    work()
    record.refresh_from_db()
    assert record.status == Status.UNDONE


def test_refused_to_undo_when_it_is_not_applied(planned: Import, manager: User) -> None:
    with pytest.raises(WrongState, match="cannot be undone: it is planned"):
        running.undo_soon(planned, actor=manager)


# ── Progress ──────────────────────────────────────────────────────────────────────────────────
def test_progress_is_told_when_it_is_being_planned(received: Received) -> None:
    record = received(HEADER)
    record.status = Status.PLANNING
    told(record)("reading", 3, 9)
    assert progress_of(record) == Told("reading", 3, 9)


def test_progress_is_told_seldom_when_much_happens(received: Received) -> None:
    record = received(HEADER)
    record.status, tell = Status.PLANNING, told(record)
    for done in range(9):
        tell("reading", done, 9)
    assert progress_of(record) == Told("reading", 0, 9)


def test_no_progress_is_told_when_it_is_of_what_was_done_before(received: Received) -> None:
    record = received(HEADER)
    told(record)("reading", 9, 9)
    record.status = Status.APPLYING
    assert progress_of(record) is None


def test_no_progress_is_told_when_nothing_is_done(planned: Import) -> None:
    told(planned)("reading", 3, 9)
    assert progress_of(planned) is None


@pytest.mark.usefixtures("no_cache")
def test_no_progress_is_told_when_the_cache_is_away(received: Received) -> None:
    record = received(HEADER)
    record.status = Status.PLANNING
    told(record)("reading", 3, 9)
    assert progress_of(record) is None
