"""What the apps show on a record's page above its form."""

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.http import HttpRequest


@dataclass(frozen=True)
class Panel:
    """A part of a page: a template, which finds itself as `panel`, and what it shows."""

    template: str
    shows: dict[str, Any] = field(default_factory=dict)


def panels_of(request: HttpRequest, record: models.Model) -> list[Panel]:
    """What each app that has something to say about a record shows to whoever asks."""
    return [
        panel
        for app in apps.get_app_configs()
        if hasattr(app, "panels")
        for panel in app.panels(request, record)
    ]
