"""How often the database alone does what a request asks of it: pgbench on our own statements."""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from config.embedded.account import Account
from config.embedded.binaries import postgres_programs

CLIENTS, SECONDS = 2, 5


def statements() -> dict[str, str]:
    """The statements of a list and of one item, as the API has them compiled."""
    from config.api.parameters import PageParameters
    from config.api.reading import Reading
    from config.api.reads import plan_of
    from config.statements import compiled
    from items.catalogue.serializers import ItemSerializer
    from items.models import Item

    reading = Reading(Item.objects.with_relations(), plan_of(ItemSerializer))
    order = PageParameters(data={}).order
    some = reading.everything.order_by(*(key.term() for key in order)).values_list(
        *reading.plan.columns
    )
    one = reading.everything.order_by().values_list(*reading.plan.columns).filter(pk=0)
    return {"list": compiled(some[:51]).sql, "detail": compiled(one).sql}


def rates(low: int, high: int) -> dict[str, float]:
    """How often a second each statement runs with two clients; ids are drawn between the two."""
    from django.db import connection

    given: dict[str, Any] = connection.get_connection_params()
    pgbench = postgres_programs(Account(os.geteuid(), os.getegid())) / "pgbench"
    place = ["-h", given["host"], "-p", str(given["port"]), "-U", given["user"], given["dbname"]]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, sql in statements().items():
            file = Path(folder) / f"{name}.sql"
            file.write_text(f"\\set id random({low}, {high})\n{sql.replace('%s', ':id')};\n")
            options = [
                "-n",
                "-M",
                "prepared",
                f"-c{CLIENTS}",
                "-j1",
                f"-T{SECONDS}",
                "-f",
                str(file),
            ]
            done = subprocess.run(
                [str(pgbench), *options, *place], capture_output=True, text=True, check=True
            )
            said = re.search(r"tps = ([0-9.]+)", done.stdout)
            assert said is not None
            found[name] = float(said[1])
    return found
