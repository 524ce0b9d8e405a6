"""Rows of an ordinary Django model, written by the API's own statements."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps
from django.utils import timezone

from config.api import writing
from config.api.reading import Reading
from config.api.reads import plan_of
from config.api.serializers import ResourceSerializer
from config.querysets import ResourceQuerySet

MINUTE = timedelta(minutes=1)


@pytest.fixture
def makers(db: None) -> Iterator[Reading]:
    """Makers, a table that only this knows."""
    with isolate_apps("items"):

        class Maker(models.Model):
            name = models.CharField(max_length=20, default="nobody")
            made_at = models.DateTimeField(auto_now_add=True)
            changed_at = models.DateTimeField(auto_now=True)

            objects = ResourceQuerySet.as_manager()

            class Meta:
                app_label = "items"

            def __str__(self) -> str:
                return self.name

        class MakerSerializer(ResourceSerializer):
            class Meta:
                model = Maker
                fields = ("id", "name", "made_at", "changed_at")

        with connection.schema_editor() as editor:
            editor.create_model(Maker)
        yield Reading(Maker.objects.all(), plan_of(MakerSerializer))


def an_hour_ago(makers: Reading) -> dict[str, Any]:
    """One that was made and changed then."""
    pk = writing.insert(makers, {"name": "sony"}).pk
    then = timezone.now() - timedelta(hours=1)
    makers.everything.filter(pk=pk).update(made_at=then, changed_at=then)
    return {"pk": pk, "then": then}


def test_default_stands_when_nothing_is_sent(makers: Reading) -> None:
    assert writing.insert(makers, {}).data["name"] == "nobody"


def test_moments_tell_themselves_when_a_row_is_made(makers: Reading) -> None:
    data = writing.insert(makers, {"name": "sony"}).data
    assert timezone.now() - data["made_at"] < MINUTE
    assert timezone.now() - data["changed_at"] < MINUTE


def test_moment_of_the_change_alone_is_new_when_a_row_is_changed(makers: Reading) -> None:
    old = an_hour_ago(makers)
    data = writing.update(makers, old["pk"], {"name": "Sony"}).data
    assert (data["name"], data["made_at"]) == ("Sony", old["then"])
    assert timezone.now() - data["changed_at"] < MINUTE


def test_no_moment_is_new_when_nothing_is_changed(makers: Reading) -> None:
    old = an_hour_ago(makers)
    assert writing.update(makers, old["pk"], {}).data["changed_at"] == old["then"]
