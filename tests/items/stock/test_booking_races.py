"""Two have the same form open, and send it at the same moment."""

from typing import Any

import pytest
from django.test import Client

from items.models import Item
from items.stock.models import Location, Movement
from tests.client import signed_in
from tests.factories import ItemFactory
from tests.items.helpers import at_once
from tests.items.stock.desk import errors_of, form_of, page_of, quantity
from tests.items.stock.helpers import at, check_proof, receive
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def sent_by_both(desks: list[Client], page: str, said: dict[str, Any]) -> list[Any]:
    """Both open the form, then both send it; who booked comes first."""
    forms = [form_of(desk, page) | said for desk in desks]
    answers = at_once(
        *(
            lambda desk=desk, form=form: desk.post(page, form)
            for desk, form in zip(desks, forms, strict=True)
        )
    )
    return sorted(answers, key=lambda answer: -answer.status_code)


def test_one_books_and_the_other_is_told_when_two_send_a_form(
    item: Item, shelf: Location, clerk: User, manager: User
) -> None:
    desks = [signed_in(clerk), signed_in(manager)]
    receive(item, shelf, 100)
    for n in range(1, ROUNDS + 1):
        before = Movement.objects.count()
        first, second = sent_by_both(desks, page_of("issue", item), quantity(item, 2))
        assert first.status_code == 302
        [sentence] = errors_of(second)["__all__"]
        assert "Something has been booked since you opened this" in sentence
        assert Movement.objects.count() == before + 1
        assert at(item, shelf) == 100 - 2 * n
    check_proof()


def test_one_books_and_the_other_is_told_when_two_send_the_same_many_in_other_order(
    shelf: Location, clerk: User, manager: User
) -> None:
    items = [ItemFactory.create() for _ in range(5)]
    desks = [signed_in(clerk), signed_in(manager)]
    said = {f"quantity_{item.pk}": "1" for item in items} | {"destination": shelf.pk}
    pages = [page_of("receive", *items), page_of("receive", *reversed(items))]
    forms = [form_of(desk, page) | said for desk, page in zip(desks, pages, strict=True)]
    answers = at_once(
        lambda: desks[0].post(pages[0], forms[0]), lambda: desks[1].post(pages[1], forms[1])
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert [at(item, shelf) for item in items] == [1] * 5
    check_proof()


def test_once_when_one_clicks_twice(item: Item, shelf: Location, clerk: User) -> None:
    first, second = sent_by_both(
        [signed_in(clerk), signed_in(clerk)],
        page_of("receive", item),
        quantity(item, 3) | {"destination": shelf.pk},
    )
    assert (first.status_code, second.status_code) == (302, 200)
    assert at(item, shelf) == 3


def test_all_told_and_nothing_booked_when_many_try_at_once(
    item: Item, shelf: Location, clerk: User
) -> None:
    receive(item, shelf, 5)
    desks = [signed_in(clerk) for _ in range(4)]
    page = page_of("issue", item)
    said = form_of(desks[0], page) | quantity(item, 5) | {"try": "1", "fragment": "1"}
    answers = at_once(*(lambda desk=desk: desk.post(page, said) for desk in desks))
    assert [str(told.source) for a in answers for told in a.context["told"]] == ["Shelf: 5 → 0"] * 4
    assert at(item, shelf) == 5
