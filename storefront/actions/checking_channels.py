"""Checking that whoever is owed a letter is reached, or somebody knows that they are not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from storefront.actions.writing import TO_CREATOR
from storefront.models.letters import Letter
from storefront.models.money import Task
from storefront.models.orders import Order
from storefront.models.phones import Phone, TextMessage, owed

LATE = timedelta(hours=24)


def channels(session: Session, now: datetime) -> Iterator[str]:
    """Letters that came back and nobody was told, texts that wait too long, texts to phones that were not confirmed."""
    by_text = exists().where(TextMessage.letter_id == Letter.id, TextMessage.failed_at.is_(None))
    asked = exists().where(Task.kind == "bounce", Task.order_id == Order.id)
    then = or_(Task.closed_at.is_(None), Task.closed_at >= Letter.failed_at)
    known = exists().where(Task.kind == "bounce", then, Task.sentence.contains(Letter.recipient))
    mine = Letter.kind.not_in([*TO_CREATOR, "address_old"])
    query = select(Letter, Order.number).join(Order, Order.id == Letter.order_id)
    failed = query.where(Letter.failed_at.is_not(None), mine, ~by_text, ~asked, ~known)
    for letter, number in session.execute(failed):
        yield f"Letters: {letter.kind} for order {number} came back, has no channel left, and nobody was asked: {letter.trouble}"
    yield from _texts(session, now)


def _texts(session: Session, now: datetime) -> Iterator[str]:
    late = select(TextMessage).where(owed, TextMessage.owed_at <= now - LATE)
    for each in session.scalars(late):
        yield f"Texts: {each.id} to phone {each.phone_id} has been owed since {each.owed_at:%Y-%m-%d %H:%M} UTC: {each.trouble or 'not tried'}."
    early = select(TextMessage.id).join(Phone, Phone.id == TextMessage.phone_id)
    unasked = (TextMessage.letter_id.is_not(None), TextMessage.sent_at.is_not(None), Phone.confirmed_at.is_(None))
    for ident in session.scalars(early.where(*unasked)):
        yield f"Texts: {ident} went to a phone that nobody had confirmed."
    ended = select(TextMessage.id).join(Phone, Phone.id == TextMessage.phone_id)
    for ident in session.scalars(ended.where(TextMessage.sent_at > Phone.ended_at)):
        yield f"Texts: {ident} went out after its buyer had ended the texts."
