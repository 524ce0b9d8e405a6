"""The worker: it does the jobs of config.jobs, one after another, until it is told to stop."""

import asyncio
import logging
import os
from contextlib import suppress
from typing import Any

from django.db import connections
from procrastinate import JobContext
from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.middleware import SyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from psycopg_pool import PoolTimeout

from config.incoming import current_request_id
from config.management.stopping import StopSignals

logger = logging.getLogger(__name__)

GRACE_S = 10.0  # for a job under way, when we are told to stop
HEARTBEAT_S = 3.0
# Of a worker that was not heard of for so long the jobs are given to others. It is longer than
# GRACE_S, in which nothing is heard either.
STALLED_S = 15.0
SWEEP_S = 5.0  # how often it is looked for such workers
PAUSE_S = 5.0  # before a database that could not be used is tried again
POOL_TIMEOUT_S = 3.0
OWN_CONNECTIONS = 2  # of the worker itself, beside those of its jobs and the one that listens

TAKE_FROM_THE_DEAD = """
    SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM (
        SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL
        FOR UPDATE SKIP LOCKED
    ) AS left_behind
"""
GIVE_BACK = """
    UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL
    WHERE status = 'doing' AND worker_id = %(worker)s
"""


class Shift:
    """One worker's work, from its start until SIGTERM, Ctrl-C or a closed terminal.

    A job under way then has GRACE_S to end. One that has not is given back, as if nobody had begun
    it, and the process ends. While the database is away it is tried again and again.
    """

    def __init__(self, *, concurrency: int) -> None:
        self._concurrency = concurrency
        self._over = asyncio.Event()

    async def work(self) -> None:
        """Return when it is over."""
        for number in StopSignals.NUMBERS:
            asyncio.get_running_loop().add_signal_handler(number, self._over.set)
        while not self._over.is_set():
            try:
                await self._work_while_connected()
            except (ConnectorException, PoolTimeout) as error:
                logger.error("no job can be done: %s", error.__cause__ or error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), PAUSE_S)

    async def _work_while_connected(self) -> None:
        """Return when it is over, or when the connection is lost. Raises ConnectorException."""
        connector = PsycopgConnector(
            kwargs=connector_params(),
            min_size=0,  # to open it waits for nothing, so that we hear when we are told to stop
            max_size=self._concurrency + OWN_CONNECTIONS,
            timeout=POOL_TIMEOUT_S,
        )
        with app.replace_connector(connector):
            async with app.open_async():
                worker: Any = self._hired()
                aside = [asyncio.create_task(each) for each in (_sweep(), self._end(worker))]
                try:
                    await worker.run()
                finally:
                    for each in aside:
                        each.cancel()

    def _hired(self) -> Worker:
        app.perform_import_paths()  # type: ignore[no-untyped-call]
        return Worker(
            app,
            concurrency=self._concurrency,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=STALLED_S,
            task_middleware=[in_connections_of_its_own],
        )

    async def _end(self, worker: Any) -> None:
        """When it is over, let the worker end; or end this process, if a job does not let it."""
        await self._over.wait()
        worker.stop()
        await asyncio.sleep(GRACE_S)
        logger.warning("a job has not ended within %d s, and is given back", GRACE_S)
        with suppress(ConnectorException, TimeoutError):  # else others take it from the dead
            give_back = app.connector.execute_query_async(GIVE_BACK, worker=worker.worker_id)
            await asyncio.wait_for(give_back, PAUSE_S)
        os._exit(0)  # nobody can end a thread


async def _sweep() -> None:
    """Again and again, make jobs wait once more whose worker is not heard of any more."""
    while True:
        with suppress(ConnectorException):  # the worker itself says so
            await app.job_manager.prune_stalled_workers(STALLED_S)
            await app.connector.execute_query_async(TAKE_FROM_THE_DEAD)
        await asyncio.sleep(SWEEP_S)


def in_connections_of_its_own(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Do a job with connections that nobody had before it; its log lines bear its number."""
    token = current_request_id.set(f"job-{context.job.id}")
    try:
        return call_next()
    finally:
        current_request_id.reset(token)
        connections.close_all()
