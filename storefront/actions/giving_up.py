"""Giving a product up: one action that ends every order of it, in batches, whatever happens to one of them.

The product leaves the shop in the transaction that starts it. From then on the rows are the queue: any worker goes on
where another stopped. Each order is ended by the verbs that end any order (`leaving`, `cancelling`, `refunding`); here
is kept how far each one is, until the last refund has settled (policies.md 1, "the creator gives up").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, func, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions import cancelling, readying
from storefront.actions.leaving import wish, wish_all
from storefront.actions.owing import owe
from storefront.models import cancellations, money
from storefront.models.cancellations import OVER, Cancellation, CancelledOrder
from storefront.models.db import Database, changed, claim
from storefront.models.grants import Grant
from storefront.models.money import UNDER_WAY, Refund, Task
from storefront.models.orders import ENDED, LIVE, Attempt, Order, call_open, no_open_attempt
from storefront.models.products import Launch, Product
from storefront.outside.stripe_answers import StripeSilent
from storefront.outside.world import Outside
from storefront.rules.cancellation_words import (
    BANK_DECIDES,
    BANK_GAVE_BACK,
    BY_HAND,
    PENDING,
    SILENT,
)

BATCH = 64
SOON, AGAIN, SETTLES = timedelta(seconds=2), timedelta(seconds=30), timedelta(minutes=5)
LEASE = timedelta(seconds=120)


@dataclass(frozen=True)
class NotGivenUp:
    """Why a product cannot be cancelled, in a sentence."""

    code: str
    sentence: str


def give_up(session: Session, product: Product, *, who: str, reason: str, now: datetime) -> NotGivenUp | None:
    """Cancel a product: it leaves the shop, and every live order of it is to end. Returns why not.

    `reason` is what buyers read. Orders that are at Stripe just now are among them: how their visit ends is looked at.
    """
    session.scalars(select(Launch.id).where(Launch.product_id == product.id).with_for_update()).all()
    theirs = select(Order.id).where(Order.product_id == product.id, Order.state.in_(LIVE)).order_by(Order.id)
    session.scalars(theirs.with_for_update()).all()  # before the product, as whoever gives a unit back locks them
    session.scalars(select(Product.id).where(Product.id == product.id).with_for_update()).all()
    session.refresh(product, ["retired_at"])
    if cancellations.of_product(session, product.id) is not None:
        return NotGivenUp("again", "This product has been cancelled already.")
    if not reason.strip():
        return NotGivenUp("no_reason", "Give your buyers the reason, in your own words.")
    made = Cancellation(product_id=product.id, who=who, reason=reason.strip()[:500], started_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return NotGivenUp("again", "This product has been cancelled already.")
    product.retired_at = product.retired_at or now
    readying.free(session, product.launch, now)
    wish_all(session, product.id, who=who, why=made.reason, now=now)
    _enlist(session, made, now)
    _close(session, made, now)
    return None


def _enlist(session: Session, made: Cancellation, now: datetime) -> int:
    """A row for each live order that has none: also for one that was placed in the moment of the start."""
    listed = exists().where(CancelledOrder.order_id == Order.id)
    mine = (Order.product_id == made.product_id, Order.state.in_(LIVE), ~listed)
    columns = ["cancellation_id", "order_id", "state", "why", "due_at", "changed_at"]
    instant = CancelledOrder.due_at.type
    values = (literal(made.id), Order.id, literal("waiting"), literal(""), literal(now, instant), literal(now, instant))
    result = session.execute(insert(CancelledOrder).from_select(columns, select(*values).where(*mine)))
    return int(getattr(result, "rowcount", 0))


def give_up_due(outside: Outside, db: Database, now: datetime) -> int:
    """Go on with one batch of every cancelled product. Returns how many orders were looked at."""
    with db.read() as session:
        open_ones = session.scalars(select(Cancellation.id).where(Cancellation.done_at.is_(None))).all()
    return sum(_go_on(outside, db, each, now) for each in open_ones)


def _go_on(outside: Outside, db: Database, cancellation_id: int, now: datetime) -> int:
    with db.write() as session:
        made = session.get_one(Cancellation, cancellation_id)
        _enlist(session, made, now)
        rows = sorted(_claimed(session, cancellation_id, now), key=lambda each: each.order_id)
        batch = [_begin(session, made, row, now) for row in rows]
    outside.together(lambda order_id: _follow(outside, db, order_id, now), batch)
    with db.write() as session:
        _close(session, session.get_one(Cancellation, cancellation_id), now)
    return len(batch)


def _claimed(session: Session, cancellation_id: int, now: datetime) -> list[CancelledOrder]:
    open_rows = (CancelledOrder.cancellation_id == cancellation_id, CancelledOrder.state.not_in(OVER))
    due = select(CancelledOrder).where(*open_rows, CancelledOrder.due_at <= now)
    return list(session.scalars(claim(due.order_by(CancelledOrder.due_at, CancelledOrder.id).limit(BATCH), session)))


def _begin(session: Session, made: Cancellation, row: CancelledOrder, now: datetime) -> int:
    """Note the wish, if that has not been done: from here on the order is charged no more. A worker that dies now
    leaves a row that is due again when its lease is over.
    """
    row.due_at = now + LEASE
    order = session.get_one(Order, row.order_id, with_for_update=True)
    if order.cancel_wished_at is None and order.state in LIVE:
        wish(session, order, who=made.who, why=made.reason, now=now)
    return row.order_id


def _follow(outside: Outside, db: Database, order_id: int, now: datetime) -> None:
    """Take the steps of one order as far as they go now; whatever goes wrong is told in its own row."""
    trouble, failed = "", False
    try:
        if _may_go_on(db, order_id):
            cancelling.follow(outside, db, order_id, now)
    except StripeSilent:
        trouble = SILENT
    except Exception as error:  # noqa: BLE001 (kept in its row; the others have their turn)
        trouble, failed = f"{type(error).__name__}: {error}", True
    with db.write() as session:
        _look(session, order_id, trouble, now, failed=failed)


def _may_go_on(db: Database, order_id: int) -> bool:
    """Whether nothing else is at it: an open attempt, a dispute or a task has the word first."""
    free = (no_open_attempt, money.no_open_dispute, money.no_refund_task, Order.state.not_in(ENDED))
    with db.read() as session:
        return session.scalar(select(Order.id).where(Order.id == order_id, *free)) is not None


def _look(session: Session, order_id: int, trouble: str, now: datetime, *, failed: bool) -> None:
    """Keep how the order stands, from its own facts; a row that is over stays so."""
    session.scalars(select(CancelledOrder.id).where(CancelledOrder.order_id == order_id).with_for_update()).all()
    order = session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
    state, why = _stands(session, order)
    if state == "waiting" and trouble:
        state, why = ("failed" if failed else "waiting"), trouble
    facts = {"state": state, "why": why[:300], "due_at": now + _pause(session, order, state), "changed_at": now}
    same = (CancelledOrder.order_id == order_id, CancelledOrder.state.not_in(OVER))
    session.execute(update(CancelledOrder).where(*same).values(**facts))


def _pause(session: Session, order: Order, state: str) -> timedelta:
    """An order whose next step is free is due at once; what waits for somebody else is looked at twice a minute."""
    waits = state != "waiting" or call_open(session, order.id) or _disputed(session, order)
    if state == "settling":
        return SETTLES
    return AGAIN if waits or order.retry_at else SOON


def _disputed(session: Session, order: Order) -> bool:
    return session.scalar(select(Order.id).where(Order.id == order.id, money.no_open_dispute)) is None


def _stands(session: Session, order: Order) -> tuple[str, str]:
    """The state of an order that is to end, and what it waits for."""
    task = session.scalar(
        select(Task.sentence).where(Task.order_id == order.id, Task.closed_at.is_(None), Task.kind == "refund")
    )
    if task:
        return "failed", task
    if money.lost_to_the_bank(session, order.id):
        return "done", BANK_GAVE_BACK
    if order.state not in ENDED:
        return "waiting", BANK_DECIDES if _disputed(session, order) else ""
    if money.left(session, order):
        return "waiting", ""
    return _paid_back(session, order)


def _paid_back(session: Session, order: Order) -> tuple[str, str]:
    refunds = set(session.scalars(select(Refund.status).where(Refund.order_id == order.id)))
    if refunds & set(UNDER_WAY):
        return "settling", PENDING
    return ("by_hand", BY_HAND) if "by_hand" in refunds else ("done", "")


def _close(session: Session, made: Cancellation, now: datetime) -> bool:
    """Close it when every order of it is over, and write to the creator; once, whoever sees it first."""
    rest = exists().where(CancelledOrder.cancellation_id == made.id, CancelledOrder.state.not_in(OVER))
    alive = exists().where(
        Order.product_id == made.product_id,
        Order.state.in_(LIVE),
        ~exists().where(CancelledOrder.order_id == Order.id, CancelledOrder.state.in_(OVER)),
    )
    over = update(Cancellation).where(Cancellation.id == made.id, Cancellation.done_at.is_(None), ~rest, ~alive)
    if not changed(session, over.values(done_at=now)):
        return False
    session.refresh(made)
    first = session.scalars(_orders(made.id).limit(1)).first()
    if first is not None:
        went = back(session, made.id)
        told = {"orders": sum(cancellations.counts(session, made.id).values()), "returned": went.returned}
        owe(session, first, "given_up", now, version=made.id, to=first.product.creator.email, **told)
    return True


def _orders(cancellation_id: int) -> Select[Order]:
    mine = and_(CancelledOrder.order_id == Order.id, CancelledOrder.cancellation_id == cancellation_id)
    return select(Order).join(CancelledOrder, mine).order_by(Order.id)


def try_again(session: Session, cancellation_id: int, now: datetime) -> int:
    """What failed is due again at once: those without a task by themselves, the rest when it is closed."""
    failed = (CancelledOrder.cancellation_id == cancellation_id, CancelledOrder.state == "failed")
    result = session.execute(update(CancelledOrder).where(*failed).values(due_at=now))
    return int(getattr(result, "rowcount", 0))


@dataclass(frozen=True)
class Cost:
    """What cancelling a product would do, by its orders; money in minor units of the product's currency."""

    by_state: dict[str, int]
    held: int
    to_refund: int
    refunds: int
    opened: int
    disputed: int

    @property
    def orders(self) -> int:
        """How many orders end."""
        return sum(self.by_state.values())


