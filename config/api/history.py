"""The history of a resource as the API answers it."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import SummarySerializer
from config.decimals import plain
from config.history import ACTIONS, Change


class FieldChangeSerializer(serializers.Serializer[Any]):
    """One field, from what to what."""

    field = serializers.CharField(read_only=True)
    before = serializers.JSONField(read_only=True, allow_null=True)
    after = serializers.JSONField(read_only=True, allow_null=True)


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
        """The fields that differ; decimals as text."""
        return [
            {"field": name, "before": _json(before), "after": _json(after)}
            for name, (before, after) in change.changes.items()
        ]


def _json(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value
