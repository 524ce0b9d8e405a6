"""What a request costs as the register grows: one client, request after request."""

from dataclasses import dataclass

import httpx

from tests.benchmarks.measure import Result, run
from tests.benchmarks.stage import Load, Target

SECONDS = 3
PAGES = 100  # that the deep cursor has behind it
ITEMS, MOVEMENTS = "/api/v1/items", "/api/v1/movements"


@dataclass(frozen=True)
class Growth:
    """The latencies of each kind of request at one size of the register."""

    items: int
    results: dict[str, Result]

    def row(self) -> list[str]:
        """As it is printed: the median and the 95th of a hundred, in milliseconds."""
        each = self.results.values()
        return [f"{self.items:,}", *(f"{one.p50_ms:.1f} / {one.p95_ms:.1f}" for one in each)]


def measure(target: Target, load: Load, items: int) -> Growth:
    """The latencies at the present size."""
    half = items // 50 // 2
    paths = {
        "first page": f"{ITEMS}?page=1",
        "page in the middle": f"{ITEMS}?page={half}",
        "cursor, 100 pages deep": f"{ITEMS}?cursor={_deep_cursor(target, load)}",
        "by price": f"{ITEMS}?ordering=-unit_price",
        "search, found in many": f"{ITEMS}?search=chair",
        "search, found in few": f"{ITEMS}?search=demo-0000777",
        "search, mistyped": f"{ITEMS}?search=chiar",
        "drafts by name": f"{ITEMS}?status=draft&ordering=name",
        "low stock": f"{ITEMS}?low_stock=true",
        "by name, far": f"{ITEMS}?ordering=name&page={half}",
        "movements": MOVEMENTS,
        "movements until long ago": f"{MOVEMENTS}?to=2024-06-01T00:00:00Z",
        "movements of a day": f"{MOVEMENTS}?from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z",
    }
    results = {
        name: run(target, load, "path", seconds=SECONDS, connections=1, path=path)
        for name, path in paths.items()
    }
    results["one item"] = run(target, load, "detail", seconds=SECONDS, connections=1)
    return Growth(items, results)


def _deep_cursor(target: Target, load: Load) -> str:
    headers = {"Authorization": f"Bearer {load.token}"}
    cursor = ""
    with httpx.Client(base_url=target.url, headers=headers) as client:
        for _ in range(PAGES):
            page = client.get(ITEMS, params={"cursor": cursor, "fields": "id"}).json()
            cursor = page["meta"]["next_cursor"]
    return cursor
