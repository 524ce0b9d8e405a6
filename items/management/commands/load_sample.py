"""manage.py load_sample: a small organisation to look around in."""

import json
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import history
from config.caching import invalidate
from items.models import Category, Item, Location
from items.sample import load_tree, rows
from items.sample.store import load_store


class Command(BaseCommand):
    """Loads items/sample/*.csv, in one transaction."""

    help = (
        "Load the sample: Haneul Lab, its 25 people and 300 items, where they are and who has "
        "them. Only into a register that holds administrators at most."
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
        # Movements are of items.
        nothing_yet = not any(model.objects.exists() for model in (Item, Category, Location))
        if options["if_empty"] and not (nothing_yet and not people.exists()):
            return
        if not nothing_yet or people.filter(is_superuser=False).exists():
            raise CommandError("The register is not empty; the sample is for a new one.")
        with history.written_by(None, via="command load_sample"):
            made = _load()
        counts = ", ".join(f"{count} {what}" for what, count in made.items())
        self.stdout.write(f"Loaded the sample: {counts}.")


def _load() -> dict[str, int]:
    """How many there are of each."""
    people, categories = _load_people(), load_tree(Category, "categories")
    items = _load_items(people, categories)
    return {
        "items": len(items),
        "categories": len(categories),
        "people": len(people),
        **load_store(people, items),
    }


def _load_people() -> dict[str, Any]:
    """{email: person}, each in their group. None of them can log in."""
    groups = {group.name: group for group in Group.objects.all()}
    people = {}
    for row in rows("people"):
        person = get_user_model().objects.create_user(
            row["email"],
            name=row["name"],
            age=int(row["age"]) if row["age"] else None,
            is_active=row["is_active"] == "true",
            is_staff=row["is_staff"] == "true",
        )
        if row["groups"]:
            person.groups.add(groups[row["groups"]])
        people[person.email] = person
    return people


def _load_items(people: dict[str, Any], categories: dict[str, Category]) -> list[Item]:
    items = Item.objects.bulk_create(
        Item(
            **{k: row[k] for k in ("sku", "name", "description", "status", "unit", "currency")},
            category=categories[row["category"]],
            owner=people.get(row["owner"]),
            unit_price=Decimal(row["unit_price"]) if row["unit_price"] else None,
            reorder_point=Decimal(row["reorder_point"]) if row["reorder_point"] else None,
            tags=row["tags"].split(";") if row["tags"] else [],
            attributes=json.loads(row["attributes"] or "{}"),
            barcode=row["barcode"] or None,
            serial_number=row["serial_number"] or None,
        )
        for row in rows("items")
    )
    invalidate("items.Item")
    return items
