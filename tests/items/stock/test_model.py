"""Random movements: whatever is done, the database keeps what a plain model of the ledger says."""

import os

import pytest

from items.stock.errors import (
    AlreadyReversed,
    InsufficientStock,
    MoreThanLent,
    NotActive,
    NothingToBook,
    NotReversible,
    SingleThing,
    WrongLocation,
)
from tests.items.stock.helpers import check_proof
from tests.items.stock.model import Cast, Player

SEED = 1
OPERATIONS = int(os.environ.get("STOCKROOM_LEDGER_OPERATIONS", "500"))
CHECK_EVERY = max(1, OPERATIONS // 100)
EVERY_REFUSAL = {
    *(AlreadyReversed, InsufficientStock, MoreThanLent, NotActive),
    *(NothingToBook, NotReversible, SingleThing, WrongLocation),
}


@pytest.mark.django_db
def test_the_ledger_is_as_the_model_says_when_movements_are_random() -> None:
    player = Player(Cast.make(), SEED)
    for number in range(OPERATIONS):
        player.play()
        if number % CHECK_EVERY == 0:
            player.model.check()
    player.model.check()
    check_proof()
    assert set(player.model.refusals) == EVERY_REFUSAL
    assert len(player.model.movements) > OPERATIONS / 5
