"""Queues, at each commit: first come first served, no more than there is, nobody dropped (reliability.md S1, S2, S5 to S7)."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.facts import LIVE, Facts, Row
from tests.simulation.registry import always, at_commit
from tests.simulation.world import World

Key = tuple[int, str]
QUEUE = (
    "SELECT id, number, product_id, state, queued_at, allocated_at, restock_id, cancel_wished_at FROM orders"
    " WHERE kind = 'back_order' AND queued_at IS NOT NULL ORDER BY queued_at, id"
)
STOCKS = "SELECT id, slug, stock, taken, queued, kept, backorders FROM products WHERE stock IS NOT NULL"


@at_commit("S1 at a commit", "products")
def s1_no_unit_beyond_the_stock(world: World) -> Iterator[str]:
    """Units given and offers open never grow beyond the stock, nor the queue beyond its cap; both may be lowered below."""
    known: dict[int, tuple[int, int]] = world.memory.setdefault("given", {})
    for each in world.ask(STOCKS):
        given = each.taken - each.queued + each.kept
        before, queued = known.get(each.id, (given, each.queued))
        if given > each.stock and given > before:
            yield f"{each.slug} has {each.stock}, and {given} are given or offered"
        if each.queued > each.backorders and each.queued > queued:
            yield f"{each.slug} takes {each.backorders} back-orders, and has {each.queued}"
        known[each.id] = (given, each.queued)


@at_commit("S5", "orders")
def s5_first_come_first_served(world: World) -> Iterator[str]:
    """Whoever gets a unit has nobody before them in (queued_at, id) order who waits, and is not leaving."""
    served: set[int] = world.memory.setdefault("served", set())
    rows = world.ask(QUEUE)
    for number, each in enumerate(rows):
        if each.allocated_at is None:
            if each.id in served:
                yield f"{each.number} had its unit, and has none (S7)"
        elif each.id not in served:
            served.add(each.id)
            for other in rows[:number]:
                if other.product_id == each.product_id and waits(other):
                    yield f"{each.number} has a unit, and {other.number} came first"


@at_commit("S5 at the door", "orders")
def s5_nobody_buys_past_the_queue(world: World) -> Iterator[str]:
    """While somebody waits, a unit is sold to nobody else, but for whoever takes up their own offer."""
    last = world.memory.get("at the door", 0)
    for each in world.ask("SELECT id, number, kind, product_id FROM orders WHERE id > ? ORDER BY id", last):
        world.memory["at the door"] = each.id
        if each.kind == "back_order" or world.ask("SELECT id FROM tickets WHERE order_id = ?", each.id):
            continue
        ahead = [e for e in world.ask(QUEUE) if e.product_id == each.product_id and waits(e)]
        listed = world.ask("SELECT id FROM tickets WHERE product_id = ? AND state = 'waiting'", each.product_id)
        limited = world.ask("SELECT id FROM products WHERE id = ? AND stock IS NOT NULL", each.product_id)
        if limited and (ahead or listed):
            yield f"{each.number} has a unit, and {len(ahead)} and {len(listed)} wait for one"


def waits(order: Row) -> bool:
    return bool(order.state == "reserved" and order.allocated_at is None and order.cancel_wished_at is None)


@always("S5 at work")
def s5_no_unit_lies_about(facts: Facts, world: World) -> Iterator[str]:
    """Once somebody has worked twice, no unit is free while somebody waits for one."""
    if world.at_work():
        return
    idle: dict[int, tuple[object, ...]] = world.memory.setdefault("idle units", {})
    moves = Counter(each.product_id for each in (*facts.unit_moves, *facts.stock_moves))
    queues = Counter(each.product_id for each in facts.orders.values() if each.kind == "back_order" and waits(each))
    places = Counter(each.product_id for each in facts.tickets if each.state == "waiting")
    for product in facts.products:
        if product.stock is None or product.retired_at:
            continue
        free = product.stock - (product.taken - product.queued) - product.kept
        here = (moves[product.id], queues[product.id], places[product.id], product.kept)
        known = idle.pop(product.id, None)
        if free <= 0 or not queues[product.id] + places[product.id] or product.queued > queues[product.id]:
            continue
        idle[product.id] = (*here, facts.now) if known is None or known[:-1] != here else known
        if idle[product.id][-1] != facts.now:
            yield f"{product.slug} has {free} free, and {queues[product.id]} and {places[product.id]} wait"


@always("S6")
def s6_a_restock_of_k_serves_k(facts: Facts, _world: World) -> Iterator[str]:
    """A restock allocates as many as it brought at most; an order has its unit by one, or none."""
    served = Counter(each.restock_id for each in facts.orders.values() if each.restock_id)
    for launch in facts.launches:
        if launch.kind == "restock" and served[launch.id] > launch.units:
            yield f"restock {launch.id} brought {launch.units}, and served {served[launch.id]}"
    for order in facts.orders.values():
        if bool(order.restock_id) != bool(order.allocated_at):
            yield f"{order.number} has a unit of no restock"


@always("S2 of queues")
def s2_queue_and_stock_are_their_rows(facts: Facts, world: World) -> Iterator[str]:
    """`queued` is the back-orders that have a place and no unit; the stock is what it began with, and its ledger."""
    begun: dict[Key, int] = world.memory.setdefault("begun", {})
    queued = Counter(each.product_id for each in facts.orders.values() if each.unit and unserved(each))
    moved: defaultdict[int, int] = defaultdict(int)
    for each in facts.stock_moves:
        moved[each.product_id] += each.change
    for product in facts.products:
        if product.queued != queued[product.id]:
            yield f"{product.slug} counts {product.queued} in its queue, and has {queued[product.id]}"
        if product.stock is None or product.pool:
            continue
        first = begun.setdefault((product.id, "stock"), product.stock - moved[product.id])
        if product.stock != first + moved[product.id]:
            yield f"{product.slug} has {product.stock}, and its ledger says {first + moved[product.id]}"


def unserved(order: Row) -> bool:
    return bool(order.kind == "back_order" and order.allocated_at is None and order.state in LIVE)


@always("K1")
def k1_a_key_is_one_readers(facts: Facts, _world: World) -> Iterator[str]:
    """A pool's stock is its keys; each is given once, and who has one has the one that the pool says."""
    there = Counter(each.product_id for each in facts.pool_keys if each.retired_at is None)
    given = {each.grant_id: each.key for each in facts.pool_keys if each.grant_id}
    for product in facts.products:
        if product.pool and product.stock != there[product.id]:
            yield f"{product.slug} has {product.stock}, and its pool {there[product.id]} keys"
    pools = {each.id for each in facts.products if each.pool}
    for grant in facts.grants:
        live = grant.revoked_at is None and grant.suspended_at is None
        if grant.product_id in pools and live and grant.licence_key != given.get(grant.id):
            yield f"grant {grant.id} has {grant.licence_key}, and its pool says {given.get(grant.id)}"
    for (product_id, key), times in Counter((each.product_id, each.key.strip()) for each in facts.pool_keys).items():
        if times > 1:
            yield f"key {key} of product {product_id} stands {times} times in its pool"
