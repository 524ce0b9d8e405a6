"""What there is: categories and items."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now, Round
from django.db.models.lookups import Exact, IsNull

from config import counts, currencies, deletion, history, text, triggers
from config.decimals import plain
from config.querysets import is_one_of
from items import trees
from items.catalogue.querysets import PRICE_ORDER, CategoryQuerySet, ItemQuerySet

SKU_MAX_LENGTH = 64
ITEM_NAME_MAX_LENGTH = 200
DESCRIPTION_MAX_LENGTH = 10_000
CODE_MAX_LENGTH = 64
UNIT_MAX_LENGTH = 16
TAG_MAX_LENGTH = 50
MAX_TAGS = 50
PRICE_DIGITS = 19
QUANTITY_DIGITS, QUANTITY_DECIMALS = 15, 3
SEARCHED = ("sku", "name", "description", "barcode", "serial_number")
LEAST_QUANTITY = Decimal(1).scaleb(-QUANTITY_DECIMALS)


def default_currency() -> str:
    """DEFAULT_CURRENCY of the settings."""
    return settings.DEFAULT_CURRENCY


def decimals_of_currency() -> Any:
    """The expression of how many decimals an item's price may have; null of an unknown currency.

    It is a function of the database: PostgreSQL reads each CHECK anew for each statement that
    writes, and would read the codes with it.
    """
    return models.Func("currency", function="currency_decimals", output_field=models.IntegerField())


@history.track(exclude=["created_at", "updated_at"])
class Category(trees.TreeNode):
    """A kind of item; a filter on one includes all below it."""

    parent = models.ForeignKey(
        "self", deletion.refuse, null=True, blank=True, related_name="children"
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["-id"]
        constraints = [*trees.node_constraints("category")]
        indexes = [models.Index(text.sort_key("name"), "id", name="category_by_name")]
        triggers = [
            trees.no_circle("items_category"),
            *triggers.bookkeeping(),
            *counts.counted(),
        ]


@history.track(exclude=["on_hand", "on_loan", "version", "created_at", "updated_at"])
class Item(models.Model):
    """One thing of the register, or one kind of thing of which there are many."""

    class Status(models.TextChoices):
        """Where an item stands in its life."""

        DRAFT = "draft", "draft"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    sku = models.CharField(
        "SKU", max_length=SKU_MAX_LENGTH, help_text="Our own number; unique, whatever its case."
    )
    name = models.CharField(max_length=ITEM_NAME_MAX_LENGTH)
    description = models.TextField(blank=True, default="", max_length=DESCRIPTION_MAX_LENGTH)
    category = models.ForeignKey(
        Category, deletion.refuse, null=True, blank=True, related_name="items", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        deletion.refuse,
        null=True,
        blank=True,
        related_name="owned_items",
        db_index=False,
        help_text="Who answers for it.",
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    unit = models.CharField(
        max_length=UNIT_MAX_LENGTH, default="pcs", help_text="What is counted: pcs, m, kg …"
    )
    unit_price = models.DecimalField(
        max_digits=PRICE_DIGITS,
        decimal_places=currencies.MAX_DECIMALS,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    currency = models.CharField(
        max_length=3,
        default=default_currency,
        choices=[(c, c) for c in sorted(currencies.DECIMALS)],
    )
    tags = ArrayField(models.CharField(max_length=TAG_MAX_LENGTH), blank=True, default=list)
    attributes = models.JSONField(
        blank=True, default=dict, help_text="Whatever else is known of it, as a JSON object."
    )
    barcode = models.CharField(max_length=CODE_MAX_LENGTH, null=True, blank=True)
    serial_number = models.CharField(
        max_length=CODE_MAX_LENGTH,
        null=True,
        blank=True,
        help_text="Unique; an item that has one is a single thing.",
    )
    reorder_point = models.DecimalField(
        max_digits=QUANTITY_DIGITS,
        decimal_places=QUANTITY_DECIMALS,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="When this much or less is left, it is low.",
    )
    on_hand = models.DecimalField(
        max_digits=QUANTITY_DIGITS,
        decimal_places=QUANTITY_DECIMALS,
        db_default=0,
        editable=False,
        help_text="In all storage locations; the database adds it up from the movements.",
    )
    on_loan = models.DecimalField(
        max_digits=QUANTITY_DIGITS,
        decimal_places=QUANTITY_DECIMALS,
        db_default=0,
        editable=False,
        help_text="With all persons; added up likewise.",
    )
    version = models.PositiveIntegerField(db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        # A CHECK holds where it is null: none says so. PostgreSQL reads each anew for each write,
        # and takes the longer the more they say.
        constraints = [
            models.UniqueConstraint(
                text.sort_key("sku"),
                name="item_sku_unique",
                violation_error_message="There is an item with this SKU already.",
            ),
            models.UniqueConstraint(
                fields=["barcode"],
                name="item_barcode_unique",
                violation_error_message="There is an item with this barcode already.",
            ),
            models.UniqueConstraint(
                fields=["serial_number"],
                name="item_serial_number_unique",
                violation_error_message="There is an item with this serial number already.",
            ),
            models.CheckConstraint(
                condition=~Q(sku__regex=r"^\s*$"),
                name="item_sku_not_blank",
                violation_error_message="The SKU may not be blank.",
            ),
            models.CheckConstraint(
                condition=~Q(name__regex=r"^\s*$"),
                name="item_name_not_blank",
                violation_error_message="The name may not be blank.",
            ),
            models.CheckConstraint(
                condition=Q(barcode__gt=""),
                name="item_barcode_not_blank",
                violation_error_message="No barcode is null, not an empty text.",
            ),
            models.CheckConstraint(
                condition=Q(serial_number__gt=""),
                name="item_serial_number_not_blank",
                violation_error_message="No serial number is null, not an empty text.",
            ),
            models.CheckConstraint(
                condition=is_one_of("status", ["draft", "active", "retired"], models.TextField()),
                name="item_status_known",
                violation_error_message="The status must be draft, active or retired.",
            ),
            models.CheckConstraint(
                condition=IsNull(decimals_of_currency(), False),
                name="item_currency_known",
                violation_error_message="The currency must be a code of ISO 4217.",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0),
                name="item_unit_price_not_negative",
                violation_error_message="The price may not be negative.",
            ),
            models.CheckConstraint(
                condition=Q(unit_price=Round(F("unit_price"), precision=decimals_of_currency())),
                name="item_unit_price_fits_currency",
                violation_error_code="too_many_decimals",
                violation_error_message="The price has more decimals than its currency.",
            ),
            models.CheckConstraint(
                condition=Q(reorder_point__gte=0),
                name="item_reorder_point_not_negative",
                violation_error_message="The reorder point may not be negative.",
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=0) & Q(on_loan__gte=0),
                name="item_stock_not_negative",
                violation_error_message="There is not enough of it.",
            ),
            models.CheckConstraint(
                condition=Q(serial_number__isnull=True) | Q(on_hand__lte=Value(1) - F("on_loan")),
                name="item_with_serial_number_is_one",
                violation_error_message="An item with a serial number is a single thing.",
            ),
            models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        "attributes", function="jsonb_typeof", output_field=models.TextField()
                    ),
                    Value("object"),
                ),
                name="item_attributes_object",
                violation_error_message="The attributes must be a JSON object.",
            ),
        ]
        indexes = [
            GinIndex(fields=["tags"], name="item_tags"),
            # With what is ordered by beside it: else PostgreSQL looks at the row of each that a far
            # page passes over.
            models.Index(text.sort_key("sku"), "id", name="item_by_sku", include=["sku"]),
            models.Index(text.sort_key("name"), "id", name="item_by_name", include=["name"]),
            models.Index(PRICE_ORDER, "id", name="item_by_price", include=["unit_price"]),
            models.Index("status", "id", name="item_by_status"),
            models.Index("category", "id", name="item_by_category"),
            models.Index("owner", "id", name="item_by_owner"),
            models.Index("created_at", "id", name="item_by_creation"),
            models.Index("updated_at", "id", name="item_by_update"),
            # Not where on_hand is low: PostgreSQL would then write every index at each movement.
            models.Index("id", name="item_low", condition=Q(reorder_point__isnull=False)),
        ]
        triggers = [
            *triggers.added_up(on_hand=0, on_loan=0),
            *triggers.bookkeeping("on_hand", "on_loan", versioned=True),
            *counts.counted(),
            *text.searched("items_itemsearchtext", *SEARCHED),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    def in_units(self, quantity: Decimal) -> str:
        """So much of it, as people write it: "2.5 kg"."""
        return f"{plain(quantity)} {self.unit}"

    @property
    def is_low(self) -> bool:
        """Whether so little is on hand that more should be had."""
        if self.reorder_point is None or self.status == self.Status.RETIRED:
            return False
        return self.on_hand <= self.reorder_point


class ItemSearchText(text.SearchText):
    """What an item is found by."""

    row = text.row_of(Item)

    class Meta(text.SearchText.Meta):
        indexes = [text.search_index("item_search")]
