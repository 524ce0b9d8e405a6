"""The shape of categories and items, in and out."""

from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers

from config import currencies
from config.api.fields import (
    ONE_LINE,
    DecimalField,
    QuantityField,
    ReferenceField,
    ShortListField,
    TextField,
)
from config.api.reads import Read
from config.api.serializers import ResourceSerializer, SummarySerializer
from config.decimals import plain
from items.catalogue.models import (
    MAX_TAGS,
    PRICE_DIGITS,
    QUANTITY_DECIMALS,
    QUANTITY_DIGITS,
    TAG_MAX_LENGTH,
    Category,
    Item,
)


class CategorySerializer(ResourceSerializer):
    """A category and what it hangs below."""

    parent_id = ReferenceField(Category.objects.all(), required=False, allow_null=True)
    parent = SummarySerializer(read_only=True, allow_null=True)

    class Meta:
        model = Category
        fields = ["id", "name", "parent_id", "parent", "created_at", "updated_at"]


class PriceField(DecimalField):
    """An exact amount of money, written with its currency's decimals ("12.30", "1890000")."""

    def get_attribute(self, instance: Item) -> Any:
        """The amount as it is written, or None."""
        if instance.unit_price is None:
            return None
        return currencies.written(instance.unit_price, instance.currency)

    def to_representation(self, value: Any) -> Any:
        """As `get_attribute` wrote it."""
        return value

    def read(self, column: str) -> Read:
        """The same, of the number as PostgreSQL writes it, with all decimals that there may be."""
        return Read([column, "currency"], currencies.cut)


class ItemSerializer(ResourceSerializer):
    """An item with its category and owner."""

    category_id = ReferenceField(Category.objects.all(), required=False, allow_null=True)
    category = SummarySerializer(read_only=True, allow_null=True)
    owner_id = ReferenceField(get_user_model().objects.all(), required=False, allow_null=True)
    owner = SummarySerializer(read_only=True, allow_null=True)
    unit_price = PriceField(
        max_digits=PRICE_DIGITS,
        decimal_places=currencies.MAX_DECIMALS,
        min_value=Decimal(0),
        required=False,
        allow_null=True,
    )
    reorder_point = QuantityField(
        max_digits=QUANTITY_DIGITS,
        decimal_places=QUANTITY_DECIMALS,
        min_value=Decimal(0),
        required=False,
        allow_null=True,
    )
    on_hand = QuantityField(QUANTITY_DIGITS, QUANTITY_DECIMALS, read_only=True)
    on_loan = QuantityField(QUANTITY_DIGITS, QUANTITY_DECIMALS, read_only=True)
    tags = ShortListField(
        child=TextField(max_length=TAG_MAX_LENGTH, validators=[ONE_LINE]),
        max_length=MAX_TAGS,
        required=False,
    )

    class Meta:
        model = Item
        fields = [
            "id",
            "sku",
            "name",
            "description",
            "category_id",
            "category",
            "owner_id",
            "owner",
            "status",
            "unit",
            "unit_price",
            "currency",
            "tags",
            "attributes",
            "barcode",
            "serial_number",
            "reorder_point",
            "on_hand",
            "on_loan",
            "version",
            "created_at",
            "updated_at",
        ]
        extra_kwargs = {
            "barcode": {"allow_blank": False},
            "serial_number": {"allow_blank": False},
        }

    def validate_unit_price(self, price: Decimal | None) -> Decimal | None:
        """The price, when the currency it will have can write it.

        Where that is the one that a row has already, the database tells.
        """
        sent = self.initial_data.get("currency")
        if isinstance(sent, str) and sent in currencies.DECIMALS:
            currency = sent
        elif self.partial and self.instance is not None:
            return price
        else:
            currency = self._column("currency").get_default()
        if price is not None and not currencies.fits(price, currency):
            raise self._too_many_decimals(price, currency)
        return price

    def validate_currency(self, currency: str) -> str:
        """The currency, when it can write the price that stays."""
        stays = self.partial and "unit_price" not in self.initial_data
        price = self.instance.unit_price if stays and self.instance is not None else None
        if price is not None and not currencies.fits(price, currency):
            raise self._too_many_decimals(price, currency)
        return currency

    def _too_many_decimals(self, price: Decimal, currency: str) -> serializers.ValidationError:
        decimals = currencies.DECIMALS[currency]
        message = f"{plain(price)} has more decimals than the {decimals} of {currency}."
        return serializers.ValidationError(message, code="too_many_decimals")

    def validate_tags(self, tags: list[str]) -> list[str]:
        """Each tag once, in the order given."""
        return list(dict.fromkeys(tags))
