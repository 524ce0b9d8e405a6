"""Tables that somebody made: columns in plain words, and numbers as their country writes them."""

from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from items.models import Category, Item, Loan
from tests.factories import ItemFactory, UserFactory
from tests.items.exchange.files import applied, outcomes, planned, refusals
from users.models import User

pytestmark = pytest.mark.django_db


def item(name: str) -> Item:
    return Item.objects.get(name=name)


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


# ── What the columns are called ───────────────────────────────────────────────────────────────
def test_a_table_is_asked_about_when_what_may_be_its_number_is_not_known() -> None:
    record = planned("Artikel;Bezeichnung;Menge\nX-1;Schraube;10\n")
    assert [*record.asks] == ["map"]


@pytest.mark.parametrize(
    "header",
    [
        "Name,SKU,Quantity,Price,Location",
        "ITEM NAME,ITEM_NUMBER,QTY,UNIT-PRICE,ROOM",
        "Product,Code,In Stock,Cost,Storage Location",
        "Bezeichnung,Artikelnummer,Menge,Preis,Lagerort",
        "Désignation,Référence,Quantité,Prix,Emplacement",
        "품명,품번,수량,단가,위치",
        "Name (EN),SKU,Qty (pcs),Price (net),Location [room]",
    ],
)
def test_columns_are_recognised_when_they_say_what_they_hold(header: str) -> None:
    record = applied(f"{header}\nBolt,B-1,3,1.25,Shed\n")
    assert record.format == "spreadsheet.items"
    found = Item.objects.get(sku="B-1")
    assert (found.name, found.on_hand, found.unit_price) == ("Bolt", Decimal(3), Decimal("1.25"))
    assert found.attributes == {}


def test_what_no_field_is_for_is_kept_when_it_has_a_unit() -> None:
    applied("Name,SKU,Weight (kg)\nBolt,B-1,0.2\n")
    assert item("Bolt").attributes == {"Weight (kg)": "0.2"}


def test_a_table_is_asked_about_when_nothing_says_what_its_rows_are() -> None:
    record = planned("Thing,Location\nHammer,Shed\n")
    assert record.status == "failed"
    assert "map" in record.asks


def test_a_table_is_one_of_people_when_it_has_their_addresses() -> None:
    applied("Full Name,E-mail Address,City\nAda Lovelace, Ada@X.org ,London\n")
    assert User.objects.get(email="ada@x.org").name == "Ada Lovelace"


def test_columns_are_read_as_mapped_when_their_names_say_nothing() -> None:
    applied("Foo,Bar,Baz\nB-1,Bolt,x\n", map={"Foo": "sku", "Bar": "name", "Baz": "-"})
    assert (item("Bolt").sku, item("Bolt").attributes) == ("B-1", {})


def test_the_other_columns_are_recognised_when_one_is_mapped() -> None:
    applied("Thing,Room,Qty\nBolt,Shed,3\n", map={"Thing": "name"})
    assert (item("Bolt").on_hand, item("Bolt").attributes) == (Decimal(3), {})


def test_a_column_is_refused_when_two_have_the_same_name() -> None:
    assert "have the same name" in planned("Name,Note,Note\nBolt,a,b\n").problem


# ── Numbers and money ─────────────────────────────────────────────────────────────────────────
GERMAN = "sep=;\r\nName;SKU;Quantity;Price\r\nBolt;B-1;2,5;1.299,00 €\r\nNut;B-2;1;0,10 €\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_decimal_comma_is_understood_when_the_column_shows_it(encoding: str) -> None:
    applied(GERMAN.encode(encoding))
    bolt = item("Bolt")
    assert (bolt.on_hand, bolt.unit_price, bolt.currency) == (Decimal("2.5"), Decimal(1299), "EUR")


def test_spaces_between_thousands_are_understood_when_a_french_price_has_them() -> None:
    applied("Désignation;Référence;Prix\nVis;V-1;1\u202f299,50 €\n")
    assert item("Vis").unit_price == Decimal("1299.50")


def test_an_import_asks_when_a_column_can_be_read_in_two_ways() -> None:
    text = 'Name,SKU,Quantity\nBolt,B-1,"1,000"\n'
    assert planned(text).asks == {"decimal": ["point", "comma"]}
    applied(text, decimal="point")
    assert item("Bolt").on_hand == 1000


@pytest.mark.parametrize(
    ("price", "amount", "currency"),
    [
        ("$1,299.00", "1299.00", "USD"),
        ("£5.00", "5", "GBP"),
        ("12.50 CHF", "12.5", "CHF"),
        ("eur 7.25", "7.25", "EUR"),
        ("₩3500", "3500", "KRW"),
    ],
)
def test_a_price_has_the_currency_that_it_names(price: str, amount: str, currency: str) -> None:
    applied(f'Name,SKU,Price\nBolt,B-1,"{price}"\nNut,B-2,1.5\n')
    assert (item("Bolt").unit_price, item("Bolt").currency) == (Decimal(amount), currency)
    assert item("Nut").currency == "USD"


def test_prices_are_in_the_currency_of_their_column_when_that_names_one() -> None:
    applied("Name,SKU,Price (€)\nBolt,B-1,1.5\n")
    assert item("Bolt").currency == "EUR"


