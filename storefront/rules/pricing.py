"""Which offer a buyer can take now, and how the tiers are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from storefront.rules import words
from storefront.rules.money import short


class Bonus(Protocol):
    """What comes with an offer."""

    @property
    def title(self) -> str: ...


class Offer(Protocol):
    """A price: `units` None is unlimited, `until` an instant or None."""

    @property
    def name(self) -> str: ...
    @property
    def price(self) -> int: ...
    @property
    def units(self) -> int | None: ...
    @property
    def taken(self) -> int: ...
    @property
    def until(self) -> datetime | None: ...
    @property
    def until_launch(self) -> bool: ...
    @property
    def bonuses(self) -> Sequence[Bonus]: ...


def ended(offer: Offer, *, out: bool, now: datetime) -> bool:
    """Whether the offer's time is over, by its date or by the launch."""
    return (offer.until is not None and now >= offer.until) or (offer.until_launch and out)


def gone(offer: Offer) -> bool:
    """Whether all of the offer's units are taken."""
    return offer.units is not None and offer.taken >= offer.units


def current(offers: Sequence[Offer], *, out: bool, now: datetime) -> int | None:
    """The index of the offer a buyer takes now: the first that is neither gone nor ended; None when there is none."""
    return next((i for i, each in enumerate(offers) if not gone(each) and not ended(each, out=out, now=now)), None)


def after_launch(offers: Sequence[Offer]) -> int | None:
    """The index of the offer that holds once the product is out: the first without units, date or launch as its end."""
    return next((i for i, o in enumerate(offers) if o.units is None and o.until is None and not o.until_launch), None)


def ladder(offers: Sequence[Offer], currency: str, zone: str, *, out: bool, now: datetime) -> list[words.Tier]:
    """All tiers in the order they are taken, as a product page shows them."""
    here = current(offers, out=out, now=now)
    last = after_launch(offers)
    return [_tier(o, i, here, last, currency, zone, out=out, now=now) for i, o in enumerate(offers)]


def _tier(
    offer: Offer, index: int, here: int | None, last: int | None, currency: str, zone: str, *, out: bool, now: datetime
) -> words.Tier:
    state = _state(offer, index, here, last, out=out, now=now)
    name = "Price after launch" if state == "after" else offer.name
    taken = offer.taken if state == "now" else None
    bonus = ", ".join(each.title for each in offer.bonuses) if state == "now" else ""
    return words.Tier(name, short(offer.price, currency), state, _note(offer, state, zone), taken, offer.units, bonus)


def _state(offer: Offer, index: int, here: int | None, last: int | None, *, out: bool, now: datetime) -> str:
    if index == here:
        return "now"
    if gone(offer) or ended(offer, out=out, now=now):
        return "gone"
    return "after" if index == last and not out else "later"


def _note(offer: Offer, state: str, zone: str) -> str:
    if state == "gone":
        return "gone" if gone(offer) else "ended"
    if offer.until is not None:
        return f"until {words.day_month(offer.until, zone)}"
    return "until the launch" if offer.until_launch and "launch" not in offer.name.lower() else ""
