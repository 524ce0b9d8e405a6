"""The fields of the admin that look a row up while somebody types."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from items.stock.models import Location
from tests.client import signed_in
from tests.factories import LocationFactory, UserFactory
from tests.items.helpers import queries
from tests.items.stock.desk import Stage, page_of

PLACE = {"app_label": "items", "model_name": "movement", "field_name": "destination"}
PERSON = {"app_label": "items", "model_name": "loan", "field_name": "holder"}
LOOKUP = "/admin/autocomplete/"


def found(desk: Client, field: dict[str, str], **asked: Any) -> list[str]:
    """What is offered."""
    answer = desk.get(LOOKUP, {"term": "", **field, **asked})
    assert answer.status_code == 200
    return [each["text"] for each in answer.json()["results"]]


@pytest.mark.parametrize(
    ("among", "offered"),
    [
        ("storage", ["Store / Shelf", "Store", "Store / Table"]),
        *(("outside", ["Outside", "Supplier"]), ("person", ["Hanna Holder"])),
    ],
)
def test_places_of_one_kind_by_their_paths_when_looked_up(
    among: str, offered: list[str], stage: Stage, desk: Client
) -> None:
    assert found(desk, PLACE, among=among) == offered


def test_those_whose_path_has_every_word_when_a_place_is_typed(stage: Stage, desk: Client) -> None:
    for term, offered in {
        "store tab": ["Store / Table"],
        "SHELF": ["Store / Shelf"],
        "supplier": [],
        "%": [],
        "\0": [],
        "x" * 3000: [],
    }.items():
        assert found(desk, PLACE, among="storage", term=term) == offered, term


def test_active_people_only_when_something_is_lent(stage: Stage, desk: Client) -> None:
    UserFactory.create(name="Hannes Gone", is_active=False)
    assert found(desk, PERSON, among="active", term="hann") == ["Hanna Holder"]
    assert found(desk, PERSON, term="hann") == ["Hanna Holder", "Hannes Gone"]


def test_e_mails_for_those_who_may_see_users_when_people_are_looked_up(
    stage: Stage, manager_desk: Client
) -> None:
    person = stage.holder
    assert found(manager_desk, PERSON, term="hanna") == [f"{person.name} <{person.email}>"]


def test_not_by_e_mail_when_one_may_not_see_users(
    stage: Stage, desk: Client, manager_desk: Client
) -> None:
    typed = stage.holder.email[:8]
    assert found(manager_desk, PERSON, term=typed) != []
    assert found(desk, PERSON, term=typed) == []


def test_as_if_nothing_was_said_when_among_is_odd(stage: Stage, desk: Client) -> None:
    for among in ("", "x", "\0", "of_kind"):
        assert len(found(desk, PLACE, among=among)) == 6


def test_the_field_asks_among_those_that_fit_when_a_form_is_opened(
    stage: Stage, desk: Client
) -> None:
    html = desk.get(page_of("receive", stage.item)).content.decode()
    assert f"{LOOKUP}?among=storage" in html
    assert f"{LOOKUP}?among=outside" in html
    assert f"{LOOKUP}?among=active" in desk.get(page_of("lend", stage.item)).content.decode()


def test_a_new_place_offered_when_one_may_make_it(stage: Stage, desk: Client) -> None:
    page, button = page_of("receive", stage.item), "/admin/items/location/add/"
    mover = UserFactory.create(is_staff=True)
    mover.user_permissions.add(Permission.objects.get(codename="add_movement"))
    html = desk.get(page).content.decode().replace("&amp;", "&")
    assert f'href="{button}?_to_field=id&_popup=1&kind=storage"' in html
    assert f'href="{button}?_to_field=id&_popup=1&kind=outside"' in html
    assert button not in signed_in(mover).get(page).content.decode()
    form = desk.get(f"{button}?kind=outside").context["adminform"].form
    assert form.initial["kind"] == "outside"


def test_403_when_one_may_not_look_up(stage: Stage) -> None:
    somebody = signed_in(UserFactory.create(is_staff=True))
    assert somebody.get(LOOKUP, {"term": "", **PLACE}).status_code == 403
    assert found(somebody, PERSON, term="hanna") == ["Hanna Holder"]  # everyone at the admin


@pytest.mark.parametrize("field", [PLACE, PERSON])
def test_to_the_log_in_when_nobody_is_signed_in(field: dict[str, str], stage: Stage) -> None:
    for desk in (Client(), signed_in(UserFactory.create(group="Manager"))):
        assert desk.get(LOOKUP, {"term": "", **field}).status_code == 302


def test_no_query_a_row_when_looked_up(stage: Stage, desk: Client) -> None:
    for field in (PLACE, PERSON):
        url = f"{LOOKUP}?term=&" + "&".join(f"{name}={value}" for name, value in field.items())
        few = queries(desk, url)
        for _ in range(8):
            LocationFactory.create(parent=stage.shelf)
            UserFactory.create()
        assert queries(desk, url) == few
    assert Location.objects.count() > 8
