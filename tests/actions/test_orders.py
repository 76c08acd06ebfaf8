"""An order's way, from the form to the money, on both databases and at a real sandbox."""

from storefront.actions.checking import check
from tests.support.world import ASKS_ALWAYS, DECLINED, DECLINES_LATER, World


def nothing_broken(world: World) -> None:
    with world.read() as session:
        assert check(session, world.now) == []


def test_a_launch_within_five_days_is_held_then_granted_then_captured(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    assert world.state(order_id) == "held"
    assert world.letters(order_id) == ["confirmed"]
    world.advance(days=2, hours=23)
    world.tick()
    assert world.state(order_id) == "held"
    assert world.grant(order_id) is None
    world.advance(hours=1)
    world.tick()
    order = world.order(order_id)
    assert order.state == "paid"
    grant = world.grant(order_id)
    assert grant is not None
    assert grant.live
    assert world.letters(order_id) == ["confirmed", "access"]
    assert world.at_stripe(f"payment_intents/{order.paid_intent}")["amount_received"] == 1900
    assert [row.after for row in order.history] == ["placed", "held", "paid"]
    nothing_broken(world)


def test_a_far_launch_saves_the_card_asks_the_bank_48_hours_ahead_and_captures_at_the_launch(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product)
    assert world.state(order_id) == "reserved"
    world.advance(days=37)
    world.tick()
    assert world.state(order_id) == "reserved"
    world.advance(days=1)
    world.tick()
    held = world.order(order_id)
    assert held.state == "held"
    assert held.capture_before is not None
    world.advance(days=2)
    world.tick()
    assert world.state(order_id) == "paid"
    assert world.order(order_id).payment_method is None, "a card is saved no longer than it is needed"
    nothing_broken(world)


def test_a_product_that_is_out_is_paid_and_granted_at_once(world: World) -> None:
    product = world.product(days=None)
    order_id = world.orders(product)
    order = world.order(order_id)
    assert (order.state, order.kind, order.mode) == ("paid", "purchase", "pay_now")
    assert order.price == 2900, "an offer until the launch has ended"
    assert world.grant(order_id) is not None
    assert world.letters(order_id) == ["confirmed", "access"]
    nothing_broken(world)


def test_a_card_that_fails_at_preflight_is_repaired_and_launched_with_the_others(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product, card=DECLINES_LATER)
    world.advance(days=38)
    world.tick()
    order = world.order(order_id)
    assert order.state == "past_due"
    assert world.letters(order_id) == ["confirmed", "past_due"]
    assert order.product.launch.at is not None
    assert order.grace_until is not None
    assert (order.grace_until - order.product.launch.at).days == 7
    world.pays(world.visits(order_id))
    world.settles(order_id)
    assert world.state(order_id) == "held"
    assert world.order(order_id).price == 1900
    world.advance(days=2)
    world.tick()
    assert world.state(order_id) == "paid"
    assert world.letters(order_id) == ["confirmed", "past_due", "repaired", "access"]
    nothing_broken(world)


def test_a_card_that_asks_for_its_holder_is_repaired_after_the_launch_and_granted_then(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product, card=ASKS_ALWAYS)
    assert world.state(order_id) == "reserved"
    world.advance(days=40, hours=1)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.decline) == ("past_due", "authentication_required")
    assert world.grant(order_id) is None
    world.pays(world.visits(order_id), ASKS_ALWAYS)
    world.settles(order_id)
    assert world.state(order_id) == "paid"
    assert world.grant(order_id) is not None
    nothing_broken(world)


def test_a_failed_payment_that_nobody_repairs_is_cancelled_at_the_end_of_its_grace(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product, card=DECLINES_LATER)
    world.advance(days=38)
    world.tick()
    world.advance(days=8, hours=23)
    world.tick()
    assert world.state(order_id) == "past_due"
    world.advance(hours=2)
    world.tick()
    order = world.order(order_id)
    assert order.state == "cancelled"
    assert order.history[-1].who == "grace"
    assert world.units(product) == (0, 0)
    ours = ["confirmed", "past_due", "past_due_out", "grace_ending", "cancelled"]
    assert [each for each in world.letters(order_id) if each != "grace_over"] == ours
    assert world.letters(order_id)[-1] == "grace_over", "both sides are told"
    nothing_broken(world)


