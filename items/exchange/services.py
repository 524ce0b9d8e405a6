"""Imports from the file to the register: planned, applied, undone.

Each door (the admin, the API, the command) calls these, and nothing else.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from config import history
from config.errors import DomainError, NotAllowed
from config.transactions import retried
from items.exchange.applying import Cause, Work
from items.exchange.errors import Changed, HasRefusedRows, ImportProblem, WrongState
from items.exchange.formats import all_formats
from items.exchange.models import FILE_NAME_MAX_LENGTH, Import
from items.exchange.options import Options
from items.exchange.plans import OUTCOMES, Progress, make_plan
from items.exchange.reading import Unreadable
from items.exchange.rooms import Room
from items.exchange.undoing import Undone, undo

Status = Import.Status
NAME_BYTES = 16  # of a stored file: nobody guesses it
NOT_PLANNED = "It could not be planned; see the server's log."
NOT_APPLIED = "It could not be applied, and nothing was written; see the server's log."
NOT_UNDONE = "It could not be undone, and nothing was written; see the server's log."
DISCARDED_FROM = {Status.WAITING, Status.PLANNED, Status.FAILED}
CLAIMED_FROM = {
    Status.WAITING: DISCARDED_FROM,
    Status.APPLYING: {Status.PLANNED},
    Status.UNDOING: {Status.APPLIED},
}
# What is put back into a status when it cannot be ended.
BEGUN = {
    Status.FAILED: {Status.WAITING, Status.PLANNING},
    Status.PLANNED: {Status.APPLYING},
    Status.APPLIED: {Status.UNDOING},
}


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


def folder() -> Path:
    """Where the files are kept until they are not needed any more."""
    return Path(settings.STOCKROOM_DATA) / "imports"


def receive(
    file: IO[bytes], *, name: str, actor: Any = None, options: Options | None = None
) -> Import:
    """Keep a file that is to be imported; nothing is looked at yet."""
    stored = _store(file)
    bare = Path(name.replace("\\", "/")).name
    record: Import = Import.objects.create(
        file_name=bare[-FILE_NAME_MAX_LENGTH:],
        stored_as=stored,
        actor=actor,
        options=(options or Options()).kept(),
    )
    return record


def plan(record: Import, *, progress: Progress = quiet) -> Import:
    """Say what a file would do; nothing of it is written. What is wrong with it as a whole is kept.

    May be called again, with other options. Raises WrongState once it has been applied.
    """
    _take(record, {Status.WAITING, Status.PLANNING, Status.PLANNED, Status.FAILED}, Status.PLANNING)
    room = Room(record.schema)
    options = Options.of(record.options)
    if not options.currency:
        options = Options.of({**options.kept(), "currency": settings.DEFAULT_CURRENCY})
    begun = timezone.now()
    restricted = record.actor is not None and not record.actor.is_superuser
    try:
        with transaction.atomic():  # so that a caller's transaction outlives what fails
            made = make_plan(
                room, path_of(record), record.file_name, options, progress, restricted=restricted
            )
    except (ImportProblem, Unreadable) as problem:
        room.drop()
        asks = {d.field: getattr(problem, "choices", []) for d in problem.details}
        record.refusal = problem
        return _ended(record, Status.FAILED, problem=problem.message, asks=asks)
    except BaseException:
        room.drop()
        _ended(record, Status.FAILED, problem=NOT_PLANNED)
        raise
    return _ended(
        record,
        Status.PLANNED,
        problem="",
        asks={},
        format=made.format,
        columns=made.columns,
        notes=made.notes,
        totals=made.totals,
        planned_at=begun,
    )


def apply(
    record: Import, *, actor: Any = None, skip_bad: bool = False, progress: Progress = quiet
) -> Import:
    """Carry out a plan, in one transaction, for `actor`: nobody, when a command does.

    Raises NotAllowed, WrongState, HasRefusedRows unless `skip_bad`, and Changed when what the plan
    is about has changed since; then nothing is written, and the plan stays.
    """
    require_applicable(record, actor, skip_bad=skip_bad)
    _take(record, {Status.PLANNED, Status.APPLYING}, Status.APPLYING)

    def work() -> None:
        now = timezone.now()
        with history.written_by(actor, via=record.cause):
            _hold(record, Status.APPLYING)
            _require_whole(record)
            cause = Cause(
                f"Imported from {record.file_name}", record.cause, getattr(actor, "pk", None), now
            )
            currency = record.options.get("currency") or settings.DEFAULT_CURRENCY
            room = Room(record.schema)
            Work(room, source_of(record), cause, currency, record.planned_at).apply(progress)
            _ended(record, Status.APPLIED, applied_at=now, problem="")

    try:
        retried(work)
    except DomainError as problem:
        put_back(record, Status.PLANNED, problem.message)
        raise
    except BaseException:
        put_back(record, Status.PLANNED, NOT_APPLIED)
        raise
    return record


def require_applicable(record: Import, actor: Any, *, skip_bad: bool) -> None:
    """Raise NotAllowed, or HasRefusedRows unless `skip_bad`.

    What a plan may do to accounts is what whoever made it may do: nobody with fewer rights applies
    it for them.
    """
    require_rights(record, actor)
    is_own = actor is None or actor.is_superuser or record.actor_id == actor.pk
    if not is_own and "person" in record.totals.get("subjects", {}):
        raise NotAllowed("Only who made a plan about people applies it; make it yourself.")
    if record.rows_with("refused") and not skip_bad:
        raise HasRefusedRows(record.rows_with("refused"))


def require_rights(record: Import, actor: Any) -> None:
    """Raise NotAllowed when `actor` lacks a right to what the import would do."""
    subjects = record.totals.get("subjects", {})
    needed = {"items.add_import"}
    if "person" in subjects or record.totals.get("new_people"):
        needed |= {"users.add_user", "users.change_user"}
    if record.totals.get("counted"):
        needed.add("items.adjust")
    if actor is not None and not actor.has_perms(needed):
        raise NotAllowed("You do not have the right to all that this import would do.")


def take_back(record: Import, *, actor: Any = None) -> Undone:
    """Undo an import that was applied, as far as nothing has touched what it did since.

    Raises NotAllowed or WrongState.
    """
    require_rights(record, actor)
    _take(record, {Status.APPLIED, Status.UNDOING}, Status.UNDOING)

    def work() -> Undone:
        with history.written_by(actor, via=f"undoing {record.cause}"):
            _hold(record, Status.UNDOING)
            if not Room(record.schema).has("plan_item"):
                raise WrongState(asked="undone", status="too old: its rows have been pruned")
            cause = Cause("", record.cause, getattr(actor, "pk", None), record.applied_at)  # type: ignore[arg-type]
            found = undo(Room(record.schema), cause)
            totals = {**record.totals, "undone": asdict(found)}
            _ended(record, Status.UNDONE, undone_at=timezone.now(), totals=totals, problem="")
            return found

    try:
        return retried(work)
    except DomainError as problem:
        put_back(record, Status.APPLIED, problem.message)
        raise
    except BaseException:
        put_back(record, Status.APPLIED, NOT_UNDONE)
        raise


def put_off(record: Import, status: Any) -> None:
    """Claim the import for what `status` says: nobody else can begin anything. Raises WrongState.

    WAITING is to be planned, APPLYING to be applied, UNDOING to be undone, maybe by a worker.
    """
    _take(record, CLAIMED_FROM[status], status)


def put_back(record: Import, status: Any, problem: str = "") -> None:
    """Let an import be again what it was before it was begun, and say why; unless it has ended."""
    with suppress(DatabaseError, InterfaceError):  # else that hides what is the matter
        Import.objects.filter(pk=record.pk, status__in=BEGUN[status]).update(
            status=status, problem=problem
        )
        record.refresh_from_db()


def require_discardable(record: Import) -> None:
    """Raise WrongState when it has been begun, or applied."""
    if record.status not in DISCARDED_FROM:
        raise WrongState(asked="discarded", status=record.get_status_display())


def discard(record: Import) -> None:
    """Forget an import that has not been applied, with its file. Raises WrongState."""
    _take(record, DISCARDED_FROM, record.status)
    forget_rows(record)
    record.delete()


def forget_rows(record: Import) -> None:
    """Drop the rows of an import and its file; it can then neither be applied nor undone."""
    Room(record.schema).drop()
    if record.stored_as:
        path_of(record).unlink(missing_ok=True)
        record.stored_as = ""
        record.save(update_fields=["stored_as"])


def path_of(record: Import) -> Path:
    """Where its file is kept."""
    return folder() / record.stored_as


def source_of(record: Import) -> str:
    """The source of its format."""
    names: Mapping[str, str] = {f.full_name: f.source for f in all_formats()}
    return names.get(record.format, record.format.partition(".")[0])


def _store(file: IO[bytes]) -> str:
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(NAME_BYTES)
    with (folder() / name).open("wb") as kept:
        shutil.copyfileobj(file, kept)
    return name


def _take(record: Import, allowed: set[Any], status: Any) -> None:
    """Let the import be in a status, if it is in one of those. Raises WrongState."""
    taken = Import.objects.filter(pk=record.pk, status__in=allowed).update(status=status)
    record.refresh_from_db()
    if not taken:
        asked = {
            Status.PLANNING: "planned",
            Status.APPLYING: "applied",
            Status.UNDOING: "undone",
        }.get(status, "discarded")
        raise WrongState(asked=asked, status=record.get_status_display())


def _hold(record: Import, status: Any) -> None:
    """Let nobody else do the same in another transaction. Raises WrongState."""
    if not Import.objects.select_for_update().filter(pk=record.pk, status=status).exists():
        record.refresh_from_db()
        raise WrongState(asked="done twice", status=record.get_status_display())


def _require_whole(record: Import) -> None:
    """Raise Changed when not all rows are there that were planned: a crash may have lost them."""
    room = Room(record.schema)
    planned = {outcome: record.totals[outcome] for outcome in OUTCOMES}
    found = dict.fromkeys(OUTCOMES, 0)
    if room.has("rows"):
        found |= dict(room.ask("SELECT outcome, count(*) FROM {rows} GROUP BY outcome"))
    if found != planned:
        raise Changed("The rows of the plan have been lost")


def _ended(record: Import, status: Any, **fields: Any) -> Import:
    record.status = status
    for name, value in fields.items():
        setattr(record, name, value)
    record.save(update_fields=["status", *fields])
    return record
