"""The worker: it does the jobs of config.jobs, one after another, until it is told to stop.

That it lives it says by a lock, of which PostgreSQL lets go as soon as its process or connection
ends. (Procrastinate's own worker writes that into its row again and again: each of those commits
would end what is known of an unchanged database, see config.api.state.)
"""

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
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from config.incoming import current_request_id
from config.management.stopping import StopSignals

logger = logging.getLogger(__name__)

GRACE_S = 10.0  # for a job under way, when we are told to stop
LOCK_CLASS = 1_936_682_341  # of the advisory locks by which workers live; drawn at random
YOUNG_S = 10.0  # a worker that was hired so lately lives, whether it has its lock yet or not
LOOK_S = 3.0  # how often a worker looks whether it has its lock still
SWEEP_S = 5.0  # how often it is looked for the dead
NEVER_S = 1e9  # seconds until procrastinate would write that a worker lives, or take it for dead
PAUSE_S = 5.0  # before a database that could not be used is tried again
POOL_TIMEOUT_S = 3.0
OWN_CONNECTIONS = 3  # of the worker itself, beside those of its jobs and the one that listens

LIVE = "SELECT pg_advisory_lock(%(lock_class)s, %(worker)s)"
LET_THE_DEAD_GO = """
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < now() - make_interval(secs => %(young_s)s)
        AND pg_try_advisory_xact_lock(%(lock_class)s, id::int)
"""
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
                beside = (_live(worker, connector), _sweep(), self._end(worker))
                aside = [asyncio.create_task(each) for each in beside]
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
            update_heartbeat_interval=NEVER_S,
            stalled_worker_timeout=NEVER_S,
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


async def _live(worker: Any, connector: PsycopgConnector) -> None:
    """Hold the worker's lock, until its end; without the connection, stop it."""
    try:
        async with connector.pool.connection() as connection:
            await connection.set_autocommit(True)  # else its first transaction would last as long
            while True:  # once it is hired; what it holds already it gets at once
                lock = {"lock_class": LOCK_CLASS, "worker": worker.worker_id}
                await connection.execute(LIVE, lock)
                await asyncio.sleep(LOOK_S)
    except (OperationalError, PoolTimeout) as error:
        logger.error("the worker has lost its lock, and stops: %s", error)
        worker.stop()


async def _sweep() -> None:
    """Again and again, make jobs wait once more whose worker does not live any more."""
    while True:
        with suppress(ConnectorException):  # the worker itself says so
            await app.connector.execute_query_async(
                LET_THE_DEAD_GO, young_s=YOUNG_S, lock_class=LOCK_CLASS
            )
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
