"""Notification, always: a letter and its fact are written together, and told once."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.facts import Facts, Row
from tests.simulation.registry import always
from tests.simulation.world import World

SETTLED = ("reserved", "held", "past_due", "paid")


@always("N1")
def n1_a_letter_with_each_fact(facts: Facts, _world: World) -> Iterator[str]:
    """Outbox row ⇔ fact, in the same transaction."""
    kinds: dict[int, set[str]] = defaultdict(set)
    for each in facts.letters:
        kinds[each.order_id].add(each.kind)
    for order, kind, owed in owed_letters(facts):
        if owed != (kind in kinds[order.id]):
            yield f"{order.number} {'is owed' if owed else 'has'} a letter {kind!r} {'' if owed else 'without its fact'}"


def owed_letters(facts: Facts) -> Iterator[tuple[Row, str, bool]]:
    after: dict[int, set[tuple[str | None, str]]] = defaultdict(set)
    for each in facts.log:
        after[each.order_id].add((each.before, each.after))
    won = {(each.order_id, each.purpose) for each in facts.checkouts if each.won}
    for order in facts.orders.values():
        steps = after[order.id]
        ends = {now for _, now in steps}
        yield order, "confirmed", (order.id, "place") in won
        mended = any(now in {"reserved", "held", "paid"} and before == "past_due" for before, now in steps)
        yield order, "repaired", (order.id, "repair") in won or (mended and order.cancel_wished_at is None)
        yield order, "past_due", "past_due" in ends
        yield order, "refunded", "refunded" in ends
        yield order, "cancelled", any(now == "cancelled" and before != "placed" for before, now in steps)
        yield order, "access", order.id in facts.grant_of
        yield order, "moved", order.promise_version > 1


@always("N3")
def n3_told_once(_facts: Facts, world: World) -> Iterator[str]:
    """Accepted messages per key ≤ 1 + number of injected accepted-but-unknown faults."""
    times: Counter[str] = Counter()
    for each in world.mailman.taken:
        name = each.envelope.message_id
        times[name] += 1 - each.repeats
    for name, count in times.items():
        if count > 1:
            yield f"{name} was taken {count} times"


@always("N4")
def n4_a_move_is_told(facts: Facts, _world: World) -> Iterator[str]:
    """Delay notices go to every affected buyer: a live order's promise is of the launch as it stands."""
    told = {(each.order_id, each.version) for each in facts.letters if each.kind in {"moved", "bettered"}}
    for order in facts.orders.values():
        promise, launch = facts.promise(order), facts.launch(order)
        if promise is None:
            yield f"{order.number} has no promise {order.promise_version}"
        elif order.promise_version > 1 and (order.id, order.promise_version) not in told:
            yield f"{order.number} was moved, and no letter says so"
        elif affected(order) and not launch.launched_at and not is_told(promise, launch):
            yield f"{order.number} was promised generation {promise.launch_generation} of {launch.generation}"


def is_told(promise: Row, launch: Row) -> bool:
    """The promise is of the launch as it stands; who was at Stripe when it was set to the very same day needs no other."""
    return bool(promise.launch_generation == launch.generation or (promise.by == launch.at and not promise.undated))


def affected(order: Row) -> bool:
    return order.kind == "pre_order" and order.state in SETTLED and not order.cancel_wished_at


@always("N5")
def n5_in_order(facts: Facts, world: World) -> Iterator[str]:
    """Per order, letters of a kind arrive in the order of their generations."""
    rows = {each.id: each for each in facts.letters}
    last: dict[tuple[int, str], int] = {}
    for each in world.mailman.taken:
        row = rows[int(each.envelope.message_id.split("-")[1].split(".")[0])]
        key = (row.order_id, row.kind)
        if row.kind in {"moved", "access"} and row.version < last.get(key, 0) and not each.repeats:
            yield f"letter {row.kind} {row.version} of order {row.order_id} came after {last[key]}"
        last[key] = max(last.get(key, 0), row.version)
