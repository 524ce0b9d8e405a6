"""Categories and items over REST."""

from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from config import currencies, history
from config.api import parameters as p
from config.api.batch import BatchViewSet
from config.api.exporting import ExportingViewSet
from config.api.fields import ChoiceField, DecimalField
from config.api.history import ChangeSerializer
from config.api.listed import Instances
from config.api.pagination import paginate
from config.api.viewsets import ResourceViewSet
from config.text import MAX_SEARCH_LENGTH, sort_key
from items.catalogue.exports import ITEMS
from items.catalogue.models import (
    PRICE_DIGITS,
    SKU_MAX_LENGTH,
    TAG_MAX_LENGTH,
    Category,
    Item,
)
from items.catalogue.querysets import PRICE_ORDER
from items.catalogue.serializers import CategorySerializer, ItemSerializer

READING = frozenset({"GET", "HEAD"})


class CategoryParameters(p.ListParameters):
    """What a list of categories can be asked for."""

    orderings: ClassVar = {"name": sort_key("name")}

    parent = p.IdParameter(  # type: ignore[assignment]  # DRF takes it off the class
        source="within", help_text="The children of this category."
    )


class CategoryViewSet(ResourceViewSet):
    """Categories: a tree by `parent_id`."""

    queryset = Category.objects.select_related("parent")
    keeps_reads = True
    serializer_class = CategorySerializer
    parameters: ClassVar = {**ResourceViewSet.parameters, "list": CategoryParameters}
    open_to_all_methods = READING


class PriceParameter(DecimalField):
    """An amount, in whatever currency an item's price is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(PRICE_DIGITS, currencies.MAX_DECIMALS, required=False, **options)


class ItemParameters(p.ListParameters):
    """What a list of items can be asked for."""

    orderings: ClassVar = {
        "sku": sort_key("sku"),
        "name": sort_key("name"),
        "status": "status",
        "unit_price": PRICE_ORDER,
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    repeatable: ClassVar = frozenset({"tag"})
    rights: ClassVar = {"location": "items.view_stocklevel", "holder": "items.view_loan"}

    search = p.TextParameter(
        max_length=MAX_SEARCH_LENGTH,
        help_text="Every word found anywhere in SKU, name, description, barcode or serial number, "
        "whatever the case or the accents. When nothing is found so, the nearest are answered, "
        "with `meta.approximate: true`.",
    )
    sku = p.TextParameter(source="with_sku", max_length=SKU_MAX_LENGTH, help_text="Any case.")
    category = p.IdParameter(source="in_category", help_text="This category and all below it.")
    status = ChoiceField(Item.Status.choices, source="with_status", required=False)
    tag = serializers.ListField(
        child=p.TextParameter(max_length=TAG_MAX_LENGTH),
        source="tagged",
        required=False,
        help_text="Can be repeated: an item must carry all of them.",
    )
    owner = p.IdParameter(source="owned_by", help_text="A user's id.")
    location = p.IdParameter(
        source="at_location", help_text="Something of it is at this location, or at one below it."
    )
    holder = p.IdParameter(source="held_by", help_text="This user has something of it now.")
    low_stock = p.FlagParameter(
        source="being_low",
        help_text="On hand is so much as its reorder point says, or less; never of a retired one.",
    )
    min_price = PriceParameter(source="priced_from")
    max_price = PriceParameter(source="priced_up_to")
    updated_since = serializers.DateTimeField(
        required=False, help_text="ISO 8601, e.g. 2026-01-31T12:00:00Z."
    )


class ItemViewSet(ExportingViewSet, BatchViewSet):
    """Items: what the organisation owns, lends, uses up or sells."""

    queryset = Item.objects.with_relations()
    keeps_reads = True
    serializer_class = ItemSerializer
    parameters: ClassVar = {
        **ResourceViewSet.parameters,
        "list": ItemParameters,
        "history": p.PageParameters,
    }
    open_to_all_methods = READING
    exported = ITEMS

    @extend_schema(operation_id="list_item_history", responses=ChangeSerializer(many=True))
    @action(detail=True)
    def history(self, request: Request, pk: int) -> HttpResponse:
        """Every change, the newest first: who, when, before and after. It outlives the item."""
        events = history.events_of(Item, pk)
        if not events.exists():
            raise Http404
        page = paginate(Instances(events), self.page_asked, request)
        changes: Any = history.changes(page.found.data)
        data = ChangeSerializer(changes, many=True, context={"shape": ItemSerializer()}).data
        return self.respond(data, **page.meta)
