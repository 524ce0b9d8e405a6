"""The words that the API's grammar says to every resource's QuerySet."""

from collections.abc import Sequence
from typing import Self, TypeVar

from django.db import models

Model = TypeVar("Model", bound=models.Model)


class ResourceQuerySet(models.QuerySet[Model]):
    """What a list of any resource can be asked for."""

    def with_ids(self, ids: Sequence[int]) -> Self:
        """Those of these ids that exist."""
        return self.filter(pk__in=ids)
