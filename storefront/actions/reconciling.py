"""Reconciliation: walk Stripe's lists and events, and repair or report every difference (design.md 3, reliability.md Q7).

Right with no webhook at all: what an event would have told is found here, later. A second run finds nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.actions.cancelling import adopt_payment
from storefront.actions.charging import paid
from storefront.actions.declining import hold_lost
from storefront.actions.disputing import note_dispute
from storefront.actions.hearing import HEARD, store
from storefront.actions.refunding import note_refund
from storefront.actions.tasking import ask_creator
from storefront.models import money
from storefront.models.db import Database
from storefront.models.events import JobRun
from storefront.models.money import UNDER_WAY, Dispute, Refund
from storefront.models.orders import Order, by_mark, call_open, visit_open
from storefront.outside import stripe_answers
from storefront.outside.stripe_answers import Intent
from storefront.outside.world import Outside
from storefront.rules.money import exact
from storefront.rules.order import State

OFTEN, DEEP = timedelta(days=3), timedelta(days=40)
HELD, TAKEN = "requires_capture", "succeeded"


@dataclass
class Report:
    """What differed: `repaired` is right again, `reported` waits for a person; a sentence each."""

    seen: int = 0
    repaired: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)


def reconcile_lately(outside: Outside, db: Database, now: datetime) -> int:
    """Compare the last three days. Returns how many differences there were."""
    return _differences(reconcile(outside, db, now, now - OFTEN))


def reconcile_deeply(outside: Outside, db: Database, now: datetime) -> int:
    """Compare the last forty days, since a refund may fail as late as that, and all days on which nobody did.

    Returns how many differences there were.
    """
    with db.read() as session:
        done = JobRun.job == "reconcile_deeply", JobRun.trouble == ""
        last = session.scalar(select(func.max(JobRun.started_at)).where(*done))
        last = last or session.scalar(select(func.min(Order.placed_at))) or now
    return _differences(reconcile(outside, db, now, min(last, now) - DEEP))


def _differences(report: Report) -> int:
    return len(report.repaired) + len(report.reported)


def reconcile(
    outside: Outside, db: Database, now: datetime, since: datetime, say: Callable[[str], None] = lambda _: None
) -> Report:
    """Compare everything at Stripe that was made since an instant with what we have. Raises StripeSilent."""
    report = Report()
    for name, step in (
        ("events", _events),
        ("payments", _payments),
        ("refunds", _refunds),
        ("disputes", _disputes),
        ("open", _open),
    ):
        say(f"{name} …")
        step(outside, db, now, since, report)
        say(f"{name}: {report.seen} seen, {_differences(report)} differences so far")
    return report


def _events(outside: Outside, db: Database, now: datetime, since: datetime, report: Report) -> None:
    """Store the events that never arrived; the inbox acts on them as on any other."""
    for event in outside.stripe.events_since(since, tuple(HEARD)):
        report.seen += 1
        with db.write() as session:
            if store(session, event, live=outside.stripe.live, now=now):
                report.repaired.append(f"{event.type} {event.id} had not arrived.")


def _payments(outside: Outside, db: Database, now: datetime, since: datetime, report: Report) -> None:
    for intent in outside.stripe.intents_since(since):
        report.seen += 1
        with db.write() as session:
            order = by_mark(session, intent.order)  # other things may be sold over the same account
            if order is None or order.stray_intent is not None or _busy(session, order):
                continue
            report.repaired += _compare(session, outside, order, intent, now)
            report.reported += _left_over(session, order, intent, now)


def _busy(session: Session, order: Order) -> bool:
    """Something is under way that explains a difference: an open attempt, or a visit that is not closed."""
    return call_open(session, order.id) or visit_open(session, order.id)


def _compare(session: Session, outside: Outside, order: Order, intent: Intent, now: datetime) -> Iterator[str]:
    if intent.status == HELD and not _known_hold(session, order, intent):
        order.stray_intent = intent.id
        yield f"{order.number}: the hold {intent.id} belongs to nothing; it is released."
    elif intent.status == TAKEN and adopt_payment(session, outside, order, intent, now):
        amount = exact(intent.received, order.currency)
        if order.hold_intent == intent.id:
            paid(session, outside, order, intent, "captured at Stripe", now)
            yield f"{order.number}: {amount} had been captured; the order is paid."
        else:
            order.stray_intent = intent.id
            yield f"{order.number}: {amount} had been paid and belong to nothing; they go back."
    elif intent.status == "canceled" and order.hold_intent == intent.id and order.state == State.HELD:
        hold_lost(session, order, now, by_hand=not intent.lapsed)
        yield f"{order.number}: the hold {intent.id} had ended."


def _known_hold(session: Session, order: Order, intent: Intent) -> bool:
    """Whether the order lives on it, or is letting it go, or has captured it since the list was read."""
    visits = {each.intent for each in order.checkouts if each.won is False and each.released_at is None}
    return intent.id in {order.hold_intent, order.paid_intent, *visits} or intent.id in money.payments(session, order)


def _left_over(session: Session, order: Order, intent: Intent, now: datetime) -> Iterator[str]:
    """An amount that differs from what we have: nobody but a person can say why."""
    ours = money.payments(session, order).get(intent.id)
    if intent.status != TAKEN or ours is None or ours.captured == intent.received:
        return
    told = exact(intent.received, order.currency)
    sentence = f"Stripe took {told} with {intent.id} for order {order.number}; the ledger has {exact(ours.captured, order.currency)}."
    ask_creator(session, order, "difference", intent.id, sentence, now)
    yield sentence


def _refunds(outside: Outside, db: Database, now: datetime, since: datetime, report: Report) -> None:
    for told in outside.stripe.refunds_since(since):
        _take_in(db, told, now, report)


def _disputes(outside: Outside, db: Database, now: datetime, since: datetime, report: Report) -> None:
    for told in outside.stripe.disputes_since(since):
        _take_in(db, told, now, report)


def _open(outside: Outside, db: Database, now: datetime, since: datetime, report: Report) -> None:
    """What was made before the lists begin, and is not decided yet, is asked for by its name."""
    with db.read() as session:
        refunds = select(Refund.stripe_id).where(Refund.status.in_(UNDER_WAY), Refund.made_at < since)
        disputes = select(Dispute.stripe_id).where(Dispute.closed_at.is_(None), Dispute.opened_at < since)
        names = session.scalars(refunds).all(), session.scalars(disputes).all()
    for refund in filter(None, names[0]):
        _take_in(db, outside.stripe.refund(refund), now, report)
    for dispute in names[1]:
        _take_in(db, outside.stripe.dispute(dispute), now, report)


def _take_in(db: Database, told: stripe_answers.Refund | stripe_answers.Dispute, now: datetime, report: Report) -> None:
    report.seen += 1
    with db.write() as session:
        order = _of_payment(session, told.intent)
        if order is None:
            return
        if isinstance(told, stripe_answers.Refund):
            kind, news = "refund", note_refund(session, order, told, now)
        else:
            kind, news = "dispute", note_dispute(session, order, told, now)
        if news:
            report.repaired.append(f"{order.number}: the {kind} {told.id} is {told.status}.")


def _of_payment(session: Session, intent: str) -> Order | None:
    """The order of a payment, unless something is under way for it."""
    order_id = money.order_of_payment(session, intent)
    order = session.get_one(Order, order_id, with_for_update=True) if order_id else None
    return None if order is None or _busy(session, order) else order
