"""Money, always: Stripe's truth beside our ledger."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.facts import Facts, Row, read
from tests.simulation.registry import always
from tests.simulation.world import World

IN_FLIGHT = {"capture", "charge", "refund", "session", "hold", "void"}


def in_doubt(facts: Facts, order: Row) -> bool:
    """Something is under way whose outcome we may not know yet."""
    return facts.busy.get(order.id) in IN_FLIGHT or order.id in facts.visiting


@always("M1")
def m1_never_more_than_agreed(facts: Facts, _world: World) -> Iterator[str]:
    """For each order: 0 ≤ refunded + disputed (open or lost) ≤ captured ≤ authorised ≤ agreed total, at Stripe.

    A price that falls for waiting leaves its hold as it was: less is captured.
    """
    for order in facts.orders.values():
        into, back = facts.at_stripe(order)
        if not 0 <= back <= back + facts.taken_back(order) <= into or into - back > order.price:
            yield f"{order.number} of {order.price} paid {into} and got {back} back"
        for each in facts.intents.get(order.id, []):
            agreed = max(order.price, facts.dearest.get(order.id, 0))
            if each["amount"] > agreed or each["amount_received"] > each["amount"]:
                yield f"{order.number} of {order.price}: {each['id']} is over {each['amount']}"


@always("M2")
def m2_one_capture_and_one_hold(facts: Facts, _world: World) -> Iterator[str]:
    """At most one successful capture and one live authorisation an order."""
    for order in facts.orders.values():
        kept = [
            each["id"]
            for each in facts.intents.get(order.id, [])
            if each["amount_received"] > facts.returned.get(each["id"], 0)
        ]
        if len(kept) + len(facts.holds(order)) > 1:
            yield f"{order.number} has {len(kept)} payments and {len(facts.holds(order))} holds at once"


@always("I1")
def i1_the_ledger_is_stripes(facts: Facts, world: World) -> Iterator[str]:
    """Captured − refunded at Stripe equals our ledger, but for what is in flight, or was done there by others.

    A refund may fail at Stripe before we hear of it; once everything is quiet Q1 bears no difference at all.
    """
    for order in facts.orders.values():
        theirs, ours = facts.in_all(order), facts.ledger.get(order.id, (0, 0))
        if theirs != ours and not in_doubt(facts, order) and order.id not in world.meddled | facts.failed_unheard:
            yield f"{order.number}: Stripe has {theirs}, the ledger {ours}"


@always("M6")
def m6_frozen_at_consent(facts: Facts, _world: World) -> Iterator[str]:
    """Price and currency stand as they were last promised, and at Stripe as one version did; a price only falls."""
    prices: dict[int, list[int]] = {}
    for each in facts.promises:
        order, known = facts.orders[each.order_id], prices.setdefault(each.order_id, [])
        last = each.version == order.promise_version and each.price != order.price
        if last or each.currency != order.currency or (known and each.price > known[-1]):
            yield f"{order.number}: promise {each.version} says {each.price} {each.currency}"
        known.append(each.price)
    for order in facts.orders.values():
        for intent in facts.intents.get(order.id, []):
            agreed = prices.get(order.id, [order.price])
            if intent["currency"] != order.currency.lower() or intent["amount"] not in agreed:
                yield f"{order.number}: {intent['id']} is {intent['amount']} {intent['currency']}"


@always("M7")
def m7_the_state_is_the_ledgers(facts: Facts, _world: World) -> Iterator[str]:
    """state(order) = f(ledger); a Stripe object stands once in it."""
    for order in facts.orders.values():
        net, (into, _) = facts.net(order), facts.ledger.get(order.id, (0, 0))
        part = for_waiting(facts, order)
        partly = 0 < net < order.price and order.id in facts.partly
        right = {
            "paid": net == order.price - part or partly,
            "refunded": into > 0 and (net == 0 or facts.failed(order) or order.id in facts.failed_unheard),
        }
        if not right.get(order.state, net == 0 or lost_visit(facts, order) or facts.failed(order)):
            yield f"{order.number} is {order.state}, and its ledger has {net}"
    moved = Counter((each.kind, each.stripe_id) for each in facts.attempts if each.moved and each.kind != "session")
    for (kind, name), times in moved.items():
        if times > 1:
            yield f"{kind} {name} stands {times} times in the ledger"


def for_waiting(facts: Facts, order: Row) -> int:
    """What went back of a payment because its buyer waits: the order stays paid."""
    mine = (each for each in facts.refunds if each.order_id == order.id and each.why.startswith("for waiting"))
    return sum(each.amount for each in mine if each.status not in {"failed", "canceled"})


def lost_visit(facts: Facts, order: Row) -> bool:
    """A visit that lost holds money until it is released."""
    return any(each.order_id == order.id and each.won == 0 and not each.released_at for each in facts.checkouts)


@always("M11")
def m11_an_end_is_an_end(facts: Facts, world: World) -> Iterator[str]:
    """No event, however late, repeated or reordered, moves an order out of a terminal state."""
    ended: dict[int, str] = world.memory.setdefault("ended", {})
    for order in facts.orders.values():
        before = ended.get(order.id)
        if before and order.state != before:
            yield f"{order.number} was {before} and is {order.state}"
        if order.state in {"expired", "cancelled", "refunded"}:
            ended[order.id] = order.state


@always("M12")
def m12_a_lapsed_hold_is_no_hold(facts: Facts, world: World) -> Iterator[str]:
    """An order past `capture_before` is charged anew, released or being asked about, as soon as somebody has worked."""
    for order in facts.orders.values():
        waits = order.cancel_wished_at or facts.busy.get(order.id) or (order.retry_at or "") > facts.now
        if order.state == "held" and order.capture_before <= facts.now and not waits and not world.at_work():
            yield f"{order.number} is held, and its hold ended at {order.capture_before}"


@always("M13")
def m13_a_hold_serves_its_launch(facts: Facts, world: World) -> Iterator[str]:
    """A hold that does not live as long as its launch is to come is given up or renewed as soon as somebody has worked."""
    for order in facts.orders.values():
        launch = facts.launch(order)
        waits = order.cancel_wished_at or facts.busy.get(order.id) or (order.retry_at or "") > facts.now
        if order.state != "held" or waits or launch.launched_at or world.at_work():
            continue
        if not launch.at or order.capture_before < launch.at:
            yield f"{order.number} is held until {order.capture_before}, and its launch is at {launch.at}"


@always("M14")
def m14_declined_has_a_deadline(facts: Facts, _world: World) -> Iterator[str]:
    """Declined ⇒ payment due with a deadline (7 days from the later of decline and the last day told), no grant."""
    for order in facts.orders.values():
        if order.state != "past_due" or order.cancel_wished_at:
            continue
        if not order.declined_at or not order.grace_until:
            yield f"{order.number} is past due without a deadline"
            continue
        launch, promise = facts.launch(order), facts.promise(order)
        day = launch.at or (promise.by if promise else order.declined_at)
        days = (read(order.grace_until) - max(read(order.declined_at), read(day))).days
        if not launch.launched_at and days != 7:
            yield f"{order.number} has {days} days of grace"
        if facts.live_grant(order):
            yield f"{order.number} is past due, and open"


@always("I4")
def i4_no_hold_on_an_ended_order(facts: Facts, world: World) -> Iterator[str]:
    """An order is cancelled once its session is expired or its hold voided, not before."""
    del world
    for order in facts.orders.values():
        if order.state in {"cancelled", "expired", "refunded"} and not lost_visit(facts, order):
            for hold in facts.holds(order):
                yield f"{order.number} is {order.state}, and {hold['id']} holds money"
