"""What the admin shows of the ledger above the forms of items, locations, loans and people."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest

from config.admin.panels import Panel
from config.admin.site import changelist_url
from items.catalogue.models import Item
from items.stock.booking_pages import booking_url
from items.stock.forms import FORMS
from items.stock.models import Loan, Location, Movement, StockLevel
from items.stock.permissions import VIEW_LEVELS, VIEW_LOANS, VIEW_MOVEMENTS
from items.stock.places import Paths
from items.stock.querysets import DUE_ORDER

SHOWN = 50  # places, loans and things; the rest is a click away
LAST_MOVEMENTS = 10
ALWAYS, IN_STORE = ("receive", "count"), ("move", "lend", "issue", "write-off")


def panels(request: HttpRequest, record: models.Model) -> list[Panel]:
    """What there is to show of a record to whoever asks; nothing of other models."""
    if isinstance(record, get_user_model()):
        return _holdings(request, record)
    return _panels_of(record, request)


@singledispatch
def _panels_of(record: models.Model, request: HttpRequest) -> list[Panel]:
    return []


@_panels_of.register
def _(item: Item, request: HttpRequest) -> list[Panel]:
    path_of = Paths()
    levels = _seen(request, VIEW_LEVELS, item.levels.in_store().with_relations())
    loans = _seen(request, VIEW_LOANS, item.loans.open().with_relations())
    movements = _seen(request, VIEW_MOVEMENTS, item.movements.with_relations())
    lent = _rows(request, loans.order_by(DUE_ORDER, "pk")[: SHOWN + 1])
    there = sorted(
        (path_of(level.location), level.location_id, item.in_units(level.quantity))
        for level in levels
    )
    shows = {
        "item": item,
        "on_hand": item.in_units(item.on_hand),
        "on_loan": item.in_units(item.on_loan),
        "buttons": buttons(request, item.pk, *ALWAYS, *(IN_STORE if item.on_hand else ())),
        "levels": there[:SHOWN],
        "more_levels": len(there) - SHOWN,
        "loans": lent[:SHOWN],
        "more_loans": len(lent) > SHOWN,
        "all_loans": changelist_url(Loan, f"item={item.pk}&state=all"),
        "movements": _told(request, movements[:LAST_MOVEMENTS], path_of),
        "all_movements": changelist_url(Movement, f"item={item.pk}"),
    }
    return [Panel("admin/items/stock_panel.html", shows)]


@_panels_of.register
def _(location: Location, request: HttpRequest) -> list[Panel]:
    if location.user is not None:
        return _holdings(request, location.user)
    if not request.user.has_perm(VIEW_LEVELS):
        return []
    path_of = Paths()
    levels: Any = StockLevel.objects.below(location.pk).select_related("item", "location")
    things = list(levels.order_by("-item_id")[: SHOWN + 1])
    shows = {
        "things": [
            (level.item, level.item.in_units(level.quantity), path_of(level.location))
            for level in things[:SHOWN]
        ],
        "more": len(things) > SHOWN,
        "all_items": changelist_url(Item, f"location={location.pk}"),
        "all_movements": changelist_url(Movement, f"location={location.pk}"),
    }
    return [Panel("admin/items/location_panel.html", shows)]


@_panels_of.register
def _(loan: Loan, request: HttpRequest) -> list[Panel]:
    movements = _seen(request, VIEW_MOVEMENTS, loan.movements.with_relations())
    back = request.get_full_path()
    shows = {
        "buttons": buttons(request, loan.pk, "take-back", "lost", back=back)
        if loan.closed_at is None
        else [],
        "movements": _told(request, movements, Paths()),
    }
    return [Panel("admin/items/loan_panel.html", shows)]


@_panels_of.register
def _(movement: Movement, request: HttpRequest) -> list[Panel]:
    return [Panel("admin/items/movement_panel.html", {"buttons": _reversing(request, movement)})]


def _seen(request: HttpRequest, right: str, rows: Any) -> Any:
    """The rows, or none of them for who lacks the right to see them."""
    return rows if request.user.has_perm(right) else rows.none()


def _holdings(request: HttpRequest, person: Any) -> list[Panel]:
    if not request.user.has_perm(VIEW_LOANS):
        return []
    loans: Any = Loan.objects.open().held_by(person.pk).with_relations()
    rows = _rows(request, loans.order_by(DUE_ORDER, "pk")[: SHOWN + 1])
    shows = {
        "person": person,
        "loans": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "all_loans": changelist_url(Loan, f"holder={person.pk}&state=all"),
    }
    return [Panel("admin/items/holdings_panel.html", shows)]


def buttons(request: HttpRequest, pk: int, *slugs: str, back: str = "") -> list[tuple[str, str]]:
    """(what it is called, where it leads) of those forms that whoever asks may use."""
    return [
        (FORMS[slug].title, booking_url(slug, [pk], back))
        for slug in slugs
        if request.user.has_perm(FORMS[slug].right)
    ]


def _rows(request: HttpRequest, loans: Any) -> list[dict[str, Any]]:
    """Loans, each with how many are out and its buttons."""
    back = request.get_full_path()
    return [
        {
            "loan": loan,
            "out": loan.item.in_units(loan.outstanding),
            "buttons": buttons(request, loan.pk, "take-back", "lost", back=back),
        }
        for loan in loans
    ]


def _told(request: HttpRequest, movements: Any, path_of: Paths) -> list[dict[str, Any]]:
    """Movements, each with its way and its button."""
    return [
        {
            "movement": movement,
            "quantity": movement.item.in_units(movement.quantity),
            "source": path_of(movement.source),
            "destination": path_of(movement.destination),
            "buttons": _reversing(request, movement),
        }
        for movement in movements
    ]


def _reversing(request: HttpRequest, movement: Movement) -> list[tuple[str, str]]:
    if movement.kind == Movement.Kind.REVERSAL or hasattr(movement, "reversal"):
        return []
    return buttons(request, movement.pk, "reverse", back=request.get_full_path())
