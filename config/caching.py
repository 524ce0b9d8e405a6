"""@cached: results in Redis, until their time is over or what they depend on is written.

Beside each result stand the versions under which it was computed: random tokens, one for each model
that an app names in its AppConfig's `cache_versions`. A commit that writes the model replaces its
token, so that what was computed before is not served after. (This is the one place with signals:
bulk writes send none and call `invalidate`. A commit that cannot reach Redis replaces the token as
soon as it can; until then another process may serve what it has for as long as `ttl`.) Where many
commit, `tell_together` lets a thread replace all tokens within TOGETHER_S: the process itself
serves nothing old, and the others nothing that is older than that.
"""

import inspect
import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, wraps
from hashlib import sha256
from threading import Event, Lock, Thread
from typing import Any, ParamSpec, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.signals import post_delete, post_save
from redis import Redis

from config import redis
from config.redis import CacheLost

P = ParamSpec("P")
R = TypeVar("R")

FORMAT = "1"  # of what is kept; another one finds nothing of this
TOKEN_BYTES = 8
VERSION_TTL_S = 24 * 60 * 60  # a version that is gone is made anew, and fits nothing older
COMPUTING_S = 5.0  # for so long the others wait for the one that computes
POLL_S = 0.02
TOGETHER_S = 0.05
MS = 1000
RELEASE = b"if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


def cached(
    *, ttl: int, depends_on: Sequence[str] = ()
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a function's results for `ttl` seconds, for all processes; computed by one at a time.

    Arguments and results are JSON, None included; a result is always what JSON gives back, also
    when it has just been computed (a tuple is a list). Raises TypeError for anything else. What
    the function raises crosses and is not kept. Within a transaction that has written one of
    `depends_on` (labels, like "items.Category"), and without Redis, it is simply called.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = f"{function.__module__}.{function.__qualname__}"
        signature = inspect.signature(function)

        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = _encoded(bound.arguments, f"An argument of {name}", orjson.OPT_SORT_KEYS)
            entry = _Entry(f"{name}:{sha256(given).hexdigest()}", ttl, tuple(depends_on))
            result = entry.text(
                lambda: _encoded(function(*args, **kwargs), f"The result of {name}")
            )
            found: R = orjson.loads(result)
            return found

        return wrapper

    return decorate


def _encoded(value: Any, what: str, option: int = 0) -> bytes:
    """Strict JSON: but for tuples, it gives back what it was given. Raises TypeError."""
    try:
        json.dumps(value, allow_nan=False)  # refuses dates, decimals, NaN …
        return orjson.dumps(value, option=option)  # … and this, names that are no text
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what} is not JSON, which @cached needs: {error}.") from error


# ── One result ────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Turn:
    """What was found under the present versions; or that it is one's turn to compute."""

    text: bytes | None
    seal: bytes
    holds_lock: bool


@dataclass(frozen=True)
class _Entry:
    """One result: of one function, for one set of arguments."""

    name: str
    ttl: int
    depends_on: tuple[str, ...]

    @property
    def key(self) -> str:
        """Where it is kept."""
        return redis.key("cached", FORMAT, self.name)

    def text(self, compute: Callable[[], bytes]) -> bytes:
        """The result as JSON, out of Redis or computed."""
        if not _watched.issuperset(self.depends_on):
            raise LookupError(f"{self.name}: an app must name {self.depends_on} in cache_versions.")
        token = secrets.token_hex(TOKEN_BYTES)
        try:
            turn = None if _written_here().intersection(self.depends_on) else self._turn(token)
        except CacheLost:
            turn = None
        if turn is None:
            return compute()
        try:
            return turn.text if turn.text is not None else self._keep(compute(), turn.seal)
        finally:
            if turn.holds_lock:
                self._release(token)

    def _turn(self, token: str) -> _Turn:
        """Wait until somebody has computed it, or it is one's turn to."""
        give_up_at = time.monotonic() + COMPUTING_S
        holds_lock = False
        while True:
            text, seal = self._look()
            if text is not None or holds_lock or time.monotonic() > give_up_at:
                return _Turn(text, seal, holds_lock)
            holds_lock = redis.ask(partial(self._lock, token))
            if not holds_lock:
                time.sleep(POLL_S)

    def _look(self) -> tuple[bytes | None, bytes]:
        """The result, if there is one of the present versions; and their seal."""
        _settle()
        keys = [self.key, *map(_version_key, self.depends_on)]
        found: list[Any] = redis.ask(lambda server: server.mget(keys))
        kept, *versions = found
        if None in versions:
            missing = [key for key, version in zip(keys[1:], versions, strict=True) if not version]
            _set_tokens(missing, nx=True)
            return self._look()
        seal = b",".join(versions) + b"\n"
        fits = kept is not None and kept.startswith(seal)
        return (kept.removeprefix(seal) if fits else None), seal

    def _keep(self, text: bytes, seal: bytes) -> bytes:
        with suppress(CacheLost):  # the result is right all the same
            redis.ask(lambda server: server.set(self.key, seal + text, self.ttl))
        return text

    def _lock(self, token: str, server: Redis) -> bool:
        return bool(server.set(f"{self.key}:lock", token, nx=True, px=int(COMPUTING_S * MS)))

    def _release(self, token: str) -> None:
        with suppress(CacheLost):  # it ends by itself
            redis.ask(lambda server: server.register_script(RELEASE)([f"{self.key}:lock"], [token]))


