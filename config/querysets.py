"""The words that the API's grammar says to every resource's QuerySet."""

from collections.abc import Sequence
from typing import Any, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

Model = TypeVar("Model", bound=models.Model)


class ResourceQuerySet(models.QuerySet[Model]):
    """What a list of any resource can be asked for."""

    def with_ids(self, ids: Sequence[int]) -> Self:
        """Those of these ids that exist."""
        return self.filter(pk__in=ids)


def is_one_of(name: str, values: Sequence[Any], kind: "models.Field[Any, Any]") -> models.Func:
    """The condition that a column holds one of these: one statement, however many they are."""
    return is_in_array(name, models.Value(values, ArrayField(kind)))


def is_in_array(name: str, array: Any) -> models.Func:
    """The condition that a column holds one of an array's values, which are then looked up.

    Asked whether it is `IN` a query's, PostgreSQL may as well read all that something else finds.
    """
    return models.Func(
        models.F(name),
        array,
        arg_joiner=" = ANY(",
        template="%(expressions)s)",
        output_field=models.BooleanField(),
    )
