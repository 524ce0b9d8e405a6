"""How large a file may be, in each of its directions: what is beyond is refused, not read."""

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

MAX_BYTES = 4 * GIB  # of a file, unpacked
MAX_COLUMNS = 1_000
MAX_CELL_CHARS = 100_000
MAX_BLANK_LINES = 2_000_000  # a spreadsheet leaves a million at most
MAX_RECORD_CHARS = 4 * MIB  # of a line, and of a row or record that goes over many
BLOCK_BYTES = 256 * KIB  # what is read, unpacked and decoded at a time
SAMPLE_BYTES = 256 * KIB  # what is looked at to tell kind, encoding and delimiter

# Deflate reaches 1,032 on zeros; a table that says the same in every row stays far below this.
MAX_RATIO = 250  # bytes unpacked for each that is packed
RATIO_FLOOR_BYTES = 64 * MIB  # below it any ratio is harmless