# ── Versions ──────────────────────────────────────────────────────────────────────────────────
_watched: set[str] = set()
_owed: set[str] = set()  # written, and Redis does not know it yet
_owed_lock = Lock()
_told_together, _something_is_owed = Event(), Event()


@dataclass(frozen=True)
class _Bump:
    """What is done after the commit: another version of a model's rows."""

    label: str

    def __call__(self) -> None:
        if _told_together.is_set():
            _owe(self.label)
            return
        try:
            _replace({self.label})
        except CacheLost:
            _owe(self.label)


def tell_together() -> None:
    """From now on a thread of this process tells Redis what its commits have written."""
    owed = _something_is_owed

    def tell() -> None:
        while owed.wait():
            owed.clear()
            try:
                _settle()
            except CacheLost:  # it stays owed
                owed.set()
                time.sleep(redis.PAUSE_S)
            time.sleep(TOGETHER_S)

    _told_together.set()
    Thread(target=tell, daemon=True).start()


def tell_now() -> None:
    """Tell Redis what this process owes it, before it ends."""
    with suppress(CacheLost):
        _settle()


def _owe(label: str) -> None:
    with _owed_lock:
        if label in _owed:  # and will be settled after this
            return
        _owed.add(label)
    _something_is_owed.set()


def watch(model: type[models.Model]) -> None:
    """From now on a commit that has saved or deleted a row of `model` replaces its version."""
    _watched.add(model._meta.label)
    for signal in (post_save, post_delete):
        signal.connect(_written, sender=model, dispatch_uid="config.caching")


def _written(sender: type[models.Model], **_: Any) -> None:
    invalidate(sender._meta.label)


def invalidate(label: str) -> None:
    """Serve nothing, once this transaction has committed, that depends on this model.

    For writes that send no signal: QuerySet.update, bulk_create, SQL.
    """
    bump, server = _Bump(label), connections[DEFAULT_DB_ALIAS]
    if not server.in_atomic_block:
        bump()
    elif bump not in _after_commit(within=set(server.savepoint_ids)):
        server.on_commit(bump)


def invalidate_all() -> None:
    """Serve nothing of what is kept: the whole database has become another."""
    for label in _watched:
        invalidate(label)


def _written_here() -> set[str]:
    """What the present transaction has written and nobody else sees yet."""
    return {bump.label for bump in _after_commit()}


def _after_commit(within: set[str] | None = None) -> list[_Bump]:
    """What awaits the commit; `within` some savepoints, what falls with no other one."""
    hooks: list[Any] = connection.run_on_commit
    return [
        done
        for savepoints, done, _ in hooks
        if isinstance(done, _Bump) and (within is None or savepoints <= within)
    ]


def _replace(labels: set[str]) -> None:
    _set_tokens(map(_version_key, labels))


def _set_tokens(keys: Iterable[str], *, nx: bool = False) -> None:
    def set_each(server: Redis) -> None:
        for key in keys:
            server.set(key, secrets.token_hex(TOKEN_BYTES), VERSION_TTL_S, nx=nx)

    redis.ask(set_each)


def _settle() -> None:
    """Replace what could not be replaced when it was written. Raises CacheLost."""
    if _owed:
        with _owed_lock:
            _replace(_owed)
            _owed.clear()


def _version_key(label: str) -> str:
    return redis.key("version", label)
