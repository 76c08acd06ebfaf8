"""Every two buttons that touch one order, pressed together on PostgreSQL in every state where both are accepted.

Both are held at their first lock or write until the other stands there too; and, turned about, one of them waits for
Stripe's answer while the other runs from end to end. Then the worker drains, and everything has to add up.
`PROVE=1` plays all three ways of every pair in each of its states; `make test` the meeting of every pair in one of
them, and the waits in turn.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from storefront.models import money
from storefront.models.accounts import Account
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.money import Refund
from storefront.models.orders import Order
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules.order import State
from storefront.web.limits import limiter
from tests.races.buttons import BUTTONS, MAKES_ORDERS, NOT_AN_ORDER, Case, Hand
from tests.races.meeting import SlowStripe, at_once, watched, while_it_waits
from tests.races.states import STATES, case_of, pressable, product_for
from tests.support.world import Sandbox, World, make_world
from tests.web.studio.visitor import OWNER

PROVE = "PROVE" in os.environ
FINE = {200, 303, 404, 409, 410, 422}
WAYS = ("meet", "first waits", "second waits")


@dataclass
class Played:
    """A pair that has been pressed, and what both were told."""

    state: str
    pair: tuple[str, str]
    way: str
    case: Case
    answers: list[Any]
    met: bool

    def __str__(self) -> str:
        return f"{self.state}: “{self.pair[0]}” and “{self.pair[1]}” ({self.way}, order {self.case.number})"


@pytest.fixture
def arena(sandbox: Sandbox, postgres_url: str, tmp_path: Path) -> Iterator[World]:
    """A world on PostgreSQL whose calls to Stripe can be held; no form's token is asked for, and no floods counted."""
    made = make_world(sandbox, postgres_url, tmp_path)
    slow: Any = SlowStripe(made.outside.stripe)
    made.outside = replace(made.outside, stripe=slow, together=_in_turn)
    shop = made.app.extensions["shop"]
    made.app.extensions["shop"] = replace(shop, outside=made.outside)
    made.app.config["WTF_CSRF_ENABLED"] = False
    limiter.enabled = False
    with watched(made.db.engine):
        yield made
    limiter.enabled = True
    made.db.engine.dispose()


def _in_turn(verb: Callable[[Any], object], things: Any) -> None:
    for each in things:
        verb(each)


def test_every_button_that_posts_has_its_place_among_the_races(small_world: World) -> None:
    posts = {each.endpoint for each in small_world.app.url_map.iter_rules() if "POST" in (each.methods or ())}
    known = {each.endpoint for each in BUTTONS.values()} | NOT_AN_ORDER | MAKES_ORDERS
    assert posts - known == set(), "a new button: enter it in tests/races/buttons.py, and in the states that show it"
    assert {name for state in STATES for name in pressable(state)} | {"recover"} == set(BUTTONS)


