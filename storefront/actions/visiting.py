"""A visit to Stripe: a session that secures one order, or repairs one, and before the first one its customer (design.md 3)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session

from storefront.actions.attempting import Answered, Wanted, begin, begin_first, call, close, record_one
from storefront.actions.taxing import of_visit
from storefront.models.db import Database, hits, put
from storefront.models.orders import Attempt, Checkout, Order, Promise, visit_open
from storefront.outside.stripe_answers import CheckoutSession, Done, Outcome
from storefront.outside.world import Outside
from storefront.rules import charge
from storefront.rules.charge import Mode


@dataclass(frozen=True)
class Opened:
    """Where the buyer goes."""

    url: str


@dataclass(frozen=True)
class NotNow:
    """Why there is no visit; nothing was charged, and the same button may be pressed again."""

    sentence: str


class Overtaken(Exception):
    """Whoever took the attempt over has closed it: nothing of this is written."""


SILENT = NotNow("Stripe does not answer just now. Nothing was charged; your place is kept. Try again in a moment.")
PURPOSES = {"placed": "place", "past_due": "repair", "reserved": "card"}
OVER = NotNow("There is nothing left to pay here.")


def visit(outside: Outside, db: Database, order_id: int, now: datetime) -> Opened | NotNow:
    """Send a buyer to Stripe: to the visit that is still open, or a new one, to secure, to repair or to change a card."""
    with db.write() as session:
        begun = begin_visit(session, outside, session.get_one(Order, order_id, with_for_update=True), now)
    return go(outside, db, begun, now)


def begin_visit(session: Session, outside: Outside, order: Order, now: datetime) -> Attempt | Opened | NotNow:
    """Open the attempt of a visit, in the transaction of whoever needs it; `go` makes its calls. The order is locked."""
    if not _open_to_visits(order):
        return OVER
    url = _still_open(session, order, now)
    if url:
        return Opened(url)
    if visit_open(session, order.id):
        return OVER
    return begin(session, order, "session", now, body=_body(outside, order, order.promise, now)) or SILENT


def begin_first_visit(session: Session, outside: Outside, placed: Order, told: Promise, now: datetime) -> Attempt:
    """Open the attempt of an order's first visit, in the transaction that makes the order."""
    return begin_first(session, Wanted(placed, "session", "", _body(outside, placed, told, now)), now)


def go(outside: Outside, db: Database, begun: Attempt | Opened | NotNow, now: datetime) -> Opened | NotNow:
    """Make the calls of a visit that was begun."""
    if not isinstance(begun, Attempt):
        return begun
    outcome = call(outside, begun, now)
    opened = outcome.value if isinstance(outcome, Done) and isinstance(outcome.value, CheckoutSession) else None
    if opened is None or not _record_first(db, begun, opened, now):
        record_one(outside, db, Answered(begun, outcome, record_session), now)
    return Opened(opened.url) if opened else SILENT


def _open_to_visits(order: Order) -> bool:
    """A placed order is to be secured, a past-due one repaired; a saved card can be changed until it is charged."""
    saved = order.state == "reserved" and order.released_at is None
    return order.cancel_wished_at is None and (saved or order.state in {"placed", "past_due"})


def _still_open(session: Session, order: Order, now: datetime) -> str | None:
    query = select(Checkout.url).where(
        Checkout.order_id == order.id, Checkout.closed_at.is_(None), Checkout.expires_at > now
    )
    return session.scalars(query).first()


def _body(outside: Outside, order: Order, told: Promise, now: datetime) -> dict[str, Any]:
    """What is sent; a customer who is not known yet is made first, of what stands here."""
    page = outside.links.order(order.id, order.link_generation, order.link_sha256)
    mode = mode_for(order, now)
    about = {"description": f"{order.product.title}, order {order.number}", "metadata": {"order": order.mark}}
    common: dict[str, Any] = {
        "customer": order.customer or {"email": order.email, "description": f"Order {order.number}"},
        "client_reference_id": order.number,
        "success_url": f"{page}/return",
        "cancel_url": page,
        "expires_at": int((now + charge.SESSION_LIFE).timestamp()),
        "allowed_payment_method_types": ["card"],
        "custom_text": {"submit": {"message": told.consent or told.policy.splitlines()[1]}},
    }
    if mode is Mode.SAVE_CARD:
        return of_visit(outside, order, {**common, "mode": "setup", "setup_intent_data": about})
    if mode is Mode.HOLD:
        about |= {"capture_method": "manual", "setup_future_usage": "off_session"}
    price = {
        "currency": order.currency.lower(),
        "unit_amount": order.price,
        "product_data": {"name": order.product.title},
    }
    items = [{"price_data": price, "quantity": 1}]
    payment = {**common, "mode": "payment", "line_items": items, "payment_intent_data": about}
    return of_visit(outside, order, payment)


def mode_for(order: Order, now: datetime) -> Mode:
    """How this visit secures the order: as it was placed, or for a repair as the launch stands now."""
    if order.state == "placed":
        return Mode(order.mode)
    if order.state == "reserved":
        return Mode.SAVE_CARD
    launch = order.product.launch
    return charge.mode(out=order.released_at is not None, launch_at=launch.at, upfront=False, now=now)


def _record_first(db: Database, attempt: Attempt, opened: CheckoutSession, now: datetime) -> bool:
    """Record a first visit without reading its order again. False: it is none, or its order is not as it was placed."""
    if isinstance(attempt.body["customer"], str) or not opened.customer:
        return False
    with suppress(Overtaken), db.write() as session:
        if not hits(session, _first_customer(), its_id=attempt.order_id, its_customer=opened.customer):
            return False
        if not close(session, attempt, Done(opened), now):
            raise Overtaken
        put(session, _visit(attempt, "placed", opened, now))
    return True


@cache
def _first_customer() -> Update:
    as_placed = (Order.id == bindparam("its_id"), Order.state == "placed", Order.customer.is_(None))
    return update(Order).where(*as_placed).values(customer=bindparam("its_customer"))


def record_session(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """Keep the visit, to be asked about until it is over, and the customer this order's cards belong to."""
    if not isinstance(outcome, Done) or not isinstance(outcome.value, CheckoutSession):
        return
    if order.customer is None and outcome.value.customer:
        order.customer = outcome.value.customer
    put(session, _visit(attempt, order.state, outcome.value, now))


def _visit(attempt: Attempt, state: str, opened: CheckoutSession, now: datetime) -> Checkout:
    body = attempt.body
    mode = Mode.SAVE_CARD if body["mode"] == "setup" else Mode.PAY_NOW
    if body.get("payment_intent_data", {}).get("capture_method") == "manual":
        mode = Mode.HOLD
    return Checkout(
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        purpose=PURPOSES[state],
        mode=mode,
        session_id=opened.id,
        url=opened.url,
        opened_at=now,
        expires_at=opened.expires_at,
    )
