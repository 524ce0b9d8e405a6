"""What comes nearest to a search that finds nothing.

It is by words, as the search is: what is found holds each, or has two of its neighbouring letters
swapped; or else, one that is like it by its trigrams. The index of the trigrams finds all of them;
to compare a text with what is typed takes far longer than to find it, so that not all are compared.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from heapq import nlargest
from itertools import chain, islice
from typing import Any

from django.contrib.postgres.search import TrigramStrictWordSimilarity
from django.db import connection, transaction
from django.db.models import Q

from config.statements import fetch
from config.text import TRIGRAM_LENGTH, SearchableQuerySet

WORD = re.compile(r"[^\W_]+")  # a text that holds one of three letters and more has its trigrams
ALIKE = 0.4  # by pg_trgm's word similarity, as labtop is to laptop
ALIKE_FROM = 4  # letters: a shorter word is alike all that begin as it does
MOST_COMPARED = 200  # as many as a page holds at most; each takes some 20 us
# PostgreSQL takes a comparison for as cheap as an addition. So it would compare all texts, rather
# than look into the index; or all that this finds, before the first is told.
BY_INDEX = {
    "pg_trgm.word_similarity_threshold": str(ALIKE),
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "cursor_tuple_fraction": "1",
}
SET = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(BY_INDEX))


@contextmanager
def by_index() -> Iterator[None]:
    """A transaction in which what comes near is read from the index, only as far as it is asked.

    It is the outermost: what is set ends with it. Raises RuntimeError within another.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(SET, [*chain.from_iterable(BY_INDEX.items())])
        yield


def nearest(rows: SearchableQuerySet[Any], text: str, count: int) -> list[int]:
    """The ids of up to `count` rows that come near to all words of a text, the most similar first.

    Where none does, of those that come near to its longest word. Of more than MOST_COMPARED, only
    so many are compared. A word under TRIGRAM_LENGTH letters has to be held as by `search`; nothing
    comes near to a text of such words alone.
    """
    with by_index():
        [[form]] = fetch("SELECT search_form(%s)", [text])
        words = list(dict.fromkeys(WORD.findall(form)))
        longest = max(words, key=len, default="")
        if len(longest) < TRIGRAM_LENGTH:
            return []
        tries = [_near(rows, words, _held), _near(rows, words, _alike)]
        if len(words) > 1:
            tries.append(_near(rows, [longest], _alike))
        similarity: Any = TrigramStrictWordSimilarity(form, "search_text__text")
        for near in tries:
            found = near.order_by().values_list(similarity, "pk").iterator(MOST_COMPARED)
            if compared := list(islice(found, MOST_COMPARED)):
                return [pk for _, pk in nlargest(count, compared)]
    return []


def _near(
    rows: SearchableQuerySet[Any], words: Sequence[str], near: Callable[[str], Q]
) -> SearchableQuerySet[Any]:
    for word in words:
        rows = rows.filter(near(word)) if len(word) >= TRIGRAM_LENGTH else rows.search(word)
    return rows


def _held(word: str) -> Q:
    """The texts that hold a word, or it with two letters swapped."""
    swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))
    held = Q()
    for each in dict.fromkeys((word, *swapped)):
        held |= Q(search_text__text__contains=each)
    return held


def _alike(word: str) -> Q:
    """The texts that hold a word, it with two letters swapped, or one that is like it."""
    if len(word) < ALIKE_FROM:
        return _held(word)
    return _held(word) | Q(search_text__text__trigram_word_similar=word)  # which takes the longest
