"""Files that Snipe-IT imports and exports."""

from decimal import Decimal

import pytest

from items.exchange.models import ExternalKey
from items.models import Category, Item, Loan, Location, StockLevel
from tests.factories import UserFactory
from tests.items.exchange.files import applied, outcomes, planned, refusals, row_of
from users.models import User

pytestmark = pytest.mark.django_db

ASSETS = (
    "\ufeffCompany,Name,Asset Tag,Category,Location,Model,Model Number,Asset Notes,Purchase Date,"
    "Purchase Cost,Checkout Type,Checked Out To: Username,Checked Out To: First Name,"
    "Checked Out To: Last Name,Checked Out To: Email,{place},Asset EOL Date\n"
)
LENT = ASSETS.format(place="Checked Out To: Location") + (
    'Acme,,T-1,Laptops,HQ,XPS 13,9300,,1/23/24,"1,199.00",User,ada,Ada,Lovelace,Ada@X.org,,\n'
    "Acme,Hall screen,T-2,Screens,HQ,U27,,,,549,Location,,,,,Reception,\n"
    "Acme,Phone,T-3,Phones,HQ,,,,,,User,cher,Cher,,,,12/1/27\n"
)


def item(name: str) -> Item:
    return Item.objects.get(name=name)


def levels(found: Item) -> dict[str, str]:
    return {
        level.location.name: str(level.quantity.normalize())
        for level in StockLevel.objects.filter(
            item=found, quantity__gt=0, location__kind="storage"
        ).select_related("location")
    }


# ── Assets ────────────────────────────────────────────────────────────────────────────────────
def test_an_asset_is_called_as_its_model_when_it_has_no_name() -> None:
    applied(LENT)
    found = Item.objects.get(sku="T-1")
    assert (found.name, str(found.unit_price)) == ("XPS 13", "1199.0000")


def test_a_day_is_kept_in_iso_when_the_file_writes_the_month_first() -> None:
    applied(LENT)
    assert Item.objects.get(sku="T-1").attributes["Purchase Date"] == "2024-01-23"


def test_an_asset_is_lent_when_a_person_has_it() -> None:
    applied(LENT)
    loan = Loan.objects.get(item__sku="T-1")
    assert (loan.holder.email, loan.holder.name, loan.quantity) == ("ada@x.org", "Ada Lovelace", 1)


def test_a_holder_gets_an_address_that_nobody_has_when_there_is_no_email() -> None:
    applied(LENT)
    holder = Loan.objects.get(item__sku="T-3").holder
    assert (holder.email, holder.name) == ("cher@snipeit.invalid", "Cher")


@pytest.mark.parametrize(
    "header", ["Checked Out To: Location", "Checkout Location", "Checkout to Location"]
)
def test_an_asset_lies_where_it_was_checked_out_to_when_that_is_a_place(header: str) -> None:
    applied(ASSETS.format(place=header) + "Acme,Screen,T-2,S,HQ,,,,,,Location,,,,,Reception,\n")
    assert levels(item("Screen")) == {"Reception": "1"}
    assert item("Screen").attributes["Location"] == "HQ"


def test_nothing_changes_when_assets_come_again() -> None:
    applied(LENT)
    record = planned(LENT)
    assert set(outcomes(record).values()) == {"unchanged"}
    assert record.totals["opened"] == record.totals["differing"] == 0


def test_a_holder_keeps_the_name_known_here_when_the_file_says_another() -> None:
    known = UserFactory.create(email="ada@x.org", name="Countess Lovelace")
    applied(LENT)
    assert Loan.objects.get(item__sku="T-1").holder == known
    known.refresh_from_db()
    assert known.name == "Countess Lovelace"


def test_a_name_alone_lends_nothing_when_a_list_of_assets_is_exported() -> None:
    UserFactory.create(name="Ada Lovelace")
    applied(
        "ID,Company,Asset Name,Image,Asset Tag,Serial,Model,Status,Checked Out To,Location\n"
        "7,Acme,,,T-1,S-1,XPS 13,Archived,Ada Lovelace,Paris\n"
    )
    found = Item.objects.get(sku="T-1")
    assert not Loan.objects.exists()
    assert found.attributes == {
        "Company": "Acme",
        "Status": "Archived",
        "Checked Out To": "Ada Lovelace",
    }


