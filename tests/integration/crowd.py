"""Many requests that are under way at the same instant, each on a connection of its own."""

import json
from collections.abc import Sequence
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

import httpx

TIMEOUT_S = 60.0


class Answer(NamedTuple):
    """What was answered; `code` is that of a failure."""

    status: int
    code: str | None
    data: Any


def all_at_once(client: httpx.Client, calls: Sequence[tuple[str, Any]]) -> list[Answer]:
    """What each POST of (path, body) answers: all are sent before the first answer is read."""
    url = client.base_url
    headers = {"Authorization": client.headers["Authorization"], "Content-Type": "application/json"}
    with ExitStack() as opened:
        lines = [
            opened.enter_context(closing(HTTPConnection(url.host, url.port, timeout=TIMEOUT_S)))
            for _ in calls
        ]
        for line in lines:
            line.connect()
        for line, (path, body) in zip(lines, calls, strict=True):
            line.request("POST", f"{url.path.rstrip('/')}{path}", json.dumps(body), headers)
        return [_read(line) for line in lines]


def _read(line: HTTPConnection) -> Answer:
    response = line.getresponse()
    body = json.loads(response.read())
    return Answer(response.status, (body.get("error") or {}).get("code"), body.get("data"))
