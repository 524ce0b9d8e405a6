"""The jobs of a test, done by nobody but the test itself."""

import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

Result = TypeVar("Result")


def do_jobs() -> int:
    """Do those that wait, until none does: how many there were. Raises what a job raises."""
    app.perform_import_paths()  # type: ignore[no-untyped-call]
    worker, done = _now(app.job_manager.register_worker), 0
    while job := _now(app.job_manager.fetch_job, None, worker_id=worker):
        _do(job)
        done += 1
    return done


def forget_jobs() -> None:
    """Let none wait that another test has left."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def _do(job: Job) -> None:
    context = JobContext(app=app, job=job, start_timestamp=time.time(), abort_reason=lambda: None)
    status = Status.FAILED
    try:
        app.tasks[job.task_name](context, **json.loads(str(job.task_kwargs)))  # as Django has it
        status = Status.SUCCEEDED
    finally:
        _now(app.job_manager.finish_job, job, status, delete_job=False)


def _now(work: Callable[..., Coroutine[Any, Any, Result]], *args: Any, **kwargs: Any) -> Result:
    """What the queue's manager answers, by the connection of this thread."""
    result: Result = async_to_sync(work)(*args, **kwargs)
    return result
