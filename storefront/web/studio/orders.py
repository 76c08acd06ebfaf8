"""The orders of a product, fifty a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.models.grants import Grant
from storefront.models.money import Dispute, shut
from storefront.models.orders import LIVE, Checkout, Order, Promise
from storefront.models.products import Product
from storefront.rules import order_words, standing_words, words
from storefront.rules.money import short
from storefront.rules.standing_words import STATES, Standing
from storefront.web.context import now, shop
from storefront.web.studio.room import find_product, pages
from storefront.web.studio.tallies import card_ends_early

PAGE = 50
LONGEST_ID = 12
# No state, but a question that a creator asks of them: whose saved card will be too old on the day.
EXPIRING = "expiring"


@dataclass(frozen=True)
class Row:
    """An order in the list."""

    number: str
    email: str
    state: tuple[str, str]
    placed: str
    amount: str
    next: str


@dataclass(frozen=True)
class Found:
    """An order with what the words about it need; `claim` is the status of its dispute, or ""."""

    order: Order
    promise: Promise
    grant: Grant | None
    visit_until: datetime | None
    claim: str = ""


@pages.get("/products/<slug>/orders")
def of_product(slug: str) -> str:
    """Newest first; `state` keeps one kind, `before` goes on where the last page ended."""
    state = request.args.get("state", "")
    state = state if state in STATES or state == EXPIRING else ""
    before = request.args.get("before", "")
    with shop().db.read() as session:
        found = find_product(session, slug)
        counts = _counts(session, found)
        page = _some(session, found, state, int(before) if _id(before) else None)
        return render_template(
            "studio/orders.html",
            product=found,
            state=state,
            filters=_filters(counts, slug),
            rows=[_row(each, launched=found.launch.launched_at is not None) for each in page[:PAGE]],
            total=counts.get(state, 0) if state else sum(counts[each] for each in STATES if each in counts),
            older=_url(slug, state, page[PAGE - 1].order.id) if len(page) > PAGE else "",
            newest=_url(slug, state) if before else "",
        )


def _url(slug: str, state: str = "", before: int | None = None) -> str:
    return url_for("studio.of_product", slug=slug, state=state or None, before=before)


def _id(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_ID


def _counts(session: Session, found: Product) -> dict[str, int]:
    query = select(Order.state, func.count(Order.id)).where(Order.product_id == found.id).group_by(Order.state)
    old = session.scalar(select(func.count(Order.id)).where(Order.product_id == found.id, card_ends_early))
    return {**dict(session.execute(query).all()), EXPIRING: old or 0}


def _filters(counts: dict[str, int], slug: str) -> list[dict[str, Any]]:
    """All, and each state that some order is in."""
    whole = sum(count for state, count in counts.items() if state != EXPIRING)
    base = {"state": "", "words": "All", "count": whole, "url": _url(slug)}
    named = [*((state, told) for state, (_, told) in STATES.items()), (EXPIRING, "Card ends before the day")]
    some = [
        {"state": state, "words": told, "count": counts[state], "url": _url(slug, state)}
        for state, told in named
        if counts.get(state)
    ]
    return [base, *some]


def _some(session: Session, found: Product, state: str, before: int | None) -> list[Found]:
    """One more than a page, so that it is known whether there are older ones."""
    until = select(func.max(Checkout.expires_at)).where(Checkout.order_id == Order.id, Checkout.closed_at.is_(None))
    told = (Promise.order_id == Order.id) & (Promise.version == Order.promise_version)
    query = select(Order, Promise, Grant, until.scalar_subquery()).join(Promise, told)
    query = query.outerjoin(Grant, Grant.order_id == Order.id).where(Order.product_id == found.id)
    if state:
        query = query.where(card_ends_early if state == EXPIRING else Order.state == state)
    if before is not None:
        query = query.where(Order.id < before)
    rows = session.execute(query.order_by(Order.id.desc()).limit(PAGE + 1)).all()
    claims = claims_of(session, [order.id for order, *_ in rows])
    return [Found(order, promise, grant, visit, claims.get(order.id, "")) for order, promise, grant, visit in rows]


def claims_of(session: Session, orders: Sequence[int]) -> dict[int, str]:
    """The disputes that decide over orders: open, or lost with the payment that the order lives on, by the order's id."""
    query = select(Dispute.order_id, Dispute.status).where(Dispute.order_id.in_(orders)).order_by(Dispute.id)
    return dict(session.execute(query.join(Order, Order.id == Dispute.order_id).where(shut)).all())


def _row(found: Found, *, launched: bool) -> Row:
    order = found.order
    return Row(
        number=order.number,
        email=words.masked(order.email),
        state=state_of(order, found.claim),
        placed=words.day_clock(order.placed_at, found.promise.zone),
        amount=short(order.price, order.currency),
        next=standing_words.next_words(standing_of(found, launched=launched), now()),
    )


def state_of(order: Order, claim: str = "") -> tuple[str, str]:
    """The tag: an order that is leaving says so before it has left; one whose bank claims the money says that."""
    if claim and order.state == "paid":
        return ("ended", "Dispute lost") if claim == "lost" else ("needs", "Disputed")
    leaving = order.cancel_wished_at is not None and order.state in LIVE
    return ("needs", "Being cancelled") if leaving else STATES[order.state]


def standing_of(found: Found, *, launched: bool, refunded: bool = False, owed: str = "") -> Standing:
    """What the words about an order in the studio depend on."""
    order, grant = found.order, found.grant
    waits = order.kind == "back_order" and order.allocated_at is None
    return Standing(
        state=order.state,
        amount=short(order.price, order.currency),
        zone=found.promise.zone,
        launch_at=found.promise.by,
        launched=launched and not waits,
        waits=waits,
        granted=grant is not None and grant.live,
        opened=grant is not None and grant.live and grant.first_opened_at is not None,
        leaving=order.cancel_wished_at is not None,
        decline=order.decline,
        decline_class=order.decline_class,
        next_try_at=order.next_try_at,
        disputed=bool(found.claim) and order.state == "paid",
        dispute_lost=found.claim == "lost" and order.state == "paid",
        lost_before=order.state == "paid" and not order.unit and found.claim != "lost",
        owed=owed,
        card_ends=order_words.card_ends_early(order.card_until, found.promise.by),
        preflight_at=order.preflight_at,
        grace_until=order.grace_until,
        session_until=found.visit_until,
        refunded=refunded or order.state == "refunded",
    )
