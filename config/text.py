"""How text is ordered and searched, the same for every model: in SQL, so that there is one truth.

The search form of a text is what is compared, for rows and for what is typed alike: compatibility
decomposed (so that `의자` is four letters, which have trigrams, and `é` is an e and its accent),
without accents, in lower case, and with a space after each ASCII punctuation mark (so that every
word, also the 12 of ABC-12, starts after a space, where a short term may look for it). A function
of the database makes it.

What a row is found by stands in a table of its own, kept by triggers: PostgreSQL writes every index
of a table for each row that changes, and that of the trigrams costs more than all others together.
So only who changes a text pays for it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self, TypeVar

import pgtrigger
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Collate, Concat, Lower

from config.querysets import ResourceQuerySet
from config.triggers import after_statement

Model = TypeVar("Model", bound=models.Model)
Rows = TypeVar("Rows", bound=models.QuerySet[Any])

TRIGRAM_LENGTH = 3
# What is not sorted into the index yet, and is looked through by each search: PostgreSQL's own 4 MB
# cost every search half a millisecond, and spare who writes a text some twentieth.
PENDING_KB = 256
MAX_SEARCH_LENGTH = 200
ACCENTS = re.compile(r"[\u0300-\u036f]")
TEXT = models.TextField()
SPACE = Value(" ", output_field=TEXT)


def sort_key(field: Any) -> Collate:
    """The expression by which text is ordered: case ignored, the same on every server."""
    return Collate(Lower(field), "C")


def search_form(expression: Any) -> Func:
    """The search form (see above) of a text expression."""
    return Func(expression, function="search_form", output_field=TEXT)


class SearchTextQuerySet(models.QuerySet[Model]):
    """Words for the texts by themselves: which rows they find, by their ids."""

    def search(self, text: str | Sequence["Term"]) -> Self:
        """As `SearchableQuerySet.search`."""
        return _holding(self, "text", text)


class SearchText(models.Model):
    """What one row is found by: the search form of its fields, each word after a space.

    A subclass brings its `row_of`, which is also its primary key, and `search_index`; the model of
    the rows, the triggers of `searched`.
    """

    text = models.TextField()

    objects = SearchTextQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return self.text


def row_of(model: Any) -> models.OneToOneField[Any, Any]:
    """The `row` of a SearchText: one of a model, whose triggers keep the text."""
    return models.OneToOneField(
        model,
        models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="search_text",
    )


def search_index(name: str) -> GinIndex:
    """The trigram index of a SearchText."""
    return GinIndex(OpClass("text", "gin_trgm_ops"), name=name, gin_pending_list_limit=PENDING_KB)


def searched(table: str, *fields: str) -> list[pgtrigger.Trigger]:
    """The triggers of a model that keep what its rows are found by, in the `table` of SearchTexts.

    That is the text of these `fields`; null counts as empty.
    """
    return [
        after_statement(
            "search_made",
            pgtrigger.Insert,
            f"""
                INSERT INTO {table} (row_id, text) SELECT id, {_text_of(fields)} FROM made;
                RETURN NULL;
            """,  # noqa: S608  nothing in it comes from outside
            new="made",
        ),
        pgtrigger.Trigger(
            name="search_changed",
            when=pgtrigger.After,
            # The first spares a statement that writes others the second, which looks at each row.
            operation=pgtrigger.UpdateOf("id", *fields),  # type: ignore[no-untyped-call]
            condition=pgtrigger.AnyChange("id", *fields),
            func=f"""
                UPDATE {table} SET row_id = NEW.id, text = {_text_of(f"NEW.{f}" for f in fields)}
                WHERE row_id = OLD.id;
                RETURN NULL;
            """,  # noqa: S608  likewise
        ),
        after_statement(
            "search_deleted",
            pgtrigger.Delete,
            f"""
                DELETE FROM {table} WHERE row_id IN (SELECT id FROM deleted);
                RETURN NULL;
            """,  # noqa: S608  likewise
            old="deleted",
        ),
        after_statement(
            "search_emptied",
            pgtrigger.Truncate,
            # Not TRUNCATE: it may itself be among the tables that a statement truncates.
            f"DELETE FROM {table}; RETURN NULL;",  # noqa: S608  likewise
        ),
    ]


def _text_of(columns: Iterable[str]) -> str:
    return f"' ' || search_form(concat_ws(' ', {', '.join(columns)}))"


class Term(NamedTuple):
    """A word that is searched for, and how many letters it has, up to TRIGRAM_LENGTH."""

    text: str
    letters: int


def terms_of(text: str) -> list[Term]:
    """The words of a text."""
    return [Term(word, min(_letters(word), TRIGRAM_LENGTH)) for word in text.split()]


class SearchableQuerySet(ResourceQuerySet[Model]):
    """Words for a model whose rows have a SearchText, as `search_text`."""

    def search(self, text: str | Sequence[Term]) -> Self:
        """Rows that hold every word of `text` somewhere, whatever the case or the accents.

        A word under three letters (decomposed) has no trigram and matches only where a word of the
        row starts with it. Accents alone are nothing to find.
        """
        return _holding(self, "search_text__text", text)


def texts_of(model: Any) -> SearchTextQuerySet[Any]:
    """What the rows of a model are found by, which have the same primary key."""
    texts: SearchTextQuerySet[Any] = model.search_text.related.related_model.objects.all()
    return texts


def _holding(rows: Rows, column: str, text: str | Sequence[Term]) -> Rows:
    """Those of some rows that hold every word in a column."""
    for term in terms_of(text) if isinstance(text, str) else text:
        if not term.letters:
            return rows.none()
        pattern = search_form(Value(term.text, TEXT))
        if term.letters < TRIGRAM_LENGTH:
            pattern = Concat(SPACE, pattern)
        rows = rows.filter(**{f"{column}__contains": pattern})
    return rows


def _letters(text: str) -> int:
    """How many letters the search form of a text has, roughly: decomposed, without accents."""
    return len(ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
