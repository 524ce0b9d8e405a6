"""What InvenTree's `dumpdata` writes."""

import json
from typing import Any

import pytest

from items.models import Category, Item, Location, StockLevel
from tests.items.exchange.files import applied, outcomes, planned, refusals

pytestmark = pytest.mark.django_db


def record_of(model: str, pk: int, /, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


def part(pk: int, name: str, /, **fields: Any) -> dict[str, Any]:
    return record_of("part.part", pk, **{"name": name, "IPN": "", "active": True, **fields})


def stock(pk: int, of: int, quantity: str, **fields: Any) -> dict[str, Any]:
    return record_of("stock.stockitem", pk, part=of, quantity=quantity, **fields)


TREES = [
    record_of("stock.stocklocation", 2, name="Drawer", parent=1),
    record_of("stock.stocklocation", 1, name="Room", parent=None),
    record_of("part.partcategory", 5, name="Resistors", parent=4),
    record_of("part.partcategory", 4, name="Electronics", parent=None),
]


def dump(*records: dict[str, Any]) -> str:
    return json.dumps([*records, *TREES])


def imported(*records: dict[str, Any]) -> None:
    applied(dump(*records), name="dump.json")


def item(name: str) -> Item:
    return Item.objects.get(name=name)


def test_trees_are_made_when_children_come_before_their_parents() -> None:
    imported(part(1, "R1", category=5), stock(1, 1, "4.00000", location=2))
    assert Location.objects.get(name="Drawer").parent == Location.objects.get(name="Room")
    assert item("R1").category == Category.objects.get(name="Resistors")


def test_a_node_is_at_the_top_when_its_parent_is_not_in_the_dump() -> None:
    imported(part(1, "R1"), record_of("stock.stocklocation", 9, name="Attic", parent=99))
    assert Location.objects.get(name="Attic").parent is None


def test_a_quantity_is_exact_when_it_is_a_fraction() -> None:
    imported(part(1, "Wire", units="m"), stock(1, 1, "2.12500", location=2))
    assert (str(item("Wire").on_hand), item("Wire").unit) == ("2.125", "m")


def test_a_level_is_refused_when_it_is_finer_than_we_count() -> None:
    record = planned(dump(part(1, "Wire"), stock(1, 1, "1.12345", location=2)), name="dump.json")
    assert [problems[0][1] for problems in refusals(record).values()] == ["too_many_decimals"]


def test_levels_of_one_place_are_added_up_when_there_are_several() -> None:
    imported(part(1, "R1"), stock(1, 1, "4", location=2), stock(2, 1, "2.5", location=2))
    assert str(item("R1").on_hand) == "6.500"


def test_stock_is_put_into_the_default_place_when_it_has_none() -> None:
    imported(part(1, "R1"), stock(1, 1, "4", location=None))
    [level] = StockLevel.objects.filter(item=item("R1"), location__kind="storage")
    assert level.location.name == "Unsorted"


def test_a_piece_is_an_item_of_its_own_when_it_has_a_serial_number() -> None:
    imported(part(1, "Camera", IPN="CAM"), stock(1, 1, "1.00000", location=2, serial="7"))
    piece = Item.objects.get(serial_number="CAM#7")
    assert piece.on_hand == 1
    assert (piece.attributes["serial"], piece.attributes["part"]) == ("7", "CAM")


def test_stock_is_left_out_and_told_when_it_is_sold() -> None:
    record = planned(dump(part(1, "R1"), stock(1, 1, "4", customer=3)), name="dump.json")
    assert any(note.startswith("1 stock items are sold") for note in record.notes)


def test_a_part_is_found_again_when_it_has_no_number_and_another_name() -> None:
    imported(part(1, "R1"))
    imported(part(1, "R1 10k"))
    assert [found.name for found in Item.objects.all()] == ["R1 10k"]


def test_revisions_are_different_items_when_they_share_a_number() -> None:
    imported(part(1, "R1", IPN="R-1"), part(2, "R1 rev B", IPN="r-1", revision="B"))
    second = item("R1 rev B")
    assert item("R1").sku == "R-1"
    assert (second.attributes["IPN"], second.attributes["revision"]) == ("r-1", "B")
    assert second.sku.lower() != "r-1"


def test_an_inactive_part_is_retired_when_it_is_imported() -> None:
    imported(part(1, "R1", active=False, minimum_stock="3.000000"))
    assert item("R1").status == "retired"
    assert item("R1").reorder_point == 3


@pytest.mark.parametrize(
    "records",
    [
        [
            record_of("part.partparametertemplate", 1, name="Ohm"),
            record_of("part.partparameter", 1, part=1, template=1, data="10"),
        ],
        [
            record_of("common.parametertemplate", 1, name="Ohm"),
            record_of(
                "common.parameter",
                1,
                model_type=["part", "part"],
                model_id=1,
                template=1,
                data="10",
            ),
            record_of(
                "common.parameter",
                2,
                model_type=["company", "company"],
                model_id=1,
                template=1,
                data="99",
            ),
        ],
        [
            record_of("contenttypes.contenttype", 30, app_label="part", model="part"),
            record_of("common.parametertemplate", 1, name="Ohm"),
            record_of("common.parameter", 1, model_type=30, model_id=1, template=1, data="10"),
        ],
    ],
)
def test_parameters_are_kept_when_the_models_have_older_or_newer_names(
    records: list[dict[str, Any]],
) -> None:
    imported(part(1, "R1"), *records)
    assert item("R1").attributes["Ohm"] == "10"


def test_what_refers_to_nothing_is_refused_when_the_rest_is_good() -> None:
    broken = record_of("stock.stockitem", 9, quantity="1", serial="8")
    record = planned(dump(part(1, "R1"), stock(1, 77, "4"), broken), name="dump.json")
    assert record.totals["refused"] == 2


def test_nothing_changes_when_a_dump_comes_again() -> None:
    text = dump(
        part(1, "R1", category=5), stock(1, 1, "4", location=2), stock(2, 1, "1", serial="7")
    )
    applied(text, name="dump.json")
    record = planned(text, name="dump.json")
    assert set(outcomes(record).values()) == {"unchanged"}
    assert record.totals["opened"] == record.totals["differing"] == 0
