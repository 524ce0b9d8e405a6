"""In the order of asking, and only while the line moves."""

import time
from queue import Empty
from threading import Thread

import pytest

from config.turns import InTurn
from tests.items.helpers import until

WAITERS = 5
LONG_S, SHORT_S = 10.0, 0.2


def test_whoever_waited_longest_is_next_when_a_thing_comes_back() -> None:
    things, served = InTurn(["slot"], patience_s=LONG_S), list[int]()
    mine = things.take()

    def wait(number: int) -> None:
        thing = things.take()
        served.append(number)
        things.put_back(thing, after_s=0)

    threads = []
    for number in range(WAITERS):
        threads.append(Thread(target=wait, args=(number,)))
        threads[-1].start()
        until(lambda number=number: things.waiting == number + 1)  # type: ignore[misc]
    things.put_back(mine, after_s=0)
    mine = things.take()  # it was put back just now, and is not to be had before the others
    served.append(WAITERS)
    things.put_back(mine, after_s=0)
    for thread in threads:
        thread.join(LONG_S)
    assert served == list(range(WAITERS + 1))


def test_empty_in_time_when_nothing_comes_back() -> None:
    things = InTurn(["slot"], patience_s=SHORT_S)
    things.take()
    begun = time.monotonic()
    with pytest.raises(Empty):
        things.take()
    assert SHORT_S <= time.monotonic() - begun < LONG_S


def test_nothing_is_lost_when_it_comes_back_after_somebody_has_given_up() -> None:
    things = InTurn(["slot"], patience_s=SHORT_S)
    mine = things.take()
    with pytest.raises(Empty):
        things.take()
    things.put_back(mine, after_s=SHORT_S)
    assert things.take() == mine


@pytest.mark.parametrize(("after_s", "patient"), [(0, True), (SHORT_S, False)])
def test_others_wait_on_when_what_is_taken_comes_back_soon(after_s: float, patient: bool) -> None:
    """The last in a line that moves waits for longer than in one that stands."""
    things = InTurn(["slot"], patience_s=SHORT_S)
    mine, outcomes = things.take(), list[bool]()

    def hold() -> None:
        thing = things.take()
        time.sleep(SHORT_S * 0.8)
        things.put_back(thing, after_s=after_s)

    def wait() -> None:
        try:
            things.put_back(things.take(), after_s=0)
        except Empty:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [Thread(target=hold), Thread(target=hold), Thread(target=wait)]
    for number, thread in enumerate(threads):
        thread.start()
        until(lambda number=number: things.waiting == number + 1)  # type: ignore[misc]
    things.put_back(mine, after_s=after_s)
    for thread in threads:
        thread.join(LONG_S)
    assert outcomes == [patient]