@pytest.mark.timeout(1800 if PROVE else 300)
@pytest.mark.parametrize("name", STATES)
def test_every_two_buttons_pressed_together_leave_everything_right(
    arena: World, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    games = list(_games(name))
    cases = _cases(arena, name, len(games))
    with ThreadPoolExecutor(2) as pool:
        played = [_play(arena, pool, name, *game, order) for game, order in zip(games, cases, strict=True)]
    bad = [f"{each}: {_wrong(answer)}" for each in played for answer in each.answers if _wrong(answer)]
    assert not bad, "\n".join(bad)
    _drain(arena)
    faults = _faults(arena, played)
    assert not faults, "\n".join(faults)
    met = sum(each.met for each in played)
    assert met >= max(1, len(played) // 12), "the two were in flight together"
    with capsys.disabled():
        print(f"\n{name}: {len(played)} pairs, {met} met in flight, {time.monotonic() - began:.1f} s", end="")


def _games(name: str) -> Iterator[tuple[tuple[str, str], str]]:
    for turn, pair in enumerate(combinations_with_replacement(pressable(name), 2)):
        if not PROVE and name not in _homes(pair):
            continue
        yield pair, "meet"
        for way in WAYS[1:] if PROVE else [WAYS[1 + turn % 2]] if turn % 6 == 0 else []:
            yield pair, way


def _homes(pair: tuple[str, str]) -> list[str]:
    """One of the states in which both are accepted, spread evenly by the pair's name; `make prove` plays all of them."""
    shown = [name for name in STATES if {*pair} <= {*pressable(name)}]
    return [shown[crc32(" ".join(sorted(pair)).encode()) % len(shown)]]


def _cases(world: World, name: str, count: int) -> list[int]:
    state = STATES[name]
    made = []
    for number in range(count):
        product = product_for(world, f"thing-{number}", state.days)
        made.append(state.made(world, product, f"buyer-{number}@posteo.de"))
    state.ripens(world)
    return made


def _play(world: World, pool: ThreadPoolExecutor, name: str, pair: tuple[str, str], way: str, order_id: int) -> Played:
    STATES[name].ready(world, order_id)
    case = case_of(world, order_id)
    first, second = (_pressed(each, case, _hand(world, case)) for each in pair)
    if way == "second waits":
        first, second = second, first
    answers, met = (at_once if way == "meet" else while_it_waits)(pool, first, second)
    return Played(name, pair, way, case, answers, met)


def _pressed(button: str, case: Case, hand: Hand) -> Callable[[], Any]:
    def press() -> Any:
        try:
            return BUTTONS[button].press(case, hand)
        except StripeSilent as silent:
            return silent
        except Exception as error:  # noqa: BLE001 (the pair is named with it)
            return error

    return press


def _hand(world: World, case: Case) -> Hand:
    """A browser of the buyer's, signed in where the link was used, and the creator's."""
    with world.db.write() as session:
        order = session.get_one(Order, case.order_id)
        owner = session.scalar(select(Account).where(Account.email == OWNER))
        if owner is None:
            owner = Account(email=OWNER, name="Owner", role="owner", created_at=world.now)
            session.add(owner)
            session.flush()
        return Hand(_signed_in(world, order.account_id), _signed_in(world, owner.id))


def _signed_in(world: World, account: int | None) -> Any:
    client = world.app.test_client()
    if account is not None:
        with client.session_transaction() as kept:
            kept.update(_user_id=f"{account}.1", by_password=True, _fresh=True)
    return client


def _wrong(answer: Any) -> str:
    if isinstance(answer, StripeSilent):
        return ""
    if isinstance(answer, Exception):
        return f"{type(answer).__name__}: {answer}"
    if not isinstance(answer, TestResponse) or answer.status_code in FINE:
        return ""
    return f"answered {answer.status_code}"


def _drain(world: World) -> None:
    """What is open at Stripe runs out, what was begun is taken over, and the lists are compared."""
    world.tick()
    for _ in range(2):
        world.advance(hours=1)
        world.tick()
        world.reconciles(days=30)
        world.tick()


def _faults(world: World, played: list[Played]) -> list[str]:
    named = {each.case.number: str(each) for each in played}
    found = world.broken() + list(world.reconciles(days=30).repaired)
    faults = [
        next((told for number, told in named.items() if number in each), "somewhere") + f": {each}" for each in found
    ]
    there = _at_stripe(world)
    for each in played:
        faults += [f"{each}: {fault}" for fault in _amiss(world, each.case, there[each.case.order_id])]
    twice = Counter(each["message_id"] for each in world.sandbox.mail())
    return faults + [f"letter {each} was sent {times} times" for each, times in twice.items() if times > 1]


def _at_stripe(world: World) -> defaultdict[int, Counter[str]]:
    """What Stripe itself took and gave back, and how often, for each order."""
    there: defaultdict[int, Counter[str]] = defaultdict(Counter)
    owners = {}
    for intent in world.outside.stripe.intents_since(world.now - timedelta(days=90)):
        order_id = int(intent.order.partition(":")[0])
        owners[intent.id] = order_id
        there[order_id]["captures"] += intent.status == "succeeded"
        there[order_id]["holds"] += intent.status == "requires_capture"
        there[order_id]["captured"] += intent.received
    for refund in world.outside.stripe.refunds_since(world.now - timedelta(days=90)):
        counts = refund.status not in {"failed", "canceled"}
        there[owners[refund.intent]]["refunded"] += refund.amount if counts else 0
    return there


def _amiss(world: World, case: Case, there: Counter[str]) -> Iterator[str]:
    with world.db.read() as session:
        order = session.get_one(Order, case.order_id)
        moved = money.moved(session, order.id)
        notes = select(func.sum(Refund.amount)).where(Refund.order_id == order.id, Refund.status == "by_hand")
        by_hand = session.scalar(notes) or 0
        letters = Counter(session.scalars(select(Letter.kind).where(Letter.order_id == order.id)))
        grants = session.scalar(select(func.count(Grant.id)).where(Grant.order_id == order.id)) or 0
    if (moved.captured, moved.refunded - by_hand) != (there["captured"], there["refunded"]):
        yield f"the ledger has {moved}, Stripe {dict(there)}"
    if there["captures"] > 1 or there["refunded"] > there["captured"]:
        yield f"Stripe has {dict(there)}"
    if there["holds"] > (order.state == State.HELD):
        yield f"{order.state}, and Stripe holds {there['holds']} amounts"
    yield from _mail(order, letters, grants)


def _mail(order: Order, letters: Counter[str], grants: int) -> Iterator[str]:
    told = letters["confirmed"] > 0
    if order.state == State.CANCELLED and letters["cancelled"] != told:
        yield f"cancelled, and its letters are {dict(letters)}"
    if letters["refunded"] != (order.state == State.REFUNDED) or (
        order.state != State.CANCELLED and letters["cancelled"]
    ):
        yield f"{order.state}, and its letters are {dict(letters)}"
    if max((letters[each] for each in ("confirmed", "cancelled", "refunded")), default=0) > 1:
        yield f"told twice: {dict(letters)}"
    if bool(grants) != (letters["access"] > 0):
        yield f"{grants} grants, and its letters are {dict(letters)}"
