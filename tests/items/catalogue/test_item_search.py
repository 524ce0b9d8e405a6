"""What a search for items finds."""

import pytest
from django.test import Client

from items.models import Item
from tests.client import Api, Reply
from tests.factories import ItemFactory
from tests.items.helpers import query, sql

HANDLES = {
    "chair": {"name": "Oak Chair"},
    "cafe": {"name": "Café crème"},
    "plain cafe": {"name": "CAFE plain"},
    "korean": {"name": "사무용 의자"},
    "long korean": {"name": "접이식의자세트"},
    "part": {"name": "Filter", "description": "fits WBH-2841795 and others"},
    "barcode": {"name": "Boxed", "barcode": "4006381333931"},
    "serial": {"name": "Single", "serial_number": "PF4T7793"},
    "sku": {"name": "Numbered", "sku": "QQ-778-ZX"},
    "percent": {"name": "Wool 50% blend"},
    "not percent": {"name": "Wool 500 blend"},
    "underscore": {"name": "file_name"},
    "not underscore": {"name": "filexname"},
    "backslash": {"name": r"path\to\thing"},
    "quotes": {"name": "the 'single' and \"double\" one"},
    "coffee": {"name": "Coffee"},
}


@pytest.fixture
def register(db: None) -> dict[int, str]:
    """{id: handle} of one item of each kind."""
    return {ItemFactory.create(**fields).pk: handle for handle, fields in HANDLES.items()}


def search(api: Api, text: str) -> Reply:
    """The answer to a search."""
    return api.get(f"/items{query(search=text)}")


def found(api: Api, register: dict[int, str], text: str) -> set[str]:
    """What a search finds exactly, by its handles."""
    reply = search(api, text)
    assert reply.status == 200
    return set() if "approximate" in reply.meta else {register[row["id"]] for row in reply.data}


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("chair", {"chair"}),
        ("CHAIR", {"chair"}),
        ("hai", {"chair"}),
        ("cafe", {"cafe", "plain cafe"}),
        ("café", {"cafe", "plain cafe"}),
        ("CAFÉ", {"cafe", "plain cafe"}),
        ("cafe\u0301", {"cafe", "plain cafe"}),
        ("creme", {"cafe"}),
        ("의자", {"korean", "long korean"}),
        ("사무용", {"korean"}),
        ("WBH-2841795", {"part"}),
        ("wbh-2841795", {"part"}),
        ("2841795", {"part"}),
        ("4006381333931", {"barcode"}),
        ("81333", {"barcode"}),
        ("pf4t7793", {"serial"}),
        ("qq-778-zx", {"sku"}),
        ("778-zx", {"sku"}),
        ("50%", {"percent"}),
        ("file_name", {"underscore"}),
        (r"path\to", {"backslash"}),
        (r"\to\t", {"backslash"}),
        ("'single'", {"quotes"}),
        ('"double"', {"quotes"}),
        ("wool blend", {"percent", "not percent"}),
        ("blend wool", {"percent", "not percent"}),
        ("blend  WOOL 500", {"not percent"}),
        ("wool chair", set()),
        ("oak%chair", set()),
        ("oak_chair", set()),
        ("wo%l", set()),
    ],
)
def test_those_that_hold_it_when_searched(
    text: str, handles: set[str], api: Api, register: dict[int, str]
) -> None:
    assert found(api, register, text) == handles


@pytest.mark.parametrize(
    ("text", "handles"),
    [("의", {"korean"}), ("사", {"korean"}), ("zx", {"sku"}), ("50", {"percent", "not percent"})],
)
def test_only_where_a_word_starts_when_a_term_is_short(
    text: str, handles: set[str], api: Api, register: dict[int, str]
) -> None:
    assert found(api, register, text) == handles


@pytest.mark.parametrize(("plain", "accented"), [("ee", "éé"), ("of", "óf"), ("ca", "çâ")])
def test_the_same_when_a_short_term_has_accents_or_not(
    plain: str, accented: str, api: Api, register: dict[int, str]
) -> None:
    assert found(api, register, plain) == found(api, register, accented)


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "%%%", "___", "\\\\\\", "';--"])
def test_not_everything_when_a_sign_is_searched(
    text: str, api: Api, register: dict[int, str]
) -> None:
    assert len(found(api, register, text)) <= 1


