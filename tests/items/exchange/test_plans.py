"""What a plan says of each row, and that it writes nothing."""

import pytest
from django.db import connection

from items.exchange.models import Import
from items.exchange.planned import Planned
from items.models import Category, Item, Location, Movement
from tests.factories import ItemFactory
from tests.items.exchange.files import applied, outcomes, planned, refusals, row_of

pytestmark = pytest.mark.django_db

HEADER = "sku,name,unit_price,currency,quantity,location,category,tags,barcode,serial_number\n"


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Item, Category, Location, Movement))


def test_nothing_is_written_when_a_file_is_planned() -> None:
    before = counts()
    planned(HEADER + "A-1,Lamp,5,EUR,3,Hall / Shelf,Light / Desk,a; b,,\n")
    assert counts() == before


def test_a_new_row_is_created_when_nothing_has_its_number() -> None:
    record = planned(HEADER + "A-1,Lamp,,,,,,,,\n")
    assert outcomes(record) == {2: "create"}


def test_an_update_names_before_and_after_when_a_field_differs() -> None:
    ItemFactory.create(sku="A-1", name="Lamp", unit_price="4.50", currency="EUR")
    [change] = row_of(planned("sku,name,unit_price\nA-1,Lamp,5\n"), 2).changes
    assert (change.column, change.before, change.after) == ("unit_price", "4.5", "5")


def test_a_row_is_unchanged_when_it_says_what_is_there() -> None:
    ItemFactory.create(sku="A-1", name="Lamp", unit_price="4.50")
    assert outcomes(planned("sku,name,unit_price\na-1,Lamp,4.5\n"))[2] in {"unchanged", "update"}


def test_a_blank_cell_changes_nothing() -> None:
    ItemFactory.create(sku="A-1", name="Lamp", description="Bright")
    assert outcomes(planned("sku,name,description\nA-1,,\n")) == {2: "unchanged"}


def test_a_hyphen_clears_what_may_be_empty() -> None:
    item = ItemFactory.create(sku="A-1", description="Bright", barcode="123", unit_price="4.50")
    applied("sku,description,barcode,unit_price\nA-1,-,-,-\n")
    item.refresh_from_db()
    assert (item.description, item.barcode, item.unit_price) == ("", None, None)


def test_a_hyphen_is_a_name_when_the_column_may_not_be_empty() -> None:
    item = ItemFactory.create(sku="A-1", name="Lamp")
    applied("sku,name\nA-1,-\n")
    item.refresh_from_db()
    assert item.name == "-"


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("sku", "6.37702E+15", "ruined"),
        ("barcode", "4,00638E+12", "ruined"),
        ("unit_price", "6.37702E+15", "ruined"),
        ("unit_price", "cheap", "not_a_number"),
        ("unit_price", "-1", "negative"),
        ("unit_price", "1.2345678", "too_many_decimals"),
        ("unit_price", "1.234", "decimals_of_currency"),
        ("unit_price", "9" * 20, "too_large"),
        ("quantity", "0.0001", "too_many_decimals"),
        ("quantity", "NaN", "not_a_number"),
        ("name", "x" * 201, "too_long"),
        ("status", "broken", "not_a_choice"),
        ("currency", "XXX", "not_a_choice"),
        ("tags", "x" * 51, "tag_too_long"),
        ("tags", ";".join(map(str, range(51))), "too_many_tags"),
        ("attributes", "{", "not_json"),
        ("attributes", "[1]", "not_an_object"),
        ("attributes", '{"a": 1e99999}', "not_json"),
        ("attributes", '{"a": "\\u0000"}', "not_json"),
        ("owner", "nobody@example.org", "unknown_person"),
        ("location", "Outside", "outside"),
        ("category", "x" * 101, "name_too_long"),
        ("due_at", "tomorrow", "not_a_day"),
    ],
)
def test_a_row_is_refused_with_column_value_and_reason_when_a_cell_is_wrong(
    column: str, cell: str, code: str
) -> None:
    row = {"sku": "A-1", "name": "Lamp", "quantity": "1", "location": "Hall", column: cell}
    quoted = (f'"{value.replace(chr(34), chr(34) * 2)}"' for value in row.values())
    record = planned(",".join(row) + "\n" + ",".join(quoted) + "\n")
    [(at, found, value)] = refusals(record)[2]
    assert (at, found, value) == (column, code, cell[:100])


