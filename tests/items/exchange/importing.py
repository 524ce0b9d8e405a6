"""How the tests use the admin's pages of imports: as a browser does."""

from io import BytesIO
from typing import Any

from django.test import Client

from items.exchange.models import Import
from tests.items.helpers import query

IMPORTS = "/admin/items/import/"
XSS = "<script>alert(1)</script>"


def page_of(record: Import, page: str = "change", **asked: Any) -> str:
    """Where a page of an import is."""
    return f"{IMPORTS}{record.pk}/{page}/{query(**asked) if asked else ''}"


def upload(desk: Client, *lines: str, name: str = "items.csv", **options: Any) -> Any:
    """Send a file, with what is said of it; the answer."""
    file = BytesIO("\n".join(lines).encode())
    file.name = name
    return desk.post(f"{IMPORTS}add/", {"location": "Unsorted", **options, "file": file})


def uploaded(desk: Client, *lines: str, **given: Any) -> Import:
    """The import that has become of a file."""
    answer = upload(desk, *lines, **given)
    assert answer.status_code == 302, answer.context["form"].errors
    record: Import = Import.objects.latest("pk")
    assert answer["Location"] == page_of(record)
    return record


def reading(desk: Client, record: Import, **said: Any) -> dict[str, Any]:
    """What a browser would send of the form that says how a file is read, with something else."""
    form = desk.get(page_of(record)).context["form"]
    values = {bound.html_name: bound.value() for bound in form}
    return {name: value for name, value in values.items() if value not in (None, False)} | said


def read_again(desk: Client, record: Import, **said: Any) -> Any:
    """Have it planned anew; the answer."""
    answer = desk.post(page_of(record, "plan"), reading(desk, record, **said))
    record.refresh_from_db()
    return answer


def apply(desk: Client, record: Import, **said: Any) -> Any:
    """Press the button of the plan that is shown; the answer."""
    seen = desk.get(page_of(record)).context["seen"]
    answer = desk.post(page_of(record, "apply"), {"seen": seen, **said})
    record.refresh_from_db()
    return answer


def becomes(desk: Client, record: Import) -> dict[str, str]:
    """{column: what it becomes} as the form shows it."""
    form = desk.get(page_of(record)).context["form"]
    return {column.header: field.value() for column, field in form.rows}
