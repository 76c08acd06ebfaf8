"""Charging what is due: captures of live holds, and one off-session charge where there is none (design.md 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from storefront.actions.attempting import (
    LEASE,
    NOTHING_HAPPENED,
    PAUSE,
    Answered,
    Record,
    Wanted,
    begin_all,
    carry_out_all,
)
from storefront.actions.declining import REPAIRED, declined, hold_lost
from storefront.actions.granting import grant
from storefront.actions.moving import Move, Raced, move, move_all
from storefront.actions.owing import owe
from storefront.actions.preflighting import off_session
from storefront.actions.taxing import begin_taxed, note_payment, note_payments
from storefront.models import taxes
from storefront.models.db import MOST, NOW, Database, claim, one_by_one
from storefront.models.grants import Grant
from storefront.models.orders import (
    Attempt,
    Order,
    is_out,
    launched,
    no_open_attempt,
    no_open_visit,
    not_leaving,
    not_resting,
)
from storefront.outside.stripe_answers import Declined, Done, Intent, Outcome, Refused
from storefront.outside.world import Outside
from storefront.rules.order import State

BATCH = 512


def charge_due(outside: Outside, db: Database, now: datetime) -> int:
    """Charge one batch of due orders, first come first served. Returns how many were tried."""
    with db.write() as session:
        due = claim(_due(outside.grant_on), session)
        orders = session.scalars(due, {"now": now, "most": _room(outside)}).all()
        begun = _begin_all(session, outside, orders, now)
    carry_out_all(outside, db, begun, charged_all, now)
    return len(begun)


@cache
def _due(grant_on: str) -> Select[Order]:
    """Access comes first: a held order is captured once it has its grant, unless GRANT_ON=capture."""
    granted = exists().where(Grant.order_id == Order.id, Grant.revoked_at.is_(None))
    no_live_hold = or_(Order.state == "reserved", Order.capture_before <= NOW)
    ready = or_(no_live_hold, granted) if grant_on == "hold" else Order.id.is_not(None)
    alone = or_(Order.state == "held", no_open_visit)  # whose buyer is at Stripe with another card is waited for
    free = (Order.stray_intent.is_(None), not_leaving, no_open_attempt, alone, not_resting(NOW))
    due = (Order.state.in_(["held", "reserved"]), ready, launched(NOW), *free)
    return select(Order).where(*due).order_by(Order.id).limit(MOST)


def _room(outside: Outside) -> int:
    """No more than can be called before their leases lapse, at the pace that Stripe bears now."""
    return min(outside.stripe.room(kind, LEASE / 2, BATCH) for kind in ("capture", "charge"))


def _begin_all(
    session: Session, outside: Outside, orders: Sequence[Order], now: datetime
) -> list[tuple[Attempt, Record]]:
    wanted = [_wanted(order) for order in orders]
    if not outside.tax:
        return [(attempt, record_charge) for attempt in begin_all(session, wanted, now)]
    made = [
        begin_taxed(session, outside, w.order, w.kind, record_charge, now, body=w.body, target=w.target) for w in wanted
    ]
    return [(attempt, record) for attempt, record in made if attempt is not None]


def _wanted(order: Order) -> Wanted:
    if order.state == State.HELD:
        return Wanted(order, "capture", order.hold_intent or "", {"amount_to_capture": order.price})
    return Wanted(order, "charge", "", off_session(order))


@dataclass(frozen=True)
class Charged:
    """An order whose money has come."""

    order: Order
    attempt: Attempt
    intent: Intent


def charged_all(session: Session, outside: Outside, answered: Sequence[Answered], now: datetime) -> Sequence[Answered]:
    """Record many charges that succeeded, in a few statements. Returns those with which anything is out of the ordinary."""
    ids = [each.attempt.order_id for each in answered]
    locked = select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update()
    orders = {each.id: each for each in session.scalars(locked)}
    still = (Attempt.id.in_([each.attempt.id for each in answered]), Attempt.outcome.is_(None))
    still_open = set(session.scalars(select(Attempt.id).where(*still)))
    known = taxes.points(session, "payment", [each.attempt.target for each in answered])
    came, rest = [], []
    for each in answered:
        order, intent = orders[each.attempt.order_id], _plainly_came(each, known)
        if each.attempt.id not in still_open:
            continue  # whoever took it over has recorded it
        if intent is None or order.state != State.HELD or order.cancel_wished_at:
            rest.append(each)
        else:
            came.append(Charged(order, each.attempt, intent))
    _all_paid(session, outside, came, now)
    return rest


def _plainly_came(answered: Answered, known: Mapping[str, object]) -> Intent | None:
    """A capture's payment that has no receipt yet and was not taxed by itself."""
    value = answered.outcome.value if isinstance(answered.outcome, Done) else None
    if answered.attempt.kind != "capture" or not isinstance(value, Intent):
        return None
    return None if value.calculation or value.id in known else value


