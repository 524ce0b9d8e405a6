"""The shape of imports, of their plans and of what was undone."""

from typing import Any

import orjson
from django.db.models import F, Func, JSONField, Value
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.components import Schema, record
from config.api.reads import Read
from config.api.serializers import ResourceSerializer, SummarySerializer
from items.exchange.models import Import
from items.exchange.progress import heard_of

JSON: Any = JSONField()
UNDONE = "undone"  # among the totals


class JSONShown(serializers.JSONField):
    """JSON of ours, as it is kept."""

    def read(self, column: str) -> Read:
        """The text of it."""
        return Read([column], orjson.Fragment)


COUNT: Schema = {"type": "integer", "minimum": 0}
OUTCOMES: dict[str, Any] = dict.fromkeys(("create", "update", "unchanged", "refused"), COUNT)
TOTALS: dict[str, Any] = {
    **OUTCOMES,
    "rows": {**COUNT, "description": "Of the file."},
    "opened": {**COUNT, "description": "Quantities that are booked as a first stock."},
    "counted": {**COUNT, "description": "Quantities that are booked as counted."},
    "differing": {**COUNT, "description": "Quantities that are not those of the books."},
    **dict.fromkeys(("new_categories", "new_locations", "new_people"), COUNT),
    "subjects": {"type": "object", "additionalProperties": record(**OUTCOMES)},
}
TOLD: Schema = {
    "type": "array",
    "items": record(line=COUNT, sku={"type": "string"}, why={"type": "string"}),
}
UNDOING: dict[str, Any] = dict.fromkeys(("reversed", "restored", "retired", "kept"), COUNT)
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}


@extend_schema_field(record("Empty until it is planned.", optional=True, **TOTALS))
class TotalsField(JSONShown):
    """How many rows have which outcome, without what was undone."""

    def to_representation(self, value: Any) -> Any:
        """The numbers."""
        return {name: each for name, each in value.items() if name != UNDONE}

    def read(self, column: str) -> Read:
        """The same, by PostgreSQL."""
        less = Func(F(column), Value(UNDONE), arg_joiner=" - ", template="(%(expressions)s)")
        less.output_field = JSON
        return Read([less], orjson.Fragment)


@extend_schema_field({"oneOf": [record(**UNDOING, told=TOLD), {"type": "null"}]})
class UndoneField(JSONShown):
    """How much was taken back, and what was not, and why; null until it is undone."""

    def to_representation(self, value: Any) -> Any:
        """The part of the totals."""
        return value.get(UNDONE)

    def read(self, column: str) -> Read:
        """The same, by PostgreSQL."""
        part = Func(F("totals"), Value(UNDONE), arg_joiner=" -> ", template="(%(expressions)s)")
        part.output_field = JSON
        return Read([part], orjson.Fragment)


TOLD_OF = record(what={"type": "string"}, done=COUNT, total=COUNT)


@extend_schema_field({"oneOf": [TOLD_OF, {"type": "null"}]})
class ProgressField(serializers.Field):
    """How far it is while a worker plans, applies or undoes it; null else, or when nobody knows."""

    def get_attribute(self, instance: Import) -> Any:
        """What is told."""
        return heard_of(instance.pk, instance.status)

    def to_representation(self, value: Any) -> Any:
        """As it is told."""
        return value

    def read(self, column: str) -> Read:
        """The same, of an id and a status."""
        return Read(["id", "status"], heard_of)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class ColumnsField(JSONShown):
    """{their header: our field}."""


@extend_schema_field({"type": "object", "additionalProperties": TEXTS})
class AsksField(JSONShown):
    """{option: the choices}."""


@extend_schema_field(TEXTS)
class NotesField(JSONShown):
    """Sentences."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class KeptOptionsField(JSONShown):
    """The options as they were said, and the defaults of those that were not."""


class ImportSerializer(ResourceSerializer):
    """A file, what it would do, and what has become of that."""

    options = KeptOptionsField(read_only=True)
    columns = ColumnsField(read_only=True, help_text="Which column became which field.")
    totals = TotalsField(read_only=True)
    notes = NotesField(read_only=True, help_text="How the file was understood.")
    problem = serializers.CharField(read_only=True, help_text="What went wrong last, if anything.")
    asks = AsksField(read_only=True, help_text="Options that have to be said, and their choices.")
    progress = ProgressField(read_only=True)
    undone = UndoneField(source="totals", read_only=True)
    actor = SummarySerializer(read_only=True, allow_null=True)

    class Meta:
        model = Import
        fields = [
            *("id", "file_name", "format", "status", "options", "columns", "totals", "notes"),
            *("problem", "asks", "progress", "undone", "actor"),
            *("created_at", "planned_at", "applied_at", "undone_at"),
        ]
        read_only_fields = fields


class RefusedCellSerializer(serializers.Serializer):
    """What is wrong with a row: the column of the file, our field, the cell, and why."""

    column = serializers.CharField()
    field = serializers.CharField()
    code = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField()


class CellChangeSerializer(serializers.Serializer):
    """A field that would change, as people read it."""

    column = serializers.CharField()
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class ImportRowSerializer(serializers.Serializer):
    """One row of a plan; `after` holds the fields as they would be, categories and owners by id."""

    line = serializers.IntegerField(help_text="Of the file.")
    subject = serializers.CharField(help_text="item, person, place, category or level.")
    outcome = serializers.CharField(help_text="create, update, unchanged or refused.")
    target_id = serializers.IntegerField(allow_null=True)
    problems = RefusedCellSerializer(many=True)
    changes = CellChangeSerializer(many=True)
    stock = serializers.CharField(help_text="What it says of the stock, in words.")
    after = serializers.DictField(help_text="The fields as they would be.")
