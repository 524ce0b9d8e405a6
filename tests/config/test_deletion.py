"""What is said when something that is still in use is to be deleted."""

from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory


def test_each_kind_is_named_when_two_stand_in_the_way(manager_api: Api) -> None:
    category = CategoryFactory.create()
    ItemFactory.create(category=category, sku="CH-7", name="Chair")
    CategoryFactory.create(parent=category, name="Stools")
    message = manager_api.delete(f"/categories/{category.pk}").error["message"]
    assert "categories Stools; items CH-7 Chair" in message