def test_every_wrong_cell_of_a_row_is_named() -> None:
    record = planned("sku,name,unit_price,status\nA-1,,cheap,broken\n")
    assert {column for column, _, _ in refusals(record)[2]} == {"name", "unit_price", "status"}


def test_a_row_is_refused_when_it_has_no_name_and_would_be_made() -> None:
    assert refusals(planned("sku,name\nA-1,\n"))[2] == [("name", "required", "")]


def test_a_row_is_refused_when_the_file_has_no_names_and_it_would_be_made() -> None:
    assert refusals(planned("sku,description\nA-1,x\n"))[2] == [("name", "required", "")]


def test_the_second_row_is_refused_when_two_have_one_sku_whatever_its_case() -> None:
    record = planned("sku,name\nA-1,Lamp\na-1,Lamp too\n")
    assert refusals(record)[3] == [("sku", "twice", "a-1")]


def test_the_second_row_is_refused_when_two_are_the_same_item_by_other_numbers() -> None:
    ItemFactory.create(sku="A-1", barcode="123")
    record = planned("sku,name,barcode\nA-1,Lamp,\nB-1,Lamp,123\n")
    assert [code for _, code, _ in refusals(record)[3]] == ["twice"]


def test_the_second_row_is_refused_when_two_have_one_key_of_their_source() -> None:
    record = planned("HB.import_ref,HB.asset_id,HB.name\nr1,1,Lamp\nr1,2,Desk\n")
    assert [code for _, code, _ in refusals(record)[3]] == ["twice"]


def test_a_row_is_found_by_its_barcode_when_its_sku_is_new() -> None:
    ItemFactory.create(sku="A-1", name="Lamp", barcode="123")
    [change] = row_of(planned("sku,name,barcode\nB-1,Lamp,123\n"), 2).changes
    assert (change.before, change.after) == ("A-1", "B-1")


def test_a_row_is_refused_when_another_item_has_its_barcode() -> None:
    ItemFactory.create(sku="A-1")
    ItemFactory.create(sku="A-2", barcode="123")
    assert refusals(planned("sku,barcode\nA-1,123\n"))[2] == [("barcode", "taken", "123")]


def test_a_row_is_new_when_only_its_name_is_known() -> None:
    ItemFactory.create(sku="A-1", name="Lamp")
    assert outcomes(planned("sku,name\nA-2,Lamp\n")) == {2: "create"}


def test_items_without_barcodes_are_not_one_another() -> None:
    ItemFactory.create(sku="A-1", barcode=None)
    assert outcomes(planned("sku,name,barcode\nA-2,Lamp,\nA-3,Desk,\n")) == {
        2: "create",
        3: "create",
    }


def test_a_row_is_refused_when_it_has_too_few_cells() -> None:
    record = planned("sku,name,unit_price\nA-1,Lamp\n")
    [(column, code, _)] = refusals(record)[2]
    assert (column, code) == ("", "shape")


def test_a_single_thing_is_refused_when_there_are_two_of_it() -> None:
    record = planned(HEADER + "A-1,Lamp,,,2,Hall,,,,S-1\n")
    assert refusals(record)[2] == [("quantity", "single_thing", "2")]


def test_the_price_is_refused_when_it_does_not_fit_the_currency_of_the_item() -> None:
    ItemFactory.create(sku="A-1", currency="JPY", unit_price="5")
    record = planned("sku,unit_price\nA-1,5.5\n")
    assert refusals(record)[2] == [("unit_price", "decimals_of_currency", "5.5")]


def test_what_would_be_made_besides_is_counted() -> None:
    totals = planned(HEADER + "A-1,Lamp,,,1,Hall / Shelf,Light / Desk,,,\n").totals
    assert (totals["new_locations"], totals["new_categories"], totals["opened"]) == (2, 2, 1)


