"""Many rows in and out: an import and an export beside `psql \\copy` on the same table."""

import csv
import importlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from config.embedded.account import Account
from config.embedded.binaries import postgres_programs
from config.sizes import KB
from tests.running import PROJECT

WORDS = (
    *("steel", "copper", "lamp", "desk", "cable", "drill", "bolt", "hinge", "panel", "motor"),
    *("valve", "sensor", "board", "frame", "wheel", "brush", "filter", "pump", "relay", "socket"),
)
SEED = 7
HEADER = (
    *("sku", "name", "description", "category", "status", "unit", "unit_price", "currency"),
    *("tags", "attributes", "barcode", "reorder_point"),
)
COLUMNS = [name if name != "category" else "category_id" for name in HEADER]
# What an export has besides.
MORE_OUT = ("owner_id", "serial_number", "on_hand", "on_loan", "created_at", "updated_at")
ROUNDS, MANY = 3, 1_000_000  # one round of so many rows is enough


@dataclass(frozen=True)
class Bulk:
    """Rows a second at one size, ours and COPY's, and the most memory that ours took."""

    rows: int
    copy_in: float
    imported: float
    import_mb: float
    copy_out: float
    exported: float
    export_mb: float

    def row(self) -> list[str]:
        """As it is printed."""
        rates = (self.copy_in, self.imported, self.copy_out, self.exported)
        copy_in, imported, copy_out, exported = (f"{self.rows / seconds:,.0f}" for seconds in rates)
        return [
            *(f"{self.rows:,}", copy_in, imported, f"{self.copy_in / self.imported:.2f}"),
            f"{self.import_mb:.0f}",
            *(copy_out, exported, f"{self.copy_out / self.exported:.2f}", f"{self.export_mb:.0f}"),
        ]


HEAD = (
    *("rows", "\\copy in/s", "import/s", "ratio", "MB"),
    *("COPY out/s", "export/s", "ratio", "MB"),
)


def measure(rows: int) -> Bulk:
    """Both ways at one size, the medians of some rounds; the register is full of the rows after."""
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "items.csv", Path(folder) / "copy.csv"
        _write(ours, theirs, rows)
        rounds = ROUNDS if rows < MANY else 1
        found = [_round(ours, theirs, Path(folder) / "out.csv") for _ in range(rounds)]
    return Bulk(rows, *(median(each) for each in zip(*found, strict=True)))


def _round(ours: Path, theirs: Path, out: Path) -> tuple[float, ...]:
    """The seconds, and for ours the most memory in MB, of each way in and out."""
    _empty()
    columns = ", ".join(COLUMNS)
    copy_in = _timed(lambda: _psql(f"\\copy items_item ({columns}) FROM '{theirs}' CSV"))
    _empty()
    imported = _in_a_process("import", ours)
    columns = ", ".join([*COLUMNS, *MORE_OUT])
    plain = f"SELECT {columns} FROM items_item ORDER BY id"
    copy_out = _timed(lambda: _psql(f"\\copy ({plain}) TO '{out}' CSV"))
    return copy_in, *imported, copy_out, *_in_a_process("export", out)


def _write(ours: Path, theirs: Path, rows: int) -> None:
    """The same rows twice: as a file of ours, and as the table's own columns."""
    from items.models import Category

    kinds = {name: Category.objects.get_or_create(name=name, parent=None)[0].pk for name in WORDS}
    draw = random.Random(SEED)
    with ours.open("w", newline="") as one, theirs.open("w", newline="") as other:
        mine, plain = csv.writer(one), csv.writer(other)
        mine.writerow(HEADER)
        for number in range(rows):
            a, b, c = draw.choices(WORDS, k=3)
            row = {
                "sku": f"BULK-{number:08d}",
                "name": f"{a} {b} {number}",
                "description": f"{a} {b} {c}, kept dry in aisle {number % 97}",
                "category": a,
                "status": "active",
                "unit": "pcs",
                "unit_price": f"{number % 9000 / 100 + 1:.2f}",
                "currency": "EUR",
                "tags": f"{a}; {b}" if a != b else a,
                "attributes": json.dumps({"shelf": f"{c}-{number % 40}"}),
                "barcode": f"90{number:010d}",
                "reorder_point": number % 30,
            }
            mine.writerow(row.values())
            tags = f"{{{','.join(dict.fromkeys((a, b)))}}}"
            plain.writerow({**row, "category": kinds[a], "tags": tags}.values())


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE items_item, items_itemevent CASCADE")
        cursor.execute("VACUUM ANALYZE items_item, items_itemsearchtext")


def _psql(command: str) -> None:
    from django.db import connection

    given: dict[str, Any] = connection.get_connection_params()
    psql = postgres_programs(Account(os.geteuid(), os.getegid())) / "psql"
    place = ["-h", given["host"], "-p", str(given["port"]), "-U", given["user"], given["dbname"]]
    subprocess.run([psql, "-X", "-q", *place, "-c", command], check=True)


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _in_a_process(what: str, path: Path) -> tuple[float, float]:
    """The seconds, and the most memory in MB, of a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bulk", what, str(path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def _import(path: Path) -> Callable[[], None]:
    """Plan and apply, as the command does. What forgets it again is no part of that."""
    from items.exchange import services

    with path.open("rb") as file:
        record = services.receive(file, name=path.name)
    record = services.plan(record)
    assert record.status == "planned", record.problem
    services.apply(record)
    return lambda: services.forget_rows(record)


def _export(path: Path) -> Callable[[], None]:
    """The file of all items."""
    from config.exports.writing import FORMATS
    from items.catalogue.exports import ITEMS
    from items.models import Item

    with path.open("wb") as file:
        FORMATS["csv"].write(Item.objects.all(), ITEMS, file, lambda _: None)
    return path.unlink


if __name__ == "__main__":
    import django

    django.setup()
    for module in ("items.exchange.services", "config.exports.writing"):
        importlib.import_module(module)  # which is no part of the work
    work = {"import": _import, "export": _export}[sys.argv[1]]
    begun = time.perf_counter()
    tidy = work(Path(sys.argv[2]))
    took = time.perf_counter() - begun
    tidy()
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB)
