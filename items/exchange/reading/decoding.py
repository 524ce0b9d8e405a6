"""Bytes to text: which encoding a file is in, and its text block by block."""

import codecs
from collections.abc import Iterable, Iterator

from items.exchange.reading.bounds import MAX_RECORD_CHARS
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.guessing import LEGACY, guessed
from items.exchange.reading.sources import Source

MARK = "\ufeff"  # of the order of bytes, where a codec leaves it in
MARKS = (  # the longer first: a mark of UTF-32 begins like one of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# They count as encodings of text, but no file is in one, and half characters come out of some.
NOT_OF_FILES = frozenset(
    ("utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined")
)
# In UTF-16 of any script, at least this share of the characters is ASCII: delimiters, ends, digits.
UTF_16_ASCII_SHARE = 0.1
UTF_16_ENDS_SHARE = 0.75  # and of the bytes that end a line in ASCII, nearly all do it there too


def encoding_of(source: Source, wanted: str | None) -> tuple[str, list[str]]:
    """The name of Python's codec for the file, and notes; raises Unreadable for an unknown one."""
    if wanted:
        return _named(wanted, source.name), []
    sample = source.sample
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return encoding, []
    if encoding := _unmarked_utf_16(sample):
        return encoding, []
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return _guessed(source)
    return "utf-8", []


def _named(wanted: str, name: str) -> str:
    try:
        "a".encode(wanted)  # unlike a look-up, it refuses what is no encoding of text
        encoding = codecs.lookup(wanted).name
        codecs.getincrementaldecoder(encoding)
        if encoding in NOT_OF_FILES:
            raise LookupError
    except (LookupError, ValueError):
        raise Unreadable(
            f"“{wanted}” is no encoding that {name} could be in: name one such as utf-8, "
            "windows-1252 or cp949."
        ) from None
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _unmarked_utf_16(sample: bytes) -> str:
    """UTF-16 shows by zero bytes that are all at even or all at odd places, and by line ends."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if min(even, odd) or max(even, odd) * 2 <= UTF_16_ASCII_SHARE * len(sample):
        return ""
    encoding = "utf-16-le" if odd else "utf-16-be"
    ends = sample.count("\n".encode(encoding))
    return encoding if ends >= UTF_16_ENDS_SHARE * sample.count(b"\n") else ""


def _guessed(source: Source) -> tuple[str, list[str]]:
    encoding = guessed(source.sample)
    note = (
        f"Read as {LEGACY[encoding]}, which is a guess: if letters look wrong, save it as UTF-8 "
        "or say its encoding."
    )
    return encoding, [note]


def sample_text(source: Source, encoding: str) -> str:
    """How the text begins, as far as it is looked at; what is not text is left out."""
    return codecs.getincrementaldecoder(encoding)("ignore").decode(source.sample).removeprefix(MARK)


def decoded(source: Source, encoding: str) -> Iterator[str]:
    """The text in blocks; raises Unreadable, with the line, where it is no text."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    while True:
        block = source.read()
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise _undecodable(source.name, encoding, error, line) from None
        if "\0" in text:
            line += _line_ends(text[: text.index("\0")])
            raise Unreadable(
                f"Line {line} of {source.name} holds a NUL character, which no text does: the "
                "file is damaged, save or fetch it again.",
                line=line,
            )
        line += _line_ends(text)
        if text:
            yield text
        if not block:
            return


def _line_ends(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _undecodable(name: str, encoding: str, error: UnicodeError, line: int) -> Unreadable:
    if isinstance(error, UnicodeDecodeError):
        line += _line_ends(error.object[: error.start].decode(encoding, "ignore"))
    word = {"utf-8-sig": "UTF-8"}.get(encoding, LEGACY.get(encoding, encoding.upper()))
    return Unreadable(
        f"Line {line} of {name} is not text in {word}: save the file as UTF-8, or name its "
        "encoding.",
        line=line,
    )


def whole_lines(texts: Iterable[str], name: str) -> Iterator[str]:
    """The text in blocks that end where a line ends; raises Unreadable for an endless line."""
    rest, line = "", 1
    for text in texts:
        block = rest + text
        # A lone CR at the very end may be half of a CRLF.
        end = block.rfind("\n") + 1 or block.rfind("\r", 0, len(block) - 1) + 1
        rest = block[end:]
        if end:
            line += _line_ends(block[:end])
            yield block[:end]
        if len(rest) > MAX_RECORD_CHARS:
            raise Unreadable(
                f"Line {line} of {name} is longer than {MAX_RECORD_CHARS:,} characters, as no "
                "row of a table is: check that it is the right file.",
                line=line,
            )
    if rest:
        yield rest
