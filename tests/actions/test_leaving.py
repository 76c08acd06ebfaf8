"""Who may cancel when, by the deed: each line of the table, for the buyer and for the creator."""

import pytest

from storefront.actions import cancelling, opening
from storefront.actions.granting import grant_due
from storefront.actions.launching import launch_due
from storefront.models.grants import Grant
from tests.support.letters import fails
from tests.support.world import World


def reserved(world: World) -> int:
    return world.orders(world.product(days=40))


def held(world: World) -> int:
    return world.orders(world.product(days=3))


def past_due(world: World) -> int:
    order_id = held(world)
    fails(world, order_id)
    return order_id


def paid_ahead(world: World) -> int:
    return world.orders(world.product(days=30, upfront=True))


def out(world: World) -> int:
    order_id = world.orders(world.product(days=None))
    world.tick()
    return order_id


def opened(world: World) -> int:
    order_id = out(world)
    opens(world, order_id)
    return order_id


def held_and_opened(world: World) -> int:
    """Access came first, and the capture is due this moment."""
    order_id = held(world)
    world.advance(days=3)
    launch_due(world.db, world.now)
    grant_due(world.outside, world.db, world.now)
    opens(world, order_id)
    return order_id


def opened_and_past_due(world: World) -> int:
    order_id = held_and_opened(world)
    fails(world, order_id)
    return order_id


def opens(world: World, order_id: int) -> None:
    grant = world.grant(order_id)
    assert grant is not None
    with world.db.write() as session:
        assert opening.note_opened(session, session.get_one(Grant, grant.id), "lesson read: One", world.now)


@pytest.mark.parametrize("who", ["buyer", "creator:1"])
@pytest.mark.parametrize(
    ("story", "after", "buyer_may"),
    [
        (reserved, "cancelled", True),
        (held, "cancelled", True),
        (past_due, "cancelled", True),
        (paid_ahead, "refunded", True),
        (out, "refunded", True),
        (opened, "refunded", False),
        (held_and_opened, "cancelled", False),
        (opened_and_past_due, "cancelled", True),
    ],
)
def test_each_line_of_the_table_for_each_who_may_act(
    small_world: World, story: object, after: str, who: str, *, buyer_may: bool
) -> None:
    assert callable(story)
    order_id = story(small_world)
    before = small_world.state(order_id)
    may = who != "buyer" or buyer_may
    why, now = "changed my mind", small_world.now
    assert cancelling.cancel(small_world.outside, small_world.db, order_id, who=who, why=why, now=now) is may
    small_world.tick()
    assert (small_world.state(order_id) == after) is may
    if not may:
        assert small_world.state(order_id) in {before, "paid"}
        assert small_world.order(order_id).cancel_wished_at is None
    assert small_world.money(order_id).net == 0 or not may
    assert small_world.broken() == []
