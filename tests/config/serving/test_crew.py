"""In the order of asking; more threads when those are kept, and a refusal when the line stands."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event

import pytest

from config.embedded.locks import wait_until
from config.group_commit import leave_group
from config.serving.crew import Crew, Job, Writers

LONG_S, SHORT_S = 10.0, 0.2
WRITERS = partial(Writers, together=8)


class Desk:
    """A crew, whom it served in which order, and whom it refused."""

    def __init__(
        self, crew: Callable[..., Crew], *, regulars: int = 1, helpers: int, patience_s: float
    ) -> None:
        self.crew = crew(regulars=regulars, helpers=helpers, patience_s=patience_s)
        self.served: list[int] = []
        self.refused: list[int] = []

    def ask(self, number: int, until: Event | None = None) -> None:
        """Ask as number so-and-so; it takes until then."""

        def do() -> None:
            if until is not None:
                until.wait(LONG_S)
            self.served.append(number)

        self.crew.take(Job(do=do, refuse=lambda: self.refused.append(number)))

    def looks(self) -> bool:
        """What the event loop does meanwhile; whether anybody waits."""
        return self.crew.look() and self.crew.look()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """The only regular thread is kept by somebody, who is number 0."""
        done, begun = Event(), Event()

        def do() -> None:
            begun.set()
            done.wait(LONG_S)
            self.served.append(0)

        self.crew.take(Job(do=do, refuse=lambda: None))
        assert begun.wait(LONG_S)
        yield
        done.set()


DeskOf = Callable[..., Desk]


@pytest.fixture(params=[Crew, WRITERS], ids=["one by one", "by turns"])
def desk_of(request: pytest.FixtureRequest) -> DeskOf:
    """A desk of either kind of crew."""
    return partial(Desk, request.param)


def test_served_in_the_order_of_asking_when_many_wait(desk_of: DeskOf) -> None:
    desk = desk_of(helpers=0, patience_s=LONG_S)
    with desk.kept():
        for number in range(1, 6):
            desk.ask(number)
        desk.looks()
    assert wait_until(lambda: desk.served == list(range(6)), timeout_s=LONG_S)


def test_a_helper_serves_when_all_others_are_kept(desk_of: DeskOf) -> None:
    desk = desk_of(helpers=1, patience_s=LONG_S)
    with desk.kept():
        desk.ask(1)
        assert desk.served == []
        desk.looks()
        assert wait_until(lambda: desk.served == [1], timeout_s=LONG_S)
        desk.ask(2)  # it has come back, and can be called again
        assert wait_until(lambda: not desk.looks() and desk.served == [1, 2], timeout_s=LONG_S)


def test_no_helper_is_called_when_the_line_moves(desk_of: DeskOf) -> None:
    desk = desk_of(helpers=1, patience_s=LONG_S)
    with desk.kept():
        desk.ask(1)
        desk.crew.look()  # somebody was served since the last look
        time.sleep(SHORT_S)
        assert desk.served == []
        desk.looks()


def test_refused_when_nobody_was_served_for_as_long_as_one_waits(
    desk_of: DeskOf,
) -> None:
    desk = desk_of(helpers=0, patience_s=SHORT_S)
    with desk.kept():
        desk.ask(1)
        desk.looks()
        assert desk.refused == []
        time.sleep(SHORT_S * 1.5)
        desk.ask(2)  # who has just come stays
        desk.looks()
        assert desk.refused == [1]
    assert wait_until(lambda: desk.served == [0, 2], timeout_s=LONG_S)


def test_the_next_is_served_when_something_breaks(
    desk_of: DeskOf, caplog: pytest.LogCaptureFixture
) -> None:
    desk = desk_of(helpers=0, patience_s=LONG_S)

    def breaks() -> None:
        raise ValueError("broken")

    desk.crew.take(Job(do=breaks, refuse=lambda: None))
    desk.ask(1)
    assert wait_until(lambda: desk.served == [1], timeout_s=LONG_S)
    assert "a request could not be answered" in caplog.text


def test_the_next_are_served_when_one_has_left_its_group() -> None:
    desk, over = Desk(WRITERS, regulars=2, helpers=0, patience_s=LONG_S), Event()

    def leaves() -> None:
        leave_group()
        over.wait(LONG_S)
        desk.served.append(0)

    desk.crew.take(Job(do=leaves, refuse=lambda: None))
    for number in (1, 2):
        desk.ask(number)
    assert wait_until(lambda: desk.served == [1, 2], timeout_s=LONG_S)
    over.set()
    assert wait_until(lambda: desk.served == [1, 2, 0], timeout_s=LONG_S)
