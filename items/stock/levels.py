"""What is where, now and at any moment before."""

from datetime import datetime

from items.catalogue.models import Item
from items.stock.models import Location, Movement, StockLevel


def levels_of(item: Item, *, as_of: datetime | None = None) -> list[StockLevel]:
    """The levels of an item that are not empty, by their locations' names; now, or at a moment.

    Those of a moment are added up from the movements until then; they are no rows of the table.
    """
    if as_of is None:
        return list(StockLevel.objects.of_item(item.pk).occupied().with_relations().by_location())
    sums = Movement.objects.of_item(item.pk).filter(created_at__lte=as_of).levels()
    quantities = {each["location"]: each["quantity"] for each in sums}
    locations = Location.objects.with_ids(list(quantities)).with_relations().by_name()
    return [
        StockLevel(item=item, location=location, quantity=quantities[location.pk])
        for location in locations
    ]
