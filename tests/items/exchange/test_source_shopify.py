"""Files that Shopify exports: products, with their variants, and the inventory."""

import pytest

from items.models import Category, Item, StockLevel
from tests.items.exchange.files import applied, outcomes, planned, refusals

pytestmark = pytest.mark.django_db

PRODUCTS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,"
    "Option1 Value,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Barcode,"
    "Image Src,Price / International,Status\r\n"
)
TEE = PRODUCTS + (
    'tee,Tee,"<p>a, b</p>",Acme,Apparel > Shirts & Tops,,"new, men",true,Size,S,,,3,10.00,'
    "'0012345678905,http://i/1,12.00,active\r\n"
    "tee,,,,,,,,,M,,,0,10.00,,,13.00,\r\n"
    "tee,,,,,,,,,,,,,,,http://i/2,,\r\n"
    "mug,Mug,,Acme,,Kitchen,,true,Title,Default Title,,MUG-1,,5,,,,archived\r\n"
    "cap,Cap,,Acme,,,,true,Title,Default Title,,,1,5,,,,draft\r\n"
)
INVENTORY = (
    "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,"
    "Option3 Value,SKU,HS Code,COO,Location,Bin name,Available (not editable),"
    "On hand (current),On hand (new)\n"
)


def item(name: str) -> Item:
    return Item.objects.get(name=name)


def test_a_variant_has_the_values_of_its_product_when_its_row_leaves_them_blank() -> None:
    applied(TEE)
    found = item("Tee - M")
    assert (found.description, found.tags, found.attributes["Vendor"]) == (
        "<p>a, b</p>",
        ["new", "men"],
        "Acme",
    )
    assert found.attributes["Price / International"] == "13.00"


def test_a_row_is_no_item_and_told_when_it_only_brings_a_picture() -> None:
    record = planned(TEE)
    assert record.totals["rows"] == 4
    assert "1 row left out: a picture of the product above is no item." in record.notes


def test_a_name_is_the_products_alone_when_it_has_one_variant() -> None:
    applied(TEE)
    assert item("Mug").sku == "MUG-1"


def test_statuses_are_ours_when_products_are_drafts_or_archived() -> None:
    applied(TEE)
    assert [item(n).status for n in ("Tee - S", "Mug", "Cap")] == ["active", "retired", "draft"]


def test_a_category_is_a_path_when_it_is_one_of_shopifys() -> None:
    applied(TEE)
    shirts = Category.objects.get(name="Shirts & Tops")
    assert shirts.parent == Category.objects.get(name="Apparel")


def test_a_barcode_is_without_its_guard_when_an_apostrophe_keeps_its_digits() -> None:
    applied(TEE)
    assert item("Tee - S").barcode == "0012345678905"


def test_a_row_is_refused_when_more_was_sold_than_there_was() -> None:
    record = planned(PRODUCTS + "tee,Tee,,,,,,,Size,S,,T-1,-3,10.00,,,,active\n")
    assert refusals(record) == {2: [("Variant Inventory Qty", "negative", "-3")]}


def test_a_variant_is_refused_when_it_comes_twice() -> None:
    row = "tee,Tee,,,,,,,Size,S,,,3,10.00,,,,active\n"
    record = planned(PRODUCTS + row + row)
    assert outcomes(record) == {2: "create", 3: "refused"}


def test_products_are_read_when_their_headers_are_the_new_ones() -> None:
    record = applied(
        "Title,URL handle,Description,Vendor,Product category,Type,Tags,Status,SKU,Barcode,"
        "Option1 name,Option1 value,Price,Inventory quantity,Product image URL\n"
        'Tee,tee,Text,Acme,,Shirts,"a, b",Active,T-S,,Size,S,19.99,10,http://i/1\n'
        ",tee,,,,,,,T-M,,,M,19.99,0,\n,tee,,,,,,,,,,,,,http://i/2\n"
    )
    assert record.format == "shopify.products"
    assert (item("Tee - M").sku, item("Tee - M").tags) == ("T-M", ["a", "b"])
    assert item("Tee - S").on_hand == 10


def test_nothing_changes_when_products_come_again() -> None:
    applied(TEE)
    record = planned(TEE)
    assert set(outcomes(record).values()) == {"unchanged"}


# ── The inventory ─────────────────────────────────────────────────────────────────────────────
def test_stock_is_booked_at_each_location_when_the_inventory_follows_the_products() -> None:
    applied(PRODUCTS + "tee,Tee,,,,,,,Size,S,,,,10.00,,,,active\n")
    text = INVENTORY + (
        'tee,Tee,Size,S,,,,,,,,"Main 50-4, Tallinn",,3,3,\ntee,Tee,Size,S,,,,,,,,Shop,B1,4,5,6\n'
        "tee,Tee,Size,S,,,,,,,,Outlet,,,not stocked,\n"
    )
    record = applied(text)
    assert record.format == "shopify.inventory"
    found = {
        level.location.name: int(level.quantity)
        for level in StockLevel.objects.filter(item=item("Tee - S"), location__kind="storage")
    }
    assert found == {"Main 50-4, Tallinn": 3, "Shop": 6}
    assert set(outcomes(planned(text)).values()) == {"unchanged"}


def test_a_row_of_the_inventory_is_refused_when_its_product_is_not_there() -> None:
    record = planned(INVENTORY + "new,New,Title,Default Title,,,,,N-1,,,Shop,,2,2,\n")
    assert refusals(record) == {2: [("SKU", "unknown_item", "N-1")]}


def test_an_inventory_says_what_helps_when_its_locations_are_columns() -> None:
    record = planned(
        "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Main,Shop\na,A,,,,,,1,2\n"
    )
    assert record.status == "failed"
    assert "Export it from Shopify anew" in record.problem
