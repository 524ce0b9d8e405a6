"""At once or by a worker: what is short is waited for, what takes long is a job."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, transaction

from config.sizes import MB
from config.transactions import retried
from items.exchange import jobs, services
from items.exchange.errors import WrongState
from items.exchange.models import Import
from items.exchange.options import Options

Status = Import.Status

# Either takes less than two seconds, which a person waits for and a request may take.
SMALL_BYTES = MB  # of a file as it lies, packed or not
FEW_ROWS = 2_000


def plan_soon(record: Import, *, options: Options | None = None) -> Import:
    """Plan it at once when its file is small, or leave it waiting for a worker.

    May be called again, with other `options`. What is wrong with the file as a whole is kept in the
    import, which then has failed. Raises WrongState.
    """

    def later() -> None:
        jobs.plan_import.defer(import_id=record.pk)

    def work() -> None:
        services.put_off(record, Status.WAITING)
        if options is not None:
            record.options = options.kept()
            record.save(update_fields=["options"])
        _now_or(later, is_small(record), lambda: services.plan(record))

    return _begun(record, work)


def apply_soon(record: Import, *, actor: Any, skip_bad: bool = False) -> Import:
    """Apply a plan at once when it has few rows, or leave that to a worker: it is `applying`.

    Raises at once NotAllowed, WrongState and HasRefusedRows, and Changed when it is done at once.
    """

    def later() -> None:
        jobs.apply_import.defer(import_id=record.pk, actor_id=_id_of(actor), skip_bad=skip_bad)

    def work() -> None:
        services.put_off(record, Status.APPLYING)
        services.require_applicable(record, actor, skip_bad=skip_bad)
        now = lambda: services.apply(record, actor=actor, skip_bad=skip_bad)  # noqa: E731
        _now_or(later, has_few_rows(record), now)

    return _begun(record, work)


def undo_soon(record: Import, *, actor: Any) -> Import:
    """Undo an import at once when it has few rows, or leave that to a worker: it is `undoing`.

    What was taken back is then in `totals["undone"]`. Raises at once NotAllowed and WrongState.
    """

    def later() -> None:
        jobs.undo_import.defer(import_id=record.pk, actor_id=_id_of(actor))

    def work() -> None:
        services.put_off(record, Status.UNDOING)
        services.require_rights(record, actor)
        _now_or(later, has_few_rows(record), lambda: services.take_back(record, actor=actor))

    return _begun(record, work)


def is_small(record: Import) -> bool:
    """Whether its file is planned while somebody waits. Raises WrongState when it has none."""
    try:
        return services.path_of(record).stat().st_size <= SMALL_BYTES
    except OSError as error:  # restored from a backup, say, which has no files
        raise WrongState(asked="planned", status="without its file") from error


def has_few_rows(record: Import) -> bool:
    """Whether it is applied, or undone, while somebody waits."""
    return record.rows_with("rows") <= FEW_ROWS


def _begun(record: Import, work: Callable[[], None]) -> Import:
    """All or nothing, so that none is left begun that nobody ends; the import as it then is."""

    def whole() -> None:
        with transaction.atomic():
            work()

    try:
        retried(whole)
    except BaseException:
        with suppress(DatabaseError, InterfaceError):
            record.refresh_from_db()
        raise
    return record


def _now_or(later: Callable[[], object], is_short: bool, now: Callable[[], object]) -> None:
    (now if is_short else later)()


def _id_of(actor: Any) -> int | None:
    pk: int | None = getattr(actor, "pk", None)
    return pk
