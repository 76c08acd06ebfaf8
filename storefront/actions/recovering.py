"""Recovering: attempts whose worker died are taken over once their lease has lapsed, with the same key."""

from datetime import datetime

from storefront.actions.attempting import Record, carry_out, lapsed, leases
from storefront.actions.cancelling import record_detach, record_void
from storefront.actions.charging import record_charge
from storefront.actions.disputing import record_evidence
from storefront.actions.preflighting import record_hold, record_void_for_plan
from storefront.actions.refunding import record_refund
from storefront.actions.taxing import record_tax
from storefront.actions.visiting import record_session
from storefront.models.db import Database
from storefront.models.orders import Attempt, Order
from storefront.outside.world import Outside

RECORDS: dict[str, Record] = {
    "session": record_session,
    "hold": record_hold,
    "capture": record_charge,
    "charge": record_charge,
    "refund": record_refund,
    "detach": record_detach,
    "evidence": record_evidence,
    "tax": record_tax,
}


def take_over(outside: Outside, db: Database, now: datetime, limit: int = 64) -> int:
    """Carry out what others left open. Returns how many; what there was no time for is taken over again."""
    leased = leases()
    with db.write() as session:
        found = [
            (each, _record_of(each, session.get_one(Order, each.order_id))) for each in lapsed(session, now, limit)
        ]

    def one(each: tuple[Attempt, Record]) -> None:
        if leased():
            carry_out(outside, db, *each, now)

    outside.together(one, found)
    return len(found)


def _record_of(attempt: Attempt, order: Order) -> Record:
    """A void serves a leaving order, or a launch that moved: the order says which."""
    if attempt.kind == "void":
        planned = order.hold_intent == attempt.target and order.cancel_wished_at is None
        return record_void_for_plan if planned else record_void
    return RECORDS[attempt.kind]
