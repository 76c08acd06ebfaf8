"""Who visits the pages."""

import pytest

from tests.support.visitor import Visitor
from tests.support.world import World


@pytest.fixture
def visitor(small_world: World) -> Visitor:
    """Somebody who has never been here."""
    return Visitor.of(small_world.app)
