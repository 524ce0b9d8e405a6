"""Trees of named nodes."""

import pgtrigger
import pytest

from items.models import Category

DEEPER_THAN_PYTHON_RECURSES = 1200


@pytest.mark.django_db
def test_paths_are_told_when_the_tree_is_deeper_than_python_recurses() -> None:
    parent = None
    nodes = []
    with pgtrigger.ignore("items.Category:no_circle"):  # it would walk up from each of them
        for number in range(DEEPER_THAN_PYTHON_RECURSES):
            parent = Category(name=f"c{number}", parent=parent)
            nodes.append(parent)
            parent.save()
    paths = Category.objects.paths()
    assert paths[nodes[-1].pk].count(" / ") == DEEPER_THAN_PYTHON_RECURSES - 1


@pytest.mark.django_db
def test_paths_are_told_when_children_are_older_than_their_parents() -> None:
    child = Category.objects.create(name="child")
    parent = Category.objects.create(name="parent")
    Category.objects.filter(pk=child.pk).update(parent=parent)
    assert Category.objects.paths()[child.pk] == "parent / child"
