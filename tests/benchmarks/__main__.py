"""python -m tests.benchmarks: see the package."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import benchmarks
from tests.benchmarks import stage
from tests.benchmarks.measure import KINDS

PARTS = ("ceiling", "api", "growth", "bulk")
SIZES = (10_000, 100_000, 1_000_000)
PICTURE = Path(__file__).resolve().parent / "comparison.svg"


def main() -> None:
    """Run what was asked for."""
    asked = _asked()
    stage.begin()
    with stage.services():
        if asked.profile:
            _profile(asked)
        else:
            _measure(asked)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=benchmarks.__doc__)
    add = parser.add_argument
    add("--only", choices=PARTS, action="append", help="this part alone (may be repeated)")
    add("--items", type=int, default=100_000, help="in the comparison (default: %(default)s)")
    add("--rounds", type=int, default=5, help="of the comparison (default: %(default)s)")
    add("--seconds", type=int, default=4, help="of each measurement (default: %(default)s)")
    add("--sizes", type=int, nargs="+", default=SIZES, help="that the register grows to")
    add("--movements", type=int, default=0, help="in the register that grows")
    add("--profile", choices=KINDS, help="instead: where the time of such a request goes")
    return parser.parse_args()


def _profile(asked: argparse.Namespace) -> None:
    from tests.benchmarks.profiling import profile

    stage.fill(asked.items)
    with stage.load() as load:
        profile(load, asked.profile)


def _measure(asked: argparse.Namespace) -> None:
    from tests.benchmarks import ceiling, charts, growth
    from tests.benchmarks.measure import COMPARED, WRITTEN, compare

    parts = asked.only or PARTS
    alone: dict[str, float] = {}
    if "ceiling" in parts or "api" in parts:
        stage.fill(asked.items)
    if "ceiling" in parts:
        alone = ceiling.rates(*_ids())
        print("\nThe statements alone, by pgbench with two clients")
        _print(["", "a second"], [[name, f"{rate:,.0f}"] for name, rate in alone.items()])
    if "api" in parts:
        with stage.load() as load, stage.stockroom() as ours, stage.peer() as other:
            options = {"rounds": asked.rounds, "seconds": asked.seconds}
            found = [compare(ours, other, load, kind, **options) for kind in COMPARED]
        print(f"\n{asked.items:,} items, 32 connections, 2 processes each; medians of the rounds")
        head = ["", "Stockroom/s", "FastAPI/s", "ratio (from-to)", "median ms", "failed"]
        _print(head, [each.row() for each in found])
        rate = 1 / stage.CHANGE_EVERY_S
        print(f"{WRITTEN}: while others change {rate:.0f} of the newest rows a second")
        PICTURE.write_text(charts.comparison(found, alone))
        print(f"drawn in {PICTURE}")
    if "growth" in parts:
        rows = []
        for items in asked.sizes:
            stage.fill(items, asked.movements)
            ticks = stage.others_commit(stage.TICK, stage.TICK_EVERY_S)  # so that nothing is kept
            with stage.load() as load, stage.stockroom() as ours, ticks:
                rows.append(growth.measure(ours, load, items))
        print("\nOne client, others commit: median / 95th of a hundred, in milliseconds")
        _print(["items", *rows[0].results], [each.row() for each in rows])
    if "bulk" in parts:
        from tests.benchmarks import bulk

        found_in_bulk = [bulk.measure(rows) for rows in asked.sizes]
        print("\nMany rows: an import (plan and apply) and an export, beside COPY by psql")
        _print(bulk.HEAD, [each.row() for each in found_in_bulk])


def _ids() -> tuple[int, int]:
    from items.models import Item

    by_id = Item.objects.order_by("pk").values_list("pk", flat=True)
    low, high = by_id.first(), by_id.last()
    assert low is not None
    assert high is not None
    return low, high


def _print(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    try:
        main()
    except stage.Unready as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        sys.exit(130)
