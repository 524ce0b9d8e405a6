"""What may be wrong with a row, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from items.catalogue.models import MAX_TAGS, TAG_MAX_LENGTH
from items.exchange.staged import UNIT
from items.trees import PATH_SEPARATOR

# {code: sentence}; {0} is the fact behind the code's colon.
SENTENCES: Mapping[str, str] = {
    "required": "It may not be blank: there is nothing of this number yet, so it would be made.",
    "no_key": "Nothing says which thing this is: no SKU, barcode, serial number or other key.",
    "too_long": "It is longer than {0} characters.",
    "ruined": "A spreadsheet has shortened this number, so that its last digits are lost; format "
    "the column as text there, and fill it in again.",
    "not_a_number": "It is not a number such as 1234.56.",
    "negative": "It may not be less than nothing.",
    "too_large": "It is larger than can be kept.",
    "too_many_decimals": "It has more than {0} decimals.",
    "decimals_of_currency": "It has more decimals than its currency, {0}.",
    "not_a_choice": "It is not one of: {0}.",
    "not_an_email": "It is not an e-mail address.",
    "too_many_tags": f"There are more than {MAX_TAGS} tags.",
    "tag_too_long": f"A tag is longer than {TAG_MAX_LENGTH} characters.",
    "not_json": "It is not JSON.",
    "not_an_object": "It is not a JSON object.",
    "not_a_day": "It is not a day as this file writes them ({0}).",
    "name_too_long": "A name in it is longer than {0} characters.",
    "no_name": "It holds no name.",
    "outside": "It is a location outside, where nothing is in store.",
    "circle": "It would lie below itself.",
    "unknown_person": "Nobody has this e-mail address; import the people first.",
    "person_by_name_alone": "A person is known by an e-mail address or a user name, and not by a "
    "name alone.",
    "person_name_length": "The name of a person has from 2 to 100 characters.",
    "twice": "Line {0} is the same already.",
    "taken": "Another item has it already: {0}.",
    "single_thing": "What has a serial number is a single thing, of which there are not {0}.",
    "unknown_item": "There is no such item, neither here nor in the file.",
    "more_rights": "This account may do more than an import may change; edit it by hand.",
    "shape": "{0}",
}

TREES = ("category", "location", "parent")


@dataclass(frozen=True)
class Problem:
    """Why a row is refused: which field, the code, and a sentence for a person."""

    field: str
    code: str
    value: str
    message: str


def problem_of(text: str) -> Problem:
    """What is planned as "unit_price too_many_decimals:2", then UNIT and the cell."""
    said, _, value = text.partition(UNIT)
    field, _, rest = said.partition(" ")
    code, _, fact = rest.partition(":")
    between = PATH_SEPARATOR if field in TREES else " "
    shown = between.join(part for part in value.split(UNIT) if part)
    return Problem("" if field == "-" else field, code, shown, SENTENCES[code].format(fact))
