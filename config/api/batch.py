"""POST …/batch: many creations, changes and deletions in one call, with an outcome for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from itertools import islice
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from config.api import conditional, fields
from config.api.envelope import Failure
from config.api.exceptions import MAX_DETAILS, refusal_of
from config.api.permissions import RIGHT_OF, right_to
from config.api.serializers import StrictSerializer
from config.api.viewsets import ResourceViewSet
from config.errors import Detail, NotAllowed
from config.statements import BIGINT_MAX

MAX_OPERATIONS = 1000


@dataclass(frozen=True)
class Operation:
    """What one kind of operation is like, what it needs, and the status of its success."""

    method: str
    needs: frozenset[str]
    status: HTTPStatus = HTTPStatus.OK

    @property
    def right(self) -> str:
        """The right that it takes: "add", "change" or "delete"."""
        return RIGHT_OF[self.method]

    @property
    def takes(self) -> frozenset[str]:
        """What it may have: one that names a row may name the version too."""
        return self.needs | ({"version"} if "id" in self.needs else set())


OPERATIONS = {
    "create": Operation("POST", frozenset({"data"}), HTTPStatus.CREATED),
    "update": Operation("PATCH", frozenset({"id", "data"})),
    "delete": Operation("DELETE", frozenset({"id"})),
}


class OperationSerializer(StrictSerializer):
    """One operation: `create` takes data, `update` id and data, `delete` id.

    An update changes what is sent and nothing else. It and a deletion may name the version that
    they have seen.
    """

    op = fields.ChoiceField(choices=list(OPERATIONS))
    id = fields.IntegerField(min_value=1, max_value=BIGINT_MAX, required=False)
    version = fields.IntegerField(min_value=1, required=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]  # taken off the class

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The operation. Refuses one that lacks what it needs, or has what it has no use for."""
        name, given = attrs["op"], attrs.keys() - {"op"}
        op = OPERATIONS[name]
        problems = dict.fromkeys(op.needs - given, f"`{name}` needs it.")
        problems |= dict.fromkeys(given - op.takes, f"`{name}` does not take it.")
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class BatchSerializer(StrictSerializer):
    """Operations, done in the order given: with `atomic` all of them or none."""

    atomic = fields.BooleanField(default=True)
    operations = fields.ShortListField(
        child=OperationSerializer(), min_length=1, max_length=MAX_OPERATIONS
    )


@extend_schema_field({"oneOf": [{"$ref": "#/components/schemas/Error"}, {"type": "null"}]})
class ErrorField(serializers.JSONField):
    """Why one operation was not done, or null."""


class OutcomeSerializer(serializers.Serializer):
    """What became of one operation; of `data` and `error` one is null, of a deletion both."""

    index = serializers.IntegerField(read_only=True, min_value=0)
    status = serializers.IntegerField(read_only=True)
    error = ErrorField(read_only=True)


def operation_shape(op: str, resource: type[serializers.BaseSerializer]) -> Any:
    """The shape of one kind of operation whose `data` is this resource."""
    known = {
        "id": fields.IntegerField(min_value=1, max_value=BIGINT_MAX),
        "version": fields.IntegerField(min_value=1, required=False),
        "data": resource(partial=op == "update"),
    }
    described = extend_schema_field({"type": "string", "const": op})
    members: dict[str, Any] = {n: each for n, each in known.items() if n in OPERATIONS[op].takes}
    members["__doc__"] = f"To {op} one."
    members["op"] = described(type("OpField", (fields.ChoiceField,), {}))(choices=[op])
    name = resource.__name__.removesuffix("Serializer")
    return type(f"{name}{op.title()}Serializer", (StrictSerializer,), members)


@cache
def batch_shape(resource: type[serializers.BaseSerializer]) -> type[BatchSerializer]:
    """The shape of batches of this resource, for the document: each operation by itself."""
    name = resource.__name__.removesuffix("Serializer")
    operation = PolymorphicProxySerializer(
        component_name=f"{name}Operation",
        serializers={op: operation_shape(op, resource) for op in OPERATIONS},
        resource_type_field_name="op",
    )
    operations = fields.ShortListField(child=operation, min_length=1, max_length=MAX_OPERATIONS)
    return type(f"{name}BatchSerializer", (BatchSerializer,), {"operations": operations})


