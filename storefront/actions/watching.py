"""News of a launch for those who have not ordered: asked for, confirmed, sent once, ended with one click (policies.md 5).

This is marketing: it needs a confirmed consent, carries its own end (RFC 8058), and nothing else depends on it.
"""

from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models import cancellations
from storefront.models.db import Database, changed
from storefront.models.letters import Letter
from storefront.models.orders import LIVE, Order
from storefront.models.products import Launch, Product
from storefront.models.watchers import Watcher
from storefront.rules.links import Links
from storefront.rules.news_words import DAY, MOST_A_DAY


def ask(session: Session, product: Product, email: str, consent: str, now: datetime, links: Links) -> Watcher:
    """Somebody asks for the news: one letter that asks for a confirmation, once an hour at most, and few a day."""
    known = _open(session, product.id, email) or _new(session, product, email, consent, now, links)
    if known.confirmed_at is None and _lately(session, email, now) < MOST_A_DAY:
        owe_watcher(session, known, "news_asked", now, version=int(now.timestamp() // 3600))
    return known


def _open(session: Session, product_id: int, email: str) -> Watcher | None:
    same = (Watcher.product_id == product_id, Watcher.email == email, Watcher.ended_at.is_(None))
    return session.scalar(select(Watcher).where(*same))


def _new(session: Session, product: Product, email: str, consent: str, now: datetime, links: Links) -> Watcher:
    made = Watcher(product_id=product.id, email=email, consent=consent, asked_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # the same form twice, at the same moment
        found = _open(session, product.id, email)
        if found is None:
            raise
        return found
    made.link_sha256 = links.fresh("watcher", made.id, 1)
    session.flush()
    return made


def _lately(session: Session, email: str, now: datetime) -> int:
    asked = (Letter.kind == "news_asked", Letter.recipient == email, Letter.owed_at > now - DAY)
    return session.scalar(select(func.count(Letter.id)).where(*asked)) or 0


def confirm(session: Session, watcher: Watcher, now: datetime) -> bool:
    """The address is its owner's, and they want it. False: it was confirmed, or has ended."""
    waits = (Watcher.id == watcher.id, Watcher.confirmed_at.is_(None), Watcher.ended_at.is_(None))
    return changed(session, update(Watcher).where(*waits).values(confirmed_at=now))


def end(session: Session, watcher: Watcher, now: datetime) -> bool:
    """No more, at once: what is owed already is not sent. False: it had ended."""
    return changed(
        session, update(Watcher).where(Watcher.id == watcher.id, Watcher.ended_at.is_(None)).values(ended_at=now)
    )


def end_all(session: Session, email: str, now: datetime) -> None:
    """Nothing of this kind to an address any more."""
    session.execute(update(Watcher).where(Watcher.email == email, Watcher.ended_at.is_(None)).values(ended_at=now))


def tell_due(db: Database, now: datetime, limit: int = 100) -> int:
    """Owe the news of what is out, one letter each. Returns how many."""
    out = exists().where(Launch.product_id == Product.id, Launch.kind == "product", Launch.launched_at.is_not(None))
    due = (Watcher.confirmed_at.is_not(None), Watcher.told_at.is_(None), Watcher.ended_at.is_(None))
    query = select(Watcher.id).join(Product, Product.id == Watcher.product_id)
    with db.read() as session:
        ids = session.scalars(query.where(*due, out).order_by(Watcher.id).limit(limit)).all()
    return sum(_tell(db, each, now) for each in ids)


def _tell(db: Database, watcher_id: int, now: datetime) -> bool:
    with db.write() as session:
        still = (Watcher.id == watcher_id, Watcher.told_at.is_(None), Watcher.ended_at.is_(None))
        if not changed(session, update(Watcher).where(*still).values(told_at=now)):
            return False
        owe_watcher(session, session.get_one(Watcher, watcher_id), "launch_news", now)
        return True


def owe_watcher(session: Session, watcher: Watcher, kind: str, now: datetime, *, version: int = 1) -> None:
    """Owe a letter to somebody who asked for news; a second call for the same one changes nothing."""
    same = exists().where(Letter.watcher_id == watcher.id, Letter.kind == kind, Letter.version == version)
    if session.scalar(select(same)):
        return
    session.add(
        Letter(
            watcher_id=watcher.id,
            kind=kind,
            version=version,
            recipient=watcher.email,
            facts={},
            owed_at=now,
            due_at=now,
        )
    )
    session.flush()


def outdated(session: Session, letter: Letter, watcher: Watcher) -> str:
    """Why a letter is not sent after all; "" while it is wanted and true."""
    if watcher.ended_at is not None:
        return "it was ended"
    if letter.kind == "news_asked":
        return "it is confirmed already" if watcher.confirmed_at else ""
    product = watcher.product
    if product.retired_at is not None or cancellations.of_product(session, product.id) is not None:
        return "it left the shop"
    theirs = (Order.product_id == product.id, func.lower(Order.email) == watcher.email.lower(), Order.state.in_(LIVE))
    return "they have ordered it" if session.scalar(select(Order.id).where(*theirs)) is not None else ""
