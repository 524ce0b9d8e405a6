"""The shape of locations, levels, movements and loans, in and out."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.fields import (
    ONE_LINE,
    ChoiceField,
    QuantityField,
    ReferenceField,
    RowField,
    TextField,
)
from config.api.serializers import ResourceSerializer, StrictSerializer, SummarySerializer
from items.catalogue.models import LEAST_QUANTITY, QUANTITY_DECIMALS, QUANTITY_DIGITS, Item
from items.stock.models import (
    REASON_MAX_LENGTH,
    REFERENCE_MAX_LENGTH,
    Loan,
    Location,
    Movement,
)

Kind = Movement.Kind


class Quantity(QuantityField):
    """How many, or how much."""

    def __init__(self, **options: Any) -> None:
        super().__init__(QUANTITY_DIGITS, QUANTITY_DECIMALS, **options)


class Amount(Quantity):
    """A quantity that moves: more than nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=LEAST_QUANTITY, **options)


class Place(RowField):
    """The id of a location."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Location.objects.all(), **options)


class ItemSummarySerializer(SummarySerializer):
    """An item in few words."""

    sku = serializers.CharField(read_only=True)


# ── Places ────────────────────────────────────────────────────────────────────────────────────
class LocationSerializer(ResourceSerializer):
    """A location, and what it lies in. That of a person is made when they are first lent to."""

    parent_id = ReferenceField(Location.objects.all(), required=False, allow_null=True)
    parent = SummarySerializer(read_only=True, allow_null=True)
    user = SummarySerializer(read_only=True, allow_null=True)

    class Meta:
        model = Location
        fields = ["id", "name", "parent_id", "parent", "kind", "user", "created_at", "updated_at"]

    def validate_kind(self, kind: str) -> str:
        """The kind: for ever as it was made, and a person's is made by the system alone."""
        if self.instance is None and kind == Location.Kind.PERSON:
            message = "A person's location is made when something is first lent to them."
            raise serializers.ValidationError(message, code="person")
        if self.instance is not None and kind != self.instance.kind:
            message = f"What kind of location it is stays as it is: {self.instance.kind}."
            raise serializers.ValidationError(message, code="fixed")
        return kind

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values; a PUT that leaves the kind out does not reset it."""
        kept = {} if self.instance is None else {"kind": self.instance.kind}
        return {**super().validate(attrs), **kept}


class LevelSerializer(serializers.Serializer):
    """How much of an item is at a location; outside, what has come from there is negative."""

    location = SummarySerializer(read_only=True)
    kind = serializers.ChoiceField(Location.Kind.choices, source="location.kind", read_only=True)
    user = SummarySerializer(source="location.user", read_only=True, allow_null=True)
    quantity = Quantity(read_only=True)


# ── Movements ─────────────────────────────────────────────────────────────────────────────────
class MovementSerializer(ResourceSerializer):
    """A movement: what went from where to where, who booked it and why."""

    item = ItemSummarySerializer(read_only=True)
    source = SummarySerializer(read_only=True)  # type: ignore[assignment]  # DRF takes it off
    destination = SummarySerializer(read_only=True)
    quantity = Quantity(read_only=True)
    actor = SummarySerializer(read_only=True, allow_null=True)
    holder = SummarySerializer(source="loan.holder", read_only=True, allow_null=True)
    loan_id = serializers.IntegerField(read_only=True, allow_null=True)
    reverses_id = serializers.IntegerField(read_only=True, allow_null=True)
    reversed_by_id = serializers.IntegerField(source="reversal.pk", read_only=True, allow_null=True)

    class Meta:
        model = Movement
        fields = [
            "id",
            "kind",
            "item",
            "source",
            "destination",
            "quantity",
            "reason",
            "reference",
            "actor",
            "holder",
            "loan_id",
            "reverses_id",
            "reversed_by_id",
            "created_at",
        ]


class ReasonSerializer(StrictSerializer):
    """Why, where somebody says so."""

    reason = TextField(max_length=REASON_MAX_LENGTH, required=False, allow_blank=True)


class NoteSerializer(ReasonSerializer):
    """Why, and what it belongs to: an order's number, say."""

    reference = TextField(
        max_length=REFERENCE_MAX_LENGTH, required=False, allow_blank=True, validators=[ONE_LINE]
    )


