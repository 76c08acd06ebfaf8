"""What can be done with a product now: the one function that pages, buttons, structured data and letters ask."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LATEST_DAYS = 90
FURTHEST = timedelta(days=365)
FEW = 5


class Availability(StrEnum):
    """schema.org's words for it (policies.md 4)."""

    PRE_ORDER = "PreOrder"
    IN_STOCK = "InStock"
    LIMITED = "LimitedAvailability"
    BACK_ORDER = "BackOrder"
    SOLD_OUT = "SoldOut"


class Kind(StrEnum):
    """What an order would be."""

    PRE_ORDER = "pre_order"
    PURCHASE = "purchase"
    BACK_ORDER = "back_order"


@dataclass(frozen=True)
class Stock:
    """The counters of a product, and the days its back-orders are told; `stock` None is unlimited."""

    out: bool
    stock: int | None
    taken: int
    queued: int = 0
    kept: int = 0
    waiting: int = 0
    cap: int = 0
    launch_at: datetime | None = None
    expected_at: datetime | None = None
    latest_at: datetime | None = None
    zone: str = "UTC"

    @property
    def free(self) -> int | None:
        """Units that no order and no open offer has; negative where it is overbooked."""
        return None if self.stock is None else self.stock - (self.taken - self.queued) - self.kept

    @property
    def to_sell(self) -> int | None:
        """Units for whoever comes now: what somebody waits for is theirs."""
        if self.free is None:
            return None
        return 0 if self.queued or self.waiting else max(self.free, 0)


@dataclass(frozen=True)
class Standing:
    """What a buyer can do now. `kind` None: nothing; `listed`: there is a waiting list instead.

    `availability` None: it is neither for sale nor sold out, since there is no day that could be promised.
    `starts`: when it begins; `by`: the latest date a back-order is told; `left`: units, None without a limit.
    """

    availability: Availability | None
    kind: Kind | None
    listed: bool = False
    starts: datetime | None = None
    by: datetime | None = None
    left: int | None = None


NO_DAY = Standing(None, None)


def standing(stock: Stock, *, offer: bool, now: datetime) -> Standing:
    """What can be done now; `offer`: whether there is a price to take it at."""
    sold_out = Standing(Availability.SOLD_OUT, None, listed=stock.stock is not None, left=0)
    if not offer:
        return Standing(Availability.SOLD_OUT, None)
    if stock.to_sell is None or stock.to_sell > 0:
        return _in_stock(stock)
    if not stock.out or not takes_back_orders(stock, now):
        return sold_out
    by = latest(stock, now)
    return Standing(
        Availability.BACK_ORDER,
        Kind.BACK_ORDER,
        starts=expected(stock, now) or by,
        by=by,
        left=stock.cap - stock.queued,
    )


def offered(stock: Stock) -> Standing:
    """What whoever holds an open offer of the waiting list can do: one unit is theirs."""
    if not stock.out:
        return Standing(Availability.PRE_ORDER, Kind.PRE_ORDER, starts=stock.launch_at, left=1)
    return Standing(Availability.LIMITED, Kind.PURCHASE, left=1)


def _in_stock(stock: Stock) -> Standing:
    left = stock.to_sell
    if not stock.out:
        return Standing(Availability.PRE_ORDER, Kind.PRE_ORDER, starts=stock.launch_at, left=left)
    few = left is not None and left <= FEW
    return Standing(Availability.LIMITED if few else Availability.IN_STOCK, Kind.PURCHASE, left=left)


def takes_back_orders(stock: Stock, now: datetime) -> bool:
    """Whether one more may queue: below the cap, and with a latest date to be told that is still to come."""
    return stock.queued < stock.cap and latest(stock, now) > now


def latest(stock: Stock, now: datetime) -> datetime:
    """The `by` of a back-order placed now: the date its creator gives, else the end of the ninetieth day from now.

    Never before the expected date, and never further than 365 days (design.md 4).
    """
    if stock.latest_at is not None:
        return stock.latest_at
    return max(
        end_of_day(now.astimezone(ZoneInfo(stock.zone)).date() + timedelta(LATEST_DAYS), stock.zone), *_later(stock)
    )


def _later(stock: Stock) -> tuple[datetime, ...]:
    return (stock.expected_at,) if stock.expected_at else (datetime.min.replace(tzinfo=UTC),)


def end_of_day(day: date, zone: str) -> datetime:
    """The last minute of a day as a zone counts it, as an instant."""
    return datetime.combine(day, time(23, 59), ZoneInfo(zone)).astimezone(UTC)


def expected(stock: Stock, now: datetime) -> datetime | None:
    """The expected date, as long as it is still to come."""
    return stock.expected_at if stock.expected_at and stock.expected_at > now else None


def refuse_later(latest_at: datetime | None, now: datetime) -> str:
    """Why those who wait cannot be told this latest date (None: no date); "" when they can."""
    if latest_at is None:
        return ""
    if latest_at <= now:
        return "That day has passed. Choose one that is still to come, or say that there is none yet."
    if latest_at > now + FURTHEST:
        return "That is more than 365 days away. Choose a nearer day, or say that there is none yet."
    return ""


def refuse_days(expected_at: datetime | None, latest_at: datetime | None, now: datetime) -> str:
    """Why these days cannot be told to buyers; "" when they can."""
    if latest_at is not None and latest_at <= now:
        return "The latest date has passed. Choose one that is still to come."
    if latest_at is not None and latest_at > now + FURTHEST:
        return "The latest date is more than 365 days away: nobody is asked to wait longer."
    if expected_at is not None and expected_at <= now:
        return "The expected date has passed. Choose one that is still to come, or leave it empty."
    if expected_at is not None and expected_at > (latest_at or now + FURTHEST):
        return "The expected date is after the latest one."
    return ""
