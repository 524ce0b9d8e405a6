"""What is staged of a row: its columns, and the marks in their cells."""

# Beside its `line`; see staging.make_raw.
STAGED = (
    *("subject", "key", "sku", "derived", "name", "description", "category", "owner", "status"),
    *("unit", "unit_price", "currency", "tags", "attributes", "barcode", "serial_number"),
    *("reorder_point", "quantity", "location", "parent", "holder", "due_at"),
    *("email", "age", "is_active", "extra", "problem"),
)
# Of the fields of an item or a person, those that may be empty.
CLEARABLE = (
    *("description", "category", "owner", "unit_price", "tags", "attributes", "barcode"),
    *("serial_number", "reorder_point", "age"),
)
CLEARED = "\x18"  # in the place of a "-" that clears: the character CANCEL, which no text has
UNIT = "\x1f"  # between the parts of a path or of a person: ASCII's separator of units
BETWEEN_PROBLEMS = "\x1e"  # and of records
SHOWN_LENGTH = 100  # of the cell that is wrong


def problem(name: str, code: str, cell: str = "") -> str:
    """A problem as it is staged: field, code with its fact, and the beginning of the cell."""
    return f"{name or '-'} {code}{UNIT}{cell[:SHOWN_LENGTH]}"