def kind_field(kind: Movement.Kind) -> Any:
    """The field `kind` of a body that is of this kind; it is looked at before the others."""

    @extend_schema_field({"type": "string", "const": kind.value})
    class ThisKind(ChoiceField):
        """This kind alone."""

    return ThisKind(choices=[kind.value], write_only=True)


class ReceiveSerializer(NoteSerializer):
    """Comes in: to a storage location, from one outside (or from wherever)."""

    kind = kind_field(Kind.RECEIVE)
    source_id = Place(source="source", required=False, allow_null=True)
    destination_id = Place(source="destination")
    quantity = Amount()


class IssueSerializer(NoteSerializer):
    """Goes for good: from a storage location, to one outside (or to wherever)."""

    kind = kind_field(Kind.ISSUE)
    source_id = Place(source="source")
    destination_id = Place(source="destination", required=False, allow_null=True)
    quantity = Amount()


class TransferSerializer(NoteSerializer):
    """Goes from one storage location to another."""

    kind = kind_field(Kind.TRANSFER)
    source_id = Place(source="source")
    destination_id = Place(source="destination")
    quantity = Amount()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values. Refuses a way that leads nowhere."""
        if attrs["source"] == attrs["destination"]:
            message = "It cannot go where it is already."
            raise serializers.ValidationError({"destination_id": message}, code="same")
        return attrs


class CountSerializer(NoteSerializer):
    """States what is at a storage location; the difference to the books is booked."""

    kind = kind_field(Kind.COUNT)
    destination_id = Place(source="location", help_text="Where it was counted.")
    quantity = Quantity(
        source="counted", min_value=Decimal(0), help_text="What was counted there; 0 for nothing."
    )


class WriteOffSerializer(NoteSerializer):
    """Was lost, or broke, at a storage location."""

    kind = kind_field(Kind.WRITE_OFF)
    source_id = Place(source="source")
    quantity = Amount()


class NewMovementSerializer(serializers.Serializer):
    """What kind of movement a body asks for; its own serializer takes it from there."""

    shapes: ClassVar[dict[str, Any]] = {
        Kind.RECEIVE.value: ReceiveSerializer,
        Kind.ISSUE.value: IssueSerializer,
        Kind.TRANSFER.value: TransferSerializer,
        Kind.COUNT.value: CountSerializer,
        Kind.WRITE_OFF.value: WriteOffSerializer,
    }

    kind = ChoiceField(choices=list(shapes))


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
class LoanSerializer(ResourceSerializer):
    """A loan: what somebody has, since when, until when, and how much of it is back."""

    item = ItemSummarySerializer(read_only=True)
    holder = SummarySerializer(read_only=True)
    quantity = Quantity(read_only=True)
    returned = Quantity(read_only=True)
    outstanding = Quantity(read_only=True)
    overdue = serializers.BooleanField(read_only=True)

    class Meta:
        model = Loan
        fields = [
            "id",
            "item",
            "holder",
            "quantity",
            "returned",
            "outstanding",
            "due_at",
            "opened_at",
            "closed_at",
            "overdue",
        ]


class NewLoanSerializer(NoteSerializer):
    """What is lent, to whom, and from where."""

    item_id = RowField(Item.objects.all(), source="item")
    holder_id = RowField(get_user_model().objects.all(), source="holder")
    source_id = Place(source="source")
    quantity = Amount()
    due_at = serializers.DateTimeField(required=False, allow_null=True)


class ReturnSerializer(NoteSerializer):
    """What comes back of a loan: all that is out unless said, to where it came from unless said."""

    quantity = Amount(required=False)
    destination_id = Place(source="destination", required=False, allow_null=True)


class LossSerializer(NoteSerializer):
    """What a borrower has lost of a loan: all that is out unless said."""

    quantity = Amount(required=False)


class HoldingSerializer(serializers.Serializer):
    """Something that a person has now."""

    loan_id = serializers.IntegerField(source="pk", read_only=True)
    item = ItemSummarySerializer(read_only=True)
    quantity = Quantity(source="outstanding", read_only=True)
    since = serializers.DateTimeField(source="opened_at", read_only=True)
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    overdue = serializers.BooleanField(read_only=True)
