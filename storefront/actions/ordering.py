"""Placing an order: one product, one buyer, one price, one promise, and a unit kept while they visit Stripe."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.actions import policing
from storefront.actions.listing import is_open, use
from storefront.actions.promising import promise_first
from storefront.actions.stocking import of_product, take, taken
from storefront.models import orders
from storefront.models.db import put, put_new
from storefront.models.log import LogRow
from storefront.models.orders import Order, Promise
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
DRAWS = 20


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
    """The order, and what the buyer was told; `told` None: this very form had been sent before, and the order is locked.

    One that is new is not the session's: it is known by what it was made of.
    """

    order: Order
    told: Promise | None


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
    policy = policing.of_product(product, terms, now)
    before = orders.before(session, wish.nonce, policy.version, wish.email, wish.placed_from)
    if before.known:
        return _sent_before(session, wish)
    if wish.ticket is not None:
        session.refresh(wish.ticket, with_for_update=True)
    refusal = _refusal(before, product, wish, now)
    if refusal is not None:
        return refusal
    draft = _draft(product, wish, now)
    draft.id, draft.link_sha256 = before.id, links.fresh("order", before.id, 1)
    consent = consent_now(product, draft.offer, now, wish.ticket)
    promised = promise_first(session, draft, product.launch, consent, terms, policy.version)
    if not before.kept:
        policing.keep(session, policy)
    if not _insert(session, draft, chance):
        return _sent_before(session, wish)
    if not take(session, product.id, draft.offer_id, Kind(draft.kind), offered=wish.ticket is not None):
        session.execute(delete(Order).where(Order.id == draft.id))
        return _gone(session, product, wish, now)
    if wish.ticket is not None:
        use(wish.ticket, draft, now)
    log = LogRow(order_id=draft.id, at=now, who="buyer", why="ordered", before=None, after="placed")
    for each in (promised, log, taken(draft, now)):
        put(session, each)
    return Placed(draft, promised)


def _sent_before(session: Session, wish: Wish) -> Placed:
    """Whoever came back from Stripe to mend the address means the new one; nothing has been mailed to the old."""
    order = session.scalars(select(Order).where(Order.nonce == wish.nonce).with_for_update()).one()
    if order.state == "placed":
        order.email = wish.email
    return Placed(order, None)


def _refusal(before: orders.Before, product: Product, wish: Wish, now: datetime) -> Refusal | SoldOut | TooMany | None:
    if before.by_mail >= OPEN_PER_ADDRESS:
        return TooMany(OPEN_PER_ADDRESS)
    if before.by_place >= OPEN_PER_PLACE:
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


def _draft(product: Product, wish: Wish, now: datetime) -> Order:
    """The order as it is to be, outside of the session: whether it can be is seen when it is inserted."""
    offer = next(each for each in product.offers if each.id == wish.offer_id)
    return Order(
        nonce=wish.nonce,
        product_id=product.id,
        product=product,
        offer_id=offer.id,
        offer=offer,
        email=wish.email,
        kind=standing_of(product, now, wish.ticket).kind,
        mode=mode_now(product, now, wish.ticket),
        currency=product.currency,
        price=offer.price,
        state="placed",
        placed_at=now,
        placed_from=wish.placed_from,
        link_generation=1,
    )


def _insert(session: Session, draft: Order, chance: Random) -> bool:
    """Insert the order. False: the same form has placed one in this moment.

    A number is short enough to say, so it may come up twice: then another one is drawn.
    """
    for _ in range(DRAWS):
        draft.number = order.number("FC", chance)
        if put_new(session, draft):
            return True
        if orders.is_known(session, draft.nonce):
            return False
    raise RuntimeError(f"No number was free for an order: {DRAWS} were drawn.")


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
