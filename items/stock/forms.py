"""What each kind of booking asks for in the admin: of one thing, or of many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from config.errors import DomainError
from items.catalogue.models import Item
from items.stock import services
from items.stock.errors import NothingToBook
from items.stock.fields import (
    BorrowerField,
    DueField,
    PlaceField,
    QuantityField,
    StockedPlaceField,
)
from items.stock.models import (
    REASON_MAX_LENGTH,
    REFERENCE_MAX_LENGTH,
    Loan,
    Location,
    Movement,
)
from items.stock.permissions import ADJUST, LEND, MOVE, REVERSE

STORAGE, OUTSIDE = Location.Kind.STORAGE, Location.Kind.OUTSIDE
NOTE = ("reference", "reason")


class BookingForm(forms.Form):
    """Asks once for what is the same for all subjects, and of each of them how much.

    `subjects` are items, loans or movements, at least one. A subclass says what it is called, what
    it does in one sentence, what right it takes and which service books it.
    """

    required_css_class = "required"

    subject: ClassVar[type[Any]] = Item
    parameter: ClassVar[str] = "item"  # of the service; and of the URL
    quantity_parameter: ClassVar[str] = "quantity"
    title: ClassVar[str]
    does: ClassVar[str]
    right: ClassVar[str]
    service: ClassVar[Callable[..., Any]]

    def __init__(self, subjects: Sequence[Any], user: Any, data: Any = None) -> None:
        super().__init__(data)
        self.subjects, self.user = subjects, user
        self.shared = list(self.fields)
        if user.has_perm("items.add_location"):
            for place in self.fields.values():
                if isinstance(place, PlaceField):
                    place.offer_to_add()
        for subject in subjects:
            if (quantity := self.quantity_field(subject)) is not None:
                quantity.required = len(subjects) == 1
                self.fields[self.name_of(subject)] = quantity

    def quantity_field(self, subject: Any) -> forms.Field | None:
        """What is asked of each subject; of a single thing there is but one."""
        item = self.item_of(subject)
        one = Decimal(1) if item.serial_number is not None else None
        return QuantityField(label="Quantity", help_text=item.unit, initial=one)

    def item_of(self, subject: Any) -> Item:
        """The item that a subject is, or is about."""
        item: Item = subject if isinstance(subject, Item) else subject.item
        return item

    def name_of(self, subject: Any) -> str:
        """The name of the field that asks how much of a subject."""
        return f"quantity_{subject.pk}"

    @property
    def items(self) -> list[Item]:
        """The items that are booked."""
        return [self.item_of(subject) for subject in self.subjects]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each subject, what is there of its item, and the field that asks how much of it."""
        return [
            {
                "subject": subject,
                "on_hand": item.in_units(item.on_hand),
                "field": self[name] if (name := self.name_of(subject)) in self.fields else None,
            }
            for subject in self.subjects
            for item in [self.item_of(subject)]
        ]

    @property
    def questions(self) -> list[forms.BoundField]:
        """The fields that are asked once: where, to whom."""
        return [self[name] for name in self.shared if name not in NOTE]

    @property
    def note(self) -> list[forms.BoundField]:
        """The fields that say why."""
        return [self[name] for name in NOTE if name in self.shared]

    def clean(self) -> dict[str, Any]:
        """The values. Refuses a form in which nothing is said of any subject."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        asked = [name for name in self.fields if name not in self.shared]
        if asked and not self.errors and all(cleaned[name] is None for name in asked):
            raise forms.ValidationError("Say of at least one of them how many.")
        return cleaned

    def book(self) -> list[Movement]:
        """Book all, or refuse all: then the form has the reasons, and nothing may be committed.

        Of which nothing was said, or which is as the books say, has no movement.
        """
        values = dict(self.cleaned_data)  # which loses what has an error
        made = []
        for subject in self.subjects:
            try:
                made.append(self._book_one(subject, values))
            except NothingToBook:
                continue
            except DomainError as error:
                self._say_why(subject, error)
        return [movement for movement in made if movement is not None]

    def _book_one(self, subject: Any, values: dict[str, Any]) -> Movement | None:
        asked = {name: values[name] for name in self.shared}
        if (name := self.name_of(subject)) in self.fields:
            if values[name] is None:
                return None
            asked[self.quantity_parameter] = values[name]
        booked = type(self).service(actor=self.user, **{self.parameter: subject}, **asked)
        if isinstance(booked, Movement):
            return booked
        opening: Movement = booked.movements.get()
        return opening

    def _say_why(self, subject: Any, error: DomainError) -> None:
        """The reason beside the field that it is about; beside the subject's when about none."""
        own = self.name_of(subject) if self.name_of(subject) in self.fields else None
        for detail in error.details:
            if (name := detail.field.removesuffix("_id")) in self.shared:
                if name not in self.errors:
                    self.add_error(name, detail.message)
                return
        self.add_error(own, error.message)


