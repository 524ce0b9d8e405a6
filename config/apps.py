"""The foundation as an installed app, and the admin site it brings."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

if TYPE_CHECKING:
    from config.pruning import Prunable

JOBS_KEPT = timedelta(days=30)  # after their end, so that one can still see what became of them


class ConfigConfig(AppConfig):
    """What belongs to no single app: operators' commands and the API's own grammar."""

    name = "config"
    verbose_name = "Foundation"

    def prunables(self) -> "list[Prunable]":
        """What `manage.py prune` may delete of the foundation's, and of Django's."""
        from django.contrib.sessions.models import Session

        from config import history, jobs
        from config.models import ANSWER_LIFE, IdempotencyRecord
        from config.pruning import Prunable

        return [
            Prunable(
                name="answers",
                what="answers kept for requests with an Idempotency-Key",
                rows=lambda before: [IdempotencyRecord.objects.filter(created_at__lt=before)],
                age=ANSWER_LIFE,
                least=ANSWER_LIFE,
            ),
            Prunable(
                name="sessions",
                what="log-ins to the admin that have expired",
                rows=lambda before: [Session.objects.filter(expire_date__lt=before)],
                age=timedelta(0),
            ),
            Prunable(
                name="jobs",
                what="jobs that have ended",
                rows=lambda before: [jobs.ended_before(before)],
                age=JOBS_KEPT,
            ),
            Prunable(
                name="history",
                what="the history of changes",
                rows=history.forgettable,
                age=None,
            ),
        ]

    def ready(self) -> None:
        """Add our checks to Django, count statements, watch what cached results depend on."""
        from config import (
            caching,
            checks,  # noqa: F401  they register themselves
            queries,
            triggers,
        )

        connection_created.connect(queries.count_statements_of)
        post_migrate.connect(triggers.install_functions, sender=self)
        for app in apps.get_app_configs():
            for label in getattr(app, "cache_versions", ()):
                caching.watch(apps.get_model(label))


class StockroomAdminConfig(AdminConfig):
    """Django's admin with our first page."""

    default_site = "config.admin.site.StockroomAdminSite"

    def ready(self) -> None:
        """Find the pages of every app, and drop those of the queue: operators have doctor."""
        from django.contrib import admin
        from procrastinate.contrib.django.models import ProcrastinateJob

        super().ready()
        admin.site.unregister(ProcrastinateJob)
