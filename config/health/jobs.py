"""Probes of the jobs: does a worker live, and has one waited long."""

from django.db.models import Max, Min, Q
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from config.health.database import asking
from config.health.probing import Probe, Unwell
from config.working import LOCK_CLASS

LONG_S = 300.0  # that a job has waited, which others may have kept busy before it
LIVING = """
    SELECT count(*) FROM procrastinate_workers worker WHERE EXISTS (
        SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND datname = current_database()
            AND classid = %s AND objid = worker.id AND granted
    )
"""
REMEDY = "Start one: `manage.py work`, unless `manage.py up` does (it does without --no-worker)."


def workers() -> str:
    """How many workers live."""
    with asking() as cursor:
        cursor.execute(LIVING, [LOCK_CLASS])
        [living] = cursor.fetchone()
    if not living:
        raise Unwell("no worker lives, and no job is done")
    return f"{living} at work"


def waiting() -> str:
    """That no job has waited for long since it was due, or was given back."""
    due = Q(scheduled_at=None) | Q(scheduled_at__lte=timezone.now())
    todo = ProcrastinateJob.objects.filter(due, status=Status.TODO.value)
    with asking():
        since = todo.annotate(since=Max("procrastinateevent__at")).aggregate(least=Min("since"))
    if since["least"] is None:
        return "none waits"
    waits_s = (timezone.now() - since["least"]).total_seconds()
    found = f"the oldest that waits has done so for {waits_s:.0f} s"
    if waits_s > LONG_S:
        raise Unwell(found)
    return found


PROBES = (
    Probe("workers", workers, REMEDY, essential=False, needs="migrations"),
    Probe(
        "jobs",
        waiting,
        "See in the log of the worker what it does; more of them (`manage.py work`) do more.",
        essential=False,
        needs="migrations",
    ),
)
