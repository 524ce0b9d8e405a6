"""Jobs: there when their asker commits, done by a worker, known to operators."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from config import jobs
from config.health.jobs import waiting, workers
from config.health.probing import Unwell
from config.jobs import GivenUp
from config.working import LOCK_CLASS
from items.models import Category
from tests.tasks import fail, lose_database, make_category

Work = Callable[[], int]


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def names() -> set[str]:
    return set(Category.objects.values_list("name", flat=True))


def test_it_is_done_when_a_worker_comes_to_it(work: Work) -> None:
    make_category.defer(name="Chairs")
    assert names() == set()
    assert work() == 1
    assert names() == {"Chairs"}
    assert work() == 0


def test_it_is_done_at_once_when_it_is_called(db: None) -> None:
    make_category(name="Chairs")
    assert names() == {"Chairs"}


def test_nothing_is_to_be_done_when_the_asker_rolls_back(work: Work) -> None:
    with transaction.atomic():
        make_category.defer(name="Chairs")
        transaction.set_rollback(True)
    assert work() == 0


def test_it_is_refused_when_the_arguments_are_not_what_the_task_takes(work: Work) -> None:
    unchecked: Any = make_category
    with pytest.raises(TypeError):
        unchecked.defer(nmae="Chairs")
    assert work() == 0


def test_jobs_share_a_lock_when_they_are_about_the_same(work: Work) -> None:
    ids = [make_category.defer(name=name) for name in ("Chairs", "Chairs", "Tables")]
    found = ProcrastinateJob.objects.in_bulk(ids)
    assert [found[n].lock for n in ids] == ["category Chairs", "category Chairs", "category Tables"]


def test_its_failure_is_told_when_it_raises(work: Work) -> None:
    job = fail.defer(name="Chairs")
    with pytest.raises(LookupError):
        work()
    assert names() == {"Chairs failed"}
    assert ProcrastinateJob.objects.get(pk=job).status == "failed"


@pytest.mark.parametrize(("attempts", "told"), [(0, set()), (2, {"Chairs failed"})])
def test_its_failure_is_told_only_the_last_time_when_the_database_was_lost(
    work: Work, attempts: int, told: set[str]
) -> None:
    job = lose_database.defer(name="Chairs")
    sql("UPDATE procrastinate_jobs SET attempts = %s WHERE id = %s", attempts, job)
    with pytest.raises(OperationalError):
        work()
    assert names() == told


def test_it_is_given_up_when_its_workers_were_killed_too_often(work: Work) -> None:
    job = make_category.defer(name="Chairs")
    sql("UPDATE procrastinate_jobs SET attempts = %s WHERE id = %s", jobs.TRIES, job)
    with pytest.raises(GivenUp):
        work()
    assert names() == set()


# ── Operators ─────────────────────────────────────────────────────────────────────────────────
def test_prune_lets_go_of_what_has_ended_and_keeps_what_waits(work: Work) -> None:
    make_category.defer(name="Old")
    work()
    waits = make_category.defer(name="Waits")
    sql("UPDATE procrastinate_events SET at = at - interval '31 days'")
    recent = make_category.defer(name="Recent")
    sql("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", recent)
    call_command("prune", verbosity=0)
    assert set(ProcrastinateJob.objects.values_list("pk", flat=True)) == {waits, recent}


def test_unwell_when_no_worker_lives(db: None) -> None:
    sql("DELETE FROM procrastinate_workers")
    with pytest.raises(Unwell, match="no worker lives"):
        workers()
    sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    with pytest.raises(Unwell, match="no worker lives"):
        workers()
    sql("SELECT pg_advisory_xact_lock(%s, id::int) FROM procrastinate_workers", LOCK_CLASS)
    assert workers() == "1 at work"


def test_unwell_when_a_job_has_waited_for_long(work: Work) -> None:
    assert waiting() == "none waits"
    make_category.defer(name="Chairs")
    assert waiting() == "the oldest that waits has done so for 0 s"
    sql("UPDATE procrastinate_events SET at = at - %s", timedelta(minutes=6))
    with pytest.raises(Unwell, match="for 360 s"):
        waiting()


def test_the_admin_shows_no_queue() -> None:
    assert not admin.site.is_registered(ProcrastinateJob)
