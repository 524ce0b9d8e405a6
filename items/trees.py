"""Trees of named nodes: what categories (and locations) have in common."""

from collections.abc import Sequence
from typing import Any, Self, TypeVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from config import text
from config.querysets import ResourceQuerySet

Node = TypeVar("Node", bound=models.Model)

NAME_MAX_LENGTH = 100
PATH_SEPARATOR = " / "


class TreeQuerySet(ResourceQuerySet[Node]):
    """Words for a tree whose nodes know their parent."""

    def below(self, node_id: int) -> Self:
        """The node and all its descendants, at any depth."""
        table = self.model._meta.db_table
        sql = f"""
            WITH RECURSIVE below (id) AS (
                SELECT id FROM "{table}" WHERE id = %s
                UNION SELECT child.id FROM "{table}" child JOIN below ON parent_id = below.id
            ) SELECT id FROM below
        """  # noqa: S608  the table's name is the model's own
        return self.filter(pk__in=RawSQL(sql, [node_id]))  # noqa: S611  likewise

    def above(self, node_id: int) -> list[Node]:
        """The way from the top down to a node, itself included."""
        table = self.model._meta.db_table
        sql = f"""
            WITH RECURSIVE above (id, parent_id, height) AS (
                SELECT id, parent_id, 0 FROM "{table}" WHERE id = %s
                UNION ALL SELECT node.id, node.parent_id, height + 1
                FROM "{table}" node JOIN above ON node.id = above.parent_id
            ) SELECT node.* FROM "{table}" node JOIN above USING (id) ORDER BY height DESC
        """  # noqa: S608  the table's name is the model's own
        return list(self.raw(sql, [node_id]))

    def paths(self) -> dict[int, str]:
        """{id: "IT equipment / Laptops"} of every node, in one query."""
        rows = self.values_list("id", "name", "parent")
        nodes = {pk: (name, parent) for pk, name, parent in rows}
        paths: dict[int, str] = {}
        for pk in nodes:
            line = [pk]  # from a node up to the first whose path is known, or to the top
            while line[-1] not in paths and nodes[line[-1]][1] in nodes:
                line.append(nodes[line[-1]][1])
            for each in reversed(line):
                name, parent = nodes[each]
                above = f"{paths[parent]}{PATH_SEPARATOR}" if parent in nodes else ""
                paths[each] = f"{above}{name}"
        return paths


class TreeNode(models.Model):
    """A named node; siblings have different names whatever their case, and no node is above itself.

    A subclass brings its `parent`, and in its Meta `node_constraints` and `no_circle`.
    """

    name = models.CharField(max_length=NAME_MAX_LENGTH)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse, in a form, what the database would refuse: a place below itself."""
        nodes: Any = type(self)._default_manager
        parent = getattr(self, "parent_id", None)
        if self.pk and parent and nodes.below(self.pk).filter(pk=parent).exists():
            raise ValidationError({"parent": "It cannot be moved below itself."})


def node_constraints(
    kind: str, *, among: models.Q | None = None
) -> Sequence[models.BaseConstraint]:
    """The rules of one row of a tree; `kind` begins their names.

    Siblings have different names, or those `among` which it is asked of.
    """
    return [
        models.UniqueConstraint(
            text.sort_key("name"),
            "parent",
            nulls_distinct=False,
            condition=among,
            name=f"{kind}_name_unique_in_parent",
            violation_error_message="There is one of this name at the same place already.",
        ),
        models.CheckConstraint(
            condition=~models.Q(name__regex=r"^\s*$"),
            name=f"{kind}_name_not_blank",
            violation_error_message="The name may not be blank.",
        ),
    ]


def no_circle(table: str) -> pgtrigger.Trigger:
    """Refuse to move a node below itself.

    Two moves at once could close a circle that neither sees alone, so moves within one tree go one
    after the other (an advisory lock until the end of the transaction).
    """
    func = f"""
        PERFORM pg_advisory_xact_lock(hashtext('{table}'));
        IF EXISTS (
            WITH RECURSIVE above (id) AS (
                SELECT NEW.parent_id
                UNION SELECT parent_id FROM "{table}" JOIN above USING (id)
            ) SELECT FROM above WHERE id = NEW.id
        ) THEN
            RAISE check_violation USING
                TABLE = '{table}', COLUMN = 'parent_id', CONSTRAINT = 'circle',
                MESSAGE = 'It cannot be moved below itself.';
        END IF;
        RETURN NULL;
    """  # noqa: S608  the table's name is the model's own
    return pgtrigger.Trigger(
        name="no_circle",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),  # type: ignore[no-untyped-call]
        condition=pgtrigger.Q(new__parent__isnull=False),
        func=func,
    )
