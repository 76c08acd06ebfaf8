"""A reader's inbox: every letter they were owed and that was written, whichever way it went out."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from storefront.models.letters import Letter
from storefront.models.orders import Order
from storefront.models.tickets import Ticket


def of_order(order_id: int, others: Collection[str]) -> Any:  # noqa: ANN401 (an SQL condition)
    """The condition that a letter is to an order's buyer; `others`: the kinds that go to somebody else."""
    return and_(Letter.order_id == order_id, Letter.shown_at.is_not(None), Letter.kind.not_in(others))


def of_person(account_id: int, email: str, others: Collection[str]) -> Any:  # noqa: ANN401 (an SQL condition)
    """The same for whoever is signed in, by their orders and by their verified address, in lower case."""
    mine = select(Order.id).where(or_(Order.account_id == account_id, func.lower(Order.email) == email))
    places = select(Ticket.id).where(func.lower(Ticket.email) == email)
    who = or_(Letter.order_id.in_(mine), Letter.ticket_id.in_(places))
    return and_(who, Letter.shown_at.is_not(None), Letter.kind.not_in(others))


def unread(session: Session, mine: Any) -> int:  # noqa: ANN401 (an SQL condition)
    """How many of these letters nobody has opened here."""
    return session.scalar(select(func.count(Letter.id)).where(mine, Letter.read_at.is_(None))) or 0


def newest(mine: Any, before: int = 0, limit: int = 50) -> Select[Letter]:  # noqa: ANN401 (an SQL condition)
    """These letters, the newest first; `before`: older than the one with that id."""
    older = [Letter.id < before] if before else []
    return select(Letter).where(mine, *older).order_by(Letter.id.desc()).limit(limit)
