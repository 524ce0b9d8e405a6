"""Locations, stock, movements, loans and holdings over REST."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.reverse import reverse

from config.api import parameters as p
from config.api.exporting import ExportingViewSet
from config.api.fields import ChoiceField
from config.api.grammar import GrammarViewSet
from config.api.pagination import paginate
from config.api.reading import Reading, Shown
from config.api.reads import plan_of
from config.api.viewsets import ResourceViewSet
from config.text import sort_key
from items.catalogue.models import Item
from items.stock import services
from items.stock.exports import LEVELS, LOANS, MOVEMENTS
from items.stock.levels import levels_of
from items.stock.models import REFERENCE_MAX_LENGTH, Loan, Location, Movement, StockLevel
from items.stock.permissions import (
    ADJUST,
    LEND,
    MOVE,
    REVERSE,
    HolderRights,
    require_right_to,
)
from items.stock.querysets import DUE_ORDER
from items.stock.serializers import (
    HoldingSerializer,
    LevelSerializer,
    LoanSerializer,
    LocationSerializer,
    LossSerializer,
    MovementSerializer,
    NewLoanSerializer,
    NewMovementSerializer,
    ReasonSerializer,
    ReturnSerializer,
)

Kind = Movement.Kind

BOOKED_BY: dict[str, Callable[..., Movement]] = {
    Kind.RECEIVE: services.receive_stock,
    Kind.ISSUE: services.issue_stock,
    Kind.TRANSFER: services.transfer_stock,
    Kind.COUNT: services.count_stock,
    Kind.WRITE_OFF: services.write_off,
}


def checked(shape: type[serializers.Serializer], sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent, when it has this shape. Raises ValidationError."""
    asked = shape(data=sent)
    asked.is_valid(raise_exception=True)
    values: dict[str, Any] = asked.validated_data
    return values


# ── Places ────────────────────────────────────────────────────────────────────────────────────
class LocationParameters(p.ListParameters):
    """What a list of locations can be asked for."""

    orderings: ClassVar = {"name": sort_key("name")}

    parent = p.IdParameter(  # type: ignore[assignment]  # DRF takes it off the class
        source="within", help_text="The children of this location."
    )
    kind = ChoiceField(Location.Kind.choices, source="of_kind", required=False)


class LocationViewSet(ResourceViewSet):
    """Where things can be: a tree by `parent_id`, the persons who have something, and outside."""

    queryset = Location.objects.with_relations()
    keeps_reads = True
    serializer_class = LocationSerializer
    parameters: ClassVar = {**ResourceViewSet.parameters, "list": LocationParameters}


class StockParameters(p.Parameters):
    """What the levels of an item can be asked for."""

    as_of = serializers.DateTimeField(
        required=False, help_text="As they stood at this moment: ISO 8601, 2026-01-31T12:00:00Z."
    )


class ItemStockViewSet(GrammarViewSet):
    """What of an item is where."""

    queryset = StockLevel.objects.all()
    serializer_class = LevelSerializer
    parameters: ClassVar = {"stock": StockParameters}

    @extend_schema(operation_id="list_item_levels", responses=LevelSerializer(many=True))
    def stock(self, request: Request, pk: int) -> HttpResponse:
        """The levels that are not empty, all of them, by their locations' names."""
        item = get_object_or_404(Item.objects.only("pk"), pk=pk)
        levels: Any = levels_of(item, as_of=self.asked.validated_data.get("as_of"))
        return self.respond(LevelSerializer(levels, many=True).data)


class LevelParameters(p.ListParameters):
    """What the levels of all items can be asked for."""

    item = p.IdParameter(source="of_item", help_text="An item's id.")
    location = p.IdParameter(source="below", help_text="At this location, or at one below it.")


class LevelViewSet(ExportingViewSet):
    """What is where in store, of everything: to be had as a file alone."""

    queryset = StockLevel.objects.in_store()
    serializer_class = LevelSerializer
    http_method_names = ["get", "head"]
    parameters: ClassVar = {"list": LevelParameters}
    exported = LEVELS


# ── Movements ─────────────────────────────────────────────────────────────────────────────────
class ItemMovementParameters(p.ListParameters):
    """What the movements of one item can be asked for."""

    location = p.IdParameter(
        source="touching", help_text="From or to this location, or one below it."
    )
    kind = ChoiceField(Kind.choices, source="of_kind", required=False)
    actor = p.IdParameter(source="made_by", help_text="Who booked it: a user's id.")
    holder = p.IdParameter(source="held_by", help_text="Lent to this user, or back from them.")
    loan = p.IdParameter(source="of_loan", help_text="All that was booked for this loan.")
    reference = p.TextParameter(source="referring_to", max_length=REFERENCE_MAX_LENGTH)

    def get_fields(self) -> dict[str, Any]:
        """The declared fields, `from` and `to`."""
        begin = serializers.DateTimeField(
            source="made_from", required=False, help_text="Booked at this moment or later."
        )
        end = serializers.DateTimeField(
            source="made_until", required=False, help_text="Booked at this moment or before."
        )
        return {**super().get_fields(), "from": begin, "to": end}


class MovementParameters(ItemMovementParameters):
    """What a list of movements can be asked for."""

    item = p.IdParameter(source="of_item", help_text="An item's id.")


