"""Files as other products write them, from a folder that the environment names.

Each is imported, and what is then in the database is compared with what the file says, read here by
means of our own: the plain csv and json modules. Without STOCKROOM_IMPORT_SAMPLES all are skipped.
"""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from items.exchange.models import ExternalKey, Import
from items.models import Category, Item, Loan, Location, Movement
from items.stock.proof import prove
from tests.items.exchange.files import applied, planned
from users.models import User

pytestmark = pytest.mark.django_db

FOLDER = os.environ.get("STOCKROOM_IMPORT_SAMPLES", "")
SUFFIXES = {".csv", ".tsv", ".json", ".jsonl", ".xlsx"}
SAMPLES = sorted(p for p in Path(FOLDER).iterdir() if p.suffix in SUFFIXES) if FOLDER else []
NO_SAMPLE = pytest.param(Path(), marks=pytest.mark.skip("STOCKROOM_IMPORT_SAMPLES is not set"))
PARAMETERS: list[Any] = [*SAMPLES] or [NO_SAMPLE]
GONE = ("customer", "belongs_to", "consumed_by", "sales_order", "is_building")

Row = dict[str, str]


@pytest.fixture(params=PARAMETERS, ids=lambda path: path.name or "none")
def sample(request: pytest.FixtureRequest) -> Path:
    """One of the files."""
    path: Path = request.param
    return path


def imported(path: Path) -> Import:
    return applied(path.read_bytes(), name=path.name)


