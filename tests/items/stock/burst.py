"""A process that books in a burst, and reports each commit; made to be killed."""

import sys

import django

django.setup()

from decimal import Decimal  # noqa: E402

from django.db import transaction  # noqa: E402

from items.models import Item  # noqa: E402
from items.stock import services  # noqa: E402
from items.stock.models import Location  # noqa: E402


def main(name: str, *skus: str) -> None:
    """Receive some of each item in one transaction, again and again, until it is killed."""
    shelf = Location.objects.get(name="Shelf")
    items = [Item.objects.get(sku=sku) for sku in skus]
    number = 0
    while True:
        reference = f"{name}-{number}"
        with transaction.atomic():
            services.lock_in_one_order(items)
            for item in items:
                services.receive_stock(
                    actor=None,
                    item=item,
                    destination=shelf,
                    quantity=Decimal(2),
                    reference=reference,
                )
        print(reference, flush=True)  # noqa: T201  this is the report
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
