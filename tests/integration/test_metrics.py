"""The figures of all workers together, and the lines of a real server."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from config.management.scratch import FOLDER
from tests.live import Server, live_database, live_server, wait_until_ready

ASKED, CLIENTS = 200, 8
ROUTE = "api/v1/categories"


def counted(server: Server) -> float:
    """How many GETs of ROUTE have been answered."""
    text = httpx.get(f"{server.url}/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "stockroom_requests_total" and sample.labels["route"] == ROUTE
    )


def ask_many(server: Server, token: str) -> None:
    def ask(_: int) -> None:
        with server.client(token) as client:  # a connection each, so that all workers have some
            for _ in range(ASKED // CLIENTS):
                assert client.get("/categories").status_code == 200

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS)))


def test_every_request_is_counted_when_workers_share_them_and_one_dies(
    server: Server, admin_token: str
) -> None:
    before = counted(server)
    ask_many(server, admin_token)
    assert counted(server) == before + ASKED
    begun = psutil.Process(server.process.pid).children()  # the web server, and a worker of jobs
    workers = next(each for each in begun if "granian" in each.cmdline()).children()
    os.kill(workers[-1].pid, signal.SIGKILL)
    workers[-1].wait(5)
    wait_until_ready(server)
    assert counted(server) == before + ASKED
    ask_many(server, admin_token)
    assert counted(server) == before + 2 * ASKED


def test_only_json_is_written_and_no_folder_is_left_when_a_server_has_run(
    servers: None, tmp_path: Path
) -> None:
    runs = Path(settings.STOCKROOM_DATA) / FOLDER
    log = tmp_path / "log"
    with (
        log.open("wb") as stderr,
        live_database(f"logs_{os.getpid()}") as url,
        live_server(url, "--no-sample", stderr=stderr) as server,
    ):
        mine = psutil.Process(server.process.pid).children()[0].environ()
        httpx.get(f"{server.url}/api/v1/items?token=hidden")
        httpx.get(f"{server.url}/favicon.ico")
        worker = psutil.Process(server.process.pid).children()[0].children()[-1]
        worker.kill()
        worker.wait(5)
        wait_until_ready(server)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    routes = [line["route"] for line in lines if line["logger"] == "stockroom.request"]
    assert routes == ["api/v1/items", "-"]
    assert "Unexpected exit" in next(x["message"] for x in lines if x["logger"] == "_granian")
    assert "hidden" not in log.read_text()
    assert Path(mine["PROMETHEUS_MULTIPROC_DIR"]).parent == runs
    assert not Path(mine["PROMETHEUS_MULTIPROC_DIR"]).exists()
