"""Categories and items in the admin."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html

from config import currencies
from config.admin.exporting import Offer
from config.admin.filters import WordFilter
from config.admin.records import RecordAdmin
from config.admin.shown import NOTHING
from config.caching import cached, invalidate
from config.decimals import plain
from config.text import sort_key
from items.branches import BranchFilter
from items.catalogue.exports import ITEMS
from items.catalogue.forms import ItemForm
from items.catalogue.models import Category, Item
from items.catalogue.querysets import PRICE_ORDER

PATHS_TTL_S = 300


@cached(ttl=PATHS_TTL_S, depends_on=("items.Category",))
def category_paths() -> dict[str, str]:
    """{id: path} of the whole tree, in alphabetical order of the paths."""
    paths = Category.objects.paths()
    return {str(pk): path for pk, path in sorted(paths.items(), key=lambda pair: pair[1])}


class CategoryFilter(BranchFilter):
    """One category with everything below it."""

    title = "category"
    parameter_name = "category"
    nodes = Category.objects
    word = "in_category"


class StockFilter(WordFilter):
    """The questions of a store keeper: what is to be reordered, what has run out, what is lent."""

    title = "stock"
    parameter_name = "stock"
    words: ClassVar = {
        "all": ("All", lambda items: items),
        "low": ("Low: to be reordered", lambda items: items.being_low(True)),
        "none": ("None on hand", lambda items: items.filter(on_hand=0)),
        "lent": ("On loan", lambda items: items.filter(on_loan__gt=0)),
    }


@admin.register(Category)
class CategoryAdmin(RecordAdmin):
    """The tree of categories."""

    search_fields: ClassVar = ["name"]
    autocomplete_fields = ["parent"]
    fields = ["name", "parent", "created_at", "updated_at"]
    ordering: ClassVar = [sort_key("name")]
    readonly_fields = ["created_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each with the number of its own items."""
        of_one = Item.objects.filter(category=OuterRef("pk")).order_by().values("category")
        count = Subquery(of_one.annotate(count=Count("pk")).values("count"))
        return super().get_queryset(request).annotate(items_here=Coalesce(count, 0))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """There are few categories: Django's own search does."""
        return super(RecordAdmin, self).get_search_results(request, queryset, search_term)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The path of each, and what is in it."""
        paths = category_paths()

        @admin.display(description="category", ordering=sort_key("name"))
        def path(category: Category) -> str:
            return paths.get(str(category.pk), category.name)

        return [path, "item_count", "updated_at"]

    @admin.display(description="items", ordering="items_here")
    def item_count(self, category: Any) -> int:
        """How many items are in it (not below it)."""
        return int(category.items_here)


class ItemAdmin(RecordAdmin):
    """The register itself; `items.stock` adds what is where."""

    form = ItemForm
    exported: ClassVar = [Offer(ITEMS)]
    list_display = ["sku", "name", "category", "status", "stock", "lent", "owner_name", "price"]
    list_display_links = ["sku", "name"]
    list_filter = ["status", StockFilter, CategoryFilter, "updated_at"]
    list_select_related = ["category", "owner"]
    swift_orders: ClassVar = {
        "sku": sort_key("sku"),
        "name": sort_key("name"),
        "status": "status",
        "price": PRICE_ORDER,
    }
    autocomplete_fields = ["category", "owner"]
    actions = ["activate", "make_draft", "retire"]
    readonly_fields = ["version", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["sku", "name", "description", "category", "owner", "status"]}),
        ("Price and stock", {"fields": [("unit_price", "currency"), "unit", "reorder_point"]}),
        ("Codes", {"fields": ["barcode", "serial_number", "tags", "attributes"]}),
        ("Record", {"fields": ["version", "created_at", "updated_at"]}),
    ]

    @admin.display(description="on hand", ordering="on_hand")
    def stock(self, item: Item) -> str:
        """How many are in store; marked where that is low."""
        there = item.in_units(item.on_hand)
        return format_html('<span class="low">{} low</span>', there) if item.is_low else there

    @admin.display(description="on loan", ordering="on_loan")
    def lent(self, item: Item) -> str:
        """How many people have."""
        return plain(item.on_loan) if item.on_loan else NOTHING

    @admin.display(description="owner", ordering="owner__name")
    def owner_name(self, item: Item) -> str:
        """Who answers for it."""
        return item.owner.name if item.owner else NOTHING

    @admin.display(description="price", ordering="unit_price")
    def price(self, item: Item) -> str:
        """The price with its currency."""
        if item.unit_price is None:
            return NOTHING
        return f"{currencies.written(item.unit_price, item.currency)} {item.currency}"

    @admin.action(description="Mark as active", permissions=["change"])
    def activate(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        """Bring the selected items into use."""
        self._set_status(request, items, Item.Status.ACTIVE)

    @admin.action(description="Mark as draft", permissions=["change"])
    def make_draft(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        """Put the selected items back into preparation."""
        self._set_status(request, items, Item.Status.DRAFT)

    @admin.action(description="Retire", permissions=["change"])
    def retire(self, request: HttpRequest, items: QuerySet[Item]) -> None:
        """Take the selected items out of use; their history stays."""
        self._set_status(request, items, Item.Status.RETIRED)

    def _set_status(self, request: HttpRequest, items: QuerySet[Item], status: Item.Status) -> None:
        changed = items.exclude(status=status).order_by().update(status=status)
        invalidate("items.Item")
        self.message_user(request, f"{changed} items are {status.label} now.", messages.SUCCESS)
