"""The query string as a serializer: strict, documented, and spoken in the words of a QuerySet.

A filter is a field whose `source` is the QuerySet word it stands for, which gets the value:
`category = IdParameter(source="in_category")` means `queryset.in_category(value)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, ClassVar, Self

from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api import fields
from config.api.exceptions import BadParameters, flatten
from config.api.narrowing import Form, Narrowing, Slot
from config.api.serializers import StrictSerializer, stands_for_all
from config.errors import Detail, NotAllowed
from config.statements import BIGINT_MAX
from config.text import Term, terms_of

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
MAX_PAGE = 2**31 - 1
MAX_IDS = MAX_PAGE_SIZE  # so that all of them fit on one page
ID = "0*[1-9][0-9]{0,17}"  # as the document writes it; the few above are no ids yet


class NumberParameter(fields.IntegerField):
    """A whole number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(from_text=True, required=False, **options)


@extend_schema_field(fields.ID_SCHEMA)
class IdParameter(NumberParameter):
    """An id; one that does not exist finds nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=BIGINT_MAX, **options)


class TextParameter(fields.TextField):
    """A text that is not blank."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


class FlagParameter(fields.ChoiceField):
    """`true` or `false`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=["true", "false"], required=False, **options)

    def to_internal_value(self, data: Any) -> Any:
        """The truth value, as a bool."""
        return super().to_internal_value(data) == "true"


@extend_schema_field({"type": "string", "pattern": f"^{ID}(,{ID}){{0,{MAX_IDS - 1}}}$"})
class IdsParameter(serializers.Field):
    """Ids, separated by commas."""

    default_error_messages = {
        "too_many": f"At most {MAX_IDS} ids at once; {{given}} were given.",
    }

    def __init__(self, **options: Any) -> None:
        self.one = IdParameter()
        super().__init__(required=False, **options)

    def to_internal_value(self, data: str) -> list[int]:
        """The ids, each once, in the order given."""
        parts = data.split(",")
        if len(parts) > MAX_IDS:
            self.fail("too_many", given=len(parts))
        return list(dict.fromkeys(self.one.run_validation(part) for part in parts))

    def to_representation(self, value: list[int]) -> str:
        """As it is written."""
        return ",".join(map(str, value))


class NamesParameter(serializers.Field):
    """Names out of a known set, separated by commas."""

    default_error_messages = {
        "unknown": "There is no {name!r} here; there are: {known}.",
        "twice": "{name!r} is named twice.",
    }

    def __init__(self, known: Sequence[str], *, signed: bool = False, **options: Any) -> None:
        self.known, self.signed = known, signed
        super().__init__(required=False, **options)

    def to_internal_value(self, data: str) -> list[str]:
        """The names, with their sign where they may have one."""
        names = data.split(",")
        seen = set()
        for name in names:
            bare = name.removeprefix("-") if self.signed else name
            if bare not in self.known:
                self.fail("unknown", name=bare[:50], known=", ".join(self.known))
            if bare in seen:
                self.fail("twice", name=bare)
            seen.add(bare)
        return names

    def to_representation(self, value: list[str]) -> str:
        """As it is written."""
        return ",".join(value)


class Parameters(StrictSerializer):
    """What may stand behind the `?` of one action; without fields: nothing.

    `rights` names the right that a parameter takes, where its answer tells more than the rows do.
    """

    repeatable: ClassVar[frozenset[str]] = frozenset()
    rights: ClassVar[dict[str, str]] = {}

    @cached_property
    def fields(self) -> Any:
        """The fields, made once for all that can be asked of one resource."""
        return _standing(type(self), tuple(self.context.get("names", ()))).fields

    @classmethod
    def read(cls, query: QueryDict, **context: Any) -> Self:
        """The validated parameters. Raises BadParameters that names each bad one."""
        values = {n: v if n in cls.repeatable else v[0] for n, v in query.lists()}
        context["others"] = [(n, v) for n, vs in query.lists() for v in vs if n != "page"]
        twice = [n for n, v in query.lists() if len(v) > 1 and n not in cls.repeatable]
        standing: Self = _standing(cls, tuple(context.get("names", ())))
        parameters = standing.with_sent(values, context=context)
        parameters.is_valid()
        problems = [Detail(name, "repeated", "Given more than once.") for name in twice]
        problems += [d for d in flatten(parameters.errors) if d.field not in twice]
        if problems:
            raise BadParameters(*problems)
        return parameters

    def require_rights(self, user: Any) -> None:
        """Raise NotAllowed when `user` lacks the right to one of the parameters that are there."""
        for name, right in self.rights.items():
            if name in self.initial_data and not user.has_perm(right):
                raise NotAllowed(f"You do not have the right to ask by `{name}`.")


@cache
def _standing(kind: type[Any], names: tuple[str, ...]) -> Any:
    return stands_for_all(kind(context={"names": names}))


class ShapeParameters(Parameters):
    """For one resource: which of its fields to answer with."""

    def get_fields(self) -> dict[str, Any]:
        """The declared fields and `fields`."""
        known = list(self.context.get("names", ()))
        help_text = "Only these fields of the resource, separated by commas."
        return {**super().get_fields(), "fields": NamesParameter(known, help_text=help_text)}


@dataclass(frozen=True)
class Order:
    """One key that a list is ordered by. The expression is never null."""

    name: str
    expression: Any
    descending: bool

    def term(self) -> Any:
        """The ORDER BY term."""
        return self.expression.desc() if self.descending else self.expression.asc()

    def turned(self) -> "Order":
        """The same the other way round."""
        return replace(self, descending=not self.descending)


class CursorParameters(Parameters):
    """For a list that is read from its beginning on: which part of it."""

    page_size = NumberParameter(
        min_value=1, max_value=MAX_PAGE_SIZE, help_text=f"{DEFAULT_PAGE_SIZE} unless said."
    )
    cursor = TextParameter(
        allow_blank=True,
        help_text="Empty to start, then `meta.next_cursor`: constant time at any depth.",
    )

    @property
    def size(self) -> int:
        """How many rows a page holds."""
        return int(self.validated_data.get("page_size", DEFAULT_PAGE_SIZE))


class PageParameters(CursorParameters):
    """For a list in its own fixed order, the newest first: which part of it."""

    page = NumberParameter(min_value=1, max_value=MAX_PAGE, help_text="From 1; not with `cursor`.")

    @cached_property
    def all_but_page(self) -> str:
        """The query string without the number of the page, as it begins another's."""
        others = urlencode(self.context["others"])
        return f"{others}&" if others else ""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values. Refuses `page` together with `cursor`."""
        if "page" in attrs and "cursor" in attrs:
            raise serializers.ValidationError({"page": "Not together with `cursor`."}, "excluded")
        return attrs

    @property
    def filters(self) -> dict[str, Any]:
        """The QuerySet words that were asked for, and what each is told."""
        return {}

    @property
    def order(self) -> list[Order]:
        """What the list is ordered by; the last key is always the id."""
        return [Order("id", F("pk"), descending=True)]


class ListParameters(ShapeParameters, PageParameters):
    """For a list of resources: also its order, its fields, and the filters a subclass declares."""

    orderings: ClassVar[dict[str, Any]] = {}  # name -> column or expression, never null
    not_filters: ClassVar = frozenset({"page", "page_size", "cursor", "ordering", "fields"})

    ids = IdsParameter(
        source="with_ids",
        help_text="Many at once; those that are not found are listed in `meta.missing`.",
    )

    def get_fields(self) -> dict[str, Any]:
        """The declared fields, `fields` and `ordering`."""
        known = ["id", *self.orderings]
        help_text = f"`-id` unless said; a `-` turns a key round. Keys: {', '.join(known)}."
        ordering = NamesParameter(known, signed=True, help_text=help_text)
        return {**super().get_fields(), "ordering": ordering}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values. Refuses paging together with `ids`, which are all answered at once."""
        paging = [name for name in ("page", "page_size", "cursor") if name in attrs]
        if "with_ids" in attrs and paging:
            raise serializers.ValidationError({paging[0]: "Not together with `ids`."}, "excluded")
        return super().validate(attrs)

    @property
    def size(self) -> int:
        """How many rows a page holds: all that `ids` names."""
        return MAX_IDS if "with_ids" in self.validated_data else super().size

    @property
    def filters(self) -> dict[str, Any]:
        """The QuerySet words that were asked for, and what each is told."""
        return {k: v for k, v in self.validated_data.items() if k not in self.not_filters}

    @property
    def narrowing(self) -> Narrowing:
        """Each filter's word, said to the rows; kept where it is a search alone."""
        filters = self.filters
        if not filters:
            return Narrowing()
        form = None
        if filters.keys() == {"search"}:
            form = form_of_search(filters["search"])
        return Narrowing(lambda rows: _said(rows, filters), form)

    @property
    def may_approximate(self) -> bool:
        """True for the first page of a search: where it finds nothing, the nearest may stand."""
        values = self.validated_data
        return "search" in values and values.get("page", 1) == 1 and not values.get("cursor")

    def apart_from_search(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` filtered by all that was asked for but the search."""
        return _said(rows, {k: v for k, v in self.filters.items() if k != "search"})

    @property
    def order(self) -> list[Order]:
        """What the list is ordered by; the last key is always the id."""
        keys = [self._key(name) for name in self.validated_data.get("ordering", ["-id"])]
        if all(key.name != "id" for key in keys):
            keys.append(Order("id", F("pk"), keys[-1].descending))
        return keys

    def _key(self, name: str) -> Order:
        bare = name.removeprefix("-")
        column = "pk" if bare == "id" else self.orderings[bare]
        expression = F(column) if isinstance(column, str) else column
        return Order(bare, expression, descending=name.startswith("-"))


def _said(rows: QuerySet[Any], words: Mapping[str, Any]) -> QuerySet[Any]:
    """`rows` with each word said to it."""
    for word, value in words.items():
        rows = getattr(rows, word)(value)
    return rows


def form_of_search(text: str) -> Form:
    """The form of a search: how many words there are, and which of them are short."""
    words = terms_of(text)
    slots = [Term(Slot(number), word.letters) for number, word in enumerate(words)]
    lengths = tuple(word.letters for word in words)
    return Form(("search", lengths), lambda rows: rows.search(slots), [word.text for word in words])  # type: ignore[attr-defined]
