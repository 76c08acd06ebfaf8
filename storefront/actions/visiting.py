"""A visit to Stripe: a customer, then a session that secures one order, or repairs one (design.md 3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actions.attempting import begin, carry_out
from storefront.actions.taxing import of_visit
from storefront.models.db import Database
from storefront.models.orders import Attempt, Checkout, Order
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


SILENT = NotNow("Stripe does not answer just now. Nothing was charged; your place is kept. Try again in a moment.")
PURPOSES = {"placed": "place", "past_due": "repair", "reserved": "card"}
OVER = NotNow("There is nothing left to pay here.")


def visit(outside: Outside, db: Database, order_id: int, now: datetime) -> Opened | NotNow:
    """Send a buyer to Stripe: to the visit that is still open, or a new one, to secure, to repair or to change a card."""
    with db.write() as session:
        begun = begin_visit(session, outside, session.get_one(Order, order_id, with_for_update=True), now)
    return go(outside, db, begun, now)


def begin_visit(session: Session, outside: Outside, order: Order, now: datetime) -> Attempt | Opened | NotNow:
    """Open the first call of a visit, in the transaction of whoever needs it; `go` makes it. The order is locked."""
    if not _open_to_visits(order):
        return OVER
    url = _still_open(session, order, now)
    if url:
        return Opened(url)
    if order.customer:
        return _begin_session(session, outside, order, now)
    body = {"email": order.email, "description": f"Order {order.number}"}
    return begin(session, order, "customer", now, body=body) or SILENT


def go(outside: Outside, db: Database, begun: Attempt | Opened | NotNow, now: datetime) -> Opened | NotNow:
    """Make the calls of a visit that was begun. What makes the customer known opens the session's attempt with it."""
    if not isinstance(begun, Attempt):
        return begun
    if begun.kind == "customer":
        following: list[Attempt | NotNow] = []

        def record(
            session: Session, outside: Outside, order: Order, attempt: Attempt, out: Outcome, at: datetime
        ) -> None:
            record_customer(session, outside, order, attempt, out, at)
            if order.customer:
                following.append(_begin_session(session, outside, order, at))

        carry_out(outside, db, begun, record, now)
        return go(outside, db, following[0], now) if following else SILENT
    outcome = carry_out(outside, db, begun, record_session, now)
    if isinstance(outcome, Done) and isinstance(outcome.value, CheckoutSession):
        return Opened(outcome.value.url)
    return SILENT


def _open_to_visits(order: Order) -> bool:
    """A placed order is to be secured, a past-due one repaired; a saved card can be changed until it is charged."""
    saved = order.state == "reserved" and order.released_at is None
    return order.cancel_wished_at is None and (saved or order.state in {"placed", "past_due"})


def _still_open(session: Session, order: Order, now: datetime) -> str | None:
    query = select(Checkout.url).where(
        Checkout.order_id == order.id, Checkout.closed_at.is_(None), Checkout.expires_at > now
    )
    return session.scalars(query).first()


def record_customer(
    _session: Session, _outside: Outside, order: Order, _attempt: Attempt, outcome: Outcome, _now: datetime
) -> None:
    """Keep the customer this checkout's card will belong to."""
    if isinstance(outcome, Done):
        order.customer = outcome.value.id


def _begin_session(session: Session, outside: Outside, order: Order, now: datetime) -> Attempt | NotNow:
    if not _open_to_visits(order) or not _visits_over(session, order):
        return OVER
    return begin(session, order, "session", now, body=of_visit(outside, order, _body(outside, order, now))) or SILENT


def _visits_over(session: Session, order: Order) -> bool:
    """One visit at a time: the one before has been asked about and closed."""
    query = select(Checkout.id).where(Checkout.order_id == order.id, Checkout.closed_at.is_(None))
    return session.scalar(query.limit(1)) is None


def _body(outside: Outside, order: Order, now: datetime) -> dict[str, Any]:
    page = outside.links.order(order.id, order.link_generation, order.link_sha256)
    mode = mode_for(order, now)
    about = {"description": f"{order.product.title}, order {order.number}", "metadata": {"order": order.mark}}
    common: dict[str, Any] = {
        "customer": order.customer,
        "client_reference_id": order.number,
        "success_url": f"{page}/return",
        "cancel_url": page,
        "expires_at": int((now + charge.SESSION_LIFE).timestamp()),
        "allowed_payment_method_types": ["card"],
        "custom_text": {"submit": {"message": order.promise.consent or order.promise.policy.splitlines()[1]}},
    }
    if mode is Mode.SAVE_CARD:
        return {**common, "mode": "setup", "setup_intent_data": about}
    if mode is Mode.HOLD:
        about |= {"capture_method": "manual", "setup_future_usage": "off_session"}
    price = {
        "currency": order.currency.lower(),
        "unit_amount": order.price,
        "product_data": {"name": order.product.title},
    }
    items = [{"price_data": price, "quantity": 1}]
    return {**common, "mode": "payment", "line_items": items, "payment_intent_data": about}


def mode_for(order: Order, now: datetime) -> Mode:
    """How this visit secures the order: as it was placed, or for a repair as the launch stands now."""
    if order.state == "placed":
        return Mode(order.mode)
    if order.state == "reserved":
        return Mode.SAVE_CARD
    launch = order.product.launch
    return charge.mode(out=order.released_at is not None, launch_at=launch.at, upfront=False, now=now)


def record_session(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """Keep the visit, to be asked about until it is over."""
    if not isinstance(outcome, Done) or not isinstance(outcome.value, CheckoutSession):
        return
    body = attempt.body
    mode = Mode.SAVE_CARD if body["mode"] == "setup" else Mode.PAY_NOW
    if body.get("payment_intent_data", {}).get("capture_method") == "manual":
        mode = Mode.HOLD
    session.add(
        Checkout(
            order_id=order.id,
            attempt_id=attempt.id,
            purpose=PURPOSES[order.state],
            mode=mode,
            session_id=outcome.value.id,
            url=outcome.value.url,
            opened_at=now,
            expires_at=outcome.value.expires_at,
        )
    )
