"""How the tests use the admin of the ledger: as a browser does."""

from typing import Any, NamedTuple, Self

from django.contrib.messages import get_messages
from django.test import Client

from items.models import Item
from items.stock.models import Loan, Location, Movement
from tests.factories import ItemFactory, LocationFactory, UserFactory
from tests.items.helpers import query
from tests.items.stock.helpers import lend, receive
from users.models import User

ITEMS, LOCATIONS = "/admin/items/item/", "/admin/items/location/"
LOANS, MOVEMENTS = "/admin/items/loan/", "/admin/items/movement/"
PARAMETER = {"take-back": "loan", "lost": "loan", "reverse": "movement"}
XSS = "<script>alert(1)</script>"


class Stage(NamedTuple):
    """Ten of a thing were received on a shelf, of which somebody has four."""

    item: Item
    shelf: Location
    other: Location
    supplier: Location
    holder: User
    received: Movement
    loan: Loan

    @classmethod
    def make(cls) -> Self:
        """One."""
        item = ItemFactory.create(sku="CH-1", name="Chair")
        store = LocationFactory.create(name="Store")
        shelf = LocationFactory.create(name="Shelf", parent=store)
        other = LocationFactory.create(name="Table", parent=store)
        supplier = LocationFactory.create(name="Supplier", kind="outside")
        holder = UserFactory.create(name="Hanna Holder")
        received = receive(item, shelf, 10)
        loan = lend(item, shelf, holder, 4)
        return cls(item, shelf, other, supplier, holder, received, loan)

    @property
    def lent(self) -> Movement:
        """The movement that opened the loan."""
        return self.loan.movements.get()

    def subject_of(self, slug: str) -> Any:
        """What a form is opened about: the item, the loan, or what was lent."""
        return {"take-back": self.loan, "lost": self.loan, "reverse": self.lent}.get(
            slug, self.item
        )


def page_of(slug: str, *subjects: Any, **more: Any) -> str:
    """Where a form asks about these: rows, or what stands for their ids."""
    ids = [getattr(each, "pk", each) for each in subjects]
    return f"{MOVEMENTS}book/{slug}/{query(**{PARAMETER.get(slug, 'item'): ids}, **more)}"


def form_of(desk: Client, page: str) -> dict[str, Any]:
    """What a browser would send back of a form that it has just been given."""
    opened = desk.get(page)
    assert opened.status_code == 200
    values = {bound.html_name: bound.value() for bound in opened.context["form"]}
    said = {name: "" if value is None else value for name, value in values.items()}
    return {**said, "seen": opened.context["seen"]}


def quantity(subject: Any, many: Any) -> dict[str, Any]:
    """What is said of how much of a subject."""
    return {f"quantity_{subject.pk}": many}


def send(desk: Client, page: str, *said: dict[str, Any], **more: Any) -> Any:
    """Open a form, say something, send it."""
    answer = form_of(desk, page)
    for each in said:
        answer |= each
    return desk.post(page, answer | more)


def told(response: Any) -> list[str]:
    """The messages that a page leaves for the next one."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors_of(response: Any) -> dict[str, list[str]]:
    """{field: sentences} of a form that was refused; those about no field are under __all__."""
    assert response.status_code == 200
    found: dict[str, list[str]] = dict(response.context["form"].errors)
    return {field: list(sentences) for field, sentences in found.items()}


def last() -> Any:
    """What was booked last."""
    return Movement.objects.select_related("source", "destination").order_by("-pk")[0]
