"""What the admin asks of whoever imports a file: which, how it is read, what its columns become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config import currencies
from items.exchange import dates
from items.exchange.formats import ATTRIBUTE, IGNORED, MAPPED, all_formats
from items.exchange.import_columns import FIELDS, NEEDED, SUBJECTS, Column, Head, called, missing
from items.exchange.models import Import
from items.exchange.options import DEFAULT_LOCATION, Options
from items.exchange.reading.guessing import LEGACY

RECOGNISED = ("", "recognised by itself")
UTF = {"utf-8": "UTF-8", "utf-16": "UTF-16"}
DECIMALS = [("point", "1,234.56: a decimal point"), ("comma", "1.234,56: a decimal comma")]
SELECTED = SafeString(" selected")
LOCATION_MAX_LENGTH = 500
CHOOSE = " Choose: "  # begins the choices behind a question


def format_choices() -> list[tuple[str, str]]:
    """Every kind of file that can be imported."""
    return [
        (each.full_name, "Any spreadsheet" if each.last else each.title)
        for each in all_formats()
        if not each.refused
    ]


class QuickSelect(forms.Select):
    """A select that is written out without a template for each choice: a page may have hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The same as Django's."""
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SELECTED if str(key) == chosen else "", label) for key, label in self.choices),
        )
        given = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>{}</select>', name, given, options)


class OptionsForm(forms.Form):
    """How a file is read; whatever is left as it is, the file shows by itself."""

    format = forms.ChoiceField(label="Comes from", required=False, widget=QuickSelect)
    encoding = forms.ChoiceField(
        label="Encoding",
        required=False,
        widget=QuickSelect,
        choices=[RECOGNISED, *UTF.items(), *LEGACY.items()],
        help_text="Of a text file whose letters look wrong.",
    )
    decimal = forms.ChoiceField(
        label="Numbers", required=False, widget=QuickSelect, choices=[RECOGNISED, *DECIMALS]
    )
    date = forms.ChoiceField(
        label="Days", required=False, widget=QuickSelect, choices=[RECOGNISED, *dates.SHOWN.items()]
    )
    currency = forms.ChoiceField(
        label="Currency",
        required=False,
        widget=QuickSelect,
        choices=[("", "the usual one"), *((code, code) for code in sorted(currencies.DECIMALS))],
        help_text="Of prices beside which there is none.",
    )
    location = forms.CharField(
        label="Location",
        max_length=LOCATION_MAX_LENGTH,
        initial=DEFAULT_LOCATION,
        help_text="Of what has none in the file. Parts of a path are separated by /.",
    )
    count = forms.BooleanField(
        label="Book differences in quantity as counted",
        required=False,
        help_text="Else a quantity that is not that of the books is shown, and not booked.",
    )

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        super().__init__(data, files, **options)
        self._field("format").choices = [RECOGNISED, *format_choices()]

    def clean_location(self) -> str:
        """A path. Refuses one that names nothing."""
        path: str = self.cleaned_data["location"]
        if not any(part.strip() for part in path.split("/")):
            raise forms.ValidationError("It holds no name.")
        return path

    def options(self) -> Options:
        """What was said, of a form that is valid."""
        names = [name for name in OptionsForm.base_fields if name in self.cleaned_data]
        return Options(**{name: self.cleaned_data[name] for name in names})

    @property
    def settings(self) -> list[forms.BoundField]:
        """The fields that say how the file is read."""
        return [self[name] for name in OptionsForm.base_fields]

    def _field(self, name: str) -> Any:
        return self.fields[name]


class UploadForm(OptionsForm):
    """Which file."""

    file = forms.FileField(label="File")


