"""The history of a resource as the API answers it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import SummarySerializer
from config.history import ACTIONS, Change


@extend_schema_field({})
class AnythingField(serializers.JSONField):
    """Any JSON value, null too."""


class FieldChangeSerializer(serializers.Serializer[Any]):
    """One field, from what to what."""

    field = serializers.CharField(read_only=True)
    before = AnythingField(read_only=True)
    after = AnythingField(read_only=True)


class ChangeSerializer(serializers.Serializer[Change]):
    """One change: when, what was done, by whom, through which door, and each field's difference."""

    at = serializers.DateTimeField(read_only=True)
    action = serializers.ChoiceField(choices=list(ACTIONS.values()), read_only=True)
    actor = SummarySerializer(read_only=True, allow_null=True)
    via = serializers.CharField(read_only=True, allow_null=True)
    request_id = serializers.CharField(read_only=True, allow_null=True)
    changes = serializers.SerializerMethodField()

    @extend_schema_field(FieldChangeSerializer(many=True))
    def get_changes(self, change: Change) -> list[dict[str, Any]]:
        """The fields that differ, as the resource itself (`context["shape"]`) writes them."""
        return [
            {
                "field": name,
                "before": self._written(name, change.before),
                "after": self._written(name, change.after),
            }
            for name in change.names
        ]

    def _written(self, name: str, row: Any) -> Any:
        field = self.context["shape"].fields[name]
        value = None if row is None else field.get_attribute(row)
        return None if value is None else field.to_representation(value)