def cost(session: Session, product_id: int) -> Cost:
    """What it would do now."""
    of_it = (Order.product_id == product_id, Order.state.in_(LIVE))
    states = select(Order.state, func.count(Order.id), func.sum(Order.price)).where(*of_it).group_by(Order.state)
    rows = {state: (count, int(total)) for state, count, total in session.execute(states)}
    paid = select(Order.id).where(*of_it, Order.state == "paid")
    came = session.scalar(select(func.sum(Attempt.moved)).where(Attempt.order_id.in_(paid))) or 0
    back = select(func.sum(Refund.amount)).where(Refund.order_id.in_(paid), Refund.status.in_(money.GONE_BACK))
    claimed = select(func.count(func.distinct(money.Dispute.order_id))).join(Order, Order.id == money.Dispute.order_id)
    return Cost(
        by_state={state: count for state, (count, _) in rows.items()},
        held=rows.get("held", (0, 0))[1],
        to_refund=int(came) - int(session.scalar(back) or 0),
        refunds=rows.get("paid", (0, 0))[0],
        opened=_opened(session, product_id),
        disputed=session.scalar(claimed.where(*of_it, money.Dispute.status.in_(money.OPEN_DISPUTE))) or 0,
    )


def _opened(session: Session, product_id: int) -> int:
    query = select(func.count(Grant.id)).join(Order, Order.id == Grant.order_id)
    return session.scalar(query.where(Order.product_id == product_id, Grant.first_opened_at.is_not(None))) or 0


