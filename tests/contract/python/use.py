"""A consumer's program: log in, make an item, read it, page, change it, be refused, make many.

python use.py URL EMAIL PASSWORD SKU
"""

import sys
from http import HTTPStatus

from stockroom_client import AuthenticatedClient, Client
from stockroom_client.api.auth import log_in
from stockroom_client.api.items import batch_items, create_item, get_item, list_items, update_item
from stockroom_client.models import (
    Currency,
    ErrorCode,
    Failure,
    Item,
    ItemBatchRequest,
    ItemDeleteRequest,
    ItemListResponse,
    ItemOutcomeListResponse,
    ItemRequest,
    ItemResponse,
    ItemSelection,
    ItemSelectionResponse,
    LogInRequest,
    NewTokenResponse,
    PatchedItemRequest,
)

url, email, password, sku = sys.argv[1:]

session = log_in.sync(client=Client(url), body=LogInRequest(email=email, password=password))
assert isinstance(session, NewTokenResponse)
client = AuthenticatedClient(url, token=session.data.token)

lamp = ItemRequest(sku=sku, name="Desk lamp", unit_price="39.90", currency=Currency.EUR)
made = create_item.sync(client=client, body=lamp, idempotency_key=sku)
assert isinstance(made, ItemResponse)
assert (made.data.unit_price, made.data.version) == ("39.90", 1)

answer = get_item.sync_detailed(made.data.id, client=client)
assert isinstance(answer.parsed, ItemSelectionResponse)
assert isinstance(answer.parsed.data, Item)
assert answer.parsed.data == made.data
tag = answer.headers["ETag"]
again = get_item.sync_detailed(made.data.id, client=client, if_none_match=tag)
assert again.status_code == HTTPStatus.NOT_MODIFIED

skus: list[str] = []
cursor: str | None = ""
while cursor is not None:
    page = list_items.sync(client=client, cursor=cursor, page_size=2, fields="sku", ordering="sku")
    assert isinstance(page, ItemListResponse)
    for row in page.data:
        assert isinstance(row, ItemSelection)
        assert isinstance(row.sku, str)
        skus.append(row.sku)
    assert page.meta.next_cursor is None or isinstance(page.meta.next_cursor, str)
    cursor = page.meta.next_cursor
assert sku in skus
assert len(set(skus)) == len(skus)

floor_lamp = PatchedItemRequest(name="Floor lamp")
changed = update_item.sync(made.data.id, client=client, body=floor_lamp, if_match=tag)
assert isinstance(changed, ItemResponse)
assert changed.data.name == "Floor lamp"

overtaken = update_item.sync_detailed(made.data.id, client=client, body=floor_lamp, if_match=tag)
assert overtaken.status_code == HTTPStatus.PRECONDITION_FAILED
assert isinstance(overtaken.parsed, Failure)
assert overtaken.parsed.error.code is ErrorCode.PRECONDITION_FAILED

refused = create_item.sync_detailed(client=client, body=ItemRequest(sku="", name="Nameless"))
assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
assert isinstance(refused.parsed, Failure)
assert [detail.field for detail in refused.parsed.error.details] == ["sku"]

batch = ItemBatchRequest(operations=[ItemDeleteRequest(id=made.data.id, op="delete")])
outcomes = batch_items.sync(client=client, body=batch)
assert isinstance(outcomes, ItemOutcomeListResponse)
assert (outcomes.data[0].status, outcomes.data[0].error, outcomes.meta.failed) == (200, None, 0)
