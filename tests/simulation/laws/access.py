"""Access, always: no access without secured money, none before the launch, none after the end."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from storefront.rules.access import token
from tests.simulation.facts import ENDED, WITHDRAWN, Facts, Row
from tests.simulation.registry import always
from tests.simulation.world import World


@always("A1")
def a1_access_means_money(facts: Facts, world: World) -> Iterator[str]:
    """Live grant ⇒ product released and order captured with net > 0, or a live hold whose capture is due."""
    for order in facts.orders.values():
        if not facts.live_grant(order):
            continue
        if not facts.out(order):
            yield f"{order.number} is open before its launch"
        if order.state not in {"held", "paid"}:
            yield f"{order.number} is {order.state}, and open"
        elif not secured(facts, order, world):
            yield f"{order.number} is {order.state} and open, and Stripe has no money of it"


def secured(facts: Facts, order: Row, world: World) -> bool:
    """Money at Stripe, or a change of it that we may not have heard of yet."""
    into, back = facts.in_all(order)
    if back >= into and order.id in world.meddled:
        return True
    unheard = order.state == "held" and any(lapsed(each) for each in facts.intents.get(order.id, []))
    return into > back or bool(facts.holds(order)) or unheard or facts.busy.get(order.id) in {"refund", "void"}


@always("A8")
def a8_a_dispute_suspends(facts: Facts, _world: World) -> Iterator[str]:
    """Open dispute ⇒ access is suspended; lost ⇒ revoked."""
    for order in facts.orders.values():
        stands = facts.disputed.get(order.id, set())
        if stands & WITHDRAWN and facts.live_grant(order):
            yield f"{order.number} is open, and its disputes are {', '.join(sorted(stands))}"
        grant = facts.grant_of.get(order.id)
        if "lost" in stands and grant is not None and grant.revoked_at is None:
            yield f"{order.number} was lost to the bank, and its access is not revoked"


def lapsed(intent: dict[str, Any]) -> bool:
    return intent["status"] == "canceled" and intent["cancellation_reason"] in {"automatic", "expired"}


@always("A2")
def a2_one_grant(facts: Facts, _world: World) -> Iterator[str]:
    """At most one grant per order."""
    for order_id, count in Counter(each.order_id for each in facts.grants).items():
        if count > 1:
            yield f"{facts.orders[order_id].number} has {count} grants"


@always("A3")
def a3_no_access_after_the_end(facts: Facts, world: World) -> Iterator[str]:
    """Full refund, void or cancellation ⇒ no live grant; what was revoked never comes back."""
    revoked: set[int] = world.memory.setdefault("revoked", set())
    for grant in facts.grants:
        order = facts.orders[grant.order_id]
        if grant.id in revoked and grant.revoked_at is None:
            yield f"the grant of {order.number} was revoked, and lives"
        if grant.revoked_at is not None:
            revoked.add(grant.id)
        if order.state in ENDED and grant.revoked_at is None and grant.suspended_at is None:
            yield f"{order.number} is {order.state}, and open"


@always("A5")
def a5_a_link_is_used_once(_facts: Facts, world: World) -> Iterator[str]:
    """A token is consumed once, by POST."""
    for link, times in world.opened.items():
        if times > 1:
            yield f"link {link} let {times} in"


@always("A6")
def a6_links_are_bound(facts: Facts, world: World) -> Iterator[str]:
    """Tokens are hashed at rest, bound to purpose, order and generation."""
    key = world.shop.outside.links.keys[0]
    for purpose, rows in (("order", facts.orders.values()), ("access", facts.grants)):
        for row in rows:
            secret = token(key, purpose, row.id, row.link_generation)
            if row.link_sha256 != hashlib.sha256(secret.encode()).hexdigest():
                yield f"the {purpose} link {row.id} is not of generation {row.link_generation}"
            if any(secret in str(each.facts) + each.trouble for each in facts.letters if "http" in str(each.facts)):
                yield f"a letter's row holds the {purpose} link {row.id}"
