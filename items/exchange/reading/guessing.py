"""Which encoding of before Unicode a text is in: a guess, and told as one."""

import re
from typing import Final

from charset_normalizer import CharsetMatch, from_bytes

from items.exchange.reading.bounds import KIB, SAMPLE_BYTES

WESTERN: Final = "cp1252"
# What spreadsheets wrote, and still do: of these the guess is one.
LATIN = {
    WESTERN: "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1254": "Windows-1254 (Turkish)",
}
FOREIGN = {
    "cp949": "CP949 (Korean)",
    "cp932": "CP932 (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
}
LEGACY = LATIN | FOREIGN
GUESSED_BYTES = 16 * KIB  # of the lines that tell something: guessing is slow
WORD = re.compile(rb"[A-Za-z\x80-\xff]{2,}")
ABOVE_ASCII = bytes(range(0x80, 0x100))
FOREIGN_SHARE = 0.6  # of the bytes in words of another script lie above ASCII, of Latin words fewer
SYMBOL_IN_WORD = re.compile(r"[^\W\d_][¡-¿×÷\ufffd][^\W\d_]")  # so Western text would not look


def guessed(sample: bytes) -> str:
    """The likeliest encoding of a text that is not UTF-8, by how it begins."""
    telling = _telling(sample)
    if _is_latin(telling):
        return _latin(telling)
    found = from_bytes(telling, cp_isolation=list(FOREIGN)).best()
    return found.encoding if found else WESTERN


def _telling(sample: bytes) -> bytes:
    """Whole lines of the sample that are not ASCII alone: half a character would mislead."""
    lines = sample.splitlines(True)
    if len(sample) >= SAMPLE_BYTES and len(lines) > 1:
        lines.pop()
    found, size = [], 0
    for line in lines:
        if not line.isascii() and size < GUESSED_BYTES:
            found.append(line[:GUESSED_BYTES])
            size += len(line)
    return b"".join(found)


def _is_latin(telling: bytes) -> bool:
    """Whether letters above ASCII stand among others, and not by themselves."""
    words = [word for word in WORD.findall(telling) if not word.isascii()]
    above = sum(len(word) - len(word.translate(None, ABOVE_ASCII)) for word in words)
    return above <= FOREIGN_SHARE * sum(map(len, words))


def _latin(telling: bytes) -> str:
    """Western, unless another reads better or Western does not look like words."""
    matches = list(from_bytes(telling, cp_isolation=list(LATIN)))
    western = next((match for match in matches if WESTERN in match.could_be_from_charset), None)
    others = [match for match in matches if match is not western]
    if not others:
        return WESTERN
    best = min(others, key=_doubt)
    odd = SYMBOL_IN_WORD.search(telling.decode(WESTERN, "replace"))
    if odd or (western and _doubt(best) < _doubt(western)):
        return best.encoding
    return WESTERN


def _doubt(match: CharsetMatch) -> tuple[float, float]:
    return match.chaos, -match.coherence