@cache
def outcome_shape(resource: type[serializers.BaseSerializer]) -> type[OutcomeSerializer]:
    """The shape of outcomes whose `data` is this resource."""
    name = resource.__name__.removesuffix("Serializer")
    data = resource(read_only=True, allow_null=True)
    return type(f"{name}OutcomeSerializer", (OutcomeSerializer,), {"data": data})


@dataclass(frozen=True)
class Outcome:
    """What became of one operation: the row it left, or why it was not done."""

    status: int
    pk: int | None = None
    failure: Failure | None = None


class BatchRefused(APIException):
    """An atomic batch of which something failed: nothing was done. The first failure's status."""

    def __init__(self, failed: Sequence[tuple[int, Outcome]]) -> None:
        index, first = failed[0]
        assert first.failure is not None
        self.status_code = first.status
        count = "1 operation" if len(failed) == 1 else f"{len(failed)} operations"
        super().__init__(f"Nothing was done: {count} failed, the first at index {index}.")
        details = (
            Detail(f"operations.{at}.{detail.field}".rstrip("."), detail.code, detail.message)
            for at, outcome in failed
            if (failure := outcome.failure) is not None
            for detail in failure.details or [Detail("", failure.code, failure.message)]
        )
        self.details = list(islice(details, MAX_DETAILS))


class BatchViewSet(ResourceViewSet):
    """A resource of which many can be written in one call."""

    asks_itself: ClassVar = frozenset({"batch"})

    def batch_serializer(self) -> Any:
        """The shape of a batch, for the document."""
        resource: Any = self.serializer_class
        return batch_shape(resource)()

    def outcome_serializer(self) -> Any:
        """The shape of a batch's answer."""
        resource: Any = self.serializer_class
        return outcome_shape(resource)(many=True)

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> HttpResponse:
        """Create, update or delete up to 1000 in one transaction, with an outcome for each.

        `atomic: true` (the default) does all or nothing: the answer to a failure has the first
        failure's status, and details by index. `atomic: false` does what can be done, and answers
        200 with a status for each index and `meta.failed`.
        """
        asked = BatchSerializer(data=self.body())
        asked.is_valid(raise_exception=True)
        operations = asked.validated_data["operations"]
        self._lock_in_one_order(operations)
        outcomes = [self._outcome(operation) for operation in operations]
        failed = [(i, each) for i, each in enumerate(outcomes) if each.failure is not None]
        if failed and asked.validated_data["atomic"]:
            raise BatchRefused(failed)
        return self.respond(self._reported(outcomes), failed=len(failed))

    def _lock_in_one_order(self, operations: Sequence[dict[str, Any]]) -> None:
        """Lock all that is there, by id: two batches at once then wait, and do not dead-lock."""
        everything: Any = self.get_queryset()
        rows = everything.with_ids([each["id"] for each in operations if "id" in each])
        deletes = any(each["op"] == "delete" for each in operations)
        locked = rows.select_for_update(of=("self",), no_key=not deletes)
        list(locked.order_by("pk").values_list("pk"))

    def _outcome(self, operation: dict[str, Any]) -> Outcome:
        """Do one operation, in a savepoint. What nobody foresaw, or passes by itself, crosses."""
        op = OPERATIONS[operation["op"]]
        try:
            with transaction.atomic():
                return Outcome(op.status, pk=self._do(op, operation))
        except Exception as error:
            refusal = refusal_of(error, op.method)
            if refusal is None or refusal.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            failure: Any = refusal.data
            return Outcome(refusal.status_code, failure=failure)

    def _do(self, op: Operation, operation: dict[str, Any]) -> int | None:
        """The id of what is there afterwards."""
        if not self.request.user.has_perm(right_to(op.right, self.get_queryset().model)):
            raise NotAllowed(f"You do not have the right to {operation['op']}.")
        data = operation.get("data", {})
        if "id" not in op.needs:
            return self.make(data).pk
        row = self.get_row(operation["id"], locked_for=op.right)
        conditional.require_version(row, operation.get("version"))
        if "data" not in op.needs:
            self.perform_destroy(row)
            return None
        self.change(row, data, partial=True)
        pk: int = row.pk
        return pk

    def _reported(self, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
        """The outcomes as they are answered, with each row as it stands after all of them."""
        rows = self.reading().with_ids([each.pk for each in outcomes if each.pk])
        shown = dict(zip(rows.pks, rows.data, strict=True))
        return [
            {
                "index": index,
                "status": each.status,
                "data": None if each.pk is None else shown.get(each.pk),
                "error": None if each.failure is None else each.failure.error(),
            }
            for index, each in enumerate(outcomes)
        ]
