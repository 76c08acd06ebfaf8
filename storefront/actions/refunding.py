"""Refunds: in full or in part, to the means the buyer paid with, followed until the bank has them (design.md 3).

Whatever gives money back ends here: an order that is leaving, a creator's part refund, a payment that came too late, a
refund made in Stripe's own dashboard. Never more than was captured, and none while a dispute is open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actions.attempting import NOTHING_HAPPENED, PAUSE, begin, carry_out
from storefront.actions.granting import revoke
from storefront.actions.moving import move
from storefront.actions.owing import owe
from storefront.actions.stocking import give_back
from storefront.actions.tasking import ask_creator, close_tasks
from storefront.actions.taxing import note_credit, note_returned
from storefront.models import money
from storefront.models.db import Database
from storefront.models.money import LOST, UNDER_WAY, Refund, Task
from storefront.models.orders import Attempt, Order, call_open
from storefront.outside import stripe_answers
from storefront.outside.stripe_answers import Declined, Done, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules.money import exact, step
from storefront.rules.order import ENDED, State

# How a refund goes on: an answer that was asked earlier and read later changes nothing.
LATER: dict[str, frozenset[str]] = {
    "pending": frozenset({"requires_action", "succeeded", "failed", "canceled"}),
    "requires_action": frozenset({"pending", "succeeded", "failed", "canceled"}),
    "succeeded": frozenset({"failed", "canceled"}),
    "failed": frozenset(),
    "canceled": frozenset(),
}

# A refund that never reached Stripe is begun anew soon; one that a dispute forbids once reconciliation has heard of it.
AGAIN = dict.fromkeys(NOTHING_HAPPENED, PAUSE) | {"charge_disputed": timedelta(hours=1)}
REFUSED_FOR = timedelta(days=1)
WHAT = "Refund it again, or pay the buyer by other means and note it on the order's page."


@dataclass(frozen=True)
class NoRefund:
    """Why nothing goes back, in a sentence for whoever asked."""

    code: str
    sentence: str


BUSY = NoRefund("busy", "Something else is under way for this order. Look again in a moment.")
DISPUTED = NoRefund("disputed", "The buyer's bank asks for this payment back. Nothing is refunded meanwhile.")
NOTHING = NoRefund("nothing", "Nothing is owed to this buyer just now.")


def refund(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    """Give back everything captured for an order that is leaving. Raises StripeSilent."""
    adopt(outside, db, order_id, now)
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        attempt = _begin_rest(session, order, now) if order.cancel_wished_at else None
    if attempt is not None:
        carry_out(outside, db, attempt, record_refund, now)


def _begin_rest(session: Session, order: Order, now: datetime) -> Attempt | None:
    """Begin to give back what is left of the first payment that has something left."""
    if money.disputed(session, order.id):
        return None
    who, why = order.cancel_who or "worker", order.cancel_why
    for intent, amount in money.left(session, order).items():
        return begin(session, order, "refund", now, body=_body(intent, amount), who=who, why=why)
    return None


def _body(intent: str, amount: int) -> dict[str, Any]:
    return {"payment_intent": intent, "amount": amount, "reason": "requested_by_customer"}


def refund_part(
    outside: Outside,
    db: Database,
    order_id: int,
    amount: int,
    *,
    who: str,
    why: str,
    now: datetime,
    left: int | None = None,
) -> NoRefund | None:
    """Give back a part of a payment; the order stays paid. Returns why not. Raises StripeSilent.

    `amount` in minor units, less than what is left: everything is given back by cancelling. `left` is what was left
    when whoever asks looked: where somebody else has refunded since, nothing goes back and they are told.
    """
    adopt(outside, db, order_id, now)
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        refused = _changed(session, order, left) or why_no_part(session, order, amount)
        if refused is not None:
            return refused
        body = _body(order.paid_intent or "", amount)
        attempt = begin(session, order, "refund", now, body=body, who=who, why=why)
    if attempt is None:
        return BUSY
    outcome = carry_out(outside, db, attempt, record_refund, now)
    if isinstance(outcome, Refused | Declined):
        return NoRefund("refused", "Stripe refused the refund. What is left to do stands among the tasks.")
    return None


def _changed(session: Session, order: Order, left: int | None) -> NoRefund | None:
    there = money.moved(session, order.id).net
    if left is None or left == there:
        return None
    now_left = exact(there, order.currency)
    return NoRefund("changed", f"Somebody gave money back meanwhile: {now_left} are left. Look again before you do.")


def why_no_part(session: Session, order: Order, amount: int) -> NoRefund | None:
    """Why this part cannot go back now; None where it can."""
    left = money.moved(session, order.id).net
    if order.state != State.PAID or order.cancel_wished_at:
        return NoRefund("not_paid", "Only a paid order that is not being cancelled can be refunded in part.")
    if money.disputed(session, order.id):
        return DISPUTED
    if not 0 < amount < left:
        most = exact(left - step(order.currency), order.currency)
        return NoRefund("amount", f"A part is at most {most}. To give everything back, cancel the order.")
    if amount % step(order.currency):
        return NoRefund(
            "amount", f"{order.currency} goes back in steps of {exact(step(order.currency), order.currency)}."
        )
    return None


def refund_again(outside: Outside, db: Database, order_id: int, who: str, now: datetime) -> NoRefund | None:
    """Try once more what did not arrive, or what Stripe refused. Returns why not. Raises StripeSilent."""
    adopt(outside, db, order_id, now)
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        owed = _owed_back(order) and bool(money.left(session, order))
        if owed and money.disputed(session, order.id):
            return DISPUTED
        attempt = _begin_rest(session, order, now) if owed else None
        if owed and attempt is None:
            return BUSY
        close_tasks(session, "refund", order.number, who, now)
    if attempt is None:
        return NOTHING
    carry_out(outside, db, attempt, record_refund, now)
    return None


def _owed_back(order: Order) -> bool:
    return order.state in {State.REFUNDED, State.CANCELLED, State.EXPIRED} or order.cancel_wished_at is not None


def note_by_hand(session: Session, order: Order, who: str, why: str, now: datetime) -> NoRefund | None:
    """Note that somebody paid by other means what could not be refunded. Returns why not."""
    order = session.get_one(Order, order.id, with_for_update=True, populate_existing=True)
    if money.disputed(session, order.id):
        return DISPUTED
    if not _owed_back(order) or call_open(session, order.id):
        return NoRefund("nothing", "Nothing is owed to this buyer, or a refund is under way just now.")
    for intent, amount in money.left(session, order).items():
        row = Refund(order_id=order.id, intent=intent, amount=amount, status="by_hand", who=who, why=why[:500])
        row.made_at = row.settled_at = now
        session.add(row)
        session.flush()
        note_credit(session, order, row, now)
        _tell_after_all(session, order, row, now)
    close_tasks(session, "refund", order.number, who, now)
    _all_back(session, order, now)
    return None


def note_part_by_hand(
    session: Session, order: Order, amount: int, who: str, why: str, now: datetime
) -> NoRefund | None:
    """Note that somebody paid by other means a part that did not reach the card; the order stays paid.

    `amount` in minor units. Returns why not.
    """
    order = session.get_one(Order, order.id, with_for_update=True, populate_existing=True)
    if not part_returned(session, order) or call_open(session, order.id):
        return NoRefund("nothing", "No part is owed to this buyer, or a refund is under way just now.")
    refused = why_no_part(session, order, amount)
    if refused is not None:
        return refused
    row = Refund(order_id=order.id, intent=order.paid_intent or "", amount=amount, status="by_hand", who=who)
    row.why, row.made_at, row.settled_at = why[:500], now, now
    session.add(row)
    session.flush()
    note_credit(session, order, row, now)
    owe(session, order, "paid_back", now, version=row.id)
    if left := money.parts_owed(session, order.id):
        ask_for_part(session, order, f"{exact(left, order.currency)} more of order {order.number} did not arrive.", now)
    else:
        close_tasks(session, "part_refund", order.number, who, now)
    return None


def part_returned(session: Session, order: Order) -> bool:
    """Whether a part that was to go back did not, and waits for a person."""
    waits = (Task.order_id == order.id, Task.kind == "part_refund", Task.closed_at.is_(None))
    return session.scalar(select(Task.id).where(*waits)) is not None


def adopt(outside: Outside, db: Database, order_id: int, now: datetime) -> int:
    """Take in what Stripe knows of an order's refunds and we do not. Returns how many changed. Raises StripeSilent."""
    with db.read() as session:
        intents = list(money.payments(session, session.get_one(Order, order_id)))
    told = [each for intent in intents for each in outside.stripe.refunds(intent)]
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        busy = session.scalar(select(Attempt.key).where(Attempt.order_id == order_id, Attempt.outcome.is_(None)))
        return sum(note_refund(session, order, each, now) for each in told if each.key != busy)


