"""What is where, who has it, and each movement that made it so: a double-entry ledger."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from config import counts, deletion, history, text, triggers
from config.decimals import plain
from items import trees
from items.catalogue.models import QUANTITY_DECIMALS, QUANTITY_DIGITS, Item
from items.stock import triggers as ledger
from items.stock.querysets import (
    DUE_ORDER,
    LoanQuerySet,
    LocationQuerySet,
    MovementQuerySet,
    StockLevelQuerySet,
)
from items.stock.weeks import Week

REASON_MAX_LENGTH = 500
REFERENCE_MAX_LENGTH = 100
WORLD = "Outside"  # the location that is made when none outside is named
# PostgreSQL's NaN is greater than every number.
POSITIVE = Q(quantity__gt=0, quantity__lt=10 ** (QUANTITY_DIGITS - QUANTITY_DECIMALS))
KINDS = (
    *("receive", "issue", "transfer", "count"),
    *("check_out", "check_in", "write_off", "reversal"),
)


class QuantityField(models.DecimalField):
    """How many, or how much: exact, three places."""

    def __init__(self, *args: Any, **options: Any) -> None:
        exact = {"max_digits": QUANTITY_DIGITS, "decimal_places": QUANTITY_DECIMALS}
        super().__init__(*args, **{**options, **exact})


@history.track(exclude=["created_at", "updated_at"])
class Location(trees.TreeNode):
    """Where things can be: a place in store, a person who has them, or the world outside."""

    class Kind(models.TextChoices):
        """What being there means."""

        STORAGE = "storage", "storage"
        PERSON = "person", "person"
        OUTSIDE = "outside", "outside"

    parent = models.ForeignKey(
        "self", deletion.refuse, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.STORAGE)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        deletion.refuse,
        null=True,
        blank=True,
        related_name="location",
        help_text="Whose it is, when it is a person's; made when something is first lent to them.",
    )

    objects = LocationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            *trees.node_constraints("location", among=~Q(kind="person")),
            models.CheckConstraint(
                condition=Q(kind__in=["storage", "person", "outside"]),
                name="location_kind_known",
                violation_error_message="The kind must be storage, person or outside.",
            ),
            models.CheckConstraint(
                condition=Q(kind="person", user__isnull=False)
                | (~Q(kind="person") & Q(user__isnull=True)),
                name="location_user_when_person",
                violation_error_message="A location has a user exactly when it is a person's.",
            ),
            models.CheckConstraint(
                condition=~Q(name__iexact=WORLD, parent__isnull=True) | Q(kind="outside"),
                name="location_world_is_outside",
                violation_error_message=f"{WORLD} is the name of the world, which is no store.",
            ),
        ]
        indexes = [models.Index(text.sort_key("name"), "id", name="location_by_name")]
        triggers = [
            trees.no_circle("items_location"),
            ledger.own_kind(),
            ledger.fixed("kind", "user_id", why="What kind of location it is stays as it is."),
            *triggers.bookkeeping(),
            *counts.counted(),
        ]

    def clean(self) -> None:
        """Refuse, in a form, what the database would refuse: to lie in one of another kind."""
        super().clean()
        is_persons = self.kind == self.Kind.PERSON
        if self.parent is not None and (is_persons or self.parent.kind != self.kind):
            raise ValidationError({"parent": ledger.OWN_KIND})


class StockLevel(models.Model):
    """How much of an item is at a location; follows from the movements, kept by the database."""

    item = models.ForeignKey(Item, deletion.refuse, related_name="levels", db_index=False)
    location = models.ForeignKey(Location, deletion.refuse, related_name="levels")
    quantity = QuantityField()
    outside = models.BooleanField(help_text="There it may be negative: so much has come from it.")

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "location"], name="stock_level_unique"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0) | Q(outside=True),
                name="stock_level_not_negative",
                violation_error_message="There is not enough of it there.",
            ),
        ]
        indexes = [  # of most of what came from outside, and of what has left, nothing is there
            models.Index(
                fields=["location", "item"], name="stock_level_there", condition=Q(quantity__gt=0)
            )
        ]
        triggers = [ledger.ledger_only("quantity"), ledger.emptied_whole()]

    def __str__(self) -> str:
        return f"{plain(self.quantity)} at {self.location}"


@history.track(exclude=["returned", "closed_at", "opened_at", "updated_at"])
class Loan(models.Model):
    """That somebody has something: opened by a check-out, closed when all of it has come back."""

    item = models.ForeignKey(Item, deletion.refuse, related_name="loans")
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, deletion.refuse, related_name="loans", db_index=False
    )
    quantity = QuantityField()
    returned = QuantityField(default=0, editable=False, help_text="Or written off.")
    due_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    stays_for_ever = True  # see config.deletion
    objects = LoanQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=POSITIVE,
                name="loan_quantity_positive",
                violation_error_message="A loan is of more than nothing.",
            ),
            models.CheckConstraint(
                condition=Q(returned__gte=0) & Q(returned__lte=F("quantity")),
                name="loan_at_most_returned",
                violation_error_message="No more can come back than was lent.",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False, returned=F("quantity"))
                | (Q(closed_at__isnull=True) & Q(returned__lt=F("quantity"))),
                name="loan_closed_when_returned",
                violation_error_message="A loan is closed exactly when all of it has come back.",
            ),
        ]
        indexes = [
            models.Index(fields=["holder", "id"], name="loan_by_holder"),
            models.Index(DUE_ORDER, "id", name="loan_by_due", include=["due_at"]),
            models.Index(DUE_ORDER, "id", name="loan_open_by_due", condition=Q(closed_at=None)),
        ]
        triggers = [
            ledger.fixed(
                *("item_id", "holder_id", "quantity", "opened_at"),
                why="Of a loan only the day it is due can be changed.",
            ),
            *triggers.added_up(returned=0, closed_at=None),
            ledger.opened(),
            ledger.emptied_whole(),
            *triggers.bookkeeping("returned", "closed_at"),
            *counts.counted(),
        ]

    def __str__(self) -> str:
        return f"{self.item} to {self.holder}"


class Movement(models.Model):
    """A quantity that went from one location to another, for ever: a mistake is reversed."""

    class Kind(models.TextChoices):
        """What happened."""

        RECEIVE = "receive", "received"
        ISSUE = "issue", "issued"
        TRANSFER = "transfer", "moved"
        COUNT = "count", "counted"
        CHECK_OUT = "check_out", "lent"
        CHECK_IN = "check_in", "taken back"
        WRITE_OFF = "write_off", "written off"
        REVERSAL = "reversal", "reversed"

    item = models.ForeignKey(Item, deletion.refuse, related_name="movements", db_index=False)
    source = models.ForeignKey(Location, deletion.refuse, related_name="+", db_index=False)
    destination = models.ForeignKey(Location, deletion.refuse, related_name="+", db_index=False)
    quantity = QuantityField()
    kind = models.CharField(max_length=9, choices=Kind)
    reason = models.CharField(max_length=REASON_MAX_LENGTH, blank=True, default="")
    reference = models.CharField(max_length=REFERENCE_MAX_LENGTH, blank=True, default="")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        deletion.refuse,
        null=True,
        blank=True,
        related_name="movements",
        db_index=False,
        help_text="Who booked it; nobody when a command did.",
    )
    loan = models.ForeignKey(
        Loan, deletion.refuse, null=True, blank=True, related_name="movements", db_index=False
    )
    reverses = models.OneToOneField(
        "self",
        deletion.refuse,
        null=True,
        blank=True,
        related_name="reversal",
        error_messages={"unique": "It has been reversed already."},
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    stays_for_ever = True  # see config.deletion
    objects = MovementQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "add")
        permissions = [
            ("lend", "Can lend and take back"),
            ("adjust", "Can count and write off"),
            ("reverse", "Can reverse a movement"),
        ]
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=POSITIVE,
                name="movement_quantity_positive",
                violation_error_message="A movement is of more than nothing.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=KINDS),
                name="movement_kind_known",
                violation_error_message=f"The kind must be one of {', '.join(KINDS)}.",
            ),
            models.CheckConstraint(
                condition=~Q(source=F("destination")),
                name="movement_goes_somewhere",
                violation_error_message="It cannot go where it is already.",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False)
                | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="movement_reverses_when_reversal",
                violation_error_message="A reversal, and nothing else, names what it reverses.",
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(kind="check_out"),
                name="movement_opens_loan_once",
                violation_error_message="This loan has been opened already.",
            ),
        ]
        indexes = [
            models.Index(fields=["item", "id"], name="movement_by_item"),
            models.Index(fields=["kind", "id"], name="movement_by_kind"),
            models.Index(fields=["source", "id"], name="movement_by_source"),
            models.Index(fields=["destination", "id"], name="movement_by_destination"),
            models.Index(fields=["actor", "id"], name="movement_by_actor"),
            models.Index(
                fields=["loan", "id"], name="movement_by_loan", condition=Q(loan__isnull=False)
            ),
            models.Index(fields=["reference", "id"], name="movement_by_reference"),
            models.Index(fields=["created_at", "id"], name="movement_by_creation"),
            models.Index(Week("created_at"), "id", name="movement_by_week"),
        ]
        triggers = [
            ledger.Books(),
            ledger.append_only(),
            ledger.emptied_whole(),
            *counts.counted(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {plain(self.quantity)} of {self.item}"
