"""Where the time of a request goes: many of one kind, answered in this process, under cProfile."""

import cProfile
import json
import pstats
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.stage import Load

WARM_UP, REQUESTS, SHOWN = 200, 3_000, 45


def profile(load: Load, kind: str) -> None:
    """Print the functions that take the most, their own time first."""
    from config.serving.handler import Handler

    handler = Handler()
    environs = [_environ(load, kind, number) for number in range(WARM_UP + REQUESTS)]
    answer: Callable[[Any], Any] = handler.answer
    for environ in environs[:WARM_UP]:
        answer(environ).close()
    profiler = cProfile.Profile()
    with profiler:
        for environ in environs[WARM_UP:]:
            answer(environ).close()
    pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(SHOWN)


def _environ(load: Load, kind: str, number: int) -> dict[str, Any]:
    from io import BytesIO

    some = {name: _lines(load.folder / name) for name in ("tokens", "ids", "categories")}
    one = f"/api/v1/items/{random.choice(some['ids'])}"
    sent = {
        "list": ("GET", "/api/v1/items", "page=1&page_size=50", None),
        "detail": ("GET", one, "", None),
        "search": ("GET", "/api/v1/items", f"search={random.randint(100, 999)}", None),
        "patch": ("PATCH", one, "", {"unit_price": str(number)}),
        "post": ("POST", "/api/v1/items", "", {"sku": f"BENCH-P-{number}", "name": "Made"}),
    }
    method, path, query, data = sent[kind]
    body = b"" if data is None else json.dumps(data).encode()
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {random.choice(some['tokens'])}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
    }


def _lines(path: Path) -> list[str]:
    return path.read_text().split()