def test_prices_are_in_the_currency_that_was_said_when_nothing_in_the_file_does() -> None:
    applied("Name,SKU,Price\nBolt,B-1,1.5\n", currency="CHF")
    assert item("Bolt").currency == "CHF"


def test_a_row_is_refused_when_its_price_is_none() -> None:
    record = planned("Name,SKU,Price\nBolt,B-1,a lot\n")
    assert refusals(record) == {2: [("Price", "not_a_number", "a lot")]}


# ── How many, where, and who has it ───────────────────────────────────────────────────────────
def test_a_row_is_one_thing_when_it_has_a_place_and_no_column_says_how_many() -> None:
    record = applied("Item,Location\nHammer,Shed\nSaw,\n")
    assert (item("Hammer").on_hand, item("Saw").on_hand) == (Decimal(1), Decimal(0))
    assert any("counts as one (1 row)" in note for note in record.notes)


def test_a_thing_is_lent_when_somebody_has_it() -> None:
    ada = UserFactory.create(email="ada@x.org")
    applied("Item,SKU,Assigned To,Due Date\nLaptop,L-1, ADA@x.org ,2031-05-01\n")
    loan = Loan.objects.get(item__sku="L-1")
    assert (loan.holder, loan.quantity) == (ada, 1)


def test_a_row_is_refused_when_its_holder_is_only_a_name() -> None:
    UserFactory.create(name="Ada Lovelace")
    record = planned("Item,SKU,Holder\nLaptop,L-1,Ada Lovelace\n")
    assert refusals(record) == {2: [("Holder", "person_by_name_alone", "Ada Lovelace")]}


def test_what_has_no_place_is_put_where_was_said() -> None:
    record = applied("Item,Qty\nHammer,2\n", location="Hall / Box")
    assert record.totals["new_locations"] == 2


def test_a_difference_is_booked_only_when_it_is_to_be_counted() -> None:
    applied("Item,SKU,Qty,Location\nHammer,H-1,2,Shed\n")
    later = "Item,SKU,Qty,Location\nHammer,H-1,5,Shed\n"
    applied(later)
    assert item("Hammer").on_hand == 2
    applied(later, count=True)
    assert item("Hammer").on_hand == 5


# ── Which thing it is ─────────────────────────────────────────────────────────────────────────
def test_a_row_is_the_same_item_when_its_sku_differs_in_case() -> None:
    ItemFactory.create(sku="B-1", name="Bolt")
    assert outcomes(planned("Name,SKU\nBolt,b-1\n"))[2] == "update"
    applied("Name,SKU\nScrew,b-1\n")
    assert item("Screw")


def test_a_row_is_refused_when_its_barcode_is_another_items() -> None:
    ItemFactory.create(sku="A-1", barcode="123")
    ItemFactory.create(sku="B-1", barcode=None)
    record = planned("Name,SKU,Barcode\nBolt,B-1,123\n")
    assert refusals(record) == {2: [("Barcode", "taken", "123")]}


def test_the_second_row_is_refused_when_two_are_of_one_item() -> None:
    ItemFactory.create(sku="A-1", name="Bolt", barcode="123")
    record = planned("Name,SKU,Barcode\nBolt,A-1,\nBolt,,123\n")
    assert outcomes(record)[3] == "refused"


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("Description", "x" * 20_000, "too_long"),
        ("Tags", ";".join(f"t{n}" for n in range(60)), "too_many_tags"),
        ("Tags", "t" * 300, "tag_too_long"),
        ("Barcode", "6.37702E+15", "ruined"),
    ],
)
def test_a_row_is_refused_when_a_cell_is_beyond_what_can_be_kept(
    header: str, cell: str, code: str
) -> None:
    record = planned(f"Name,SKU,{header}\nBolt,B-1,{cell}\n")
    assert [problem[1] for problem in refusals(record)[2]] == [code]


def test_a_category_is_a_path_when_it_has_slashes() -> None:
    applied("Name,SKU,Category\nBolt,B-1,Metal / Small\n")
    assert Category.objects.get(name="Small").parent == Category.objects.get(name="Metal")


# ── Other kinds of files ──────────────────────────────────────────────────────────────────────
def test_numbers_are_exact_when_a_workbook_holds_them() -> None:
    content = workbook(["Name", "SKU", "Qty", "Price"], ["Bolt", "B-1", 2.5, 0.1])
    applied(content, name="stock.xlsx")
    assert (item("Bolt").on_hand, item("Bolt").unit_price) == (Decimal("2.5"), Decimal("0.1"))


def test_tabs_are_understood_when_excel_saves_unicode_text() -> None:
    applied("Name\tSKU\tQty\r\nBölt\tB-1\t3\r\n".encode("utf-16"), name="stock.txt")
    assert item("Bölt").on_hand == 3


@pytest.mark.parametrize(
    "text", [GERMAN, "Item,Location,Qty\nHammer,Shed,2\nHammer,Shed,2\nSaw,,\n"]
)
def test_nothing_changes_when_a_table_comes_again(text: str) -> None:
    applied(text)
    record = planned(text)
    assert set(outcomes(record).values()) == {"unchanged"}
    assert record.totals["opened"] == record.totals["differing"] == 0