def test_nothing_changes_when_a_list_is_exported_on_another_day() -> None:
    header = "ID,Asset Name,Asset Tag,Age,Checkouts,Updated At\n"
    applied(header + "7,Laptop,T-1,1 year,2,2031-01-01 10:00 AM\n")
    later = planned(header + "7,Laptop,T-1,1 year 1 day,3,2031-01-02 10:00 AM\n")
    assert outcomes(later) == {2: "unchanged"}


def test_a_shortened_number_is_told_when_it_is_kept_besides() -> None:
    record = planned("Item Name,,Model Number,Asset Tag\rLaptop,,6.37702E+15,T-1\r")
    assert outcomes(record) == {2: "create"}
    assert any("“Model Number” holds 1 numbers" in note for note in record.notes)


def test_an_asset_is_refused_when_a_spreadsheet_has_shortened_its_tag() -> None:
    record = planned("Item Name,Asset Tag,Model Number\nLaptop,6.37702E+15,X\n")
    assert refusals(record) == {2: [("Asset Tag", "ruined", "6.37702E+15")]}


def test_a_category_is_one_when_its_name_has_a_slash() -> None:
    applied("Item Name,Asset Tag,Category\nFuse,T-1,AC/DC\n")
    assert Item.objects.get(sku="T-1").category == Category.objects.get(name="AC/DC")


# ── What there are many of ────────────────────────────────────────────────────────────────────
def test_consumables_are_told_apart_by_what_they_say_when_they_have_no_number() -> None:
    text = (
        "Company,Consumable Name,Category,Model No.,Item No.,Min. QTY,Total,Remaining,Location\n"
        "Acme,Toner,Toner,X1,,5,10,7,Paris\nAcme,Toner,Toner,X2,,5,10,7,Paris\n"
    )
    assert applied(text).format == "snipeit.consumables"
    assert len({*Item.objects.filter(name="Toner").values_list("sku", flat=True)}) == 2
    assert set(outcomes(planned(text)).values()) == {"unchanged"}