def test_not_everything_when_only_an_accent_is_searched(api: Api, register: dict[int, str]) -> None:
    assert found(api, register, "\u0301") == set()


def test_nearest_and_said_so_when_nothing_matches(api: Api, register: dict[int, str]) -> None:
    reply = search(api, "chaiir")
    assert register[reply.data[0]["id"]] == "chair"
    assert reply.meta["approximate"] is True
    assert set(reply.meta) == {"page", "page_size", "total", "next", "previous", "approximate"}


def test_nearest_by_korean_when_nothing_matches(api: Api, register: dict[int, str]) -> None:
    reply = search(api, "사무용의자")
    assert reply.meta["approximate"] is True
    assert register[reply.data[0]["id"]] in {"korean", "long korean"}


def test_not_said_approximate_when_something_matches(api: Api, register: dict[int, str]) -> None:
    assert "approximate" not in search(api, "chair").meta


def test_empty_when_nothing_even_resembles(api: Api, register: dict[int, str]) -> None:
    assert search(api, "zzzzqqqq").data == []


def test_other_filters_hold_when_the_nearest_are_answered(api: Api) -> None:
    ItemFactory.create(name="Chair", status="retired")
    active = ItemFactory.create(name="Chairs", status="active")
    reply = api.get("/items?search=chaiirs&status=active")
    assert [row["id"] for row in reply.data] == [active.pk]


def test_nearest_by_cursor_when_nothing_matches(api: Api, register: dict[int, str]) -> None:
    meta = api.get("/items?search=chaiir&cursor=").meta
    assert meta == {"page_size": 50, "approximate": True, "next_cursor": None}


@pytest.mark.parametrize("text", ["a@b.c", "c-h a", "ch ai"])
def test_empty_when_all_words_are_too_short_to_resemble(
    text: str, api: Api, register: dict[int, str]
) -> None:
    reply = search(api, text)
    assert (reply.data, "approximate" in reply.meta) == ([], False)


def test_never_approximate_when_a_page_is_past_the_end(api: Api, register: dict[int, str]) -> None:
    reply = api.get("/items?search=chair&page=2")
    assert (reply.data, "approximate" in reply.meta, reply.meta["total"]) == ([], False, 1)


def test_the_index_is_used_when_thousands_are_searched(db: None) -> None:
    Item.objects.bulk_create(Item(sku=f"X-{n}", name=f"Thing {n * 7919}") for n in range(3000))
    sql("SELECT gin_clean_pending_list('item_search')")  # as VACUUM does, outside of transactions
    sql("ANALYZE items_item, items_itemsearchtext")
    sql("SET LOCAL enable_seqscan = off")
    for text in ("의자", "WBH-2841795", "thing 7919"):
        assert "item_search" in Item.objects.search(text).order_by().explain()


def test_the_same_finds_when_searched_in_the_admin(desk: Client, register: dict[int, str]) -> None:
    page = desk.get("/admin/items/item/", {"q": "CAFÉ"}).content.decode()
    assert "Café crème" in page
    assert "CAFE plain" in page
    assert "Oak Chair" not in page


@pytest.mark.parametrize("word", ["needle", "needle 의자", "ne"])
def test_all_that_hold_it_when_a_search_is_walked(word: str, api: Api) -> None:
    wanted = [ItemFactory.create(name=f"Needle {number} 의자").pk for number in range(7)]
    ItemFactory.create(name="Haystack")
    walked: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = api.get(f"/items{query(search=word, cursor=cursor, page_size=3)}")
        walked += [row["id"] for row in reply.data]
        cursor = reply.meta["next_cursor"]
    assert walked == wanted[::-1]
    pages = [api.get(f"/items{query(search=word, page=n, page_size=3)}") for n in (1, 2, 3, 4)]
    assert [row["id"] for page in pages for row in page.data] == walked
    assert {page.meta["total"] for page in pages} == {7}


@pytest.mark.parametrize("page", [2**31 - 1, 42_949_672])
def test_empty_when_the_page_of_a_search_is_as_far_as_can_be(page: int, api: Api) -> None:
    ItemFactory.create(name="Needle")
    reply = api.get(f"/items{query(search='needle', page=page)}")
    assert (reply.status, reply.data, reply.meta["total"]) == (200, [], 1)
