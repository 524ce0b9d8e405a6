"""How a value is written into a cell so that it can be read back exactly, and harms nobody.

A spreadsheet takes a text that begins like a formula for one; an apostrophe before it makes it the
text that it is. Texts that begin so already get one more, so that whoever reads our file takes off
exactly one: `unescaped(harmless(text)) == text` for every text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

APOSTROPHE = "'"
FORMULA = "[=+@\t\r-]"  # what begins one; the dash last, where it stands for itself
HARMFUL = f"^{APOSTROPHE}*{FORMULA}"  # the same to Python and to PostgreSQL
ESCAPED = f"^{APOSTROPHE}+{FORMULA}"

_is_harmful = re.compile(HARMFUL).match
_is_escaped = re.compile(ESCAPED).match


def harmless(text: str) -> str:
    """A text as it stands in a cell: never a formula."""
    return f"{APOSTROPHE}{text}" if _is_harmful(text) else text


def unescaped(cell: str) -> str:
    """The text that `harmless` has written into a cell."""
    return cell[1:] if _is_escaped(cell) else cell


@dataclass(frozen=True)
class Joint:
    """How several texts stand in one cell: `mark` separates them, and is doubled within one."""

    mark: str
    separator: str

    def joined(self, texts: Iterable[str]) -> str:
        """The texts as one."""
        return self.separator.join(text.replace(self.mark, self.mark * 2) for text in texts)

    def parted(self, cell: str) -> list[str]:
        """The texts that `joined` made one of; a mark by itself separates too. Of "", none."""
        if not cell:
            return []
        mark, separator = re.escape(self.mark), re.escape(self.separator)
        parts = [""]
        for each in re.split(f"({mark}{mark}|{separator}|{mark})", cell):
            if each == self.mark * 2:
                parts[-1] += self.mark
            elif each in {self.separator, self.mark}:
                parts.append("")
            else:
                parts[-1] += each
        return parts


LIST = Joint(";", "; ")
PATH = Joint("/", " / ")  # of a tree, from the top down: "IT equipment / Laptops"
