"""Safe writes when many write at once, over HTTP to two server processes."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx

Clients = Callable[[int], list[httpx.Client]]


def at_once(clients: list[httpx.Client], call: Callable[[httpx.Client], Any]) -> list[Any]:
    """What each client's call answers, all of them made at the same moment."""
    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(call, clients))


def new_sku() -> str:
    return f"SKU-{uuid4().hex[:12]}"


def new_item(admin: httpx.Client) -> str:
    """The path of an item of its own."""
    made = admin.post("/items", json={"sku": new_sku(), "name": "Old"}).json()["data"]
    return f"/items/{made['id']}"


def test_one_item_and_20_equal_answers_when_20_posts_have_one_key(
    admin: httpx.Client, many: Clients
) -> None:
    body, headers = {"sku": new_sku(), "name": "Once"}, {"Idempotency-Key": uuid4().hex}
    answers = at_once(many(20), lambda c: c.post("/items", json=body, headers=headers))
    assert Counter(answer.status_code for answer in answers) == {201: 20}
    assert len({answer.content for answer in answers}) == 1
    assert len({(answer.headers["Location"], answer.headers["ETag"]) for answer in answers}) == 1
    replayed = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers)
    assert replayed == {"true": 19, None: 1}
    found = admin.get("/items", params={"sku": body["sku"]}).json()
    assert found["meta"]["total"] == 1


def test_each_key_makes_one_item_when_many_keys_are_sent_four_times_each(
    admin: httpx.Client, many: Clients
) -> None:
    prefix, clients = new_sku(), many(8)
    jobs = [(n, clients[(n + time) % 8]) for n in range(20) for time in range(4)]

    def post(job: tuple[int, httpx.Client]) -> tuple[int, int, Any]:
        number, client = job
        body = {"sku": f"{prefix}-{number}", "name": "Once"}
        answer = client.post("/items", json=body, headers={"Idempotency-Key": f"{prefix}{number}"})
        return number, answer.status_code, answer.json()["data"]["id"]

    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(post, jobs))
    assert len(outcomes) == 20
    assert {status for _, status, _ in outcomes} == {201}
    assert admin.get("/items", params={"search": prefix}).json()["meta"]["total"] == 20


def test_the_second_does_the_work_when_the_first_with_its_key_failed(many: Clients) -> None:
    sku, key = new_sku(), uuid4().hex
    bodies = [{"sku": sku, "name": ""}, {"sku": sku, "name": "Sound"}]
    pairs = list(zip(many(8), bodies * 4, strict=True))
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda p: p[0].post("/items", json=p[1], headers={"Idempotency-Key": key}), pairs
            )
        )
    sound = [answer for answer, (_, body) in zip(answers, pairs, strict=True) if body["name"]]
    others = {answer.status_code for answer in answers} - {201}
    assert {answer.status_code for answer in sound} == {201}
    assert len({answer.json()["data"]["id"] for answer in sound}) == 1
    assert others <= {422, 409}


def test_one_200_and_49_times_412_when_50_patch_one_version(
    admin: httpx.Client, many: Clients
) -> None:
    path = new_item(admin)
    tag = {"If-Match": admin.get(path).headers["ETag"]}
    names = iter(range(50))
    answers = at_once(
        many(50), lambda c: c.patch(path, json={"name": f"New {next(names)}"}, headers=tag)
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 49}
    winner = next(answer for answer in answers if answer.status_code == 200).json()["data"]
    now = admin.get(path).json()["data"]
    assert (now["name"], now["version"]) == (winner["name"], 2)


def test_every_edit_lasts_when_each_reads_and_tries_again(
    admin: httpx.Client, many: Clients
) -> None:
    path = (
        f"/items/{admin.post('/items', json={'sku': new_sku(), 'name': 'N'}).json()['data']['id']}"
    )
    editors, edits = 6, 5

    def edit(client: httpx.Client) -> None:
        done = 0
        while done < edits:
            read = client.get(path)
            seen = int(read.json()["data"]["description"] or 0)
            answer = client.patch(
                path,
                json={"description": str(seen + 1)},
                headers={"If-Match": read.headers["ETag"]},
            )
            assert answer.status_code in {200, 412}
            done += answer.status_code == 200

    at_once(many(editors), edit)
    assert admin.get(path).json()["data"]["description"] == str(editors * edits)


def test_each_batch_is_whole_or_not_there_when_batches_cross(
    admin: httpx.Client, many: Clients
) -> None:
    """They take the same SKUs in turned orders, which dead-locks: one wins, and none can hang.

    Who loses against several others in a row is told to come again.
    """
    skus = [new_sku() for _ in range(20)]

    def batch(client: httpx.Client) -> tuple[int, str]:
        owner = uuid4().hex
        turned = skus if int(owner[0], 16) % 2 else skus[::-1]
        operations = [
            {"op": "create", "data": {"sku": sku, "name": "N", "description": owner}}
            for sku in turned
        ]
        answer = client.post("/items/batch", json={"operations": operations})
        return answer.status_code, owner

    outcomes = at_once(many(8), batch)
    winners = [owner for status, owner in outcomes if status == 200]
    assert len(winners) == 1
    assert {status for status, _ in outcomes} <= {200, 409, 503}
    found = [admin.get("/items", params={"sku": sku}).json()["data"] for sku in skus]
    assert {(len(rows), rows[0]["description"]) for rows in found} == {(1, winners[0])}


def test_no_edit_is_lost_when_batches_change_the_same_items_in_turned_orders(
    admin: httpx.Client, many: Clients
) -> None:
    made = admin.post(
        "/items/batch",
        json={
            "operations": [
                {"op": "create", "data": {"sku": new_sku(), "name": "N"}} for _ in range(10)
            ]
        },
    ).json()["data"]
    ids = [outcome["data"]["id"] for outcome in made]
    turns = iter(range(8))

    def batch(client: httpx.Client) -> int:
        turned = ids if next(turns) % 2 else ids[::-1]
        operations = [
            {"op": "update", "id": pk, "data": {"unit": uuid4().hex[:8]}} for pk in turned
        ]
        return client.post("/items/batch", json={"operations": operations}).status_code

    assert Counter(at_once(many(8), batch)) == {200: 8}
    listed = admin.get("/items", params={"ids": ",".join(map(str, ids))}).json()["data"]
    assert {row["version"] for row in listed} == {9}
