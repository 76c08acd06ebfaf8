"""Histories that two people and a slow network make: each was a fault once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import requests
from sqlalchemy import text, update

from storefront.actions import launching, reconciling
from storefront.actions import settling as settling_verbs
from storefront.actions.cancelling import adopt_payment
from storefront.models.money import Dispute
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.outside.stripe_answers import Intent, Outcome, Unknown
from storefront.rules import launch as rule
from tests.support.processes import until
from tests.support.world import BERLIN, KEY, World


class Wrapped:
    """The real gateway, with some of its answers changed."""

    def __init__(self, real: Any, **changed: Any) -> None:
        self.__dict__.update(changed, real=real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def with_gateway(world: World, **changed: Any) -> Any:
    wrapped: Any = Wrapped(world.outside.stripe, **changed)
    return replace(world.outside, stripe=wrapped)


def pays_by_hand(world: World, mark: str, amount: int = 1900) -> str:
    """Somebody makes a payment in Stripe's dashboard, or another system does."""
    body = {"amount": amount, "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    body |= {"off_session": "true", "allowed_payment_method_types[0]": "card", "metadata[order]": mark}
    answer = requests.post(f"{world.sandbox.url}/v1/payment_intents", data=body, auth=(KEY, ""), timeout=10)
    answer.raise_for_status()
    return str(answer.json()["id"])


def given_back(world: World, intent: str) -> list[int]:
    return [each["amount"] for each in world.at_stripe(f"refunds?payment_intent={intent}")["data"]]


def launched(world: World) -> int:
    order_id = world.orders(world.product(days=3))
    world.advance(days=3)
    world.tick()
    assert world.state(order_id) == "paid"
    return order_id


def test_a_list_that_was_read_before_a_capture_does_not_undo_it(world: World) -> None:
    order_id = world.orders(world.product(days=3))
    world.advance(days=3)
    page = list(world.outside.stripe.intents_since(world.now - timedelta(days=10)))
    world.tick()
    stale = with_gateway(world, intents_since=lambda _at: iter(page))
    reconciling.reconcile(stale, world.db, world.now, world.now - timedelta(days=10))
    world.tick()
    assert world.state(order_id) == "paid"
    assert world.money(order_id) == (1900, 0)


@pytest.mark.parametrize("mark", ["1", "1:AAAAAAAAAAAA", "20261123000000000001", "1:", "²", "-1", "x"])
def test_payments_of_other_systems_are_neither_read_as_ours_nor_returned(small_world: World, mark: str) -> None:
    small_world.orders(small_world.product(days=3))
    intent = pays_by_hand(small_world, mark, 5000)
    small_world.reconciles()
    small_world.tick()
    assert given_back(small_world, intent) == []


def test_two_unknown_payments_both_go_back(world: World) -> None:
    order_id = launched(world)
    mark = world.order(order_id).mark
    both = [pays_by_hand(world, mark), pays_by_hand(world, mark)]
    for _ in range(2):
        world.reconciles()
        world.advance(hours=1)
        world.tick()
    assert [given_back(world, each) for each in both] == [[1900], [1900]]
    assert world.money(order_id).net == 1900
    assert world.state(order_id) == "paid"
    assert world.broken() == []


def test_a_second_payment_goes_back_when_the_dispute_of_the_first_is_over(world: World) -> None:
    order_id = launched(world)
    intent = pays_by_hand(world, world.order(order_id).mark)
    told: Intent = world.outside.stripe.intent(intent)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        session.add(_dispute(order, world.now))
        adopt_payment(session, world.outside, order, told, world.now)
        order.stray_intent = intent
    world.tick()
    assert given_back(world, intent) == []
    with world.db.write() as session:
        session.execute(update(Dispute).values(status="won"))
    world.tick()
    assert given_back(world, intent) == [1900]
    assert world.money(order_id).net == 1900


def _dispute(order: Order, now: datetime) -> Dispute:
    return Dispute(
        order_id=order.id,
        stripe_id="du_1",
        intent=order.paid_intent or "",
        amount=1900,
        currency="EUR",
        reason="fraudulent",
        status="needs_response",
        opened_at=now,
        evidence={},
    )


def test_a_call_that_stripe_finishes_after_our_last_look_is_not_made_again(world: World) -> None:
    """The fifth try times out, and Stripe commits it a moment after: looked up at once, it would not be there yet."""
    product = world.product(days=10)
    order_id = world.orders(product)
    with world.db.write() as session:
        session.execute(update(Order).values(preflight_at=world.now + timedelta(days=99)))
    late: list[Callable[[], object]] = []
    world.outside = with_gateway(world, perform=_loses_five(world, late))
    world.advance(days=10)
    for seconds in (0, 6, 16, 61, 301):
        world.advance(seconds=seconds)
        world.tick()
    while late:
        late.pop()()
    for seconds in (61, 1801, 1801):
        world.advance(seconds=seconds)
        world.tick()
    taken = [each for each in world.at_stripe("payment_intents?limit=100")["data"] if each["status"] == "succeeded"]
    assert len(taken) == 1
    assert world.state(order_id) == "paid"
    assert world.money(order_id) == (1900, 0)


def _loses_five(world: World, late: list[Callable[[], object]]) -> Callable[..., Outcome]:
    real = world.outside.stripe
    tries: list[str] = []

    def perform(kind: str, target: str, body: dict[str, Any], key: str) -> Outcome:
        if kind != "charge" or len(tries) >= 5:
            return real.perform(kind, target, body, key)
        tries.append(key)
        if len(tries) == 5:
            late.append(lambda: real.perform(kind, target, body, key))
        return Unknown("timed out")

    return perform


@pytest.mark.parametrize("day", [timedelta(hours=1), timedelta(days=200)])
def test_a_buyer_at_stripe_is_not_bound_to_a_day_that_silence_cannot_agree_to(world: World, day: timedelta) -> None:
    product = world.product(days=20)
    order_id = world.places(product)
    url = world.visits(order_id)
    with world.db.write() as session:
        launch = session.get_one(Product, product).launch
        assert launching.schedule(session, launch, rule.moment_at(world.now + day, BERLIN), "", world.now) is None
    world.pays(url)
    world.tick()
    world.advance(hours=2)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.history[-1].who) == ("cancelled", "move")
    assert world.money(order_id) == (0, 0)
    assert world.holds() == []
    assert world.letters(order_id)[-1] == "cancelled"
    assert world.broken() == []


