"""What a worker does with imports that are too large to be waited for.

Each may be called again after it was cut off anywhere: it does what the status says is still to be
done. What goes wrong is kept in the import, as a sentence for a person.
"""

from typing import Any

from django.contrib.auth import get_user_model

from config.errors import DomainError
from config.jobs import task
from items.exchange import services
from items.exchange.models import Import
from items.exchange.progress import told

Status = Import.Status

ONE_AT_A_TIME = "import {import_id}"


def _planning_failed(import_id: int) -> None:
    _put_back(import_id, Status.FAILED, services.NOT_PLANNED)


def _applying_failed(import_id: int, **_: Any) -> None:
    _put_back(import_id, Status.PLANNED, services.NOT_APPLIED)


def _undoing_failed(import_id: int, **_: Any) -> None:
    _put_back(import_id, Status.APPLIED, services.NOT_UNDONE)


@task(lock=ONE_AT_A_TIME, failed=_planning_failed)
def plan_import(import_id: int) -> None:
    """Plan one that waits."""
    if record := _begun(import_id, Status.WAITING, Status.PLANNING):
        services.plan(record, progress=told(record))


@task(lock=ONE_AT_A_TIME, failed=_applying_failed)
def apply_import(import_id: int, actor_id: int | None, skip_bad: bool) -> None:
    """Apply one that is to be applied."""
    if record := _begun(import_id, Status.APPLYING):
        try:
            actor, tell = _person(actor_id), told(record)
            services.apply(record, actor=actor, skip_bad=skip_bad, progress=tell)
        except DomainError as problem:
            services.put_back(record, Status.PLANNED, problem.message)


@task(lock=ONE_AT_A_TIME, failed=_undoing_failed)
def undo_import(import_id: int, actor_id: int | None) -> None:
    """Undo one that is to be undone."""
    if record := _begun(import_id, Status.UNDOING):
        try:
            services.take_back(record, actor=_person(actor_id))
        except DomainError as problem:
            services.put_back(record, Status.APPLIED, problem.message)


def _begun(import_id: int, *statuses: str) -> Import | None:
    """The import, unless somebody has ended or discarded it."""
    found: Import | None = Import.objects.filter(pk=import_id, status__in=statuses).first()
    return found


def _put_back(import_id: int, status: str, problem: str) -> None:
    if record := Import.objects.filter(pk=import_id).first():
        services.put_back(record, status, problem)


def _person(pk: int | None) -> Any:
    """Whose doing it is; nobody's when a command asked. Raises DoesNotExist when they are gone."""
    people = get_user_model()._default_manager
    return None if pk is None else people.get(pk=pk)
