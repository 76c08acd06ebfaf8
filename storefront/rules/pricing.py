"""Which offer a buyer can take now, and how the tiers are shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from storefront.rules import words
from storefront.rules.money import short
from storefront.rules.stock import FEW


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


def left(offer: Offer, stock: int | None) -> int | None:
    """How many can still be ordered at this price: its own units, or the `stock` (None: no limit) where that is less.

    None where nothing limits the price, and where the stock does but is not few.
    """
    own = _own(offer)
    if stock is None or (own is not None and own <= stock):
        return own
    return stock if own is not None or stock <= FEW else None


def left_words(offer: Offer, stock: int | None) -> str:
    """37 of 40 left; 2 left, where that is all there are; "" where nothing is to be said."""
    count = left(offer, stock)
    return "" if not count else f"{count:,} of {offer.units:,} left" if _counts(offer, stock) else f"{count:,} left"


def _own(offer: Offer) -> int | None:
    return None if offer.units is None else max(offer.units - offer.taken, 0)


def _counts(offer: Offer, stock: int | None) -> bool:
    """Whether it is the offer's own units that say how many are left."""
    own = _own(offer)
    return own is not None and (stock is None or own <= stock)


def ladder(
    offers: Sequence[Offer], currency: str, zone: str, *, out: bool, now: datetime, stock: int | None = None
) -> list[words.Tier]:
    """All tiers in the order they are taken, as a product page shows them; `stock`: units for whoever comes now."""
    here = current(offers, out=out, now=now)
    last = after_launch(offers)
    states = [_state(each, i, here, last, out=out, now=now) for i, each in enumerate(offers)]
    return [_tier(each, state, currency, zone, stock) for each, state in zip(offers, states, strict=True)]


def _tier(offer: Offer, state: str, currency: str, zone: str, stock: int | None) -> words.Tier:
    tier = words.Tier(
        name="Price after launch" if state == "after" else offer.name,
        price=short(offer.price, currency),
        state=state,
        note=_note(offer, state, zone),
        units=offer.units,
    )
    if state != "now":
        return tier
    taken = offer.taken if _counts(offer, stock) else None
    bonus = ", ".join(each.title for each in offer.bonuses)
    return replace(tier, taken=taken, left=left_words(offer, stock), bonus=bonus)


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
