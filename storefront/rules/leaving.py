"""Who may leave an order, when and with what effect: the table of policies.md 2, "Who may cancel when"."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from storefront.rules import words
from storefront.rules.order import ENDED

LEAST_DAYS = 14
WITHDRAW_WITHIN = timedelta(days=LEAST_DAYS)


class Way(StrEnum):
    """What a buyer may do about an order."""

    LEAVE = "leave"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    ASK = "ask"
    NONE = "none"


@dataclass(frozen=True)
class Leaver:
    """What the answer depends on. `leaving`: a cancellation is under way; `disputed`: the bank decides;
    `days`: within how many this order may be withdrawn from.
    """

    state: str
    placed_at: datetime
    zone: str
    launched_at: datetime | None = None
    opened: bool = False
    leaving: bool = False
    disputed: bool = False
    days: int = LEAST_DAYS


def way_out(order: Leaver, now: datetime) -> Way:
    """How the buyer may leave now: for nothing, with everything back, or only by asking the creator."""
    if order.leaving or order.disputed or order.state in ENDED:
        return Way.NONE
    if order.state == "placed":
        return Way.LEAVE
    if order.state in {"reserved", "past_due"} or order.launched_at is None:
        return Way.CANCEL  # also where it was opened before its payment failed: it is paused, and nothing is paid
    if order.opened:
        return Way.ASK
    until = withdraw_until(order.placed_at, order.launched_at, order.zone, order.days)
    return Way.WITHDRAW if now < until else Way.ASK


def asks_waiver(order: Leaver, now: datetime) -> bool:
    """Whether opening it needs its reader's yes: it can be withdrawn from still, and opening ends that."""
    if order.opened or order.launched_at is None:
        return False
    return now < withdraw_until(order.placed_at, order.launched_at, order.zone, order.days)


def withdraw_until(placed_at: datetime, launched_at: datetime, zone: str, days: int = LEAST_DAYS) -> datetime:
    """The end of the fourteenth day after the later of order and launch, as the zone counts days.

    `days`: how many this order was promised; never fewer than fourteen.
    """
    start = max(placed_at, launched_at).astimezone(ZoneInfo(zone)).date()
    after = start + timedelta(days=max(days, LEAST_DAYS) + 1)
    return datetime.combine(after, time.min, ZoneInfo(zone)).astimezone(UTC)


def last_day(placed_at: datetime, launched_at: datetime, zone: str, days: int = LEAST_DAYS) -> str:
    """The last day to withdraw: 26 May 2027."""
    return words.day_month_year(withdraw_until(placed_at, launched_at, zone, days) - timedelta(seconds=1), zone)
