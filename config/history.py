"""Who changed what, when, from what to what: written by the database, whoever writes.

Statement-level triggers (pghistory) store a snapshot of each changed row, so bulk updates and
hand-written SQL are seen too. The cause travels in a transaction-local setting of PostgreSQL: it is
set once, at the start of a transaction that writes, or by the one statement that it is made of.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
import pghistory
import pgtrigger
from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction

from config.incoming import OUTSIDE, current_request_id
from config.prepared import Statement
from config.statements import beginning_with

Model = TypeVar("Model", bound=type[models.Model])
Actor = AbstractBaseUser | AnonymousUser | None

APPEND_ONLY = "append_only"  # pghistory's name for the trigger that guards the events
SETS_CAUSE = "set_config('pghistory.context_metadata', %s, true) IS NOT NULL"
_cause_at_once: ContextVar[str | None] = ContextVar("cause_at_once", default=None)
ACTIONS = {"insert": "created", "update": "updated", "delete": "deleted"}


def track(
    *, exclude: Sequence[str] = (), pairs: bool = False, indexes: Sequence[models.Index] = ()
) -> Callable[[Model], Model]:
    """Decorate a model so that the database keeps its history in `<Model>Event`.

    `exclude` names the fields that are derived or bookkeeping: they are not stored, and a change
    of nothing else makes no event. The events can be neither updated nor deleted, but for what
    `forgetting` lets go. A table of `pairs` (many to many) has no row of its own to refer to.
    Events are found by their row; what else finds them is among `indexes`.
    """
    row = pghistory.ObjForeignKey(related_name="events", related_query_name="events", db_index=True)
    decorate: Callable[[Model], Model] = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=list(exclude),
        context_field=pghistory.ContextJSONField(null=True),
        context_id_field=None,  # type: ignore[arg-type]  # None is documented: no column
        obj_field=None if pairs else row,
        append_only=True,
        attrs={"pgh_id": models.BigAutoField(primary_key=True)},  # no one refers to them
        meta={"indexes": list(indexes)},
        level=pgtrigger.Statement,
    )
    return decorate


@contextmanager
def written_by(actor: Actor, *, via: str) -> Iterator[None]:
    """One transaction whose changes the history ascribes to `actor`, done through `via`.

    `via` is the door: "api", "admin" or "command <name>". The actor's name is kept beside the id,
    so that the history can still say who it was when the account is gone.
    """
    first = Statement(f"SELECT {SETS_CAUSE}", (_cause(actor, via),))
    with transaction.atomic(), beginning_with(first):
        yield


@contextmanager
def written_at_once_by(actor: Actor, *, via: str) -> Iterator[None]:
    """The same of one statement, which is a transaction by itself.

    It is to have SETS_CAUSE, of `cause_at_once`, among the conditions of what it writes.
    """
    before = _cause_at_once.set(_cause(actor, via))
    try:
        yield
    finally:
        _cause_at_once.reset(before)


def cause_at_once() -> str | None:
    """What a statement that writes at once sets as its cause; None inside of a transaction."""
    return _cause_at_once.get()


def _cause(actor: Actor, via: str) -> str:
    cause: dict[str, Any] = {"via": via}
    if (request_id := current_request_id.get()) != OUTSIDE:
        cause["request_id"] = request_id
    if actor is not None and actor.is_authenticated:
        cause["actor"] = {"id": actor.pk, "name": str(getattr(actor, "name", actor))}
    return orjson.dumps(cause).decode()


def forgettable(before: datetime) -> Iterator[models.QuerySet[Any]]:
    """The events, of every tracked model, without which the history since `before` is whole.

    Of a row that is there the newest event before that moment stays, since the next one is compared
    with it; of a row that was deleted by then, and of pairs, nothing has to.
    """
    for model in apps.get_models():
        if not hasattr(model, "pgh_tracked_model"):
            continue
        old = model._default_manager.filter(pgh_created_at__lt=before)
        if hasattr(model, "pgh_obj_id"):
            later = old.filter(
                pgh_obj_id=models.OuterRef("pgh_obj_id"), pk__gt=models.OuterRef("pk")
            )
            old = old.filter(models.Q(pgh_label="delete") | models.Exists(later))
        yield old


@contextmanager
def forgetting(model: type[models.Model]) -> Iterator[None]:
    """Inside a transaction: let events of `model` be deleted, which nothing else may do."""
    registered: Any = pgtrigger.registered()
    ours = [trigger for owner, trigger in registered if owner is model]
    names = [trigger.get_pgid(model) for trigger in ours if trigger.name == APPEND_ONLY]
    with connection.cursor() as cursor:
        set_for_transaction = "SELECT set_config('pgtrigger.ignore', %s, true)"
        cursor.execute(set_for_transaction, [f"{{{','.join(names)}}}"])
        yield
        cursor.execute(set_for_transaction, ["{}"])


@dataclass(frozen=True)
class Change:
    """One event of a row's history: its snapshots (None where there is none), and what differs.

    `names` are the columns that differ; of a row that was made or deleted, all of them; of an
    update whose predecessor has been pruned, none.
    """

    at: datetime
    action: str
    actor: dict[str, Any] | None
    via: str | None
    request_id: str | None
    names: list[str]
    before: Any | None
    after: Any | None


def events_of(model: type[models.Model], pk: int) -> models.QuerySet[Any]:
    """The events of one row, also of one that is not there any more."""
    events: type[models.Model] = model._meta.get_field("events").related_model  # type: ignore[assignment]
    return events._default_manager.filter(pgh_obj_id=pk)


def changes(events: Sequence[models.Model]) -> list[Change]:
    """What each event changed, compared with the one before it; `events` are newest first.

    They must be all the events of one row between the first and the last of them. One query finds
    what came before the last, and none is made when that is where the row's history begins.
    """
    if not events:
        return []
    last: Any = events[-1]
    before = type(last)._default_manager.filter(pgh_obj_id=last.pgh_obj_id, pk__lt=last.pk)
    older = None if last.pgh_label == "insert" else before.order_by("-pk").first()
    return [
        _change(event, previous)
        for event, previous in zip(events, [*events[1:], older], strict=True)
    ]


def _change(event: Any, previous: Any | None) -> Change:
    action = ACTIONS[event.pgh_label]
    cause = event.pgh_context or {}
    before = event if action == "deleted" else previous
    after = None if action == "deleted" else event
    names = [
        f.attname
        for f in event._meta.fields
        if not f.attname.startswith("pgh_") and f.attname != "id"
    ]
    if action == "updated" and before is not None:
        names = [name for name in names if getattr(before, name) != getattr(after, name)]
    elif action == "updated":
        names = []  # what it was before has been pruned
    return Change(
        at=event.pgh_created_at,
        action=action,
        actor=cause.get("actor"),
        via=cause.get("via"),
        request_id=cause.get("request_id"),
        names=names,
        before=before,
        after=after,
    )