def lines(path: Path) -> Iterator[Row]:
    """The rows of a table: its cells without the spaces around them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        for row in csv.DictReader(file, delimiter=delimiter):
            cells = {name: (cell or "").strip() for name, cell in row.items() if name}
            if any(cells.values()):
                yield cells


def of_format(path: Path, *formats: str) -> Import:
    record = imported(path)
    if record.format not in formats:
        pytest.skip(f"read as {record.format}")
    return record


# ── Any file ──────────────────────────────────────────────────────────────────────────────────
def test_nothing_changes_when_a_file_comes_again(sample: Path) -> None:
    first = imported(sample)
    again = planned(sample.read_bytes(), name=sample.name)
    assert (again.totals["create"], again.totals["update"]) == (0, 0)
    assert (again.totals["opened"], again.totals["differing"]) == (0, 0)
    assert again.totals["refused"] == first.totals["refused"]


def test_the_ledger_is_right_when_a_file_has_been_imported(sample: Path) -> None:
    imported(sample)
    assert prove(10).differences == 0


def test_every_row_has_an_outcome_when_a_file_is_planned(sample: Path) -> None:
    record = planned(sample.read_bytes(), name=sample.name)
    assert record.status == Import.Status.PLANNED, record.problem
    assert sum(record.totals[name] for name in ("create", "refused")) == record.totals["rows"]


# ── Tables ────────────────────────────────────────────────────────────────────────────────────
def test_assets_are_what_the_file_says_when_it_is_snipe_its(sample: Path) -> None:
    of_format(sample, "snipeit.assets")
    rows = list(lines(sample))
    for row in rows:
        item = Item.objects.get(sku=row["Asset Tag"])
        assert item.unit_price == Decimal(row["Purchase Cost"].replace(",", "") or 0)
        assert item.on_hand + item.on_loan == 1
        assert (item.category.name if item.category else "") == row["Category"]
        month, day, year = row["Purchase Date"].split("/")
        assert item.attributes["Purchase Date"] == f"20{year}-{int(month):02}-{int(day):02}"
        received = Movement.objects.get(item=item, kind="receive")
        place = row.get("Checked Out To: Location") or row["Location"]
        assert received.destination.name == place
    lent = {row["Asset Tag"]: row for row in rows if row["Checked Out To: Username"]}
    assert {*Loan.objects.values_list("item__sku", flat=True)} == {*lent}
    for loan in Loan.objects.select_related("item", "holder"):
        row = lent[loan.item.sku]
        username, email = row["Checked Out To: Username"], row["Checked Out To: Email"]
        assert loan.holder.email == (email.lower() or f"{username}@snipeit.invalid")
        parts = row["Checked Out To: First Name"], row["Checked Out To: Last Name"]
        assert loan.holder.name == " ".join(part for part in parts if part)


def test_stock_is_what_the_file_says_when_it_is_of_consumables(sample: Path) -> None:
    of_format(sample, "snipeit.consumables")
    for row in lines(sample):
        item = Item.objects.get(sku=row["Item Number"])
        assert item.on_hand == Decimal(row["QTY"])
        assert item.unit_price == Decimal(row["Purchase Cost"])
        assert item.reorder_point == Decimal(row["Min Amount"])
        assert item.attributes["Model Number"] == row["Model Number"]


def test_people_are_what_the_file_says_when_it_is_snipe_its(sample: Path) -> None:
    record = of_format(sample, "snipeit.users")
    rows = list(lines(sample))
    assert record.totals["create"] == len(rows)
    for row in rows:
        key = ExternalKey.objects.get(source="snipeit", key=row["Username"], user__isnull=False)
        person = User.objects.get(pk=key.user_id)
        assert person.email == (row["Email"].lower() or f"{row['Username']}@snipeit.invalid")
        assert person.name == f"{row['First Name']} {row['Last Name']}".strip()
        assert person.is_active == (row["Activated"].lower() == "true")
        assert key.more.get("Manager", "") == row["Manager"]
        assert key.more.get("Start Date", "") == row["Start Date"]


def test_locations_are_what_the_file_says_when_it_is_snipe_its(sample: Path) -> None:
    record = of_format(sample, "snipeit.locations")
    named = Counter(row["name"].lower() for row in lines(sample))
    assert record.totals["create"] == len(named)
    assert record.totals["refused"] == named.total() - len(named)
    for row in lines(sample):
        assert Location.objects.filter(name__iexact=row["name"]).count() == 1
        if parent := row.get("parent"):
            assert Location.objects.get(name__iexact=row["name"], parent__name=parent)


def test_items_are_what_the_file_says_when_it_is_homeboxs(sample: Path) -> None:
    of_format(sample, "homebox.items")
    for row in lines(sample):
        item = Item.objects.get(name=row["HB.name"])
        path = [name.strip() for name in row["HB.location"].split("/")]
        received = Movement.objects.get(item=item, kind="receive").destination
        assert [node.name for node in Location.objects.above(received.pk)] == path
        assert item.on_hand == Decimal(row.get("HB.quantity") or 1)
        assert item.tags == [t.strip() for t in row.get("HB.tags", "").split(";") if t.strip()]
        assert item.sku == row.get("HB.asset_id", item.sku)
        fields = {n: c for n, c in row.items() if n.startswith("HB.field.") and c}
        assert item.attributes == {n.removeprefix("HB.field."): c for n, c in fields.items()}


def test_variants_are_what_the_file_says_when_it_is_shopifys(sample: Path) -> None:
    record = of_format(sample, "shopify.products")
    rows = [row for row in lines(sample) if row["Variant Price"] or row["Option1 Value"]]
    assert record.totals["create"] == len(rows)
    first: dict[str, Row] = {}
    said: Counter[tuple[str, Decimal, Decimal, str]] = Counter()
    for row in rows:
        product = first.setdefault(row["Handle"], row)
        options = [row[f"Option{n} Value"] for n in (1, 2, 3)]
        name = " - ".join(
            [product["Title"], *(o for o in options if o not in ("", "Default Title"))]
        )
        price, quantity = Decimal(row["Variant Price"]), Decimal(row["Variant Inventory Qty"])
        said[name, price, quantity, product["Body (HTML)"].strip()] += 1
    found = Item.objects.values_list("name", "unit_price", "on_hand", "description")
    assert Counter((n, p, q, d.strip()) for n, p, q, d in found) == said


# ── Dumps ─────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def dump(sample: Path) -> Callable[[str], dict[int, Any]]:
    """The records of one model, by their keys; the dump has been imported."""
    of_format(sample, "inventree.dump")
    records = json.loads(sample.read_text(encoding="utf-8"))
    return lambda model: {r["pk"]: r["fields"] for r in records if r["model"] == model}


def test_parts_are_what_the_dump_says(dump: Callable[[str], dict[int, Any]]) -> None:
    for pk, fields in dump("part.part").items():
        item = Item.objects.get(external_keys__key=f"part/{pk}")
        assert (item.name, item.sku) == (fields["name"], fields["IPN"] or item.sku)
        assert (item.status == "active") == fields["active"]
        names = {c: f["name"] for c, f in dump("part.partcategory").items()}
        assert (item.category.name if item.category else None) == names.get(fields["category"])


def test_stock_is_what_the_dump_says(dump: Callable[[str], dict[int, Any]]) -> None:
    whole: Counter[int] = Counter()
    for pk, fields in dump("stock.stockitem").items():
        if any(fields.get(name) for name in GONE):
            continue
        if fields["serial"]:
            piece = Item.objects.get(external_keys__key=f"stock/{pk}")
            assert piece.on_hand == 1
            assert piece.attributes["serial"] == fields["serial"]
        else:
            whole[fields["part"]] += Decimal(fields["quantity"])  # type: ignore[assignment]
    for pk in dump("part.part"):
        assert Item.objects.get(external_keys__key=f"part/{pk}").on_hand == whole[pk]


def test_trees_are_what_the_dump_says(dump: Callable[[str], dict[int, Any]]) -> None:
    trees = (("part.partcategory", Category), ("stock.stocklocation", Location))
    for model, ours in trees:
        nodes = dump(model)
        said = Counter(
            (fields["name"], nodes.get(fields["parent"], {}).get("name"))
            for fields in nodes.values()
        )
        found = Counter(ours.objects.values_list("name", "parent__name"))
        assert not said - found


def test_parameters_are_kept_as_the_dump_says(dump: Callable[[str], dict[int, Any]]) -> None:
    names = {pk: fields["name"] for pk, fields in dump("part.partparametertemplate").items()}
    for fields in dump("part.partparameter").values():
        item = Item.objects.get(external_keys__key=f"part/{fields['part']}")
        assert item.attributes[names[fields["template"]]] == fields["data"]