def test_an_order_that_is_settled_while_the_launch_moves_is_told_too(
    postgres_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = postgres_world
    product = world.product(days=10)
    world.orders(product, "first@posteo.de")
    late = world.places(product, "late@posteo.de")
    world.pays(world.visits(late))
    settled = _settles_meanwhile(world, late, monkeypatch)
    assert world.moves(product, 20) is None
    assert settled.wait(60)
    monkeypatch.undo()
    world.tick()
    order = world.order(late)
    assert "moved" in world.letters(late)
    assert order.promise.by == order.product.launch.at


def _settles_meanwhile(world: World, order_id: int, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Another process settles an order while the mover works through the others, and stands before a lock of the mover's."""
    real, settled = settling_verbs.follow_move, threading.Event()

    def settles() -> None:
        world.settles(order_id)
        settled.set()

    settling = threading.Thread(target=settles)

    def slow(*given: Any) -> None:
        real(*given)
        if not settling.is_alive() and not settled.is_set():
            settling.start()
            until(partial(_waits_for_a_lock, world), "the other process to stand before a lock")

    monkeypatch.setattr(launching, "follow_move", slow)
    return settled


def _waits_for_a_lock(world: World) -> bool:
    waiting = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    with world.read() as session:
        return session.scalar(waiting) is not None