class MovementViewSet(ExportingViewSet):
    """What went from where to where: for ever, so that a mistake is put right by its reversal."""

    queryset = Movement.objects.with_relations()
    keeps_reads = True
    serializer_class = MovementSerializer
    http_method_names = ["get", "head", "post"]
    parameters: ClassVar = {**ResourceViewSet.parameters, "list": MovementParameters}
    exported = MOVEMENTS
    rights: ClassVar = {"reverse": (REVERSE,), "create": (MOVE, ADJUST)}

    @extend_schema(
        operation_id="reverse_movement",
        request=ReasonSerializer,
        responses={201: MovementSerializer},
    )
    def reverse(self, request: Request, pk: int) -> HttpResponse:
        """Put a mistake right: the same turned round, whole and once. Its loan is corrected too."""
        movement = self.get_row(pk)
        asked = checked(ReasonSerializer, self.body())
        return self.booked(
            services.reverse_movement(actor=request.user, movement=movement, **asked)
        )

    def booked(self, movement: Movement) -> HttpResponse:
        """The answer to what has made a movement."""
        answer = self.respond(self.shown(movement.pk), code=status.HTTP_201_CREATED)
        answer["Location"] = self.location(movement.pk)
        return answer

    def location(self, pk: int) -> str:
        """The movement's own URL."""
        return reverse("movement-detail", args=[pk], request=self.request)


class ItemMovementViewSet(MovementViewSet):
    """The movements of one item."""

    parameters: ClassVar = {"list": ItemMovementParameters}

    @cached_property
    def item(self) -> Item:
        """The item of the URL. Raises Http404."""
        item: Item = get_object_or_404(Item, pk=self.kwargs["pk"])
        return item

    def list(self, request: Request, **_: Any) -> HttpResponse:
        """The movements that match, the newest first."""
        return super().list(request)

    @extend_schema(
        request=PolymorphicProxySerializer(
            component_name="NewMovement",
            serializers=NewMovementSerializer.shapes,
            resource_type_field_name="kind",
        )
    )
    def create(self, request: Request, **_: Any) -> HttpResponse:
        """Book a movement: receive, issue, transfer, count or write_off."""
        return super().create(request)

    def get_queryset(self) -> Any:
        """Those of the item."""
        rows: Any = super().get_queryset()
        return rows.of_item(self.item.pk)

    def make(self, sent: dict[str, Any]) -> Shown:
        """Book what was sent. Raises ValidationError or NotAllowed, and what the services do."""
        item, kind = self.item, checked(NewMovementSerializer, sent)["kind"]
        require_right_to(kind, self.request.user)
        asked = checked(NewMovementSerializer.shapes[kind], sent)
        del asked["kind"]
        return self.seen(BOOKED_BY[kind](actor=self.request.user, item=item, **asked).pk)


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
class LoanParameters(p.ListParameters):
    """What a list of loans can be asked for."""

    orderings: ClassVar = {"due_at": DUE_ORDER}

    item = p.IdParameter(source="of_item", help_text="An item's id.")
    holder = p.IdParameter(source="held_by", help_text="A user's id.")
    open = p.FlagParameter(source="being_open", help_text="Something of it is still out.")
    overdue = p.FlagParameter(source="being_overdue", help_text="It should be back by now.")


class LoanViewSet(ExportingViewSet):
    """Who has what: opened by lending, closed when all of it is back or written off."""

    queryset = Loan.objects.with_relations()
    serializer_class = LoanSerializer
    http_method_names = ["get", "head", "post", "patch"]
    parameters: ClassVar = {**ResourceViewSet.parameters, "list": LoanParameters}
    exported = LOANS
    rights: ClassVar = {"create": (LEND,), "take_back": (LEND,), "write_off": (ADJUST,)}

    @extend_schema(request=NewLoanSerializer, responses={201: LoanSerializer})
    def create(self, request: Request) -> HttpResponse:
        """Lend something to somebody."""
        return super().create(request)

    def make(self, sent: dict[str, Any]) -> Shown:
        """Lend what was sent. Raises ValidationError, and what the service does."""
        asked = checked(NewLoanSerializer, sent)
        return self.seen(services.check_out(actor=self.request.user, **asked).pk)

    @extend_schema(
        operation_id="return_loan", request=ReturnSerializer, responses={200: LoanSerializer}
    )
    @action(detail=True, methods=["post"], url_path="return")
    def take_back(self, request: Request, pk: int) -> HttpResponse:
        """Take back what is out, or a part of it; the loan as it then stands."""
        loan = self.get_row(pk)
        asked = checked(ReturnSerializer, self.body())
        services.check_in(actor=request.user, loan=loan, **asked)
        return self.respond(self.shown(pk))

    @extend_schema(
        operation_id="write_off_loan", request=LossSerializer, responses={200: LoanSerializer}
    )
    @action(detail=True, methods=["post"], url_path="write-off")
    def write_off(self, request: Request, pk: int) -> HttpResponse:
        """Book what the borrower has lost, all that is out or a part; the loan as it is then."""
        loan = self.get_row(pk)
        asked = checked(LossSerializer, self.body())
        services.write_off_loan(actor=request.user, loan=loan, **asked)
        return self.respond(self.shown(pk))


class HoldingsViewSet(GrammarViewSet):
    """What a person has now."""

    queryset = Loan.objects.with_relations()
    serializer_class = HoldingSerializer
    permission_classes = [*GrammarViewSet.permission_classes, HolderRights]
    asks_itself: ClassVar = frozenset({"list"})
    parameters: ClassVar = {"list": p.PageParameters}

    def list(self, request: Request, pk: int | None = None) -> HttpResponse:
        """Everything this person holds, the newest first: since when, and until when."""
        people = get_user_model().objects.only("pk")
        holder = request.user if pk is None else get_object_or_404(people, pk=pk)
        rows: Any = self.get_queryset()
        held = Reading(rows.open().held_by(holder.pk), plan_of(HoldingSerializer))
        page = paginate(held, self.page_asked, request)
        return self.respond(page.found.data, **page.meta)
