"""Tax by Stripe: in Checkout by itself, off-session by a calculation first; never a payment without, never another price."""

from typing import Any

import pytest
import requests
from sqlalchemy import select

from storefront.actions import retrying
from storefront.models import taxes
from storefront.models.orders import Order
from storefront.models.taxes import Calculation, TaxPoint
from storefront.outside.stripe_answers import Refused
from storefront.outside.stripe_gateway import StripeGateway
from storefront.outside.stripe_taxes import told_as_one
from tests.support.world import DECLINES_LATER, World

CALCULATIONS = "POST /v1/tax/calculations"
INTENTS = "/v1/payment_intents"


def points(world: World, order_id: int) -> list[tuple[str, int, int, str, str, str]]:
    with world.read() as session:
        rows = session.scalars(select(TaxPoint).where(TaxPoint.order_id == order_id).order_by(TaxPoint.id))
        return [(each.kind, each.amount, each.tax, each.rate, each.tax_name, each.place) for each in rows]


def at_stripe(world: World, order_id: int) -> Any:
    return world.at_stripe(f"payment_intents/{world.order(order_id).paid_intent}")


def sessions(world: World) -> list[Any]:
    return list(world.at_stripe("checkout/sessions?limit=10")["data"])


def asked(world: World) -> int:
    return len([each for each in world.sandbox.calls("/v1/tax/calculations") if each["status"] == 200])


def to_the_launch(world: World, days: float) -> None:
    world.advance(days=days, minutes=5)
    world.tick()


@pytest.mark.parametrize(
    ("country", "tax", "rate"), [("DE", 463, "19"), ("FI", 589, "25.5"), ("CH", 217, "8.1"), ("LU", 421, "17")]
)
def test_a_purchase_is_taxed_where_its_buyer_lives_and_costs_what_it_costs(
    taxed_world: World, country: str, tax: int, rate: str
) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=None), country=country)
    assert world.money(order_id) == (2900, 0)
    assert points(world, order_id) == [("payment", 2900, tax, rate, "vat", country)]
    (session,) = sessions(world)
    assert session["amount_total"] == 2900
    assert session["automatic_tax"]["status"] == "complete"
    assert asked(world) == 0
    assert world.broken() == []


def test_a_saved_card_is_charged_with_a_calculation_for_its_address(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30), country="FR")
    assert world.order(order_id).address == {"country": "FR", "postal_code": "10969"}
    to_the_launch(world, 28.5)
    assert world.state(order_id) == "held"
    to_the_launch(world, 1.5)
    assert world.state(order_id) == "paid"
    with world.read() as session:
        (made,) = session.scalars(select(Calculation)).all()
    intent = at_stripe(world, order_id)
    assert intent["hooks"]["inputs"]["tax"]["calculation"] == made.stripe_id
    assert (intent["amount_received"], made.amount, made.tax) == (1900, 1900, 317)
    assert points(world, order_id) == [
        ("hold", 1900, 317, "20", "vat", "FR"),
        ("payment", 1900, 317, "20", "vat", "FR"),
    ]
    assert asked(world) == 1
    assert world.broken() == []


def test_a_hold_by_checkout_brings_its_tax_along(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=3))
    assert points(world, order_id) == [("hold", 1900, 303, "19", "vat", "DE")]
    to_the_launch(world, 3)
    assert world.state(order_id) == "paid"
    assert points(world, order_id)[1:] == [("payment", 1900, 303, "19", "vat", "DE")]
    assert asked(world) == 0


def test_a_hold_that_was_placed_before_tax_was_reckoned_gets_a_calculation_at_its_capture(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    assert points(world, order_id) == [("hold", 1900, 0, "", "", "")]
    object.__setattr__(world.outside, "tax", True)
    with world.db.write() as session:
        session.get_one(Order, order_id).address = {"country": "AT"}
    to_the_launch(world, 3)
    assert world.state(order_id) == "paid"
    assert at_stripe(world, order_id)["hooks"]["inputs"]["tax"]["calculation"].startswith("taxcalc_")
    assert points(world, order_id)[1:] == [("payment", 1900, 317, "20", "vat", "AT")]
    assert world.broken() == []


def test_a_lower_price_at_the_capture_is_reckoned_anew(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=3))
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        order.price = order.promises[0].price = 1500
    to_the_launch(world, 3)
    assert world.money(order_id) == (1500, 0)
    assert points(world, order_id)[1:] == [("payment", 1500, 239, "19", "vat", "DE")]


def test_a_calculation_that_nobody_answered_is_asked_again_and_nothing_goes_out_meanwhile(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30))
    world.sandbox.control("faults", kind="timeout_after_commit", match=CALCULATIONS)
    to_the_launch(world, 28.5)
    assert world.state(order_id) == "reserved"
    (waiting,) = [each for each in world.order(order_id).attempts if each.kind == "tax"]
    assert waiting.outcome is None
    assert world.at_stripe("payment_intents")["data"] == []
    world.advance(minutes=3)
    world.tick()
    assert world.state(order_id) == "held"
    (again,) = [each for each in world.order(order_id).attempts if each.kind == "tax"]
    assert (again.outcome, again.body, again.tries) == ("done", waiting.body, 2)