def test_a_buyer_cancels_a_held_order_the_hold_is_void_the_card_gone_the_unit_back(world: World) -> None:
    product = world.product(days=3)
    order_id = world.orders(product)
    held = world.order(order_id)
    assert world.units(product) == (1, 1)
    world.cancels(order_id)
    world.tick()
    order = world.order(order_id)
    assert order.state == "cancelled"
    assert world.units(product) == (0, 0)
    assert world.at_stripe(f"payment_intents/{held.hold_intent}")["status"] == "canceled"
    assert world.at_stripe(f"payment_methods/{held.payment_method}")["customer"] is None
    assert world.letters(order_id) == ["confirmed", "cancelled"]
    nothing_broken(world)


def test_a_buyer_cancels_a_saved_card(world: World) -> None:
    product = world.product(days=40)
    order_id = world.orders(product)
    card = world.order(order_id).payment_method
    world.cancels(order_id)
    world.tick()
    assert world.state(order_id) == "cancelled"
    assert world.at_stripe(f"payment_methods/{card}")["customer"] is None
    nothing_broken(world)


def test_a_buyer_who_paid_up_front_cancels_and_gets_everything_back(world: World) -> None:
    product = world.product(days=30, upfront=True)
    order_id = world.orders(product)
    assert world.state(order_id) == "paid"
    assert world.grant(order_id) is None
    world.cancels(order_id)
    world.tick()
    order = world.order(order_id)
    assert order.state == "refunded"
    assert world.at_stripe(f"payment_intents/{order.paid_intent}")["latest_charge"]
    assert world.money(order_id) == (1900, 1900)
    assert world.units(product) == (0, 0)
    nothing_broken(world)


def test_a_buyer_leaves_at_stripe_and_cancels_the_session_is_expired_and_the_unit_is_back(world: World) -> None:
    product = world.product(days=3)
    order_id = world.places(product)
    url = world.visits(order_id)
    world.cancels(order_id)
    assert world.state(order_id) == "cancelled"
    assert world.units(product) == (0, 0)
    world.pays(url)
    world.tick()
    assert world.state(order_id) == "cancelled"
    nothing_broken(world)


def test_a_session_nobody_finishes_expires_at_stripe_and_only_then_the_unit_returns(world: World) -> None:
    product = world.product(days=3)
    order_id = world.places(product)
    world.visits(order_id)
    world.advance(minutes=44)
    world.tick()
    assert world.units(product) == (1, 1)
    world.advance(minutes=2)
    world.tick()
    assert world.state(order_id) == "expired"
    assert world.units(product) == (0, 0)
    nothing_broken(world)


def test_a_declined_card_at_stripe_can_be_replaced_there(world: World) -> None:
    product = world.product(days=3)
    order_id = world.places(product)
    url = world.visits(order_id)
    world.pays(url, DECLINED)
    assert not world.settles(order_id)
    assert world.state(order_id) == "placed"
    world.pays(url)
    assert world.settles(order_id)
    assert world.state(order_id) == "held"


def test_an_abandoned_3d_secure_step_leaves_the_order_open_until_its_session_ends(world: World) -> None:
    product = world.product(days=3)
    order_id = world.places(product)
    world.pays(world.visits(order_id), ASKS_ALWAYS, authenticate=False)
    assert not world.settles(order_id)
    assert world.state(order_id) == "placed"
    world.advance(minutes=46)
    world.tick()
    assert world.state(order_id) == "expired"
    nothing_broken(world)


def test_a_session_completed_after_its_order_was_given_up_is_released(world: World) -> None:
    product = world.product(days=3)
    order_id = world.places(product)
    world.pays(world.visits(order_id))
    world.cancels(order_id)
    world.tick()
    order = world.order(order_id)
    assert order.state == "cancelled"
    assert order.payment_method is None
    intent = order.checkouts[0].intent
    assert world.at_stripe(f"payment_intents/{intent}")["status"] == "canceled"
    assert world.units(product) == (0, 0)
    nothing_broken(world)
