"""Placing an order: one product, one buyer, one price, one promise, and a unit kept while they visit Stripe."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.listing import is_open, use
from storefront.actions.promising import promise_first
from storefront.actions.stocking import note_taken, of_product, take
from storefront.models import orders
from storefront.models.db import changed
from storefront.models.log import LogRow
from storefront.models.orders import Order
from storefront.models.products import Launch, Offer, Product
from storefront.models.tickets import Ticket
from storefront.rules import charge, order, pricing, promise, queue_words
from storefront.rules.delay import RUNS_LATE
from storefront.rules.links import Links
from storefront.rules.money import short
from storefront.rules.policy import STANDARD, Terms
from storefront.rules.stock import NO_DAY, Kind, Standing, offered, standing

OPEN_PER_ADDRESS = 5
OPEN_PER_PLACE = 20


@dataclass(frozen=True)
class Wish:
    """What the form said. `placed_from`: a keyed hash of the network address, for the limits only.

    `seen`: what the order would have been when the form was shown, as `seen_now` says it; "" is not asked about.
    `ticket`: the open offer of a waiting list that this order takes up.
    """

    email: str
    offer_id: int
    nonce: str
    placed_from: str
    seen: str = ""
    ticket: Ticket | None = None


@dataclass(frozen=True)
class Placed:
    """The order, locked; `again`: this very form had been sent before."""

    order: Order
    again: bool


@dataclass(frozen=True)
class OfferChanged:
    """The offer on the form is gone or ended; this is the one that holds now."""

    before: Offer | None
    now: Offer


@dataclass(frozen=True)
class OtherTerms:
    """What can be ordered is not what the form said: it came into stock or out of it, or its days changed."""

    kind: Kind


@dataclass(frozen=True)
class OfferOver:
    """The unit that was offered to a place on the waiting list is kept no longer."""


Refusal = OfferChanged | OtherTerms | OfferOver


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
) -> Placed | Refusal | SoldOut | TooMany:
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
    if not _takes(session, made, wish, now):
        savepoint.rollback()
        return _gone(session, product, wish, now)
    return Placed(made, again=False)


def _sent_before(session: Session, known: Order, wish: Wish) -> Placed:
    """Whoever came back from Stripe to mend the address means the new one; nothing has been mailed to the old."""
    same = (Order.id == known.id, Order.state == "placed", Order.email != wish.email)
    changed(session, update(Order).where(*same).values(email=wish.email))
    session.refresh(known, with_for_update=True)
    return Placed(known, again=True)


def _takes(session: Session, made: Order, wish: Wish, now: datetime) -> bool:
    """The offer to a waiting list is used up, once; then the units are taken."""
    if wish.ticket is not None and not use(session, wish.ticket, made, now):
        return False
    return take(session, made.product_id, made.offer_id, Kind(made.kind), offered=wish.ticket is not None)


def _refusal(session: Session, product: Product, wish: Wish, now: datetime) -> Refusal | SoldOut | TooMany | None:
    by_mail, by_place = orders.open_checkouts(session, wish.email, wish.placed_from)
    if by_mail >= OPEN_PER_ADDRESS:
        return TooMany(OPEN_PER_ADDRESS)
    if by_place >= OPEN_PER_PLACE:
        return TooMany(OPEN_PER_PLACE)
    return _other(product, wish, now)


def _other(product: Product, wish: Wish, now: datetime) -> Refusal | SoldOut | None:
    """What can be ordered now, where it is not what the form said."""
    here, told = current_offer(product, now), standing_of(product, now, wish.ticket)
    if wish.ticket is not None and not is_open(wish.ticket, now):
        return OfferOver()
    if here is None or told.kind is None:
        return SoldOut()
    if here.id != wish.offer_id:
        return OfferChanged(next((each for each in product.offers if each.id == wish.offer_id), None), here)
    return OtherTerms(told.kind) if wish.seen and wish.seen != seen_now(told) else None


def current_offer(product: Product, now: datetime) -> Offer | None:
    """The offer a buyer takes now. None: all are taken, it left the shop, or there is no day to promise: then nothing is sold."""
    if product.retired_at is not None or not _can_be_promised(product.launch, now):
        return None
    index = pricing.current(product.offers, out=product.launch.launched_at is not None, now=now)
    return None if index is None else product.offers[index]


def _can_be_promised(launch: Launch, now: datetime) -> bool:
    """It is out, or its day is ahead; a day that passed so long ago that the rules call it missed is promised to nobody."""
    return launch.launched_at is not None or (launch.at is not None and now < launch.at + RUNS_LATE)


def standing_of(product: Product, now: datetime, ticket: Ticket | None = None) -> Standing:
    """What can be done with a product now: the one answer that pages, buttons and structured data show (policies.md 4).

    Whoever holds an open offer of the waiting list has a unit kept for them.
    """
    if product.retired_at is None and not _can_be_promised(product.launch, now):
        return NO_DAY
    facts, offer = of_product(product), current_offer(product, now) is not None
    if ticket is not None and is_open(ticket, now) and offer:
        return offered(facts)
    return standing(facts, offer=offer, now=now)


def seen_now(told: Standing) -> str:
    """What a form says of the order it makes, so that nobody gets one of another kind, or of another day, than they saw."""
    day = told.by or told.starts
    return f"{told.kind}:{day.isoformat() if day else ''}"


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
        kind=standing_of(product, now, wish.ticket).kind,
        mode=mode_now(product, now, wish.ticket),
        currency=product.currency,
        price=offer.price,
        placed_at=now,
        placed_from=wish.placed_from,
        link_sha256=f"new:{wish.nonce}",
    )
    session.add(made)
    session.flush()
    with session.no_autoflush:  # one UPDATE of what its own number makes known
        made.link_sha256 = links.fresh("order", made.id, 1)
        promise_first(session, made, product.launch, consent_now(product, offer, now, wish.ticket), terms)
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


def _gone(session: Session, product: Product, wish: Wish, now: datetime) -> Refusal | SoldOut:
    session.refresh(product)
    if wish.ticket is not None:
        session.refresh(wish.ticket)
    for each in product.offers:
        session.refresh(each)
    other = _other(product, wish, now)
    return other or OfferChanged(None, next(each for each in product.offers if each.id == wish.offer_id))


def mode_now(product: Product, now: datetime, ticket: Ticket | None = None) -> charge.Mode:
    """How an order placed now is secured."""
    out = product.launch.launched_at is not None
    back = standing_of(product, now, ticket).kind is Kind.BACK_ORDER
    return charge.mode(out=out, launch_at=product.launch.at, upfront=product.upfront, now=now, back_order=back)


def consent_now(product: Product, offer: Offer, now: datetime, ticket: Ticket | None = None) -> str:
    """The text of the consent a buyer gives now."""
    amount, told = short(offer.price, product.currency), standing_of(product, now, ticket)
    if told.kind is Kind.BACK_ORDER and told.by is not None:
        return queue_words.consent(amount, product.kind, told.by, product.launch.zone)
    return promise.consent(mode_now(product, now, ticket), product.kind, amount, product.launch.at, product.launch.zone)
