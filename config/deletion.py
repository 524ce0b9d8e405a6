"""What a deletion does to rows that still refer to the one to be deleted."""

from typing import Any

from django.db.models import ProtectedError, QuerySet

NAMED = 3  # of the rows that stand in the way
INSTEAD = "Change those first, or keep it and deactivate or retire it."
FOR_EVER = "What has been booked stays, so keep it, and deactivate, retire or rename it instead."


def refuse(collector: Any, field: Any, rows: QuerySet[Any], using: str) -> None:
    """`on_delete`: refuse, naming a few of the rows that stand in the way.

    Unlike Django's PROTECT it does not load all of them first, of which there may be a million.
    Raises ProtectedError.
    """
    # Whole rows, of which `rows` has only the ids, with what they always refer to: some are named
    # by that.
    same_kind = rows.model._default_manager.using(using).select_related()
    found = same_kind.filter(pk__in=rows.values("pk")).order_by("pk")[: NAMED + 1]
    if found:
        raise ProtectedError(f"{field} still refers to it", set(found))


refuse.lazy_sub_objs = True  # type: ignore[attr-defined]  # Django then does not load them


def in_the_way(error: ProtectedError) -> str:
    """The sentence that names what stands in the way, and what to do instead.

    Rows of a model that `stays_for_ever` can be neither changed nor deleted first.
    """
    kinds: dict[str, list[Any]] = {}
    for row in sorted(error.protected_objects, key=lambda row: row.pk):
        kinds.setdefault(str(row._meta.verbose_name_plural), []).append(row)
    listed = "; ".join(f"{kind} {_some(rows)}" for kind, rows in sorted(kinds.items()))
    stays = any(getattr(row, "stays_for_ever", False) for row in error.protected_objects)
    return f"It is still in use by {listed}. {FOR_EVER if stays else INSTEAD}"


def _some(rows: list[Any]) -> str:
    more = " and more" if len(rows) > NAMED else ""
    return ", ".join(str(row) for row in rows[:NAMED]) + more
