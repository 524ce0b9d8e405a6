"""A large file over the running server: received, planned, applied and undone by its worker."""

import time
from typing import Any

import httpx
import pytest

from config.sizes import MB

PATIENCE_S = 120.0
ROWS = 30_000


@pytest.fixture(scope="module")
def content() -> bytes:
    """A few MB of items."""
    lines = (
        f"IMP-{n},Thing number {n},One among many others that came from elsewhere,{n % 90}.50,EUR"
        for n in range(ROWS)
    )
    return "\n".join(["sku,name,description,unit_price,currency", *lines]).encode()


def ended(admin: httpx.Client, pk: int, *while_in: str) -> dict[str, Any]:
    """The import, when it is in none of these statuses any more."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        data: dict[str, Any] = admin.get(f"/imports/{pk}").json()["data"]
        if data["status"] not in while_in:
            return data
        time.sleep(0.2)
    raise AssertionError(f"still {data['status']}: {data['progress']}")


def test_every_row_when_a_large_file_is_imported_and_undone(
    admin: httpx.Client, content: bytes
) -> None:
    assert len(content) > 2 * MB
    file = {"file": ("items.csv", content, "text/csv")}
    sent = admin.post("/imports", data={"decimal": "point"}, files=file)
    assert (sent.status_code, sent.json()["data"]["status"]) == (201, "waiting")
    pk = sent.json()["data"]["id"]
    plan = ended(admin, pk, "waiting", "planning")
    assert (plan["status"], plan["totals"]["create"]) == ("planned", ROWS)

    begun = admin.post(f"/imports/{pk}/apply", json={})
    assert (begun.status_code, begun.json()["data"]["status"]) == (202, "applying")
    assert ended(admin, pk, "applying")["status"] == "applied"
    assert admin.get("/items?sku=IMP-29999").json()["meta"]["total"] == 1

    assert admin.post(f"/imports/{pk}/undo").status_code == 202
    assert ended(admin, pk, "undoing")["undone"]["retired"] == ROWS
