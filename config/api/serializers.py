"""What every resource's serializer has in common: strict names, strict types, honest PUT."""

from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.utils.text import format_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty
from rest_framework.utils.formatting import lazy_format
from rest_framework.utils.serializer_helpers import BindingDict

from config.api import fields
from config.api.takers import Taker, taker_of

MANY_UNKNOWN = 20  # so many names that are unknown are told


def _speak_each_language(field: Any) -> None:
    """Let messages be made for each reader anew: DRF's keep the words of the first."""
    for validator in field.validators:
        message = getattr(validator, "message", None)
        if isinstance(message, lazy_format):
            form: Any = message.format_string  # in no language yet
            validator.message = format_lazy(form, *message.args, **message.kwargs)
    for inner in [getattr(field, "child", None), *getattr(field, "fields", {}).values()]:
        if inner is not None:
            _speak_each_language(inner)


class Written(NamedTuple):
    """A field that can be written, and what is to be known of it to validate what was sent."""

    name: str
    field: Any
    speaks: bool  # when it is not sent
    take: Taker
    judge: Any  # the serializer's own method for what was taken, or None


class StrictSerializer(serializers.Serializer):
    """Refuses names that it does not have (`unknown_field`); read-only ones are ignored."""

    @property
    def _writable_fields(self) -> Any:
        """The fields that DRF validates: what was sent, and what is not to be left out.

        (DRF asks each of the others too, only to hear by an exception that it has nothing to say.)
        """
        sent = getattr(self, "initial_data", None)
        for each in self.written:
            if each.speaks or sent is None or each.name in sent:
                yield each.field

    @cached_property
    def written(self) -> list[Written]:
        """The fields that can be written."""
        return [
            Written(
                name,
                field,
                field.required or field.default is not empty,
                taker_of(field),
                getattr(type(self), f"validate_{name}", None),
            )
            for name, field in self.fields.items()
            if not field.read_only
        ]

    @cached_property
    def known(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(self.fields)

    def run_validators(self, value: Any) -> None:
        """What validates the whole, of which most have nothing.

        (DRF first looks for what is only read and has a default, for validators of uniqueness.)
        """
        if self.validators:
            super().run_validators(value)

    def to_internal_value(self, data: Any) -> Any:
        """The validated values. Raises ValidationError with every bad field at once."""
        if (taken := self._taken_at_once(data)) is not None:
            return taken
        errors: dict[str, Any] = {}
        if isinstance(data, dict):
            unknown = [str(name) for name in data if name not in self.fields]
            told = [name[: fields.SHOWN_LENGTH] for name in unknown[:MANY_UNKNOWN]]
            errors = {name: [self._unknown()] for name in told}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail: Any = error.detail
            raise serializers.ValidationError({**detail, **errors}) from error
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _taken_at_once(self, data: Any) -> dict[str, Any] | None:
        """The same of a body of which all is plainly well; None where DRF has to look."""
        if type(data) is not dict or not self.known.issuperset(data):
            return None
        values: dict[str, Any] = {}
        try:
            for name, field, speaks, take, judge in self.written:
                if name in data:
                    value = take(data[name])
                    values[field.source] = value if judge is None else judge(self, value)
                elif speaks and not self.partial:
                    return None
        except (serializers.ValidationError, DjangoValidationError, serializers.SkipField):
            return None
        return values

    def with_sent(self, sent: Any, instance: Any = None, *, context: Any) -> Self:
        """Another serializer, of what was sent; all else is as with this, which `stands_for_all`.

        DRF's takes as long to make as to validate by.
        """
        serializer: Any = object.__new__(type(self))
        serializer.__dict__.update(self.__dict__)
        serializer.instance, serializer.initial_data = instance, sent
        serializer._context = context  # noqa: SLF001  as its __init__ does
        return serializer  # type: ignore[no-any-return]

    def _unknown(self) -> ErrorDetail:
        known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
        return ErrorDetail(f"There is no such field; there are: {known}.", code="unknown_field")


Strict = TypeVar("Strict", bound=StrictSerializer)


def stands_for_all(serializer: Strict) -> Strict:
    """This one, of which is found out what it has in common with all others that are made alike.

    To look at a model, or to copy what is declared, takes longer than to validate by it; and fields
    keep nothing of what they validate.
    """
    bound = BindingDict(serializer)
    for name, field in serializer.get_fields().items():
        bound[name] = field
        _speak_each_language(field)
    serializer.__dict__["fields"] = bound
    for name in ("written", "known", "validators"):  # found out when they are first asked for
        getattr(serializer, name)
    return serializer


class ResourceSerializer(StrictSerializer, serializers.ModelSerializer):
    """A model as a resource: GET's answer can be PUT back, PATCH touches only what is sent.

    Uniqueness is not asked beforehand: the write itself finds out, and answers 409.
    """

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: fields.TextField,
        models.TextField: fields.TextField,
        models.EmailField: fields.EmailField,
        models.PositiveSmallIntegerField: fields.IntegerField,
        models.PositiveIntegerField: fields.IntegerField,
        models.BooleanField: fields.BooleanField,
        models.DecimalField: fields.DecimalField,
        models.JSONField: fields.JSONObjectField,
    }
    serializer_choice_field = fields.ChoiceField

    def get_unique_together_validators(self) -> list[Any]:
        """None: see the class."""
        return []

    def get_unique_for_date_validators(self) -> list[Any]:
        """None: see the class."""
        return []

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """The field's arguments, without a validator that would ask for uniqueness."""
        kwargs["validators"] = [
            validator
            for validator in kwargs.get("validators", [])
            if not hasattr(validator, "queryset")
        ]
        return super().include_extra_kwargs(kwargs, extra_kwargs)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values; a PUT resets what it leaves out to the model's defaults."""
        if self.instance is not None and not self.partial:
            return {**self._defaults(), **attrs}
        return attrs

    def _defaults(self) -> dict[str, Any]:
        """What a PUT sets where nothing is sent; what is only written (a password) stays."""
        return {
            str(field.source): [] if column.many_to_many else column.get_default()
            for field in self.fields.values()
            if not (field.required or field.read_only or field.write_only)
            for column in [self._column(field.source)]
        }

    def _column(self, name: str | None) -> Any:
        model: type[models.Model] = self.Meta.model
        return model._meta.get_field(name or "")

    @classmethod
    def about(cls, sent: Any, instance: Any = None, *, partial: bool, context: Any) -> Self:
        """A serializer of what was sent, as `cls(instance, data=sent, …)` would be."""
        standing: Self = _standing(cls, partial=partial)
        return standing.with_sent(sent, instance, context=context)

    @cached_property
    def fields(self) -> Any:
        """The fields, made once for all serializers of a class."""
        return _standing(type(self), partial=self.partial).fields

    def to_internal_value(self, data: Any) -> Any:
        """The validated values. Raises ValidationError with every bad field at once.

        References that name nothing are among them; where all else is well, the write tells.
        """
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            detail: Any = error.detail
            raise serializers.ValidationError({**self._dangling(data), **detail}) from error

    def _dangling(self, data: Any) -> dict[str, Any]:
        """What is wrong with the references of a body that is refused anyhow."""
        found: dict[str, Any] = {}
        for field in self._writable_fields:
            if isinstance(field, fields.ReferenceField) and isinstance(data, dict):
                value = data.get(str(field.field_name))
                try:
                    if value is not None:
                        field.check(field.run_validation(value))
                except serializers.ValidationError as error:
                    found[str(field.field_name)] = error.detail
        return found


@cache
def _standing(kind: type[Any], *, partial: bool) -> Any:
    return stands_for_all(kind(partial=partial))


class SummarySerializer(serializers.Serializer):
    """A related row in few words, read only: `{"id": 3, "name": "Laptops"}`."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
