"""Every operation, tried with what the document allows and with what it does not.

schemathesis makes the requests and judges the answers by all its checks; `schemathesis.toml` says
how many, and which refusals are right though the document cannot say so.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.live import ADMIN_EMAIL, ROOT, Server, live_database, live_server

TIMEOUT_S = 300
# What may end the token that it comes with is tried with one of its own.
ENDS_TOKENS = ("log_out", "delete_token")
RUNS = {
    "items": ("--include-tag", "items"),
    "all else": ("--exclude-tag", "items", *(f"--exclude-operation-id={o}" for o in ENDS_TOKENS)),
    "what ends tokens": tuple(f"--include-operation-id={o}" for o in ENDS_TOKENS),
}


@pytest.fixture(scope="module")
def empty_server(servers: None) -> Iterator[Server]:
    """Without what other tests wrote, maybe in a currency that is not in the document tried."""
    with live_database(f"schema_{os.getpid()}") as url, live_server(url, "--no-sample") as server:
        yield server


@pytest.fixture(scope="module")
def token(empty_server: Server) -> str:
    """A token of the administrator."""
    return empty_server.manage("create_token", ADMIN_EMAIL).stdout.strip()


@pytest.fixture
def document(empty_server: Server, tmp_path: Path) -> Path:
    """The document with a currency of each kind: to try every code takes a third of the time."""
    whole = httpx.get(f"{empty_server.url}/api/v1/schema").json()
    codes = whole["components"]["schemas"]["Currency"]["enum"]
    codes[:] = [code for code in codes if code in {"USD", "JPY", "KWD"}]
    path = tmp_path / "stockroom.json"
    path.write_text(json.dumps(whole))
    return path


def tried(document: Path, url: str, token: str, *which: str) -> str:
    """What schemathesis says when it has found something; nothing when it has not."""
    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "--no-color", "run"),
            *("--header", f"Authorization: Bearer {token}", *which),
            *("--url", url, document),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return "" if done.returncode == 0 else f"{done.stdout}\n{done.stderr}"


def test_nothing_is_off_the_document_when_every_operation_is_tried(
    empty_server: Server, token: str, document: Path
) -> None:
    with empty_server.client(token) as admin:
        tokens = [
            admin.post("/tokens", json={"name": name}).json()["data"]["token"] for name in RUNS
        ]
    with ThreadPoolExecutor(len(RUNS)) as pool:
        runs = zip(tokens, RUNS.values(), strict=True)
        found = list(pool.map(lambda run: tried(document, empty_server.url, run[0], *run[1]), runs))
    assert found == [""] * len(RUNS), "\n".join(found)


def test_an_answer_that_is_off_the_document_is_found(
    empty_server: Server, token: str, document: Path
) -> None:
    wrong = ("--include-operation-id", "get_me", "--max-response-time", "0.000001")
    assert "Response time limit exceeded" in tried(document, empty_server.url, token, *wrong)
