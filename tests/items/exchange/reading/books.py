"""Workbooks to read: made by openpyxl, or by hand where it would make none so."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def book(*sheets: Iterable[Iterable[Any]]) -> bytes:
    """A workbook of these sheets, Sheet1 and so on, row by row."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for number, rows in enumerate(sheets, start=1):
        sheet = made.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(list(row))
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def relations(*targets: tuple[str, str]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{number}" Type="{DOCUMENT}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{rows}</Relationships>'


def raw_book(sheet_data: str, texts: str = "", **members: bytes) -> bytes:
    """A workbook of one sheet whose sheetData, and shared texts, are this XML."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", relations(("officeDocument", "xl/workbook.xml")))
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            relations(("worksheet", "sheet.xml"), ("sharedStrings", "/xl/texts.xml")),
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>'
            '<sheet name="Stock" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr("xl/texts.xml", texts or f'<sst xmlns="{MAIN}"/>')
        archive.writestr(
            "xl/sheet.xml",
            f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/>'
            f"<sheetData>{sheet_data}</sheetData></worksheet>",
        )
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>v</t></is></c></row>'


def row_of(cell: str, number: int = 2) -> str:
    """A header `v`, and a row of one cell."""
    return f'{HEADER}<row r="{number}">{cell}</row>'
