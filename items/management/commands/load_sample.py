"""manage.py load_sample: a small organisation to look around in."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import history
from config.caching import invalidate
from items.models import Category, Item
from items.trees import PATH_SEPARATOR

SAMPLE = Path(__file__).resolve().parents[2] / "sample"


class Command(BaseCommand):
    """Loads items/sample/*.csv, in one transaction."""

    help = (
        "Load the sample: Haneul Lab, 25 people and 300 items. Only into a register that holds "
        "administrators at most."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do when there is something already."""
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing, quietly, if anything or anybody is there, an administrator too",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it. Raises CommandError when the register is not empty."""
        people = get_user_model().objects.all()
        nothing_yet = not (Item.objects.exists() or Category.objects.exists())
        if options["if_empty"] and not (nothing_yet and not people.exists()):
            return
        if not nothing_yet or people.filter(is_superuser=False).exists():
            raise CommandError("The register is not empty; the sample is for a new one.")
        with history.written_by(None, via="command load_sample"):
            people = self.load_people()
            categories = self.load_categories()
            items = Item.objects.bulk_create(
                Item(
                    **_texts(row),
                    category_id=categories[row["category"]],
                    owner_id=people.get(row["owner"]),
                    unit_price=Decimal(row["unit_price"]) if row["unit_price"] else None,
                    reorder_point=Decimal(row["reorder_point"]) if row["reorder_point"] else None,
                    tags=row["tags"].split(";") if row["tags"] else [],
                    attributes=json.loads(row["attributes"] or "{}"),
                    barcode=row["barcode"] or None,
                    serial_number=row["serial_number"] or None,
                )
                for row in _rows("items")
            )
            invalidate("items.Item")
        self.stdout.write(
            f"Loaded the sample: {len(items)} items, {len(categories)} categories, "
            f"{len(people)} people."
        )

    def load_people(self) -> dict[str, int]:
        """{email: id} of the people, each in their group. None of them can log in."""
        groups = {group.name: group for group in Group.objects.all()}
        people = {}
        for row in _rows("people"):
            person = get_user_model().objects.create_user(
                row["email"],
                name=row["name"],
                age=int(row["age"]) if row["age"] else None,
                is_active=row["is_active"] == "true",
                is_staff=row["is_staff"] == "true",
            )
            if row["groups"]:
                person.groups.add(groups[row["groups"]])
            people[person.email] = person.pk
        return people

    def load_categories(self) -> dict[str, int]:
        """{path: id} of the categories; a parent stands before its children."""
        made: dict[str, int] = {}
        for row in _rows("categories"):
            above, _, name = row["path"].rpartition(PATH_SEPARATOR)
            made[row["path"]] = Category.objects.create(name=name, parent_id=made.get(above)).pk
        return made


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _texts(row: dict[str, str]) -> dict[str, str]:
    return {k: row[k] for k in ("sku", "name", "description", "status", "unit", "currency")}
