"""Expressions that the first migrations of other apps are written with; the product has none."""

from django.db import models


class Normalize(models.Func):
    """PostgreSQL's normalize(text, NFKD)."""

    function = "normalize"
    template = "%(function)s(%(expressions)s, NFKD)"
    output_field = models.TextField()


class ReplaceAll(models.Func):
    """Every match of a regular expression replaced."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, 'g')"
    output_field = models.TextField()
