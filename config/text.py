"""How text is ordered and searched, the same for every model: in SQL, so that there is one truth.

The search form of a text is what is compared, for rows and for what is typed alike: compatibility
decomposed (so that `의자` is four letters, which have trigrams, and `é` is an e and its accent),
without accents, in lower case, and with a space after each ASCII punctuation mark (so that every
word, also the 12 of ABC-12, starts after a space, where a short term may look for it).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple, Self, TypeVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Cast, Collate, Concat, Lower

from config.querysets import ResourceQuerySet

Model = TypeVar("Model", bound=models.Model)

COMBINING_MARKS = r"[\u0300-\u036f]"
ASCII_PUNCTUATION = r"([!-/:-@\[-`{-~])"
TRIGRAM_LENGTH = 3
# What is not sorted into the index yet, and is looked through by each search: PostgreSQL's own 4 MB
# cost every search half a millisecond, these cost every write a twentieth.
PENDING_KB = 256
MAX_SEARCH_LENGTH = 200
ACCENTS = re.compile(COMBINING_MARKS)
WORD = re.compile(r"\w+")
SEARCH_COLUMN = "search_text"  # as each searchable model calls it
TEXT = models.TextField()
SPACE = Value(" ", output_field=TEXT)


def sort_key(field: Any) -> Collate:
    """The expression by which text is ordered: case ignored, the same on every server."""
    return Collate(Lower(field), "C")


class Normalize(Func):
    """PostgreSQL's normalize(text, NFKD)."""

    function = "normalize"
    template = "%(function)s(%(expressions)s, NFKD)"
    output_field = TEXT


class ReplaceAll(Func):
    """Every match of a regular expression replaced."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, 'g')"
    output_field = TEXT


def search_form(expression: Any) -> Func:
    """The search form (see above) of a text expression."""
    bare = ReplaceAll(Normalize(expression), Value(COMBINING_MARKS), Value(""))
    return Lower(ReplaceAll(bare, Value(ASCII_PUNCTUATION), Value(r"\1 ")))


def search_column(*fields: str) -> models.GeneratedField:
    """A stored column with the search form of these fields, each word after a space.

    Nullable fields count as empty.
    """
    parts: list[Any] = []
    for field in fields:
        parts += [SPACE, Cast(field, TEXT)]
    return models.GeneratedField(
        expression=Concat(SPACE, search_form(Concat(*parts))), output_field=TEXT, db_persist=True
    )


def search_index(name: str) -> GinIndex:
    """The trigram index under `search_text`."""
    return GinIndex(
        OpClass("search_text", "gin_trgm_ops"), name=name, gin_pending_list_limit=PENDING_KB
    )


class Term(NamedTuple):
    """A word that is searched for, and how many letters it has, up to TRIGRAM_LENGTH."""

    text: str
    letters: int


def terms_of(text: str) -> list[Term]:
    """The words of a text."""
    return [Term(word, min(_letters(word), TRIGRAM_LENGTH)) for word in text.split()]


class SearchableQuerySet(ResourceQuerySet[Model]):
    """Words for a model that has a `search_text` column made by `search_column`."""

    def search(self, text: str | Sequence[Term]) -> Self:
        """Rows that hold every word of `text` somewhere, whatever the case or the accents.

        A word under three letters (decomposed) has no trigram and matches only where a word of the
        row starts with it. Accents alone are nothing to find.
        """
        found = self
        for term in terms_of(text) if isinstance(text, str) else text:
            if not term.letters:
                return self.none()
            pattern = search_form(Value(term.text, TEXT))
            if term.letters < TRIGRAM_LENGTH:
                pattern = Concat(SPACE, pattern)
            found = found.filter(search_text__contains=pattern)
        return found

    def resembling(self, text: str) -> Self:
        """Rows that hold something like `text`, the most similar first (trigram similarity).

        A text whose words are all under three letters resembles nothing: all that begins alike
        would be as near.
        """
        if max(map(_letters, WORD.findall(text)), default=0) < TRIGRAM_LENGTH:
            return self.none()
        typed: Any = search_form(Value(text, TEXT))
        return self.filter(search_text__trigram_word_similar=typed).order_by(
            TrigramWordSimilarity(typed, "search_text").desc(), "-pk"
        )


def _letters(text: str) -> int:
    """How many letters the search form of a text has, roughly: decomposed, without accents."""
    return len(ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
