"""The shape of what programs send: a file, how it is to be read, and what is to be done with it."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError

from config import currencies
from config.api.fields import BooleanField, ChoiceField, TextField
from config.api.parsing import parse_json
from config.api.serializers import StrictSerializer
from items.exchange import dates
from items.exchange.formats import ATTRIBUTE, IGNORED, all_formats
from items.exchange.options import DEFAULT_LOCATION, Options
from items.trees import PATH_SEPARATOR

SUBJECTS = ["item", "person", "place", "level"]
LOCATION_MAX_LENGTH = 500  # of a whole path
ENCODING_MAX_LENGTH = 50
MAX_COLUMNS = 1000  # as a file may have


def format_names() -> list[str]:
    """The sources, and their kinds of files that can be imported."""
    known = [each for each in all_formats() if not each.refused]
    return [*dict.fromkeys(each.source for each in known), *(each.full_name for each in known)]


# By these names the document's choices are named; see the settings.
FORMATS = format_names()
DECIMALS = ["point", "comma"]
DATES = [*dates.STYLES]


def field_names() -> list[str]:
    """What a column may become."""
    ours = {name for each in all_formats() for name in each.columns}
    return [*sorted(ours), ATTRIBUTE, IGNORED]


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "string", "enum": field_names()}}
)
class MapField(serializers.Field):
    """{their header: our field}."""

    default_error_messages: ClassVar = {
        "not_an_object": "Expected an object: their column, then our field.",
        "too_many": f"More than {MAX_COLUMNS} columns.",
        "null_characters": "Text may not hold the NUL character.",
        "unknown_field": "{name!r} is no field of ours; there are: {known}.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """The columns. Raises ValidationError for a field that there is not."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(data) > MAX_COLUMNS:
            self.fail("too_many")
        if any("\0" in header for header in data):
            self.fail("null_characters")
        known = field_names()
        for name in data.values():
            if name not in known:
                self.fail("unknown_field", name=str(name)[:50], known=", ".join(known))
        return data

    def to_representation(self, value: Any) -> Any:
        """As it is."""
        return value


class MapText(MapField):
    """The same in a form: an object as JSON text."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """The columns. Raises ValidationError for what is no JSON."""
        try:
            return super().to_internal_value(parse_json(str(data).encode("utf-8", "replace")))
        except ParseError as error:
            raise serializers.ValidationError(str(error.detail), code="invalid") from error


class FlagOfForm(serializers.BooleanField):
    """`true` or `false` in a form."""

    def to_internal_value(self, data: Any) -> bool:
        """The truth value. Raises ValidationError for anything else."""
        word = str(data).lower()
        if word not in ("true", "false"):
            self.fail("invalid", input=data)
        return word == "true"


class OptionsSerializer(StrictSerializer):
    """How a file is to be read; what is left out is recognised, or is asked for."""

    format = ChoiceField(
        FORMATS, required=False, help_text="Where it comes from, and which kind of file."
    )
    subject = ChoiceField(
        SUBJECTS, required=False, help_text="What a row is, where `map` names all columns: `item`."
    )
    encoding = TextField(
        required=False,
        max_length=ENCODING_MAX_LENGTH,
        help_text="Of a text file, where the guess is wrong: utf-8, windows-1252, cp949.",
    )
    decimal = ChoiceField(DECIMALS, required=False, help_text="How numbers are written.")
    date = ChoiceField(DATES, required=False, help_text="How days are written.")
    currency = ChoiceField(
        sorted(currencies.DECIMALS),
        required=False,
        help_text="Of prices beside which there is none.",
    )
    location = TextField(
        required=False,
        max_length=LOCATION_MAX_LENGTH,
        help_text=f"The path of a location, for what has none in the file: `{DEFAULT_LOCATION}`.",
    )
    count: Any = BooleanField(
        required=False, help_text="Book differences in quantity as counted: `false`."
    )
    map = MapField(
        required=False,
        help_text="Their columns by our fields, where they are not recognised; `-` leaves one out, "
        "`attributes.` keeps it as an attribute.",
    )

    def validate_encoding(self, name: str) -> str:
        """A codec of text that Python has."""
        try:
            "a".encode(name)
        except (LookupError, ValueError) as error:
            message = "There is no such encoding; name one such as utf-8, windows-1252 or cp949."
            raise serializers.ValidationError(message, code="unknown_encoding") from error
        return name

    def validate_location(self, path: str) -> str:
        """A path that holds a name."""
        if not any(part.strip() for part in path.split(PATH_SEPARATOR.strip())):
            raise serializers.ValidationError("It holds no name.", code="no_name")
        return path

    @property
    def options(self) -> Options:
        """What was said, when it is valid."""
        said: dict[str, Any] = self.validated_data
        return Options(**{name: value for name, value in said.items() if name != "file"})


class NewImportSerializer(OptionsSerializer):
    """A file, and how it is to be read."""

    file = serializers.FileField(
        allow_empty_file=True, help_text=".csv, .tsv, .xlsx, .json or .jsonl, maybe packed: .gz."
    )
    count: Any = FlagOfForm(required=False, help_text="Book differences in quantity as counted.")
    map = MapText(required=False, help_text="Their columns by our fields, as a JSON object.")


class ApplySerializer(StrictSerializer):
    """Whether the good rows are applied though others are refused."""

    skip_bad = BooleanField(default=False)
