"""Letters owed: a row in the same transaction as the fact it tells of, once per order, kind, version and recipient.

A buyer is one recipient: whoever corrects their address between two of its tellings is not told again. A letter that
goes by text too has a row for that, in the same transaction: each way is recorded by itself.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models.db import insert_new
from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.phones import Phone, TextMessage
from storefront.rules.channels import ALONGSIDE


def owe_all(session: Session, orders: Sequence[Order], kind: str, now: datetime) -> None:
    """Owe each of many orders the first letter of a kind, in one statement; one that is owed already stays as it is."""
    rows = [
        {
            "order_id": each.id,
            "kind": kind,
            "version": 1,
            "recipient": each.email,
            "facts": {},
            "owed_at": now,
            "due_at": now,
        }
        for each in orders
    ]
    if rows:
        session.execute(insert_new(session, Letter), rows)
        _owe_texts(session, [each.id for each in orders], kind, now)


def owe(
    session: Session,
    order: Order,
    kind: str,
    now: datetime,
    *,
    version: int = 1,
    to: str = "",
    **facts: Any,  # noqa: ANN401 (kept as JSON)
) -> None:
    """Owe a letter to the buyer, or `to` somebody else; a second call for the same one changes nothing."""
    recipient = to or order.email
    same = select(Letter.id).where(Letter.order_id == order.id, Letter.kind == kind, Letter.version == version)
    if to:
        same = same.where(Letter.recipient == to)
    if session.scalar(same) is not None:
        return
    letter = Letter(
        order_id=order.id, kind=kind, version=version, recipient=recipient, facts=facts, owed_at=now, due_at=now
    )
    try:
        with session.begin_nested():
            session.add(letter)
            session.flush()
    except IntegrityError:
        return
    owe_text(session, letter, ALONGSIDE, now)


def owe_text(session: Session, letter: Letter, kinds: Collection[str], now: datetime) -> bool:
    """Owe a letter by text too, if it is one of these kinds and its buyer agreed to texts. Whether it goes that way."""
    if letter.kind not in kinds or letter.order_id is None:
        return False
    phone = session.scalar(select(Phone).where(Phone.order_id == letter.order_id, *_CONFIRMED))
    if phone is None:
        return False
    row = {"phone_id": phone.id, "letter_id": letter.id, "owed_at": now, "due_at": now, "begun": 0, "tries": 0}
    session.execute(insert_new(session, TextMessage), [row | {"trouble": ""}])
    found = session.scalars(select(TextMessage).where(TextMessage.letter_id == letter.id)).one()
    return found.failed_at is None and found.dropped_at is None


def _owe_texts(session: Session, order_ids: Sequence[int], kind: str, now: datetime) -> None:
    """The same for many orders, in one statement where there are phones among them."""
    if kind not in ALONGSIDE:
        return
    phones = select(Phone.id, Phone.order_id).where(Phone.order_id.in_(order_ids), *_CONFIRMED)
    of = {order_id: phone_id for phone_id, order_id in session.execute(phones)}
    mine = (Letter.order_id.in_(of), Letter.kind == kind, Letter.version == 1)
    letters = session.execute(select(Letter.id, Letter.order_id).where(*mine)).all() if of else []
    rows = [
        {"phone_id": of[order_id], "letter_id": letter_id, "owed_at": now, "due_at": now, "begun": 0, "tries": 0}
        for letter_id, order_id in letters
    ]
    if rows:
        session.execute(insert_new(session, TextMessage), [each | {"trouble": ""} for each in rows])


_CONFIRMED = (Phone.confirmed_at.is_not(None), Phone.ended_at.is_(None))
