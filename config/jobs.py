"""Jobs: what a worker does later, queued in the database by the transaction that asks for it.

An app writes its tasks in a module `jobs`, which is found by its name:

    @task(lock="import {import_id}")
    def plan_import(import_id: int) -> None: ...

    plan_import.defer(import_id=7)

A task may be called again after it was cut off anywhere, and has to bear that.
"""

from collections.abc import Callable
from datetime import datetime
from inspect import signature
from typing import Any, Generic, ParamSpec

from django.db import DEFAULT_DB_ALIAS, OperationalError
from django.db.models import Exists, OuterRef, QuerySet
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

Given = ParamSpec("Given")

TRIES = 3  # of a job whose database was lost, or whose worker was killed
PAUSE_S = 5  # before a job is tried again
ENDED = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.ABORTED)
# By Django's own connection, whoever runs: a job is there when, and only if, its asker commits.
_queue = JobManager(DjangoConnector(DEFAULT_DB_ALIAS))


class GivenUp(Exception):
    """The workers that did this job were killed too often: it may be what kills them."""


class Task(Generic[Given]):
    """A function that can be called now, or by a worker later; see `task`."""

    def __init__(
        self,
        function: Callable[Given, None],
        *,
        lock: str | None,
        failed: Callable[..., None] | None,
    ) -> None:
        self.name = f"{function.__module__}.{function.__qualname__}"
        self._function, self._lock, self._failed = function, lock, failed
        app.task(name=self.name, pass_context=True, retry=_TryAgain())(self._run)

    def __call__(self, *args: Given.args, **kwargs: Given.kwargs) -> None:
        """Do it now."""
        self._function(*args, **kwargs)

    def defer(self, *args: Given.args, **kwargs: Given.kwargs) -> int:
        """Have a worker do it once this transaction has committed: the job's id.

        The arguments are what JSON has. Raises TypeError for others than the function takes.
        """
        given = signature(self._function).bind(*args, **kwargs).arguments
        lock = self._lock.format(**given) if self._lock else None
        deferrer = configure_task(name=self.name, job_manager=_queue, lock=lock)
        return deferrer.defer(**given)

    def _run(self, context: JobContext, /, *args: Given.args, **kwargs: Given.kwargs) -> None:
        """What a worker calls."""
        attempts = context.job.attempts
        try:
            if attempts >= TRIES:
                raise GivenUp(f"{self.name} was cut off {attempts} times")
            self._function(*args, **kwargs)
        except Exception as error:
            if self._failed is not None and not _is_tried_again(error, attempts):
                self._failed(*args, **kwargs)
            raise


def task(
    *, lock: str | None = None, failed: Callable[..., None] | None = None
) -> Callable[[Callable[Given, None]], Task[Given]]:
    """Make a function a task, to be deferred.

    Of jobs with the same `lock`, a text with the arguments' names in braces, one runs at a time, in
    the order of asking. `failed` is called with the same arguments when a job is given up: it
    raised, or its worker was killed, again and again. An OperationalError, of a database that was
    lost, is no end before TRIES of them.
    """
    return lambda function: Task(function, lock=lock, failed=failed)


def _is_tried_again(error: BaseException, attempts: int) -> bool:
    return isinstance(error, OperationalError) and attempts + 1 < TRIES


class _TryAgain(BaseRetryStrategy):
    """Tries again what the loss of the database has ended."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When, if at all."""
        if not _is_tried_again(exception, job.attempts):
            return None
        return RetryDecision(retry_in={"seconds": PAUSE_S})


def ended_before(before: datetime) -> QuerySet[Any]:
    """The jobs, done or not, that nobody has had to do with since then."""
    from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

    later = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), at__gte=before)
    ended = ProcrastinateJob.objects.filter(status__in=[each.value for each in ENDED])
    return ended.exclude(Exists(later))
