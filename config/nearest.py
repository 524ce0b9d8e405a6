"""What comes nearest to a search that finds nothing.

It is by words, as the search is: what is found holds each, or one that is like it by its trigrams,
or a short one with two neighbouring letters swapped. The index of the trigrams finds all three; to
compare a text with what is typed takes far longer than to find it, so that not all are compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import nlargest
from itertools import chain, islice
from string import punctuation
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from config.statements import fetch
from config.text import SearchableQuerySet

NEAR = 0.4  # of the trigrams of two words that are alike are in both, as of labtop and laptop
NEAR_FROM = 4  # letters: a shorter word is alike all that begin as it does
# Letters. A word has one trigram more than those, and four of them hold one of two that are
# swapped: of chiar and chair a fifth is in both, of words of nine letters three in seven.
SWAPPED_BELOW = 9
MOST_COMPARED = 200  # as many as a page holds at most; each takes some 20 us
# PostgreSQL takes a comparison for as cheap as an addition. So it would compare all texts, rather
# than look into the index; or all that this finds, before the first is told.
BY_INDEX = {
    "pg_trgm.word_similarity_threshold": str(NEAR),
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "cursor_tuple_fraction": "1",
}
SET = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(BY_INDEX))


@contextmanager
def by_index() -> Iterator[None]:
    """A transaction in which what comes near is read from the index, only as far as it is asked."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET, [*chain.from_iterable(BY_INDEX.items())])
        yield


def nearest(rows: SearchableQuerySet[Any], text: str, count: int) -> list[int]:
    """The ids of up to `count` rows that come near to all words of a text, the most similar first.

    Where none does, of those that come near to its longest word. Of more than MOST_COMPARED, so
    many are compared. A word under NEAR_FROM letters has to be held as by `search`; nothing comes
    near to a text of such words alone.
    """
    with by_index():
        [[form]] = fetch("SELECT search_form(%s)", [text])
        words = tuple(dict.fromkeys(word.strip(punctuation) for word in form.split()))
        longest = max(words, key=len, default="")
        if len(longest) < NEAR_FROM:
            return []
        similarity: Any = TrigramWordSimilarity(form, "search_text__text")
        for wanted in dict.fromkeys((words, (longest,))):
            near = _near(rows.order_by(), wanted).values_list(similarity, "pk")
            if found := list(islice(near.iterator(chunk_size=MOST_COMPARED), MOST_COMPARED)):
                return [pk for _, pk in nlargest(count, found)]
    return []


def _near(rows: SearchableQuerySet[Any], words: tuple[str, ...]) -> QuerySet[Any]:
    for word in words:
        rows = rows.filter(_like(word)) if len(word) >= NEAR_FROM else rows.search(word)
    return rows


def _like(word: str) -> Q:
    """The texts that hold a word, it with two letters swapped, or one that is like it."""
    pairs = range(len(word) - 1 if len(word) < SWAPPED_BELOW else 0)
    swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in pairs)
    held = Q()
    for each in dict.fromkeys((word, *swapped)):
        held |= Q(search_text__text__contains=each)
    return held | Q(search_text__text__trigram_word_similar=word)  # last: it takes the longest
