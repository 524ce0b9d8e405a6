"""The foundation as an installed app, and the admin site it brings."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """What belongs to no single app: operators' commands and the API's own grammar."""

    name = "config"
    verbose_name = "Foundation"


class StockroomAdminConfig(AdminConfig):
    """Django's admin with our first page."""

    default_site = "config.admin.StockroomAdminSite"
