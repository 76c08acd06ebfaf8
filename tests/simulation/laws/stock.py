"""Stock, always: units taken are units of live orders."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.facts import LIVE, Facts
from tests.simulation.registry import always
from tests.simulation.world import World

MOST_OPEN = 5


@always("S1")
def s1_never_more_than_there_is(facts: Facts, _world: World) -> Iterator[str]:
    """Held + allocated + sold ≤ capacity; offers likewise. What is lowered below them is overbooked (`S1 at a commit`)."""
    lowered = {each.product_id for each in facts.stock_moves if each.change < 0}
    for product in facts.products:
        given = product.taken - product.queued + product.kept
        if product.stock is not None and not 0 <= given <= product.stock and product.id not in lowered:
            yield f"{product.slug} has {product.stock}, and {given} are taken"
    for offer in facts.offers:
        if offer.units is not None and not 0 <= offer.taken <= offer.units:
            yield f"offer {offer.id} has {offer.units}, and {offer.taken} are taken"


@always("S2")
def s2_counters_are_the_live_orders(facts: Facts, _world: World) -> Iterator[str]:
    """Each counter is the number of live orders, and the sum of its ledger."""
    live = [each for each in facts.orders.values() if each.state in LIVE and each.id not in facts.lost]
    for table, column in ((facts.products, "product_id"), (facts.offers, "offer_id")):
        orders = Counter(each[column] for each in live)
        moves: Counter[int] = Counter()
        for each in facts.unit_moves:
            moves[each[column]] += each.change
        for row in table:
            if not row.taken == orders[row.id] == moves[row.id]:
                yield f"{column} {row.id}: {row.taken} taken, {orders[row.id]} live orders, {moves[row.id]} in the ledger"


@always("S3")
def s3_units_come_back_on_stripes_answer(facts: Facts, _world: World) -> Iterator[str]:
    """A unit whose payment is unknown is not given back by our own clock."""
    for order in facts.orders.values():
        if order.unit:
            continue
        for session in facts.sessions.get(order.id, []):
            if session["status"] == "open":
                yield f"{order.number} has no unit, and its visit {session['id']} is open at Stripe"


@always("S4")
def s4_given_back_once(facts: Facts, _world: World) -> Iterator[str]:
    """Each unit is released at most once, by cancel, expiry and refund together."""
    moves: dict[int, list[int]] = defaultdict(list)
    for each in facts.unit_moves:
        moves[each.order_id].append(each.change)
    for order in facts.orders.values():
        right = [1] if order.unit else [1, -1]
        if moves[order.id] != right:
            yield f"{order.number} moved its unit {moves[order.id]}"


@always("S8")
def s8_limit_of_one_person(facts: Facts, _world: World) -> Iterator[str]:
    """The limit of open visits a person holds under any interleaving."""
    waiting = Counter(each.email for each in facts.orders.values() if each.state == "placed")
    for email, count in waiting.items():
        if count > MOST_OPEN:
            yield f"{email} has {count} visits open"


@always("D1")
def d1_one_form_one_order(facts: Facts, world: World) -> Iterator[str]:
    """A form that is sent twice is one order."""
    for order in facts.orders.values():
        if order.nonce not in world.forms:
            yield f"{order.number} came of no form that was sent"


@always("D2")
def d2_only_who_asked_leaves(facts: Facts, world: World) -> Iterator[str]:
    """Cancelling one order cancels no other; by itself only the end of the grace does, the delay rules, and whoever gives
    the whole product up."""
    by_itself = {"grace", "move", "silence", "missed"}
    for order in facts.orders.values():
        asked = order.id in world.leaving or order.product_id in facts.given_up
        if order.cancel_wished_at and order.cancel_who not in by_itself and not asked:
            yield f"{order.number} is leaving, and nobody asked for it"