def hear_refund(outside: Outside, db: Database, refund_id: str, now: datetime) -> bool:
    """Follow one refund to where it stands now. False: nothing here knows it yet. Raises StripeSilent."""
    told = outside.stripe.refund(refund_id)
    with db.write() as session:
        order_id = _order_of(session, told)
        if order_id is None:
            return False
        order = session.get_one(Order, order_id, with_for_update=True)
        if call_open(session, order.id):
            return False
        note_refund(session, order, told, now)
    return True


def _order_of(session: Session, told: stripe_answers.Refund) -> int | None:
    known = session.scalar(select(Refund.order_id).where(Refund.stripe_id == told.id))
    return known or money.order_of_payment(session, told.intent)


def record_refund(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The refund is accepted, or Stripe will not make it: then a person is asked."""
    if isinstance(outcome, Done) and isinstance(outcome.value, stripe_answers.Refund):
        note_refund(session, order, outcome.value, now, attempt)
    elif isinstance(outcome, Refused) and outcome.code in AGAIN and _begun_anew(order, attempt):
        order.retry_at = now + AGAIN[outcome.code]
    elif isinstance(outcome, Refused | Declined):
        if attempt.body["payment_intent"] in _strays(order):
            order.retry_at = now + REFUSED_FOR  # else it is begun anew as soon as nothing is under way
        said = outcome.sentence if isinstance(outcome, Refused) else outcome.reason
        amount = exact(attempt.body["amount"], order.currency)
        _ask(session, order, f"Stripe did not refund {amount} of order {order.number}: {said}", now)


def _begun_anew(order: Order, attempt: Attempt) -> bool:
    """Whether the worker makes this refund once more by itself: the order is leaving, or it was paid a second time."""
    leaving = order.cancel_wished_at is not None and order.state not in ENDED
    return leaving or attempt.body["payment_intent"] in _strays(order)


def _strays(order: Order) -> set[str | None]:
    """What was paid beside the order's own payment, and is given back by itself."""
    lost = (each.intent for each in order.checkouts if each.won is False and not each.released_at)
    return {order.stray_intent, *lost}


def note_refund(
    session: Session, order: Order, told: stripe_answers.Refund, now: datetime, attempt: Attempt | None = None
) -> bool:
    """Keep how a refund stands, and let follow what follows. False: that was known."""
    row = session.scalar(select(Refund).where(Refund.stripe_id == told.id))
    if row is None:
        row = _new_row(session, order, told, now, attempt)
    elif row.status == told.status or told.status not in LATER[row.status]:
        return False
    else:
        row.status, row.failure = told.status, told.failure
    if row.status not in UNDER_WAY:
        row.settled_at = now
    session.flush()
    if row.counts:
        note_credit(session, order, row, now)
        _tell_after_all(session, order, row, now)
        _all_back(session, order, now, row)
        _nothing_owed(session, order, now)
    else:
        note_returned(session, order, row, now)
        _did_not_arrive(session, order, row, now)
    return True


def _new_row(
    session: Session, order: Order, told: stripe_answers.Refund, now: datetime, attempt: Attempt | None
) -> Refund:
    row = Refund(
        order_id=order.id,
        attempt_id=attempt.id if attempt else None,
        stripe_id=told.id,
        intent=told.intent or (attempt.body["payment_intent"] if attempt else ""),
        amount=told.amount,
        status=told.status,
        failure=told.failure,
        who=attempt.who if attempt else "stripe",
        why=attempt.why if attempt else "refunded in Stripe's dashboard",
        made_at=told.at or now,
    )
    session.add(row)
    return row


def _tell_after_all(session: Session, order: Order, row: Refund, now: datetime) -> None:
    """Whoever was told that money did not arrive, after the order had ended, hears how it comes after all."""
    lost = (Refund.order_id == order.id, Refund.intent == row.intent, Refund.status.in_(LOST), Refund.id < row.id)
    if order.state in ENDED and (row.status == "by_hand" or session.scalar(select(Refund.id).where(*lost).limit(1))):
        owe(session, order, "paid_back", now, version=row.id)


def _all_back(session: Session, order: Order, now: datetime, row: Refund | None = None) -> None:
    """Everything is back: access ends, the unit returns and the buyer is told, all in one transaction. Or a part is."""
    if order.state != State.PAID:
        return
    if money.left(session, order):
        if row is not None and row.intent == order.paid_intent and not order.cancel_wished_at:
            owe(session, order, "part_refunded", now, version=row.id, amount=row.amount, why=row.why)
        return
    who = order.cancel_who or (row.who if row else "worker")
    why = order.cancel_why or "refunded in full"
    if move(session, order, [State.PAID], State.REFUNDED, who=who, why=why, at=now, ended_at=now):
        revoke(session, order, now)
        give_back(session, order, "refunded", now)
        owe(session, order, "refunded", now)


def _nothing_owed(session: Session, order: Order, now: datetime) -> None:
    """Close the tasks that this refund has settled, whoever made it."""
    all_back = money.moved(session, order.id).net <= 0
    if all_back:
        close_tasks(session, "refund", order.number, "stripe", now)
    if all_back or not money.parts_owed(session, order.id):
        close_tasks(session, "part_refund", order.number, "stripe", now)


def _did_not_arrive(session: Session, order: Order, row: Refund, now: datetime) -> None:
    """The money is owed again; the card cannot take it, so that a person has to find another way."""
    amount = exact(row.amount, order.currency)
    because = f" ({row.failure.replace('_', ' ')})" if row.failure else ""
    owe(session, order, "refund_failed", now, version=row.id, amount=row.amount)
    owed = money.parts_owed(session, order.id)
    more = "" if owed <= row.amount or _owed_back(order) else f" {exact(owed, order.currency)} are owed in all."
    _ask(session, order, f"The refund of {amount} for order {order.number} did not arrive{because}.{more}", now)


def _ask(session: Session, order: Order, sentence: str, now: datetime) -> None:
    """Raise the task, and write to the creator."""
    if _owed_back(order):
        ask_creator(session, order, "refund", order.number, f"{sentence} {WHAT}", now)
    else:
        ask_for_part(session, order, sentence, now)


def ask_for_part(session: Session, order: Order, sentence: str, now: datetime) -> None:
    """Ask the creator to see to a part, which holds up nothing else; the newest word takes the place of older ones."""
    close_tasks(session, "part_refund", order.number, "worker", now)
    ask_creator(session, order, "part_refund", order.number, f"{sentence} {WHAT}", now)
