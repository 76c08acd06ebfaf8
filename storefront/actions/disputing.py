"""Disputes: a buyer's bank asks for a charge back. Open suspends access, won restores it, lost revokes it (design.md 3).

What Stripe says now is fetched each time; an event is a hint. The answer to the bank is sent once: a person reads it first.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actions.attempting import begin, carry_out
from storefront.actions.granting import restore, revoke, suspend
from storefront.actions.owing import owe
from storefront.actions.stocking import give_back
from storefront.actions.tasking import ask_creator, close_tasks
from storefront.models import money
from storefront.models.db import Database
from storefront.models.letters import Letter
from storefront.models.money import INQUIRY, Dispute, lives_on
from storefront.models.orders import Attempt, Order
from storefront.outside import stripe_answers
from storefront.outside.stripe_answers import Done, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules import words
from storefront.rules.money import exact
from storefront.rules.order import State

DECIDED = frozenset({"won", "lost", "warning_closed", "prevented"})
APPEALS = frozenset({"appeal_needs_response", "appeal_under_review"})


def hear_dispute(outside: Outside, db: Database, dispute_id: str, now: datetime) -> bool:
    """Follow one dispute to where it stands now. False: its payment is not known here yet. Raises StripeSilent."""
    told = outside.stripe.dispute(dispute_id)
    with db.write() as session:
        order_id = money.order_of_payment(session, told.intent)
        if order_id is None:
            return False
        order = session.get_one(Order, order_id, with_for_update=True)
        note_dispute(session, order, told, now)
    return True


def note_dispute(session: Session, order: Order, told: stripe_answers.Dispute, now: datetime) -> bool:
    """Keep how a dispute stands, and let access follow. False: that was known."""
    row = session.scalar(select(Dispute).where(Dispute.stripe_id == told.id))
    if row is not None and (row.status == told.status or _is_older(row.status, told.status)):
        return False
    if row is None:
        row = _new_row(session, order, told)
    elif (row.closed_at and told.status == "appeal_needs_response") or (
        row.inquiry and told.status == "needs_response"
    ):
        row.submitted_at, row.submitted_by = None, ""  # what was asked, and answered, was another question
        close_tasks(session, "dispute", row.stripe_id, "stripe", now)
    row.status, row.due_by, row.amount = told.status, told.due_by, told.amount
    row.closed_at = now if told.status in DECIDED else None
    session.flush()
    _follow(session, order, row, now)
    return True


def _is_older(before: str, told: str) -> bool:
    """A decision stands, whatever was read earlier and arrives later; an appeal opens it again. What the bank has taken back
    it asks about no more.
    """
    was_inquiry, is_inquiry = before.startswith(INQUIRY), told.startswith(INQUIRY)
    return (is_inquiry and not was_inquiry) or (before in DECIDED and told not in DECIDED | APPEALS)


def _new_row(session: Session, order: Order, told: stripe_answers.Dispute) -> Dispute:
    row = Dispute(
        order_id=order.id,
        stripe_id=told.id,
        intent=told.intent,
        amount=told.amount,
        currency=told.currency,
        reason=told.reason,
        status=told.status,
        opened_at=told.opened_at,
        evidence={},
    )
    session.add(row)
    return row


def _follow(session: Session, order: Order, row: Dispute, now: datetime) -> None:
    if row.open or (row.inquiry and not row.closed_at):
        if row.open:
            suspend(session, order, now)
        if not row.submitted_at:
            _ask(session, order, row, now)
        return
    close_tasks(session, "dispute", row.stripe_id, "stripe", now)
    if row.status == "lost" and lives_on(order, row):
        _lost(session, order, row, now)
    elif not money.disputed(session, order.id):
        restore(session, order, now)
    if row.status == "won" and order.state == State.PAID and lives_on(order, row) and _was_lost(session, row):
        _won_too_late(session, order, row, now)
    elif row.status in {"won", "lost"}:
        to = order.product.creator.email
        owe(session, order, "dispute_won" if row.status == "won" else "dispute_lost", now, version=row.id, to=to)


def _ask(session: Session, order: Order, row: Dispute, now: datetime) -> None:
    """A person answers the bank, until the day it gives."""
    amount, zone = exact(row.amount, row.currency), order.promise.zone
    by = f" Answer by {words.full(row.due_by, zone)}." if row.due_by else ""
    asks = "asks about" if row.inquiry else "asks back"
    sentence = f"The bank of the buyer of {order.number} {asks} {amount} ({row.reason.replace('_', ' ')}).{by}"
    ask_creator(session, order, "dispute", row.stripe_id, sentence, now, due_by=row.due_by)


def _lost(session: Session, order: Order, row: Dispute, now: datetime) -> None:
    """The bank has given back what the order lives on: access and its unit have ended, and a wish to cancel has been served.
    What was to be refunded by hand is owed to nobody any more.
    """
    if row.amount >= money.moved(session, order.id).net:
        for kind in ("refund", "part_refund"):
            close_tasks(session, kind, order.number, "stripe", now)
    revoke(session, order, now)
    give_back(session, order, "lost to the bank", now)
    order.cancel_wished_at = None


def _was_lost(session: Session, row: Dispute) -> bool:
    """Whether this dispute was lost before it was appealed: its creator was told so."""
    told = (Letter.order_id == row.order_id, Letter.kind == "dispute_lost", Letter.version == row.id)
    return session.scalar(select(Letter.id).where(*told)) is not None


def _won_too_late(session: Session, order: Order, row: Dispute, now: datetime) -> None:
    """Lost first, won on appeal: access and unit have ended and stay so, and a person sees to what was paid for them."""
    sentence = (
        f"The bank decided the appeal about {order.number} for you: {exact(row.amount, row.currency)} are yours again. Access "
        "had ended with the first decision and stays ended: refund the buyer, or agree with them on something else."
    )
    ask_creator(session, order, "won_late", row.stripe_id, sentence, now)


def answer(
    outside: Outside, db: Database, dispute_id: int, evidence: dict[str, str], who: str, now: datetime
) -> str | None:
    """Send the bank what speaks for the sale, once and for all. Returns why not, in a sentence. Raises StripeSilent."""
    with db.write() as session:
        row = session.get_one(Dispute, dispute_id)
        order = session.get_one(Order, row.order_id, with_for_update=True)
        session.refresh(row)
        if row.submitted_at or row.closed_at or not (row.open or row.inquiry):
            return "This dispute has been answered or decided."
        row.evidence = evidence
        body: dict[str, Any] = {"evidence": evidence, "submit": True}
        attempt = begin(session, order, "evidence", now, target=row.stripe_id, body=body, who=who)
    if attempt is None:
        return "Something else is under way for this order. Look again in a moment."
    outcome = carry_out(outside, db, attempt, record_evidence, now)
    return f"Stripe did not take it. {outcome.sentence}" if isinstance(outcome, Refused) else None


def record_evidence(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The bank has the answer; its decision takes weeks."""
    row = session.scalar(select(Dispute).where(Dispute.stripe_id == attempt.target).with_for_update())
    told = outcome.value if isinstance(outcome, Done) else None
    if row is None or not isinstance(told, stripe_answers.Dispute) or _is_older(row.status, told.status):
        return
    row.submitted_at, row.submitted_by = now, attempt.who
    close_tasks(session, "dispute", row.stripe_id, attempt.who, now)
    note_dispute(session, order, told, now)
