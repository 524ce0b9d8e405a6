"""Slots are given in the order of asking."""

import time
from queue import Empty
from threading import Thread

import pytest

from config.slots import InTurn
from tests.items.helpers import until

WAITERS = 5
LONG_S, SHORT_S = 10.0, 0.01


def test_whoever_waited_longest_is_next_when_a_thing_comes_back() -> None:
    things, served = InTurn(["slot"]), list[int]()
    mine = things.take(LONG_S)

    def wait(number: int) -> None:
        thing = things.take(LONG_S)
        served.append(number)
        things.put_back(thing)

    threads = []
    for number in range(WAITERS):
        threads.append(Thread(target=wait, args=(number,)))
        threads[-1].start()
        until(lambda number=number: things.waiting == number + 1)  # type: ignore[misc]
    things.put_back(mine)
    late = things.take(LONG_S)  # it was put back just now, and is not to be had before the others
    served.append(WAITERS)
    things.put_back(late)
    for thread in threads:
        thread.join(LONG_S)
    assert served == list(range(WAITERS + 1))


def test_empty_in_time_when_nothing_comes_back() -> None:
    things = InTurn(["slot"])
    things.take(LONG_S)
    begun = time.monotonic()
    with pytest.raises(Empty):
        things.take(SHORT_S)
    assert SHORT_S <= time.monotonic() - begun < LONG_S


def test_nothing_is_lost_when_it_comes_back_after_somebody_has_given_up() -> None:
    things = InTurn(["slot"])
    mine = things.take(LONG_S)
    with pytest.raises(Empty):
        things.take(SHORT_S)
    things.put_back(mine)
    assert things.take(SHORT_S) == mine
