"""What can be exported at all: the apps say it, by the views of the API that export it."""

from typing import Any

from django.apps import apps


def subjects() -> dict[str, Any]:
    """{name: the ExportingViewSet} of everything: what each AppConfig's `exports()` names."""
    found = [view for app in apps.get_app_configs() for view in getattr(app, "exports", list)()]
    return {view.exported.name: view for view in found}
