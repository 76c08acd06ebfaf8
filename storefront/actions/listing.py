"""Waiting lists: joining, leaving, and a free unit offered to the next for a limited time (design.md 5).

An offer keeps its unit while it is open; once it is used, left or over it never comes back.
"""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models import queues
from storefront.models.db import MOST, NOW, At, Database, changed
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.models.tickets import Ticket
from storefront.rules.delay import RUNS_LATE
from storefront.rules.links import Links

OPEN = ("waiting", "offered")


def join(
    session: Session, product: Product, email: str, consent: str, now: datetime, *, news: bool, links: Links
) -> Ticket:
    """A place on the list, and a letter that leads to it; whoever is on it gets the letter again, at most once an hour."""
    known = _open_ticket(session, product.id, email)
    if known is None:
        known = _new(session, product, email, consent, now, news=news, links=links)
    hour = int(now.timestamp() // 3600)
    owe_ticket(session, known, "on_the_list", now, version=hour)
    return known


def _open_ticket(session: Session, product_id: int, email: str) -> Ticket | None:
    same = (Ticket.product_id == product_id, Ticket.email == email, Ticket.state.in_(OPEN))
    return session.scalar(select(Ticket).where(*same))


def _new(
    session: Session, product: Product, email: str, consent: str, now: datetime, *, news: bool, links: Links
) -> Ticket:
    made = Ticket(product_id=product.id, email=email, joined_at=now, consent=consent, news=news)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # the same form twice, at the same moment
        found = _open_ticket(session, product.id, email)
        if found is None:
            raise
        return found
    made.link_sha256 = links.fresh("ticket", made.id, 1)
    session.flush()
    _count(session, product.id, waiting=1)
    return made


def _count(session: Session, product_id: int, *, waiting: int = 0, kept: int = 0) -> None:
    """Change a product's counters; what they must not become, the database refuses."""
    change = update(Product).where(Product.id == product_id)
    values = {"waiting": Product.waiting + waiting, "kept": Product.kept + kept}
    session.execute(change.values(**values), execution_options={"synchronize_session": "fetch"})


def leave(session: Session, ticket: Ticket, now: datetime) -> bool:
    """Leave the list; an open offer passes on. False: it had ended."""
    before = _lock(session, ticket)
    if before not in OPEN:
        return False
    _end(session, ticket, "left", now)
    return True


def _lock(session: Session, ticket: Ticket) -> str:
    session.refresh(ticket, with_for_update=True)
    return ticket.state


def _end(session: Session, ticket: Ticket, state: str, now: datetime) -> None:
    """End a ticket that is locked: its place is free, or the unit that was kept for it."""
    was_offered = ticket.state == "offered"
    ticket.state, ticket.ended_at = state, now
    session.flush()
    _count(session, ticket.product_id, **({"kept": -1} if was_offered else {"waiting": -1}))


def is_open(ticket: Ticket, now: datetime) -> bool:
    """Whether a ticket's unit is kept for it now."""
    return ticket.state == "offered" and ticket.offer_until is not None and now < ticket.offer_until


def use(ticket: Ticket, order: Order, now: datetime) -> None:
    """Take up an open offer with an order; the ticket is locked, and the caller has taken the unit that was kept."""
    ticket.state, ticket.ended_at, ticket.order_id = "used", now, order.id


def offer_due(db: Database, now: datetime, limit: int = 50) -> int:
    """End the offers whose time is over, then offer what is free to the next. Returns how many changed."""
    with db.read() as session:
        ended = session.scalars(_all_over(), {"now": now, "most": limit}).all()
    done = sum(_end_one(db, each, now) for each in ended)
    with db.read() as session:
        products = session.scalars(_to_offer(), {"now": now - RUNS_LATE}).all()
    return done + sum(_offer_next(db, each, now) for each in products)


@cache
def _all_over() -> Select[int]:
    return _over().with_only_columns(Ticket.id).order_by(Ticket.id).limit(MOST)


@cache
def _to_offer() -> Select[int]:
    return select(Product.id).where(*_may_offer(NOW)).order_by(Product.id)


def _over() -> Select[Ticket]:
    """Offers whose time is over, and every place of a product that has left the shop."""
    late = and_(Ticket.state == "offered", Ticket.offer_until <= NOW)
    gone = exists().where(Product.id == Ticket.product_id, Product.retired_at.is_not(None))
    return select(Ticket).where(or_(late, and_(Ticket.state.in_(OPEN), gone)))


def _end_one(db: Database, ticket_id: int, now: datetime) -> bool:
    with db.write() as session:
        this = _over().where(Ticket.id == ticket_id).with_for_update(of=Ticket)
        ticket = session.scalar(this, {"now": now})
        if ticket is None:
            return False
        _end(session, ticket, "over", now)
        return True


def _may_offer(since: At) -> tuple[ColumnElement[bool], ...]:
    """A free unit that no back-order waits for, somebody on the list, and a day `since` then: an offer that nobody can
    take up would cost its owner their turn.
    """
    sold = or_(Launch.launched_at.is_not(None), Launch.at > since)
    has_day = exists().where(Launch.product_id == Product.id, Launch.kind == "product", sold)
    return (Product.waiting > 0, Product.queued == 0, queues.free > 0, Product.retired_at.is_(None), has_day)


def _offer_next(db: Database, product_id: int, now: datetime) -> int:
    """Offer a product's free units, a ticket a transaction. Returns how many."""
    done = 0
    while _offer_one(db, product_id, now):
        done += 1
    return done


def _offer_one(db: Database, product_id: int, now: datetime) -> bool:
    """The head of the list is locked before its product, as everywhere; whoever came first gets the unit."""
    with db.write() as session:
        first = select(Ticket).where(Ticket.product_id == product_id, Ticket.state == "waiting")
        ticket = session.scalars(first.order_by(Ticket.joined_at, Ticket.id).limit(1).with_for_update()).first()
        if ticket is None or not _keep_one(session, product_id, now):
            return False
        hours = session.scalar(select(Product.offer_hours).where(Product.id == product_id)) or 1
        ticket.state, ticket.offered_at, ticket.offer_until = "offered", now, now + timedelta(hours=hours)
        session.flush()
        owe_ticket(session, ticket, "unit_offered", now)
        return True


def _keep_one(session: Session, product_id: int, now: datetime) -> bool:
    change = update(Product).where(Product.id == product_id, *_may_offer(now - RUNS_LATE))
    return changed(session, change.values(kept=Product.kept + 1, waiting=Product.waiting - 1))


def owe_ticket(session: Session, ticket: Ticket, kind: str, now: datetime, *, version: int = 1) -> None:
    """Owe a letter to a place on a waiting list; a second call for the same one changes nothing."""
    same = exists().where(Letter.ticket_id == ticket.id, Letter.kind == kind, Letter.version == version)
    if session.scalar(select(same)):
        return
    letter = Letter(
        ticket_id=ticket.id, kind=kind, version=version, recipient=ticket.email, facts={}, owed_at=now, due_at=now
    )
    session.add(letter)
    session.flush()