def test_a_consumable_has_its_item_number_when_the_file_is_one_of_its_samples() -> None:
    record = applied(
        "Company,Name,Category,Supplier,Manufacturer,QTY,Location,Order Number,Min Amount,"
        "Model Number,Item Number,Notes,Purchase Date,Purchase Cost\n"
        "Acme,Toner,Toner,S,HP,50,Paris,529-2,100,3533,6381392801995066,text,11/5/22,35.2\n"
    )
    assert record.format == "snipeit.consumables"
    assert item("Toner").sku == "6381392801995066"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Name,Category,Manufacturer,QTY,Location,Order Number", "accessories"),
        ("Name,Category,QTY,Location,Order Number,Serial", "components"),
        ("Name,Category,QTY,Location,Order Number,Item No.", "consumables"),
        ("Name,Category,Manufacturer,Model Number,EOL", "models"),
        ("Name,Asset Tag,Serial,Manufacturer,Model,Model Number,Category,Location", "assets"),
        ("Name,Product Key,Seats,Manufacturer,Category,Order Number", "licences"),
        ("Name,Parent,Address,City", "locations"),
        ("First Name,Last Name,Username,Email,Location,Company", "users"),
    ],
)
def test_a_kind_is_recognised_when_only_some_of_its_columns_are_there(
    header: str, kind: str
) -> None:
    record = planned(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    assert record.format == f"snipeit.{kind}"


def test_what_remains_is_on_hand_when_a_list_says_it_beside_the_total() -> None:
    applied("Company,Consumable Name,Item No.,Total,Remaining\nAcme,Toner,C-1,10,7\n")
    found = item("Toner")
    assert (found.on_hand, found.attributes["Total"]) == (Decimal(7), "10")


def test_equal_rows_are_different_things_when_nothing_numbers_them() -> None:
    row = "Acme,Mouse,Mice,17,Paris,3,B100,2022-08-24,5.27\n"
    header = "Company,Name,Category,QTY,Location,Min Amount,Model Number,Purchase Date,"
    text = f"{header}Purchase Cost\n{row}{row}"
    assert applied(text).format == "snipeit.accessories"
    assert Item.objects.filter(name="Mouse", reorder_point=3).count() == 2
    assert set(outcomes(planned(text)).values()) == {"unchanged"}


def test_a_serial_number_is_kept_besides_when_it_is_of_several() -> None:
    text = (
        "Item Name,Purchase Date,Location,Company,Order Number,Serial number,Category,Quantity\n"
        "GPU,2024-01-01,Austin,Acme,27,S-9,GPUs,10\nRAM,2024-01-01,Austin,Acme,28,S-10,RAM,1\n"
    )
    assert applied(text).format == "snipeit.components"
    gpu, ram = item("GPU"), item("RAM")
    assert (gpu.serial_number, gpu.attributes["Serial number"], gpu.on_hand) == (
        None,
        "S-9",
        Decimal(10),
    )
    assert (ram.serial_number, ram.on_hand) == ("S-10", Decimal(1))
    assert set(outcomes(planned(text)).values()) == {"unchanged"}


def test_seats_are_the_quantity_when_licences_come() -> None:
    text = (
        "Name,Email,Username,Item name,serial number,purchase cost,Licensed to Email,seats,notes\n"
        'Ada,a@x.org,ada,Editor,1aa5-b0eb,$79.66,it@x.org,80,"Two\n\nlines"\n'
    )
    assert applied(text).format == "snipeit.licences"
    found = item("Editor")
    assert (found.on_hand, found.unit, found.unit_price) == (Decimal(80), "seats", Decimal("79.66"))
    assert found.attributes["Username"] == "ada"


def test_models_have_no_stock_when_they_are_imported() -> None:
    text = (
        "Name,Category,Manufacturer,Model Notes,Model Number,Fieldset,EOL,Min Qty\n"
        "Model 2,Laptops,Dell,note,93,Laptops,36,50\nModel 7,Desktops,Dell,,,Laptops,36,0\n"
    )
    assert applied(text).format == "snipeit.models"
    found = item("Model 2")
    assert (found.on_hand, found.reorder_point) == (Decimal(0), Decimal(50))
    assert found.description == "note"


# ── People ────────────────────────────────────────────────────────────────────────────────────
PEOPLE = (
    "First Name,Last Name,Email,Username,Activated,Manager,Job Title,Start Date\n"
    "Ada,Lovelace, Ada@X.org ,ada,true,Ada Lovelace,Boss,2022-03-18\n"
    "Cher,,,cher,false,,Singer,\n"
)


def test_people_are_made_when_some_have_no_email_or_last_name() -> None:
    applied(PEOPLE)
    found = User.objects.filter(name__in=["Ada Lovelace", "Cher"]).order_by("name")
    assert [(user.email, user.is_active) for user in found] == [
        ("ada@x.org", True),
        ("cher@snipeit.invalid", False),
    ]


def test_what_a_person_has_no_field_for_is_kept_when_they_name_themselves_as_manager() -> None:
    applied(PEOPLE)
    more = ExternalKey.objects.get(source="snipeit", key="ada", user__isnull=False).more
    assert more == {"Manager": "Ada Lovelace", "Job Title": "Boss", "Start Date": "2022-03-18"}


def test_people_are_unchanged_when_they_come_again() -> None:
    applied(PEOPLE)
    assert set(outcomes(planned(PEOPLE)).values()) == {"unchanged"}


def test_a_holder_is_the_person_who_was_imported_when_only_the_username_is_known() -> None:
    applied(PEOPLE)
    applied(LENT)
    assert Loan.objects.get(item__sku="T-3").holder == User.objects.get(name="Cher")


# ── Locations ─────────────────────────────────────────────────────────────────────────────────
PLACES = (
    "ID,Location Name,Image,Parent,Currency,Address,City,Zip,Country\n"
    "1,Room 1,,Building A,EUR,,,,\n2,Building A,,Campus,EUR,Main 1,Berlin,10115,DE\n"
    "3,Campus,,,EUR,,,,\n"
)


def test_locations_lie_below_their_parents_when_those_come_later() -> None:
    record = applied(PLACES)
    assert (record.format, record.totals["create"]) == ("snipeit.locations", 3)
    room = Location.objects.get(name="Room 1")
    assert room.parent is not None
    assert room.parent.parent == Location.objects.get(name="Campus")


def test_an_address_is_kept_when_a_location_is_imported() -> None:
    applied(PLACES)
    more = ExternalKey.objects.get(source="snipeit", location__name="Building A").more
    assert more["Address"] == "Main 1"


def test_locations_are_unchanged_when_they_come_again() -> None:
    applied(PLACES)
    assert set(outcomes(planned(PLACES)).values()) == {"unchanged"}


def test_locations_are_refused_when_they_lie_below_each_other() -> None:
    record = planned("name,parent,city\nA,B,\nB,A,\n")
    assert refusals(record)[2] == [("name", "circle", "A")]
    assert row_of(record, 3).outcome == "refused"