@dataclass(frozen=True)
class Back:
    """What has gone back of a cancelled product, and what is on its way; minor units."""

    returned: int
    under_way: int
    owed: int


def back(session: Session, cancellation_id: int) -> Back:
    """The money of a cancellation as it stands."""
    mine = select(CancelledOrder.order_id).where(CancelledOrder.cancellation_id == cancellation_id)
    came = session.scalar(select(func.sum(Attempt.moved)).where(Attempt.order_id.in_(mine))) or 0
    going = Refund.status.in_(UNDER_WAY)
    mine_back = (Refund.order_id.in_(mine), Refund.status.in_(money.GONE_BACK))
    by_kind = select(going, func.sum(Refund.amount)).where(*mine_back).group_by(going)
    sums = {bool(kind): int(total) for kind, total in session.execute(by_kind)}
    under_way, returned = sums.get(True, 0), sums.get(False, 0)
    return Back(returned, under_way, int(came) - under_way - returned)


def troubled(session: Session, cancellation_id: int, limit: int = 50) -> list[CancelledOrder]:
    """The orders that failed, or wait for something that has a name."""
    told = or_(CancelledOrder.state == "failed", and_(CancelledOrder.state == "waiting", CancelledOrder.why != ""))
    query = select(CancelledOrder).where(CancelledOrder.cancellation_id == cancellation_id, told)
    return list(session.scalars(query.order_by(CancelledOrder.state, CancelledOrder.id).limit(limit)))
