"""Moving the latest date of those who wait for a unit: the delay rules decide, as for a launch (policies.md 1).

Each order in the queue has a latest date of its own. Whoever was promised an earlier one than the new date is told of a
delay; whoever was promised the same or a later one keeps what they have, and hears nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import Session

from storefront.actions import delaying
from storefront.actions.delaying import Foreseen
from storefront.actions.launching import NOTHING, Offered
from storefront.actions.settling import follow_later
from storefront.models import cancellations, queues
from storefront.models.delays import Notice
from storefront.models.orders import Order, Promise
from storefront.models.products import Launch, Product
from storefront.rules.launch import Refused
from storefront.rules.stock import refuse_later


@dataclass(frozen=True)
class Later:
    """What a creator says to the queue: the new latest date (None: no date can be named), why, what is offered."""

    to: datetime | None
    reason: str
    offered: Offered = NOTHING


def postpone(session: Session, product: Product, later: Later, who: str, now: datetime) -> int | Refused:
    """Tell everybody in the queue whose date moves: a version of the promise, a letter and a deadline each.

    Returns how many were told, or why not. The next buyers are told the new date, too; without one there are none.
    """
    session.refresh(product.launch, with_for_update={"of": Launch})
    orders = session.scalars(concerned(product.id, later.to).with_for_update(of=Order)).all()
    why = refuse(session, product, later, len(orders), now)
    if why is not None:
        return why
    kept = _keep_notice(session, product, later, who, now)
    for order in orders:
        follow_later(session, order, kept, now)
    session.refresh(product, with_for_update={"of": Product})
    product.latest_at = later.to or now  # one that has come: nobody is sold a date that cannot be named
    session.flush()
    return len(orders)


def refuse(session: Session, product: Product, later: Later, concerned: int, now: datetime) -> Refused | None:
    """Why this cannot be told; None when it can."""
    if cancellations.of_product(session, product.id) is not None:
        return Refused("given_up", "This product has been cancelled. Nobody waits for it any more.")
    why = refuse_later(later.to, now)
    if why:
        return Refused("latest", why)
    if not concerned:
        return Refused("nobody", "Nobody in the queue was promised an earlier date, so there is nobody to tell.")
    return None if later.reason.strip() else Refused("no_reason", "Give your buyers the reason, in your own words.")


def concerned(product_id: int, to: datetime | None) -> Select[Order]:
    """Whoever waits in the queue and was promised an earlier date than this one."""
    mine = (Promise.order_id == Order.id, Promise.version == Order.promise_version, Promise.undated.is_(False))
    here = (Order.product_id == product_id, queues.in_queue)
    return select(Order).join(Promise, and_(*mine)).where(*here, _earlier(to)).order_by(Order.id)


def _earlier(to: datetime | None) -> ColumnElement[bool]:
    return Promise.by < to if to is not None else true()


def foresee(session: Session, product: Product, to: datetime | None, now: datetime) -> Foreseen:
    """Ask the rules about each of them what a notice would mean, sent now."""
    return delaying.foresee_all(session, concerned(product.id, to), to, now)


def _keep_notice(session: Session, product: Product, later: Later, who: str, now: datetime) -> Notice:
    """The move as a row; its number goes on from the launch's own moves."""
    launch = product.launch
    last = session.scalar(select(func.max(Notice.generation)).where(Notice.launch_id == launch.id))
    kept = Notice(
        launch_id=launch.id,
        generation=max(last or 0, launch.generation) + 1,
        at=now,
        who=who[:80],
        reason=later.reason.strip()[:500],
        before=product.latest_at,
        after=later.to,
        zone=launch.zone,
        gift=later.offered.kind,
        gift_size=later.offered.size,
        bonus_id=later.offered.bonus_id,
    )
    session.add(kept)
    session.flush()
    return kept
