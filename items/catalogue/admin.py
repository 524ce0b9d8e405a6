"""Categories and items in the admin."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from config import currencies
from config.admin import NOTHING, RecordAdmin
from config.caching import cached, invalidate
from config.text import sort_key
from items.catalogue.forms import ItemForm
from items.catalogue.models import Category, Item

MAX_ID_DIGITS = 19  # of a bigint
PATHS_TTL_S = 300


@cached(ttl=PATHS_TTL_S, depends_on=("items.Category",))
def category_paths() -> dict[str, str]:
    """{id: path} of the whole tree, in alphabetical order of the paths."""
    paths = Category.objects.paths()
    return {str(pk): path for pk, path in sorted(paths.items(), key=lambda pair: pair[1])}


class BranchFilter(admin.SimpleListFilter):
    """One category with everything below it."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The whole tree, as paths in alphabetical order."""
        return list(category_paths().items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The items in the branch; a value that is no id changes nothing."""
        value = self.value() or ""
        known = value.isdecimal() and len(value) < MAX_ID_DIGITS
        return queryset.in_category(int(value)) if known else queryset


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
        return super().get_queryset(request).annotate(items_here=Count("items"))

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


@admin.register(Item)
class ItemAdmin(RecordAdmin):
    """The register itself."""

    form = ItemForm
    list_display = ["sku", "name", "category", "status", "owner_name", "price"]
    list_display_links = ["sku", "name"]
    list_filter = ["status", BranchFilter, "updated_at"]
    list_select_related = ["category", "owner"]
    autocomplete_fields = ["category", "owner"]
    actions = ["activate", "make_draft", "retire"]
    readonly_fields = ["version", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["sku", "name", "description", "category", "owner", "status"]}),
        ("Price and stock", {"fields": [("unit_price", "currency"), "unit", "reorder_point"]}),
        ("Codes", {"fields": ["barcode", "serial_number", "tags", "attributes"]}),
        ("Record", {"fields": ["version", "created_at", "updated_at"]}),
    ]

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """The owner by typing, for who may look users up; for others, from a list of names."""
        fields = list(super().get_autocomplete_fields(request))
        may_look_up = request.user.has_perm("users.view_user")
        return [name for name in fields if name != "owner" or may_look_up]

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