class ReadingForm(OptionsForm):
    """How the file of an import is read instead: its options, and what its columns become.

    `head` is how the file begins, if it can be read. What the import asks has to be said.
    """

    subject = forms.ChoiceField(
        label="Each row is one of", choices=list(SUBJECTS.items()), required=False
    )

    def __init__(self, record: Import, head: Head | None, data: Any = None) -> None:
        super().__init__(data, initial=record.options)
        self.record, self.head = record, head
        self._kept = Options.of(record.options)
        self.columns = [] if head is None or head.is_dump else list(head.columns)
        if self.columns and head is not None and head.base is None:
            self.fields["subject"].required = True
        else:
            del self.fields["subject"]
        choices = self._choices()
        for at, column in enumerate(self.columns):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=column.header, choices=choices, initial=column.becomes, widget=QuickSelect
            )
        for name in self.asked:
            self._field(name).required = True
            self._field(name).widget = forms.RadioSelect()
            self._field(name).choices = self._asked_choices(name)

    @property
    def asked(self) -> list[str]:
        """The options that the import asks for, those of columns aside."""
        return [name for name in self.record.asks if name in OptionsForm.base_fields]

    @property
    def questions(self) -> list[forms.BoundField]:
        """What the import asks for."""
        return [self[name] for name in self.asked]

    @property
    def question(self) -> str:
        """What the import asks, without the choices, which stand below it."""
        return str(self.record.problem).partition(CHOOSE)[0]

    @property
    def asks_for_columns(self) -> bool:
        """Whether it is the columns that nobody knows."""
        return "map" in self.record.asks

    @property
    def is_wrong_below(self) -> bool:
        """Whether something is wrong beside what the import asks for."""
        return bool({*self.errors} - {*self.asked})

    @property
    def settings(self) -> list[forms.BoundField]:
        """The other options."""
        return [field for field in super().settings if field.name not in self.asked]

    @property
    def rows(self) -> list[tuple[Column, forms.BoundField]]:
        """Each column, and the field that says what it becomes."""
        return [(column, self[f"column_{at}"]) for at, column in enumerate(self.columns)]

    @property
    def lacking(self) -> str:
        """What is needed, and becomes of no column."""
        if not self.columns or self.head is None:
            return ""
        return missing(self._subject(self.data), [field.value() for _, field in self.rows])

    @property
    def needed(self) -> dict[str, Any]:
        """The same for the script of the page: what rows are, and which fields they need."""
        needed = {
            subject: [(names, called(subject, names)) for names in of]
            for subject, of in NEEDED.items()
        }
        return {"needed": needed, "subject": self.head.subject if self.head else ""}

    def clean(self) -> dict[str, Any]:
        """The values. Refuses columns among which one is missing that is needed."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors or not self.columns or self._reads_otherwise(cleaned):
            return cleaned
        if what := missing(self._subject(cleaned), self._said(cleaned).values()):
            raise forms.ValidationError(f"Say which column is the {what}.")
        return cleaned

    def options(self) -> Options:
        """What was said. Columns are named only where they differ from what the format knows."""
        said = super().options()
        if not self.columns or self._reads_otherwise(self.cleaned_data):
            return said
        assert self.head is not None  # it has columns
        chosen = self._said(self.cleaned_data)
        if self.head.base is None:
            return replace(said, map=chosen, subject=self._subject(self.cleaned_data))
        of_base = self.head.of_base
        differing = {name: field for name, field in chosen.items() if of_base[name] != field}
        return replace(said, map=differing)

    def _reads_otherwise(self, cleaned: dict[str, Any]) -> bool:
        """Whether the file is to be read as another, whose columns nobody has seen yet."""
        kept = "" if self._kept.format == MAPPED else self._kept.format
        return bool(cleaned["format"] != kept or cleaned["encoding"] != self._kept.encoding)

    def _subject(self, cleaned: Mapping[str, Any]) -> str:
        assert self.head is not None  # nobody asks without columns
        subject = cleaned.get("subject")
        return str(subject) if subject in SUBJECTS else self.head.subject

    def _said(self, cleaned: dict[str, Any]) -> dict[str, str]:
        return {column.header: cleaned[f"column_{at}"] for at, column in enumerate(self.columns)}

    def _choices(self) -> list[tuple[str, str]]:
        """What a column may become: of rows that nobody knows, a field of any kind of them."""
        if self.head is None or self.head.base is None:
            fields = {name: label for each in FIELDS.values() for name, label in each.items()}
        else:
            fields = dict(FIELDS.get(self.head.base.subject, {}))
        return [
            *fields.items(),
            (ATTRIBUTE, "kept as an attribute"),
            (IGNORED, "left out"),
        ]

    def _asked_choices(self, name: str) -> list[tuple[str, str]]:
        """Of the choices of an option, those that the import asks about."""
        among = self.record.asks[name]
        return [each for each in self._field(name).choices if each[0] in among]
