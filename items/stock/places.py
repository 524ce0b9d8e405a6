"""Locations by their whole path, as people know them."""

from functools import cached_property

from config.caching import cached
from items.stock.models import Location

TTL_S = 300


@cached(ttl=TTL_S, depends_on=("items.Location",))
def location_paths() -> dict[str, str]:
    """{id: path} of all but the persons', in alphabetical order of the paths."""
    paths = Location.objects.impersonal().paths()
    return {str(pk): path for pk, path in sorted(paths.items(), key=lambda pair: pair[1].lower())}


class Paths:
    """Calls a location by its path ("Main store / Shelf 2"), a person's by their name.

    The paths are read once, when the first is asked for: one of these serves a page.
    """

    @cached_property
    def known(self) -> dict[str, str]:
        """The paths, by the ids of the locations."""
        return location_paths()

    def __call__(self, location: Location) -> str:
        """The path."""
        return self.known.get(str(location.pk), str(location))
