"""People and locations as files bring them."""

import pytest

from items.exchange import services
from items.exchange.models import ExternalKey
from items.models import Location
from tests.factories import UserFactory
from tests.items.exchange.files import applied, outcomes, planned, received, refusals, row_of
from users.models import User

pytestmark = pytest.mark.django_db

STAFF = "Username,First Name,Last Name,Email,Job Title\n"


def test_a_person_is_made_who_cannot_log_in() -> None:
    applied("email,name,age,is_active\nZoe@Example.org,Zoe,33,false\n")
    person = User.objects.get(email="zoe@example.org")
    assert (person.name, person.age, person.is_active) == ("Zoe", 33, False)
    assert not person.has_usable_password()
    assert (person.is_staff, person.is_superuser) == (False, False)


def test_a_person_is_found_by_e_mail_whatever_its_case() -> None:
    UserFactory.create(email="zoe@example.org", name="Zoe", age=30)
    [change] = row_of(planned("email,name,age\nZOE@example.org,Zoe,31\n"), 2).changes
    assert (change.column, change.before, change.after) == ("age", "30", "31")


def test_nobody_is_found_by_a_blank_e_mail() -> None:
    UserFactory.create(name="Zoe")
    record = planned("email,name\n,Zoe\n")
    assert refusals(record)[2] == [("email", "required", "")]


def test_a_person_without_e_mail_gets_an_address_that_nobody_has() -> None:
    applied(STAFF + "zoe,Zoe,,,\n")
    person = User.objects.get()
    assert (person.email, person.name) == ("zoe@snipeit.invalid", "Zoe")


def test_a_person_is_found_by_the_name_of_their_account_when_the_e_mail_is_new() -> None:
    applied(STAFF + "zoe,Zoe,Z,,Boss\n")
    applied(STAFF + "zoe,Zoe,Z,zoe@example.org,Boss\n")
    assert User.objects.get().email == "zoe@example.org"


def test_what_has_no_field_is_kept_beside_the_key_of_a_person() -> None:
    applied(STAFF + "zoe,Zoe,Z,zoe@example.org,Boss\n")
    assert ExternalKey.objects.get(user__isnull=False).more == {"Job Title": "Boss"}


def test_nothing_changes_when_people_are_imported_again() -> None:
    file = STAFF + "zoe,Zoe,Z,zoe@example.org,Boss\nyann,Yann,,,\n"
    applied(file)
    assert outcomes(planned(file)) == {2: "unchanged", 3: "unchanged"}


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("email", "nowhere", "not_an_email"),
        ("name", "x", "person_name_length"),
        ("name", "x" * 101, "person_name_length"),
        ("age", "151", "not_a_number"),
        ("age", "old", "not_a_number"),
        ("is_active", "maybe", "not_a_choice"),
    ],
)
def test_a_person_is_refused_when_a_cell_is_wrong(column: str, cell: str, code: str) -> None:
    row = {"email": "zoe@example.org", "name": "Zoe", "age": "", "is_active": "", column: cell}
    record = planned(f"{','.join(row)}\n{','.join(row.values())}\n")
    assert (column, code) in [(at, found) for at, found, _ in refusals(record)[2]]


def test_the_second_of_two_people_with_one_e_mail_is_refused() -> None:
    record = planned("email,name\nzoe@example.org,Zoe\nZOE@example.org,Zoë\n")
    assert refusals(record)[3] == [("email", "twice", "zoe@example.org")]


def test_the_second_of_two_people_with_one_account_is_refused() -> None:
    record = planned(STAFF + "zoe,Zoe,Z,zoe@example.org,\nzoe,Zoë,Z,z@example.org,\n")
    assert [code for _, code, _ in refusals(record)[3]] == ["twice"]


def test_an_account_with_rights_is_not_changed_by_a_manager(manager: User) -> None:
    UserFactory.create(email="boss@example.org", name="Boss", is_staff=True, group="Manager")
    record = received("email,name\nboss@example.org,Nobody\n")
    record.actor = manager
    record.save()
    services.plan(record)
    assert [code for _, code, _ in refusals(record)[2]] == ["more_rights"]


def test_a_location_is_made_below_the_one_that_a_later_row_makes() -> None:
    applied("Name,Parent,City\nShelf,Hall,\nHall,Store,Ulm\nStore,,\n")
    paths = Location.objects.impersonal().paths().values()
    assert {*paths} == {"Store", "Store / Hall", "Store / Hall / Shelf"}


def test_a_location_is_refused_when_it_would_lie_below_itself() -> None:
    record = planned("Name,Parent,City\nHall,Shelf,\nShelf,Hall,\n")
    assert {code for rows in refusals(record).values() for _, code, _ in rows} == {"circle"}


def test_a_location_is_found_by_its_key_when_it_lies_elsewhere() -> None:
    applied("Name,Parent,City\nShelf,Hall,Ulm\n")
    applied("Asset Tag,Item Name,Location\n7,Lamp,Shelf\n")
    assert Location.objects.filter(name="Shelf").count() == 1


def test_the_second_of_two_locations_of_one_name_is_refused() -> None:
    record = planned("Name,City\nHall,Ulm\nHall,Bern\n")
    assert [code for _, code, _ in refusals(record)[3]] == ["twice"]


def test_what_has_no_field_is_kept_beside_the_key_of_a_location() -> None:
    applied("Name,City\nHall,Ulm\n")
    assert ExternalKey.objects.get(location__isnull=False).more == {"City": "Ulm"}
