"""The whole, through a running server."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import psutil

from tests.live import ADMIN_EMAIL, ADMIN_PASSWORD, Server, wait_until_ready
from users.authentication import REMEMBERED_S

AT_ONCE = 8


def new_sku() -> str:
    return f"SKU-{uuid4().hex[:12]}"


def test_a_newcomer_gets_through_when_they_log_in_and_work(server: Server) -> None:
    with server.client() as client:
        made = client.post("/auth/token", json={"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD})
        assert made.status_code == 201
        client.headers["Authorization"] = f"Bearer {made.json()['data']['token']}"
        category = client.post("/categories", json={"name": f"Chairs {uuid4().hex}"}).json()["data"]
        item = client.post(
            "/items",
            json={"sku": new_sku(), "name": "의자 (메쉬)", "category_id": category["id"]},
        ).json()["data"]
        assert item["category"] == {"id": category["id"], "name": category["name"]}
        found = client.get("/items", params={"search": "의자", "category": category["id"]}).json()
        assert [row["id"] for row in found["data"]] == [item["id"]]
        changed = client.patch(f"/items/{item['id']}", json={"unit_price": "12.30"})
        assert changed.json()["data"]["version"] == 2
        history = client.get(f"/items/{item['id']}/history").json()["data"]
        assert [change["action"] for change in history] == ["updated", "created"]
        assert client.delete("/auth/token").json()["data"] is None
        time.sleep(REMEMBERED_S)
        assert client.get("/items").status_code == 401


def test_one_wins_and_the_others_conflict_when_many_make_one_sku_at_once(
    admin: httpx.Client, many: Callable[[int], list[httpx.Client]]
) -> None:
    body = {"sku": new_sku(), "name": "Wanted by many"}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda client: client.post("/items", json=body), many(AT_ONCE)))
    assert Counter(a.status_code for a in answers) == {201: 1, 409: AT_ONCE - 1}
    assert admin.get("/items", params={"sku": body["sku"]}).json()["meta"]["total"] == 1


def test_nothing_is_lost_when_many_change_different_fields_of_one_item_at_once(
    admin: httpx.Client, many: Callable[[int], list[httpx.Client]]
) -> None:
    item = admin.post("/items", json={"sku": new_sku(), "name": "Busy"}).json()["data"]
    changes: list[dict[str, Any]] = [
        {"name": "Busier"},
        {"description": "edited"},
        {"unit": "box"},
        {"tags": ["a"]},
        {"barcode": uuid4().hex},
        {"status": "draft"},
    ]
    with ThreadPoolExecutor(len(changes)) as pool:
        pairs = zip(many(len(changes)), changes, strict=True)
        done = list(pool.map(lambda p: p[0].patch(f"/items/{item['id']}", json=p[1]), pairs))
    assert {answer.status_code for answer in done} == {200}
    now = admin.get(f"/items/{item['id']}").json()["data"]
    wanted = {name: value for change in changes for name, value in change.items()}
    assert {name: now[name] for name in wanted} == wanted
    assert now["version"] == 1 + len(changes)


def test_it_goes_on_when_a_worker_is_killed(server: Server, admin: httpx.Client) -> None:
    web_server = psutil.Process(server.process.pid).children()[0]
    victim = web_server.children()[-1]
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait(5)
    wait_until_ready(server)
    with httpx.Client(base_url=admin.base_url, headers=admin.headers, timeout=30) as client:
        assert client.get("/items").status_code == 200


def test_the_admin_lets_in_whoever_has_the_password(server: Server) -> None:
    with httpx.Client(base_url=server.url, follow_redirects=True) as browser:
        page = browser.get("/")
        assert "Stockroom" in page.text
        signed_in = browser.post(
            "/admin/login/?next=/admin/",
            data={
                "username": ADMIN_EMAIL,
                "password": ADMIN_PASSWORD,
                "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            },
            headers={"Referer": str(page.url)},
        )
        assert "active items" in signed_in.text


def test_static_files_and_the_documentation_come_from_us(server: Server) -> None:
    page = httpx.get(f"{server.url}/api/v1/docs")
    assert page.status_code == 200
    assert "http://" not in page.text.replace(server.url, "")
    assert "https://" not in page.text
    assert httpx.get(f"{server.url}/static/stockroom/admin.css").status_code == 200
