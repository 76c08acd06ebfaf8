"""Pre-orders in yen, dinars and krónur: promised, held, launched, refunded in part, each in its own steps."""

import pytest

from storefront.actions.refunding import refund_part
from storefront.rules.money import NBSP, exact
from tests.support.world import World

PRICES = {"JPY": (1900, 2900), "KWD": (6250, 9500), "ISK": (249000, 390000), "UGX": (900000, 1500000)}
PARTS = {"JPY": 333, "KWD": 1110, "ISK": 99900, "UGX": 100100}


@pytest.mark.parametrize("currency", ["JPY", "KWD", "ISK"])
@pytest.mark.parametrize("days", [3, 30])
def test_a_pre_order_is_held_launched_and_refunded_in_part(world: World, currency: str, days: int) -> None:
    price, part = PRICES[currency][0], PARTS[currency]
    product_id = world.product(days=days, currency=currency, prices=PRICES[currency])
    order_id = world.orders(product_id)
    assert world.state(order_id) == ("held" if days == 3 else "reserved")
    world.advance(days=days - 1.5)
    world.tick()
    hold = world.at_stripe(f"payment_intents/{world.order(order_id).hold_intent}")
    assert (hold["amount"], hold["currency"], hold["status"]) == (price, currency.lower(), "requires_capture")
    world.advance(days=1.6)
    world.tick()
    assert world.money(order_id) == (price, 0)
    assert refund_part(world.outside, world.db, order_id, part, who="ines", why="a late part", now=world.now) is None
    assert world.money(order_id) == (price, part)
    assert world.state(order_id) == "paid"
    assert [(each.kind, each.amount, each.currency) for each in world.papers(order_id)] == [
        ("payment", price, currency),
        ("refund", part, currency),
    ]
    assert world.broken() == []


@pytest.mark.parametrize(
    ("currency", "amount", "why"),
    [
        ("KWD", 1115, "KWD goes back in steps of 0.010 KWD."),
        ("ISK", 50, "ISK goes back in steps of 1 ISK."),
        ("ISK", 249000, "A part is at most 2,489 ISK. To give everything back, cancel the order."),
        ("KWD", 6250, "A part is at most 6.240 KWD. To give everything back, cancel the order."),
    ],
)
def test_a_part_that_the_currency_does_not_have_is_refused(world: World, currency: str, amount: int, why: str) -> None:
    order_id = world.orders(world.product(days=30, currency=currency, prices=PRICES[currency], upfront=True))
    refused = refund_part(world.outside, world.db, order_id, amount, who="ines", why="x", now=world.now)
    assert refused is not None
    assert refused.sentence.replace(NBSP, " ") == why
    assert world.money(order_id) == (PRICES[currency][0], 0)


def test_a_letter_names_the_amount_as_its_country_writes_it(world: World) -> None:
    order_id = world.orders(world.product(currency="ISK", prices=PRICES["ISK"]))
    world.posts()
    body = world.sandbox.mail("miriam@posteo.de")[-1]
    assert "2,490 ISK" in str(body).replace(NBSP, " ").replace("\\xa0", " ")
    assert exact(world.order(order_id).price, "ISK") == f"2,490{NBSP}ISK"