class ReasonForm(BookingForm):
    """With the reason."""

    reason = forms.CharField(max_length=REASON_MAX_LENGTH, required=False)


class NoteForm(ReasonForm):
    """With a note: why, and what it belongs to."""

    reference = forms.CharField(
        max_length=REFERENCE_MAX_LENGTH, required=False, help_text="An order's number, say."
    )


class FromStoreForm(NoteForm):
    """Takes something from a place in store: of one item, from those where there is some."""

    source = PlaceField(STORAGE, label="From")

    def __init__(self, subjects: Sequence[Any], user: Any, data: Any = None) -> None:
        super().__init__(subjects, user, data)
        if len(subjects) == 1:
            self.fields["source"] = StockedPlaceField(subjects[0], label="From")


# ── Items ─────────────────────────────────────────────────────────────────────────────────────
class ReceiveForm(NoteForm):
    """In."""

    title, right = "Receive", MOVE
    does = "Takes in what comes from outside: from a supplier, or back from a customer."
    service = staticmethod(services.receive_stock)

    destination = PlaceField(STORAGE, label="To")
    source = PlaceField(
        OUTSIDE, label="Received from", required=False, help_text="A supplier, say."
    )


class IssueForm(FromStoreForm):
    """Out."""

    title, right = "Issue", MOVE
    does = "Gives something out for good: sold, used up or passed on. What is to come back is lent."
    service = staticmethod(services.issue_stock)

    destination = PlaceField(OUTSIDE, label="To", required=False, help_text="A customer, say.")


class MoveForm(FromStoreForm):
    """About."""

    title, right = "Move", MOVE
    does = "Moves something from one place in store to another."
    service = staticmethod(services.transfer_stock)

    destination = PlaceField(STORAGE, label="To")


class CountForm(NoteForm):
    """What is there."""

    title, right = "Count", ADJUST
    does = "States what is really there; the difference to the books is booked."
    service = staticmethod(services.count_stock)
    quantity_parameter = "counted"

    location = PlaceField(STORAGE, label="Counted at")

    def quantity_field(self, subject: Any) -> forms.Field:
        """What was counted, which may be nothing."""
        return QuantityField(label="Counted", min_value=Decimal(0), help_text=subject.unit)


class LendForm(FromStoreForm):
    """To somebody."""

    title, right = "Lend", LEND
    does = "Lends something to somebody, who has it until it is taken back."
    service = staticmethod(services.check_out)

    holder = BorrowerField(label="To")
    due_at = DueField(
        label="Due", required=False, help_text="The last day; or until further notice."
    )


class WriteOffForm(FromStoreForm):
    """Lost."""

    title, right = "Write off", ADJUST
    does = "Books something in store as lost, broken or gone bad."
    service = staticmethod(services.write_off)


# ── Loans ─────────────────────────────────────────────────────────────────────────────────────
class LoanForm(NoteForm):
    """About loans: of each, how much of what is out."""

    subject, parameter = Loan, "loan"

    def quantity_field(self, subject: Any) -> forms.Field:
        """All that is out, unless changed."""
        out = subject.quantity - subject.returned
        help_text = f"of {subject.item.in_units(out)} with {subject.holder}"
        return QuantityField(label="Quantity", initial=out or None, help_text=help_text)


class TakeBackForm(LoanForm):
    """Back."""

    title, right = "Take back", LEND
    does = "Takes back what was lent, or a part of it."
    service = staticmethod(services.check_in)

    destination = PlaceField(
        STORAGE, label="To", required=False, help_text="Where it came from, unless you say another."
    )


class LostForm(LoanForm):
    """Not back."""

    title, right = "Lost", ADJUST
    does = "Writes off what a borrower has lost or broken; so much of the loan is over."
    service = staticmethod(services.write_off_loan)


# ── Movements ─────────────────────────────────────────────────────────────────────────────────
class ReverseForm(ReasonForm):
    """Put right."""

    subject, parameter = Movement, "movement"
    title, right = "Reverse", REVERSE
    does = "Puts a mistake right: books the same turned round. Both stay in the books."
    service = staticmethod(services.reverse_movement)

    def quantity_field(self, subject: Any) -> None:
        """It is reversed whole."""


FORMS: dict[str, type[BookingForm]] = {
    "receive": ReceiveForm,
    "issue": IssueForm,
    "move": MoveForm,
    "count": CountForm,
    "lend": LendForm,
    "write-off": WriteOffForm,
    "take-back": TakeBackForm,
    "lost": LostForm,
    "reverse": ReverseForm,
}
