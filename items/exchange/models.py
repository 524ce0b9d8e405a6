"""Imports, and the numbers by which other systems call what we keep."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.errors import DomainError
from items.catalogue.models import Item
from items.exchange.querysets import ImportQuerySet
from items.stock.models import Location

FILE_NAME_MAX_LENGTH = 255
FORMAT_MAX_LENGTH = 50
SOURCE_MAX_LENGTH = 50
KEY_MAX_LENGTH = 255
STAGING = "import_"  # begins the name of the schema in which an import's rows are


class Import(models.Model):
    """A file that is planned, applied, and maybe undone. Its rows are in a schema of its own.

    `options` say how it is to be read (see services.Options), `columns` which header became which
    field, `totals` how many rows have which outcome; `notes` and `problem` are for a person.
    """

    class Status(models.TextChoices):
        """What has become of it."""

        WAITING = "waiting", "waiting to be planned"
        PLANNING = "planning", "being planned"
        PLANNED = "planned", "planned"
        APPLYING = "applying", "being applied"
        APPLIED = "applied", "applied"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"
        FAILED = "failed", "failed"

    file_name = models.CharField("file", max_length=FILE_NAME_MAX_LENGTH)
    stored_as = models.CharField(max_length=FILE_NAME_MAX_LENGTH, blank=True, default="")
    format = models.CharField(max_length=FORMAT_MAX_LENGTH, blank=True, default="")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    options = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    problem = models.TextField(blank=True, default="")
    asks = models.JSONField(default=dict, help_text="What has to be said: option, choices.")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose it is; nobody's when a command made it.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    planned_at = models.DateTimeField(null=True, editable=False)
    applied_at = models.DateTimeField(null=True, editable=False)
    undone_at = models.DateTimeField(null=True, editable=False)

    objects = ImportQuerySet.as_manager()

    # Why the plan that was just tried has failed, for whoever waits for it.
    refusal: DomainError | None = None

    class Meta:
        default_permissions = ("view", "add")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        *("waiting", "planning", "planned", "applying"),
                        *("applied", "undoing", "undone", "failed"),
                    ]
                ),
                name="import_status_known",
            ),
        ]
        indexes = [models.Index(fields=["actor", "id"], name="import_by_actor")]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.file_name}"

    @property
    def cause(self) -> str:
        """How the history names it."""
        return f"import {self.pk}"

    @property
    def schema(self) -> str:
        """Where its rows are."""
        return f"{STAGING}{self.pk}"

    def rows_with(self, outcome: str) -> int:
        """How many rows have an outcome."""
        found: int = self.totals.get(outcome, 0)
        return found

    @property
    def changes(self) -> int:
        """How many rows would change something."""
        return sum(self.rows_with(outcome) for outcome in ("create", "update", "count"))


class ExternalKey(models.Model):
    """How another system calls something of ours, and what it says of it that we have no field for.

    By it a later file of the same source finds the same thing again, whatever it is called then.
    """

    source = models.CharField(max_length=SOURCE_MAX_LENGTH)
    key = models.CharField(max_length=KEY_MAX_LENGTH)
    item = models.ForeignKey(
        Item, models.CASCADE, null=True, blank=True, related_name="external_keys"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    location = models.ForeignKey(Location, models.CASCADE, null=True, blank=True, related_name="+")
    more = models.JSONField(default=dict)

    objects: Any = models.Manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], condition=Q(item__isnull=False), name="external_key_item"
            ),
            models.UniqueConstraint(
                fields=["source", "key"], condition=Q(user__isnull=False), name="external_key_user"
            ),
            models.UniqueConstraint(
                fields=["source", "key"],
                condition=Q(location__isnull=False),
                name="external_key_location",
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False, user__isnull=True, location__isnull=True)
                | Q(item__isnull=True, user__isnull=False, location__isnull=True)
                | Q(item__isnull=True, user__isnull=True, location__isnull=False),
                name="external_key_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"
