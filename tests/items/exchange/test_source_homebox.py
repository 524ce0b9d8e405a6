"""Files that Homebox imports and exports, of its versions."""

import pytest

from items.models import Item, Location
from tests.items.exchange.files import applied, outcomes, planned

pytestmark = pytest.mark.django_db

NEW = (
    "HB.purchase_date,HB.import_ref,HB.parent_import_ref,HB.url,HB.name,HB.notes,HB.serial_number,"
    "HB.location,HB.tags,HB.asset_id,HB.quantity,HB.purchase_price,HB.archived,HB.field.Colour\n"
    "2024-01-02,ref1,,http://x/1,Drill,loud,,Home / Garage,Tools; Power;,000-001,1,99.5,false,Red\n"
    "0001-01-01,ref2,ref1,http://x/2,Case,,,Home/ Garage,,000-002,2.5,0,true,\n"
    ",,,http://x/3,Loose,,S-7,,,000-000,3,0,false,\n"
    ",,,http://x/4,Other,,,,,000-000,,0,false,\n"
)
OLD = (
    "Import Ref,Location,Labels,Quantity,Name,Description,Insured,Serial Number,Mode Number,"
    "Purchased Price,Purchased Time\n"
    "A,Garage,IOT;Z-Wave,1,Relay,Text,TRUE,,ZEN17,39.95,10/13/2021\n"
    "B,Office,IOT,2,Sensor,Text,FALSE,,ZSE18,29.95,10/15/2021\n"
)


def item(name: str) -> Item:
    return Item.objects.get(name=name)


def test_a_location_is_a_path_when_it_has_slashes() -> None:
    applied(NEW)
    garage = Location.objects.get(name="Garage")
    assert garage.parent == Location.objects.get(name="Home")


def test_tags_and_fields_are_kept_when_an_item_is_imported() -> None:
    applied(NEW)
    drill = item("Drill")
    assert (drill.sku, drill.tags) == ("000-001", ["Tools", "Power"])
    assert drill.attributes == {
        "purchase_date": "2024-01-02",
        "import_ref": "ref1",
        "notes": "loud",
        "Colour": "Red",
    }


def test_an_item_is_retired_when_it_is_archived() -> None:
    applied(NEW)
    assert (item("Case").status, item("Drill").status) == ("retired", "active")


def test_a_day_that_nobody_gave_is_no_day_when_it_is_in_the_year_one() -> None:
    applied(NEW)
    assert "purchase_date" not in item("Case").attributes


def test_items_are_different_things_when_their_number_is_that_of_none() -> None:
    applied(NEW)
    assert item("Loose").sku != item("Other").sku
    assert [item(name).on_hand for name in ("Loose", "Other")] == [3, 1]


def test_a_serial_number_is_kept_besides_when_there_are_several() -> None:
    applied(NEW)
    assert (item("Loose").serial_number, item("Loose").attributes["serial_number"]) == (None, "S-7")


def test_an_item_is_found_again_when_it_has_another_name_and_number() -> None:
    applied(NEW)
    applied("HB.import_ref,HB.name,HB.asset_id\nref1,Big drill,000-009\n")
    assert item("Big drill").sku == "000-009"
    assert not Item.objects.filter(name="Drill").exists()


def test_labels_are_tags_when_the_export_is_an_older_one() -> None:
    record = applied(
        "HB.import_ref\tHB.location\tHB.labels\tHB.name\tHB.quantity\tHB.purchase_time\n"
        "\tGarage / Shelf\tA; B\tPump\t1\t2022-05-01\n",
        name="export.tsv",
    )
    assert record.format == "homebox.items"
    assert item("Pump").tags == ["A", "B"]


@pytest.mark.parametrize(("name", "delimiter"), [("old.csv", ","), ("old.tsv", "\t")])
def test_a_file_is_recognised_when_it_is_older_than_the_prefix(name: str, delimiter: str) -> None:
    record = applied(OLD.replace(",", delimiter), name=name)
    assert record.format == "homebox.old"
    relay = item("Relay")
    assert (relay.tags, str(relay.unit_price)) == (["IOT", "Z-Wave"], "39.9500")
    assert relay.attributes["Purchased Time"] == "2021-10-13"


@pytest.mark.parametrize("text", [NEW, OLD])
def test_nothing_changes_when_a_file_comes_again(text: str) -> None:
    applied(text)
    record = planned(text)
    assert set(outcomes(record).values()) == {"unchanged"}
    assert record.totals["opened"] == record.totals["differing"] == 0
