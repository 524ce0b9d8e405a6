"""Rows for tests: valid, and different each time."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from factory.declarations import Sequence
from factory.django import DjangoModelFactory

from items.models import Category, Item
from items.stock import services as stock
from items.stock.models import Loan, Location
from users import services
from users.models import ApiToken, User

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    """A person without a group; `group="Clerk"` puts them into one."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"person{n}@example.org")
    name = Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        group = kwargs.pop("group", None)
        user = model_class.objects.create_user(**{"password": PASSWORD, **kwargs})
        if group:
            user.groups.add(Group.objects.get(name=group))
        return user


class CategoryFactory(DjangoModelFactory[Category]):
    """A category at the top of the tree."""

    class Meta:
        model = Category

    name = Sequence(lambda n: f"Category {n}")


class ItemFactory(DjangoModelFactory[Item]):
    """An active item, read back as the database has it."""

    class Meta:
        model = Item

    sku = Sequence(lambda n: f"SKU-{n:06}")
    name = Sequence(lambda n: f"Item {n}")
    currency = "EUR"

    @classmethod
    def _create(cls, model_class: type[Item], *args: Any, **kwargs: Any) -> Item:
        item: Item = super()._create(model_class, *args, **kwargs)
        item.refresh_from_db()
        return item


class LocationFactory(DjangoModelFactory[Location]):
    """A place in store."""

    class Meta:
        model = Location

    name = Sequence(lambda n: f"Shelf {n}")


class LoanFactory(DjangoModelFactory[Loan]):
    """Something lent by a check-out, of what has been received for it."""

    class Meta:
        model = Loan

    @classmethod
    def _create(cls, model_class: type[Loan], *args: Any, **kwargs: Any) -> Loan:
        source = kwargs.pop("source", None) or LocationFactory.create()
        lent = {
            "item": kwargs.pop("item", None) or ItemFactory.create(),
            "holder": kwargs.pop("holder", None) or UserFactory.create(),
            "quantity": kwargs.pop("quantity", Decimal(1)),
        }
        came = {"item": lent["item"], "quantity": lent["quantity"]}
        stock.receive_stock(actor=None, destination=source, **came)
        return stock.check_out(actor=None, source=source, **lent, **kwargs)


def token_for(user: User, scope: str = ApiToken.Scope.WRITE) -> str:
    """The text of a new token of `user`."""
    return services.create_token(user=user, name="test", scope=scope).text