def test_a_path_may_have_slashes_in_its_names_when_they_are_doubled() -> None:
    applied("sku,name,category\nA-1,Lamp,In//Out / Desk\n")
    assert {*Category.objects.values_list("name", flat=True)} == {"In/Out", "Desk"}


def test_a_category_is_found_whatever_its_case() -> None:
    Category.objects.create(name="Light")
    assert planned("sku,name,category\nA-1,Lamp,LIGHT\n").totals["new_categories"] == 0


def test_a_file_is_asked_about_when_its_numbers_can_be_read_in_two_ways() -> None:
    record = planned("Name;Price\nLamp;1.234\nDesk;2.500\n")
    assert (record.status, record.asks) == ("failed", {"decimal": ["point", "comma"]})


def test_a_number_is_read_with_a_comma_when_the_column_shows_it() -> None:
    applied("SKU;Name;Price;Currency\nA-1;Lamp;1.234,50;EUR\nA-2;Desk;2.500;EUR\n")
    prices = Item.objects.order_by("sku").values_list("unit_price", flat=True)
    assert [str(price) for price in prices] == ["1234.5000", "2500.0000"]


def test_a_number_is_read_as_is_said_when_the_file_does_not_show_it() -> None:
    applied("SKU;Name;Price\nA-1;Lamp;1.234\n", decimal="comma")
    assert Item.objects.get().unit_price == 1234


def test_currency_signs_and_spaces_are_no_part_of_a_number() -> None:
    applied('SKU,Name,Price\nA-1,Lamp,"$1,299.00"\nA-2,Desk,1 299.00 €\n')
    assert {*Item.objects.values_list("unit_price", flat=True)} == {1299}


def test_a_file_is_asked_about_when_its_days_can_be_read_in_two_ways() -> None:
    record = planned(
        "SKU,Name,Quantity,Location,Holder,Due\n"
        "A-1,Lamp,1,Hall,z@example.org,03/04/2026\nA-2,Desk,1,Hall,z@example.org,05/04/2026\n"
    )
    assert record.status == "failed"
    assert {*record.asks["date"]} == {"mdy", "dmy"}


def test_a_file_is_asked_about_when_its_header_says_nothing() -> None:
    record = planned("Foo,Bar\n1,2\n")
    assert (record.status, [*record.asks]) == ("failed", ["map"])


def test_columns_are_read_as_is_said_when_they_are_mapped() -> None:
    applied("Foo,Bar,Baz\nA-1,Lamp,big\n", map={"Foo": "sku", "Bar": "name"})
    item = Item.objects.get()
    assert (item.sku, item.name, item.attributes) == ("A-1", "Lamp", {"Baz": "big"})


def test_a_mapped_column_that_is_not_there_is_named() -> None:
    record = planned("Foo,Bar\n1,2\n", map={"Fooo": "sku"})
    assert "Fooo" in record.problem


def test_a_column_is_left_out_when_that_is_said() -> None:
    applied("sku,name,Colour\nA-1,Lamp,red\n", map={"Colour": "-"})
    assert Item.objects.get().attributes == {}


def test_what_has_no_field_is_kept_among_the_attributes() -> None:
    ItemFactory.create(sku="A-1", attributes={"Size": "big"})
    applied("sku,Colour\nA-1,red\n")
    assert Item.objects.get().attributes == {"Size": "big", "Colour": "red"}


def test_a_movements_file_is_told_to_be_no_import() -> None:
    record = planned("id,kind,sku,source,destination,quantity\n1,receive,A-1,Outside,Hall,3\n")
    assert record.problem.startswith("Movements are the ledger itself")


def test_a_plan_leaves_no_rows_behind_when_it_fails() -> None:
    record = planned("Foo,Bar\n1,2\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [record.schema])
        assert cursor.fetchone() == (0,)


def test_a_derived_sku_is_the_same_every_time() -> None:
    first = planned("Name,Category\nLamp,Light\nLamp,Light\n")
    again = planned("Name,Category\nLamp,Light\nLamp,Light\n")
    names = [[row.name for row in _rows(record)] for record in (first, again)]
    assert names[0] == names[1]
    assert len({*names[0]}) == 2


def _rows(record: Import) -> list[Planned]:
    return [row_of(record, line) for line in (2, 3)]
