"""What letters say of an order: one pure function of it and now. Days are told in the creator's zone, with its offset."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import charge, words
from storefront.rules.launch import LATE_AFTER
from storefront.rules.money import exact, short
from storefront.rules.order_words import WITHDRAW_WITHIN, declined_words
from storefront.rules.words import NOUN, OPENS, Day


@dataclass(frozen=True)
class About:
    """What the words depend on; money in minor units, `day` the instant promised last."""

    kind: str
    purchase: bool
    price: int
    currency: str
    state: str
    mode: str
    card: str
    zone: str
    day: datetime
    placed_at: datetime
    launched_at: datetime | None
    launch_at: datetime | None
    grace_until: datetime | None
    decline: str


@dataclass(frozen=True)
class Told:
    """The words, ready for a letter."""

    the: str
    opens: str
    amount: str
    exact: str
    day: Day
    weekday_day: str
    full_day: str
    late: str
    money: str
    pays: tuple[str, str]
    kept_until: str
    said: str
    withdraw_until: str
    preflight: str


def tell(about: About, now: datetime) -> Told:
    """Everything a letter may say about the order."""
    grace = about.grace_until or charge.grace_until(now, about.day)
    last = max(about.placed_at, about.launched_at or about.day) + WITHDRAW_WITHIN
    saved = about.mode == "save_card" and about.launched_at is None
    return Told(
        the=f"the {NOUN[about.kind]}",
        opens=OPENS[about.kind],
        amount=short(about.price, about.currency),
        exact=exact(about.price, about.currency),
        day=words.day(about.day, about.zone),
        weekday_day=words.weekday_day(about.day, about.zone),
        full_day=words.full(about.day, about.zone),
        late=_late(about),
        money=_money(about),
        pays=_pays(about),
        kept_until=words.full(grace, about.zone),
        said=declined_words(about.decline),
        withdraw_until=words.day_month_year(last, about.zone),
        preflight=words.full(charge.preflight_at(about.day), about.zone) if saved else "",
    )


def _late(about: About) -> str:
    """An hour late is said, a minute is not."""
    if about.purchase or about.launched_at is None or about.launch_at is None:
        return ""
    late = about.launched_at - about.launch_at
    if late <= LATE_AFTER:
        return ""
    minutes = int(late.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    told = f"{hours} h {rest} min" if hours else f"{minutes} minutes"
    return f"This launch was {told} late."


def _money(about: About) -> str:
    """What has happened to the money, also when nothing has."""
    amount = short(about.price, about.currency)
    said = {
        "reserved": "Your card is saved. Nothing has been charged.",
        "held": f"Your bank has set {amount} aside. Nothing has been charged.",
        "paid": f"You have paid {amount}.",
    }
    return said.get(about.state, "Nothing has been charged.")


def _pays(about: About) -> tuple[str, str]:
    """The fact row about money: what is still to come is not called paid."""
    where = f", {about.card}" if about.card else ""
    amount = exact(about.price, about.currency)
    if about.state == "paid":
        return "You paid", f"{amount}{where}"
    if about.launched_at is not None:
        return "You pay", f"{amount}, today{where}"
    return "You pay", f"{amount} on {words.day_month_year(about.day, about.zone)}{where}"
