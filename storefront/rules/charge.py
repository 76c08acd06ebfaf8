"""How an order's money is secured, and what becomes of a hold when the day moves (design.md 3, stripe.md 1.1)."""

from datetime import datetime, timedelta
from enum import StrEnum

HOLD_WITHIN = timedelta(days=5)
UPFRONT_WITHIN = timedelta(days=90)
PREFLIGHT_BEFORE = timedelta(hours=48)
HOLD_MARGIN = timedelta(hours=24)
GRACE = timedelta(days=7)
CARD_ENDS_WITHIN = timedelta(days=28)
SESSION_LIFE = timedelta(minutes=45)


class Mode(StrEnum):
    """How the money is secured."""

    HOLD = "hold"
    SAVE_CARD = "save_card"
    PAY_NOW = "pay_now"


class Plan(StrEnum):
    """What to do with a live hold."""

    KEEP = "keep"
    WAIT = "wait"
    RENEW = "renew"
    ASK = "ask"


def mode(*, out: bool, launch_at: datetime | None, upfront: bool, now: datetime, back_order: bool = False) -> Mode:
    """The charge mode of an order placed now. `upfront`: the creator asked for payment at pre-order.

    A back-order is never paid ahead: its card is saved (design.md 3).
    """
    if out and not back_order:
        return Mode.PAY_NOW
    if back_order or launch_at is None:
        return Mode.SAVE_CARD
    if upfront and launch_at <= now + UPFRONT_WITHIN:
        return Mode.PAY_NOW
    return Mode.HOLD if launch_at <= now + HOLD_WITHIN else Mode.SAVE_CARD


def plan(launch_at: datetime, capture_before: datetime, *, card_kept: bool, now: datetime) -> Plan:
    """What to do with a hold that lives until `capture_before`, asked after each settle, pre-flight and move."""
    if capture_before >= launch_at + HOLD_MARGIN:
        return Plan.KEEP
    if not card_kept:
        return Plan.ASK
    return Plan.WAIT if launch_at - now > PREFLIGHT_BEFORE else Plan.RENEW


def preflight_at(launch_at: datetime) -> datetime:
    """When the hold on a saved card is placed, so that a bad card surfaces before the launch."""
    return launch_at - PREFLIGHT_BEFORE


def grace_until(declined_at: datetime, launch_at: datetime) -> datetime:
    """How long price, unit and bonus stay: 7 days from the later of the first decline and the launch."""
    return max(declined_at, launch_at) + GRACE
