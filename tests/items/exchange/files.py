"""Files that tests import."""

import io
from typing import Any

from items.exchange import services
from items.exchange.models import Import
from items.exchange.options import Options
from items.exchange.planned import Planned, planned_rows


def received(content: str | bytes, name: str = "file.csv", **options: Any) -> Import:
    """A file that has been received; `options` are those of the import."""
    data = content.encode() if isinstance(content, str) else content
    return services.receive(io.BytesIO(data), name=name, options=Options(**options))


def planned(content: str | bytes, name: str = "file.csv", **options: Any) -> Import:
    """Its plan."""
    return services.plan(received(content, name, **options))


def applied(content: str | bytes, name: str = "file.csv", **options: Any) -> Import:
    """The import, done; what is refused is left out."""
    return services.apply(planned(content, name, **options), skip_bad=True)


def outcomes(record: Import) -> dict[int, str]:
    """{line: outcome}."""
    return {row.line: row.outcome for row in planned_rows(record)}


def row_of(record: Import, line: int) -> Planned:
    """The plan of one line."""
    [row] = [row for row in planned_rows(record) if row.line == line]
    return row


def refusals(record: Import) -> dict[int, list[tuple[str, str, str]]]:
    """{line: [(column, code, value)]} of the refused rows."""
    return {
        row.line: [(problem.column, problem.code, problem.value) for problem in row.problems]
        for row in planned_rows(record, outcome="refused")
    }