def _all_paid(session: Session, outside: Outside, came: Sequence[Charged], now: datetime) -> None:
    """What `_paid` does, for many: the ledger, the receipts, the states with their log, and what access needs."""
    _close_all(session, came, now)
    note_payments(session, outside, [(each.order, each.intent) for each in came], now)
    moves = [
        Move(each.order, f"capture {each.attempt.generation} succeeded", _paid_facts(each.order, each.intent))
        for each in came
    ]
    move_all(session, moves, State.PAID, who="worker", at=now)
    _open_all(session, outside, [each.order for each in came], now)


def _close_all(session: Session, came: Sequence[Charged], now: datetime) -> None:
    table = Attempt.__table__
    still = (table.c.id == bindparam("its_id"), table.c.outcome.is_(None))
    change = update(Attempt.__table__).where(*still)  # type: ignore[arg-type]
    done = change.values(outcome="done", closed_at=now, stripe_id=bindparam("made"), moved=bindparam("came"))
    rows = [{"its_id": each.attempt.id, "made": each.intent.id, "came": each.intent.received} for each in came]
    if one_by_one(session, done, rows) != len(rows):
        raise Raced


def _open_all(session: Session, outside: Outside, orders: Sequence[Order], now: datetime) -> None:
    """Who is out and has no live grant gets one."""
    live = select(Grant.order_id).where(Grant.order_id.in_([each.id for each in orders]))
    have = set(session.scalars(live.where(Grant.suspended_at.is_(None))))
    shut = {each.id: each for each in orders if each.id not in have}
    out = session.scalars(select(Order.id).where(Order.id.in_(shut), launched(now))).all()
    for order_id in out:
        session.refresh(shut[order_id])
        grant(session, outside, shut[order_id], now)


def record_charge(
    session: Session, outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The money came, or it did not: what either causes stands here, line by line."""
    if isinstance(outcome, Done) and isinstance(outcome.value, Intent):
        _paid(session, outside, order, attempt, outcome.value, now)
    elif isinstance(outcome, Declined) and outcome.reason in {"hold_lapsed", "hold_voided"}:
        hold_lost(session, order, now, by_hand=outcome.reason == "hold_voided")
    elif isinstance(outcome, Declined):
        declined(session, order, attempt, outcome, now)
    elif isinstance(outcome, Refused) and outcome.code in NOTHING_HAPPENED:
        order.retry_at = now + PAUSE
    elif isinstance(outcome, Refused):
        declined(session, order, attempt, Declined(outcome.code or "refused"), now)


def _paid(session: Session, outside: Outside, order: Order, attempt: Attempt, intent: Intent, now: datetime) -> None:
    attempt.moved = intent.received
    note_payment(session, outside, order, intent, None, now)
    why = f"{attempt.kind} {attempt.generation} succeeded"
    paid(session, outside, order, intent, why, now)


def _paid_facts(order: Order, intent: Intent) -> dict[str, Any]:
    return {
        "paid_intent": intent.id,
        "hold_intent": None,
        "capture_before": None,
        "serves_until": None,
        "preflight_at": None,
        "card": intent.card.name if intent.card else order.card,
        **REPAIRED,
    }


def paid(session: Session, outside: Outside, order: Order, intent: Intent, why: str, now: datetime) -> bool:
    """What follows when an order's money has come; the ledger has it already. False: the order stands elsewhere."""
    mended, facts = order.state == State.PAST_DUE, _paid_facts(order, intent)
    before = [State.HELD, State.RESERVED, State.PAST_DUE]
    if not move(session, order, before, State.PAID, who="worker", why=why, at=now, **facts):
        return False
    if order.cancel_wished_at:
        return True
    if mended:
        owe(session, order, "repaired", now, version=order.episode)
    if is_out(session, order, now):
        grant(session, outside, order, now)
    return True