def test_an_error_that_stripe_has_stored_is_not_waited_for(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30))
    world.sandbox.control("faults", kind="error_500", match=CALCULATIONS)
    to_the_launch(world, 28.5)
    for _ in range(3):
        assert world.state(order_id) == "reserved"
        world.advance(seconds=61)
        world.tick()
    assert world.state(order_id) == "held"
    made = [(each.kind, each.outcome) for each in world.order(order_id).attempts[-3:]]
    assert made == [("tax", "failed"), ("tax", "done"), ("hold", "done")]


def test_a_calculation_that_stays_silent_through_the_launch_charges_nobody(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30))
    world.sandbox.control("faults", kind="error_500", match=CALCULATIONS, count=-1)
    to_the_launch(world, 28.5)
    for _ in range(8):
        world.advance(hours=6)
        world.tick()
    assert world.state(order_id) == "reserved"
    assert world.money(order_id) == (0, 0)
    assert world.at_stripe("payment_intents")["data"] == []
    faults_end(world)
    for _ in range(4):
        world.advance(hours=1)
        world.tick()
    assert world.state(order_id) == "paid"
    assert world.broken() == []


def faults_end(world: World) -> None:
    requests.delete(f"{world.sandbox.url}/_sandbox/faults", timeout=10).raise_for_status()
    world.sandbox.control("faults", kind="webhook_dropped", count=-1)


def test_an_attempt_that_is_repeated_sends_the_same_body_with_the_same_calculation(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30))
    world.sandbox.control("faults", kind="timeout_after_commit", match=f"POST {INTENTS}")
    to_the_launch(world, 28.5)
    world.advance(minutes=3)
    world.tick()
    assert world.state(order_id) == "held"
    (hold,) = [each for each in world.order(order_id).attempts if each.kind == "hold"]
    assert hold.tries == 2
    assert hold.body["hooks"]["inputs"]["tax"]["calculation"].startswith("taxcalc_")
    assert len(world.at_stripe("payment_intents")["data"]) == 1


def test_a_calculation_of_yesterday_is_not_charged_by(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30), card=DECLINES_LATER)
    to_the_launch(world, 28.5)
    assert world.state(order_id) == "past_due"
    assert asked(world) == 1
    world.advance(hours=25)
    assert retrying.retry_due(world.outside, world.db, world.now) == 1
    assert asked(world) == 2
    world.tick()
    assert [each.kind for each in world.order(order_id).attempts if each.kind in {"tax", "hold"}] == [
        "tax", "hold", "tax", "hold",
    ]  # fmt: skip


def test_who_gave_no_address_is_asked_for_it_on_the_page_that_repairs_the_card(taxed_world: World) -> None:
    world = taxed_world
    order_id = world.orders(world.product(days=30))
    with world.db.write() as session:
        session.get_one(Order, order_id).address = {"country": "Atlantis"}
    to_the_launch(world, 28.5)
    order_now = world.order(order_id)
    assert (order_now.state, order_now.decline, order_now.next_try_at) == ("past_due", "no_address", None)
    assert "past_due" in world.letters(order_id)
    world.pays(world.visits(order_id), country="NL")
    world.settles(order_id)
    assert world.state(order_id) == "held"
    to_the_launch(world, 2)
    assert points(world, order_id)[-1] == ("payment", 1900, 330, "21", "vat", "NL")


def test_what_is_wrong_with_the_settings_at_stripe_is_one_task_and_waits(
    taxed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = taxed_world
    product_id = world.product(days=30)
    orders = [world.orders(product_id, f"{name}@posteo.de") for name in ("ida", "jon")]
    perform = StripeGateway.perform

    def refusing(self: StripeGateway, kind: str, target: str, body: dict[str, Any], key: str) -> Any:
        if kind == "tax":
            return Refused("taxes_inactive", "Stripe Tax is not active on this account.")
        return perform(self, kind, target, body, key)

    with monkeypatch.context() as patched:
        patched.setattr(StripeGateway, "perform", refusing)
        to_the_launch(world, 28.5)
    assert [world.state(each) for each in orders] == ["reserved", "reserved"]
    (task,) = world.tasks()
    assert "Stripe Tax is not active on this account." in task
    world.advance(minutes=61)
    world.tick()
    assert [world.state(each) for each in orders] == ["held", "held"]
    assert world.tasks() == []


def test_two_taxes_of_one_place_are_told_by_the_sum_of_their_rates() -> None:
    rates = [
        {"amount": 120, "percentage_decimal": "6.25", "tax_type": "sales_tax"},
        {"amount": 40, "percentage_decimal": "2.125", "tax_type": "sales_tax"},
        {"amount": 0, "percentage_decimal": "1.0", "tax_type": "sales_tax"},
    ]
    told = told_as_one(160, rates, "percentage_decimal", "us")
    assert (told.amount, told.rate, told.name, told.place) == (160, "8.375", "sales_tax", "US")


def test_without_the_setting_nothing_is_asked_and_nothing_is_taxed(world: World) -> None:
    order_id = world.orders(world.product(days=30))
    to_the_launch(world, 28.5)
    to_the_launch(world, 1.5)
    assert world.state(order_id) == "paid"
    assert points(world, order_id) == [("hold", 1900, 0, "", "", ""), ("payment", 1900, 0, "", "", "")]
    assert asked(world) == 0
    with world.read() as session:
        assert taxes.taxed(session, order_id) == 0
