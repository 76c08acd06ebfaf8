"""Placing an order: one product, one buyer, one price, one promise, and a unit kept while they visit Stripe."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.promising import promise_first
from storefront.actions.stocking import note_taken, take
from storefront.models import orders
from storefront.models.db import changed
from storefront.models.log import LogRow
from storefront.models.orders import Order
from storefront.models.products import Offer, Product
from storefront.rules import charge, order, pricing, promise
from storefront.rules.links import Links
from storefront.rules.money import short
from storefront.rules.policy import STANDARD, Terms

OPEN_PER_ADDRESS = 5
OPEN_PER_PLACE = 20


@dataclass(frozen=True)
class Wish:
    """What the form said. `placed_from`: a keyed hash of the network address, for the limits only."""

    email: str
    offer_id: int
    nonce: str
    placed_from: str


@dataclass(frozen=True)
class Placed:
    """The order; `again`: this very form had been sent before."""

    order: Order
    again: bool


@dataclass(frozen=True)
class OfferChanged:
    """The offer on the form is gone or ended; this is the one that holds now."""

    before: Offer | None
    now: Offer


@dataclass(frozen=True)
class SoldOut:
    """No unit is left at any price."""


@dataclass(frozen=True)
class TooMany:
    """More open visits to Stripe than one person needs."""

    most: int


def place(
    session: Session,
    links: Links,
    product: Product,
    wish: Wish,
    chance: Random,
    now: datetime,
    terms: Terms = STANDARD,
) -> Placed | OfferChanged | SoldOut | TooMany:
    """Place an order for the offer the buyer saw. The second call with a nonce returns the first one's order."""
    known = orders.by_nonce(session, wish.nonce)
    if known is not None:
        return _sent_before(session, known, wish)
    refusal = _refusal(session, product, wish, now)
    if refusal is not None:
        return refusal
    savepoint = session.begin_nested()
    try:
        made = _insert(session, links, product, wish, chance, now, terms)
    except IntegrityError:
        savepoint.rollback()
        known = orders.by_nonce(session, wish.nonce)
        if known is None:
            raise
        return _sent_before(session, known, wish)
    if not take(session, product.id, made.offer_id):
        savepoint.rollback()
        return _gone(session, product, now)
    return Placed(made, again=False)


def _sent_before(session: Session, known: Order, wish: Wish) -> Placed:
    """Whoever came back from Stripe to mend the address means the new one; nothing has been mailed to the old."""
    same = (Order.id == known.id, Order.state == "placed", Order.email != wish.email)
    changed(session, update(Order).where(*same).values(email=wish.email))
    return Placed(known, again=True)


def _refusal(session: Session, product: Product, wish: Wish, now: datetime) -> OfferChanged | SoldOut | TooMany | None:
    by_mail, by_place = orders.open_checkouts(session, wish.email, wish.placed_from)
    if by_mail >= OPEN_PER_ADDRESS:
        return TooMany(OPEN_PER_ADDRESS)
    if by_place >= OPEN_PER_PLACE:
        return TooMany(OPEN_PER_PLACE)
    if product.stock is not None and product.taken >= product.stock:
        return SoldOut()
    here = current_offer(product, now)
    if here is None:
        return SoldOut()
    if here.id != wish.offer_id:
        return OfferChanged(next((each for each in product.offers if each.id == wish.offer_id), None), here)
    return None


def current_offer(product: Product, now: datetime) -> Offer | None:
    """The offer a buyer takes now. None: all are taken, it left the shop, or there is no day yet: then nothing is sold."""
    if product.retired_at is not None:
        return None
    if product.launch.launched_at is None and product.launch.at is None:
        return None
    index = pricing.current(product.offers, out=product.launch.launched_at is not None, now=now)
    return None if index is None else product.offers[index]


def _insert(
    session: Session, links: Links, product: Product, wish: Wish, chance: Random, now: datetime, terms: Terms
) -> Order:
    offer = next(each for each in product.offers if each.id == wish.offer_id)
    made = Order(
        number=_free_number(session, chance),
        nonce=wish.nonce,
        product=product,
        offer=offer,
        email=wish.email,
        kind="pre_order" if product.launch.launched_at is None else "purchase",
        mode=mode_now(product, now),
        currency=product.currency,
        price=offer.price,
        placed_at=now,
        placed_from=wish.placed_from,
        link_sha256=f"new:{wish.nonce}",
    )
    session.add(made)
    session.flush()
    made.link_sha256 = links.fresh("order", made.id, 1)
    promise_first(session, made, product.launch, consent_now(product, offer, now), terms)
    session.add(LogRow(order_id=made.id, at=now, who="buyer", why="ordered", before=None, after="placed"))
    note_taken(session, made, now)
    session.flush()
    return made


def _free_number(session: Session, chance: Random) -> str:
    """A number that no order has: short enough to say, so it may come up twice."""
    while True:
        number = order.number("FC", chance)
        if session.scalar(select(Order.id).where(Order.number == number)) is None:
            return number


def _gone(session: Session, product: Product, now: datetime) -> OfferChanged | SoldOut:
    session.refresh(product)
    for each in product.offers:
        session.refresh(each)
    here = current_offer(product, now)
    if here is None or (product.stock is not None and product.taken >= product.stock):
        return SoldOut()
    return OfferChanged(None, here)


def mode_now(product: Product, now: datetime) -> charge.Mode:
    """How an order placed now is secured."""
    out = product.launch.launched_at is not None
    return charge.mode(out=out, launch_at=product.launch.at, upfront=product.upfront, now=now)


def consent_now(product: Product, offer: Offer, now: datetime) -> str:
    """The text of the consent a buyer gives now."""
    amount = short(offer.price, product.currency)
    return promise.consent(mode_now(product, now), product.kind, amount, product.launch.at, product.launch.zone)
