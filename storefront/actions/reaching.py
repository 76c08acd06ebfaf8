"""How a buyer is reached: a number for texts, agreed to in so many words, proved by a code, ended in one click."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.owing import owe_text
from storefront.models import phones
from storefront.models.letters import Letter
from storefront.models.orders import LIVE, Order
from storefront.models.phones import Phone, TextMessage
from storefront.rules import channels, phone, text_words
from storefront.rules.links import Links
from storefront.rules.phone import Number

CODE_LASTS = timedelta(minutes=10)
GUESSES = 5
CODES_AN_HOUR = 3
CODES_A_DAY = 6
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class No:
    """Why it was not done, in a sentence for the form."""

    sentence: str


def may_agree(order: Order) -> bool:
    """Whether texts about an order make sense: it is secured, and goes on."""
    return order.state in LIVE and order.state != "placed" and order.cancel_wished_at is None


def agree(session: Session, order: Order, number: Number, now: datetime) -> Phone | No:
    """Keep what was agreed to, and owe the code that proves the number. The order is locked by the caller."""
    if not may_agree(order):
        return No("There is nothing left to write about.")
    found = phones.of_order(session, order.id)
    if _codes(session, order, number.e164, now) is not None:
        return No("Three codes were asked for in this hour, or too many for this number today. Try again later.")
    if found is not None and found.number != number.e164:
        _end(found, "another number was given", now)
        session.flush()
        found = None
    if found is None:
        found = _keep(session, order, number, now)
    if found is None:
        return No("It was sent twice. Look at the page once more.")
    if found.confirmed_at is None:
        _owe_code(session, found, now)
    return found


def _codes(session: Session, order: Order, e164: str, now: datetime) -> int | None:
    """How many codes too many; None while there are some left. Nobody rings a stranger's phone all day."""
    count = select(func.count(TextMessage.id)).join(Phone, Phone.id == TextMessage.phone_id)
    sent = count.where(TextMessage.code.is_not(None))
    lately = session.scalar(sent.where(Phone.order_id == order.id, TextMessage.owed_at > now - HOUR)) or 0
    today = session.scalar(sent.where(Phone.number == e164, TextMessage.owed_at > now - DAY)) or 0
    over = max(lately - CODES_AN_HOUR, today - CODES_A_DAY) + 1
    return over if over > 0 else None


def _keep(session: Session, order: Order, number: Number, now: datetime) -> Phone | None:
    text = text_words.consent(order.number)
    made = Phone(
        order_id=order.id,
        number=number.e164,
        zones=list(number.zones) or [order.promise.zone],
        consent=text,
        consent_version=text_words.version(text),
        agreed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return None
    return made


def _owe_code(session: Session, found: Phone, now: datetime) -> None:
    found.codes, found.code_at, found.guesses = found.codes + 1, now, 0
    session.add(TextMessage(phone_id=found.id, code=found.codes, owed_at=now, due_at=now))
    session.flush()


def confirm(session: Session, links: Links, order: Order, typed: str, now: datetime) -> No | None:
    """The code was typed in: texts begin. What came back by e-mail goes by text now. None: done."""
    found = phones.of_order(session, order.id)
    if found is None or found.code_at is None:
        return No("There is no number that waits for a code.")
    if found.confirmed_at is not None:
        return None
    if now - found.code_at > CODE_LASTS or found.guesses >= GUESSES:
        return No("That code is over. Send another one.")
    found.guesses += 1
    if not phone.is_code(links.keys, found.id, found.codes, typed):
        return No("That is not the code. Look at the newest text once more.")
    found.confirmed_at = now
    session.flush()
    failed = select(Letter).where(Letter.order_id == order.id, Letter.failed_at.is_not(None))
    for each in session.scalars(failed.order_by(Letter.id)):
        owe_text(session, each, channels.INSTEAD, now)
    return None


def stop(session: Session, order: Order, why: str, now: datetime) -> bool:
    """End the texts about an order, and forget nothing of what was agreed. False: there were none."""
    found = phones.of_order(session, order.id)
    if found is None:
        return False
    _end(found, why, now)
    return True


def _end(found: Phone, why: str, now: datetime) -> None:
    found.ended_at, found.ended_why = now, why
