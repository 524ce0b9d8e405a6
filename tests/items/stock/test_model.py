"""Random movements: whatever is done, the database keeps what a plain model of the ledger says."""

import logging
import os

import pytest

from tests.items.stock.helpers import check_proof
from tests.items.stock.model import Cast
from tests.items.stock.player import EVERY_OUTCOME, Player

logger = logging.getLogger(__name__)

SEED = int(os.environ.get("STOCKROOM_LEDGER_SEED", "1"))
OPERATIONS = int(os.environ.get("STOCKROOM_LEDGER_OPERATIONS", "1000"))
CHECK_EVERY = max(1, OPERATIONS // 100)


@pytest.mark.django_db(transaction=True)
def test_the_ledger_is_as_the_model_says_when_movements_are_random() -> None:
    player = Player(Cast.make(items=3), SEED)
    for number in range(OPERATIONS):
        player.play()
        if number % CHECK_EVERY == 0:
            player.model.check()
    player.model.check()
    check_proof()
    logger.info("outcomes: %s", sorted(player.outcomes.items()))
    assert set(player.outcomes) == EVERY_OUTCOME
    assert len(player.model.movements) > OPERATIONS / 5
