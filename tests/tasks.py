"""Tasks that only tests ask for."""

import time

from django.db import OperationalError, transaction

from config.jobs import task
from items.models import Category


@task(lock="category {name}")
def make_category(name: str) -> None:
    Category.objects.get_or_create(name=name)


@task()
def make_category_slowly(name: str, takes_s: float) -> None:
    """Made in the end; until then there is one that says that it has begun."""
    Category.objects.get_or_create(name=f"{name} begun")
    time.sleep(takes_s)
    Category.objects.get_or_create(name=name)


@task()
def ask_and_fail(name: str) -> None:
    """What it asks for is never to be done, since it has not committed."""
    with transaction.atomic():
        make_category.defer(name=name)
        raise LookupError


@task()
def ask(name: str) -> None:
    make_category.defer(name=name)


def _note(name: str) -> None:
    Category.objects.create(name=f"{name} failed")


@task(failed=_note)
def fail(name: str) -> None:
    raise LookupError(name)


@task(failed=_note)
def lose_database(name: str) -> None:
    raise OperationalError(name)
