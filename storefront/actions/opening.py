"""Opening: the POST of an access link, fresh links, and a corrected address (design.md 7)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions import bouncing, policing
from storefront.actions.owing import owe
from storefront.models import accounts
from storefront.models.accounts import Account
from storefront.models.db import changed
from storefront.models.grants import Access, Finished, Grant
from storefront.models.letters import Letter
from storefront.models.orders import LIVE, Checkout, Order
from storefront.models.products import Lesson
from storefront.rules import words
from storefront.rules.links import Links

FRESH_PER_HOUR = 3
HOUR = timedelta(hours=1)
MOST_PAGES = 10
THE_LINK, THE_KEY = "access link used", "licence key shown"
LONGEST_WHAT = 220


@dataclass(frozen=True)
class Opened:
    """Signed in, and whose grant it is."""

    account: Account
    grant: Grant


def redeem(session: Session, grant: Grant, now: datetime) -> Opened | None:
    """Use an access link up. None: it had been used, or replaced, a moment before."""
    same = (Grant.id == grant.id, Grant.link_redeemed_at.is_(None), Grant.link_sha256 == grant.link_sha256)
    _order_first(session, grant)
    if not grant.live or not changed(session, update(Grant).where(*same).values(link_redeemed_at=now)):
        return None
    account = reader(session, grant.order.email, now)
    session.refresh(grant)
    grant.account_id = account.id
    grant.order.account_id = account.id
    _log(session, grant, THE_LINK, now)
    return Opened(account, grant)


def _order_first(session: Session, grant: Grant) -> None:
    """Lock the order, then look at its grant afresh: whoever cancels locks them in this order too."""
    session.get_one(Order, grant.order_id, with_for_update=True)
    session.refresh(grant)


def waive(session: Session, grant: Grant, given: str, now: datetime) -> bool:
    """Keep that a reader gave up the right to withdraw: which text, and when; asked at first access only.

    `given` is the version on the form. False: the text is another one by now, and is asked anew.
    """
    text = policing.waiver(now)
    if given != text.version:
        return False
    policing.keep(session, text)
    once = update(Grant).where(Grant.id == grant.id, Grant.waived_at.is_(None), Grant.first_opened_at.is_(None))
    changed(session, once.values(waived_at=now, waiver=text.version))
    return True


def mail_order_pages(session: Session, email: str, now: datetime) -> int:
    """Mail the page of each live order to the address it was placed with, three times an hour at most."""
    mine = (func.lower(Order.email) == email.lower(), Order.state.in_(LIVE), Order.state != "placed")
    newest = session.scalars(select(Order.id).where(*mine).order_by(Order.id.desc()).limit(MOST_PAGES)).all()
    locked = select(Order).where(Order.id.in_(newest)).order_by(Order.id).with_for_update()  # in the order of all locks
    return sum(_mail_page(session, order, now) for order in session.scalars(locked))


def _mail_page(session: Session, order: Order, now: datetime) -> bool:
    sent = select(func.count(Letter.id), func.max(Letter.version)).where(
        Letter.order_id == order.id, Letter.kind == "order_link"
    )
    lately = session.execute(sent.where(Letter.owed_at > now - HOUR)).one()[0]
    if lately >= FRESH_PER_HOUR:
        return False
    owe(session, order, "order_link", now, version=(session.execute(sent).one()[1] or 0) + 1)
    return True


def reader(session: Session, email: str, now: datetime) -> Account:
    """The account of an address that has just proved itself by opening a link mailed to it."""
    found = accounts.by_email(session, email)
    if found is not None:
        return found
    made = Account(email=email.lower(), role="reader", created_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # another order's link, opened at the same moment
        found = accounts.by_email(session, email)
        if found is None:
            raise
        return found
    return made


def fresh_link(session: Session, links: Links, grant: Grant, now: datetime) -> bool:
    """Mail a new access link to the order's address; older ones die. False: three were asked for in this hour."""
    _order_first(session, grant)
    asked = select(func.count(Letter.id)).where(
        Letter.order_id == grant.order_id, Letter.kind == "access", Letter.version > 1, Letter.owed_at > now - HOUR
    )
    if not grant.live or (session.scalar(asked) or 0) >= FRESH_PER_HOUR:
        return False
    generation = grant.link_generation + 1
    change = update(Grant).where(Grant.id == grant.id, Grant.link_generation == grant.link_generation)
    fresh = links.fresh("access", grant.id, generation)
    if changed(session, change.values(link_generation=generation, link_sha256=fresh, link_redeemed_at=None)):
        owe(session, grant.order, "access", now, version=generation)
    return True


def correct_address(session: Session, links: Links, order: Order, email: str, now: datetime) -> bool:
    """Correct a mistyped address before the launch: both addresses are told, older links die. False: too often."""
    asked = select(func.count(Letter.id)).where(
        Letter.order_id == order.id, Letter.kind == "address_new", Letter.owed_at > now - HOUR
    )
    if (session.scalar(asked) or 0) >= FRESH_PER_HOUR:
        return False
    old, generation = order.email, order.link_generation + 1
    order.email, order.link_generation = email, generation
    order.link_sha256 = links.fresh("order", order.id, generation)
    session.execute(
        update(Checkout).where(Checkout.order_id == order.id, Checkout.closed_at.is_(None)).values(expires_at=now)
    )
    session.flush()
    bouncing.write_again(session, order, "buyer", now, was=old)
    owe(session, order, "address_old", now, version=generation, to=old, new=words.masked(email))
    owe(session, order, "address_new", now, version=generation, old=words.masked(old))
    return True


def finish(session: Session, grant: Grant, lesson: Lesson, now: datetime) -> None:
    """Note a lesson as finished, once, also where the button was pressed twice."""
    if session.get(Finished, (grant.id, lesson.id)) is not None:
        return
    with suppress(IntegrityError), session.begin_nested():
        session.add(Finished(grant_id=grant.id, lesson_id=lesson.id, at=now))
        session.flush()


def is_noted(session: Session, grant: Grant, what: str, now: datetime) -> bool:
    """Whether the access log has this for today already."""
    same = (Access.grant_id == grant.id, Access.what == what[:LONGEST_WHAT], Access.day == _day(now))
    return session.scalar(select(Access.id).where(*same)) is not None


def note_opened(session: Session, grant: Grant, what: str, now: datetime) -> bool:
    """Note what a reader opens, once a day, and the first time of all: until then the order can be withdrawn.

    False: the access has been paused or has ended this moment; then nothing is opened.
    """
    live = (Grant.id == grant.id, Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    first = func.coalesce(Grant.first_opened_at, now)
    if not changed(session, update(Grant).where(*live).values(first_opened_at=first)):
        return False
    _log(session, grant, what, now)
    return True


def _log(session: Session, grant: Grant, what: str, now: datetime) -> None:
    """A row of the access log: each thing once a day."""
    if is_noted(session, grant, what, now):
        return
    try:
        with session.begin_nested():
            session.add(Access(grant_id=grant.id, what=what[:LONGEST_WHAT], day=_day(now), at=now))
            session.flush()
    except IntegrityError:
        return


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
