"""Letters owed: a row in the same transaction as the fact it tells of, once per order, kind, version and recipient."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.models.db import insert_new
from storefront.models.letters import Letter
from storefront.models.orders import Order


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
    """Owe a letter; a second call for the same one changes nothing."""
    recipient = to or order.email
    same = select(Letter.id).where(
        Letter.order_id == order.id, Letter.kind == kind, Letter.version == version, Letter.recipient == recipient
    )
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
