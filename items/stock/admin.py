"""Movements and loans in the admin, and what the ledger adds to items."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html

from config.admin.attribution import attributed
from config.admin.exporting import Offer
from config.admin.filters import WordFilter, chosen
from config.admin.records import RecordAdmin
from config.admin.shown import NOTHING
from config.decimals import plain
from items.branches import BranchFilter
from items.catalogue.admin import ItemAdmin
from items.catalogue.models import Item
from items.stock.booking_pages import BookingActions, booking_page
from items.stock.exports import LEVELS, LOANS, MOVEMENTS
from items.stock.models import Loan, Location, Movement, StockLevel
from items.stock.permissions import VIEW_LEVELS
from items.stock.places import Paths
from items.stock.querysets import DUE_ORDER

MAX_FOUND = 1000  # items or people whose loans or movements a search shows


# ── Items ─────────────────────────────────────────────────────────────────────────────────────
class LocationFilter(BranchFilter):
    """What is at one location, or below it."""

    title = "location"
    parameter_name = "location"
    nodes = Location.objects.of_kind(Location.Kind.STORAGE)
    word = "at_location"


def levels_of_all(items: Any) -> Any:
    """What of these items is where in store."""
    return StockLevel.objects.in_store().of_items(items)


@admin.register(Item)
class StockedItemAdmin(BookingActions, ItemAdmin):
    """The register, with what is where and the forms that book it."""

    list_filter: ClassVar = [*ItemAdmin.list_filter[:2], LocationFilter, *ItemAdmin.list_filter[2:]]
    exported: ClassVar = [*ItemAdmin.exported, Offer(LEVELS, levels_of_all, VIEW_LEVELS)]


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
class LoanFilter(WordFilter):
    """What is out, unless asked for more."""

    title = "state"
    parameter_name = "state"
    words: ClassVar = {
        "open": ("Open, the overdue first", lambda loans: loans.open()),
        "overdue": ("Overdue", lambda loans: loans.overdue()),
        "closed": ("Closed", lambda loans: loans.being_open(False)),
        "all": ("All", lambda loans: loans),
    }


@admin.register(Loan)
class LoanAdmin(BookingActions, RecordAdmin):
    """Who has what; made by lending, and only the day it is due can be changed."""

    list_display = ["item", "holder", "out", "due", "opened_at", "closed_at"]
    ordering: ClassVar = [DUE_ORDER, "pk"]  # what is due on no day comes last
    exported: ClassVar = [Offer(LOANS)]
    swift_orders: ClassVar = {"due": DUE_ORDER}
    list_filter = [LoanFilter, chosen("holder"), chosen("item"), "due_at"]
    fields: ClassVar = [
        *("item", "holder", "quantity_lent", "quantity_returned"),
        *("due_at", "opened_at", "closed_at"),
    ]
    readonly_fields: ClassVar = [
        *("item", "holder", "quantity_lent", "quantity_returned", "opened_at", "closed_at"),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each with its item and holder, and what is out of it."""
        rows: Any = super().get_queryset(request)
        return rows.with_relations()

    def search(self, request: HttpRequest, rows: Any, term: str) -> Any:
        """Those of the items or people that match."""
        by_email = request.user.has_perm("users.view_user")
        return rows.filter(_item_matches(term) | _holder_matches(term, by_email))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is made by lending."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays, closed."""
        return False

    @admin.display(description="out", ordering="quantity")
    def out(self, loan: Any) -> str:
        """How many are out, and of how many."""
        out = loan.item.in_units(loan.outstanding)
        return f"{out} of {plain(loan.quantity)}" if loan.returned else out

    @admin.display(description="due", ordering=DUE_ORDER)
    def due(self, loan: Any) -> str:
        """The day; marked when it is over."""
        if loan.due_at is None:
            return NOTHING
        day = f"{loan.due_at:%a %Y-%m-%d}"
        return format_html('<span class="overdue">{} overdue</span>', day) if loan.overdue else day

    @admin.display(description="lent")
    def quantity_lent(self, loan: Loan) -> str:
        """How many were lent."""
        return loan.item.in_units(loan.quantity)

    @admin.display(description="back or written off")
    def quantity_returned(self, loan: Loan) -> str:
        """How many are no longer out."""
        return loan.item.in_units(loan.returned)


# ── Movements ─────────────────────────────────────────────────────────────────────────────────
class TouchingFilter(LocationFilter):
    """What came to a location, or went from it, or from one below it."""

    nodes = Location.objects.impersonal()
    word = "touching"


class BookedFilter(admin.DateFieldListFilter):
    """When it was booked: looked for between the ids of that time."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The rows of that time."""
        rows: Any = super().queryset(request, queryset)
        for since in self._moments(self.lookup_kwarg_since):
            rows = rows.made_from(since)
        for until in self._moments(self.lookup_kwarg_until):
            rows = rows.made_until(until)
        return rows

    def _moments(self, name: str) -> list[datetime]:
        texts: Any = self.used_parameters.get(name, [])
        return [self.field.to_python(text) for text in texts]


@admin.register(Movement)
class MovementAdmin(BookingActions, RecordAdmin):
    """What went from where to where: looked at and reversed, never edited."""

    exported: ClassVar = [Offer(MOVEMENTS)]
    swift_orders: ClassVar = {name: name for name in ("created_at", "kind", "reference")}
    list_filter = [
        "kind",
        ("created_at", BookedFilter),
        TouchingFilter,
        chosen("item"),
        chosen("actor"),
    ]
    fields: ClassVar = [
        *("kind", "item", "amount", "source", "destination", "reason", "reference"),
        *("actor", "loan", "reverses", "reversed_by", "created_at"),
    ]
    change_form_template = "admin/items/movement_form.html"

    def get_urls(self) -> list[Any]:
        """The lists, and the forms that book."""
        site = self.admin_site
        page = site.admin_view(self.book)
        return [path("book/<slug:slug>/", page, name="items_movement_book"), *super().get_urls()]

    @attributed
    def book(self, request: HttpRequest, slug: str) -> HttpResponse:
        """A form that books."""
        return booking_page(self, request, slug)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each with what it names."""
        rows: Any = super().get_queryset(request)
        return rows.with_relations()

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """What, how many, and from where to where."""
        paths = Paths()

        @admin.display(description="from → to")
        def way(movement: Movement) -> str:
            return f"{paths(movement.source)} → {paths(movement.destination)}"

        return ["created_at", "kind", "amount", "item", way, "actor", "reference"]

    def search(self, request: HttpRequest, rows: Any, term: str) -> Any:
        """Those with this reference, or of the items that match."""
        return rows.filter(Q(reference=term) | _item_matches(term))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is made by a form that books."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays."""
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """It has none: it is history itself."""
        raise Http404

    @admin.display(description="quantity", ordering="quantity")
    def amount(self, movement: Movement) -> str:
        """How many."""
        return movement.item.in_units(movement.quantity)

    @admin.display(description="reversed by")
    def reversed_by(self, movement: Movement) -> str:
        """The movement that has put it right."""
        return str(movement.reversal) if hasattr(movement, "reversal") else NOTHING


def _item_matches(term: str) -> Q:
    found: Any = Item.objects.search(term).order_by("-pk")
    return Q(item__in=list(found.values_list("pk", flat=True)[:MAX_FOUND]))


def _holder_matches(term: str, by_email: bool) -> Q:
    people: Any = get_user_model()._default_manager
    found = (people.search(term) if by_email else people.called(term)).order_by("-pk")
    return Q(holder__in=list(found.values_list("pk", flat=True)[:MAX_FOUND]))
