"""Checking: every broken invariant of a live database, in a sentence each (design.md 8)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from storefront.actions.checking_channels import channels
from storefront.actions.checking_delays import delays
from storefront.actions.checking_ledger import ledger
from storefront.actions.checking_letters import letters
from storefront.actions.checking_stock import stock
from storefront.actions.checking_threads import threads
from storefront.actions.hearing import UNKNOWN_AFTER
from storefront.models.cancellations import OVER, Cancellation, CancelledOrder, given_up
from storefront.models.events import StripeEvent
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.mail_events import MailEvent
from storefront.models.money import (
    GONE_BACK,
    OPEN_DISPUTE,
    UNDER_WAY,
    Dispute,
    Moved,
    Refund,
    Task,
    no_open_dispute,
    no_refund_task,
    not_disputed,
)
from storefront.models.orders import (
    ENDED,
    LIVE,
    Attempt,
    Checkout,
    Order,
    Promise,
    launched,
    no_open_attempt,
    no_open_visit,
    not_leaving,
)
from storefront.models.products import Launch, Offer, Product
from storefront.models.rehearsals import Holdup, held_up
from storefront.models.stock import UnitMove
from storefront.models.taxes import DocumentCount, TaxPoint
from storefront.rules import charge, papers
from storefront.rules.order import TRANSITIONS, State

PATIENCE = timedelta(minutes=10)
REFUND_TAKES = timedelta(days=30)
ABOUT_MONEY = ("refund", "part_refund", "difference")


def check(session: Session, now: datetime, grant_on: str = "hold") -> list[str]:
    """What is broken, as sentences that name the row; empty when nothing is. `grant_on` as in the settings."""
    checks = (
        _money,
        _papers,
        _access,
        _units,
        stock,
        ledger,
        letters,
        threads,
        channels,
        _promises,
        delays,
        _history,
        _waiting,
        _given_up,
    )
    broken = [sentence for each in checks for sentence in each(session, now)]
    return broken if grant_on == "capture" else [*broken, *_held_shut(session, now)]


def _money(session: Session, now: datetime) -> Iterator[str]:
    into, back = _captured(), _refunded()
    query = select(Order, func.coalesce(into.c.sum, 0), func.coalesce(back.c.sum, 0))
    query = query.outerjoin(into, into.c.order_id == Order.id).outerjoin(back, back.c.order_id == Order.id)
    for order, captured, refunded in session.execute(query.where(or_(into.c.sum > 0, back.c.sum > 0, _WITH_MONEY))):
        yield from _sums(session, order, Moved(int(captured), int(refunded)), now)


_WITH_MONEY = Order.state == "paid"


def _captured() -> Subquery:
    total = func.sum(Attempt.moved).label("sum")
    return select(Attempt.order_id, total).group_by(Attempt.order_id).subquery()


def _refunded() -> Subquery:
    total = func.sum(Refund.amount).label("sum")
    return select(Refund.order_id, total).where(Refund.status.in_(GONE_BACK)).group_by(Refund.order_id).subquery()


def _sums(session: Session, order: Order, has: Moved, now: datetime) -> Iterator[str]:
    if has.net < 0:
        yield f"Money: order {order.number} was given back {has.refunded}, more than the {has.captured} it paid."
    if order.state == "paid" and has.net <= 0:
        yield f"Money: order {order.number} is paid, and the ledger has {has.net}."
    if order.state in ("reserved", "held", "past_due") and has.net > 0:
        yield f"Money: order {order.number} is {order.state}, and the ledger has {has.net}."
    if has.net > order.price and not _going_back(session, order, now):
        yield f"Money: order {order.number} paid {has.net}, more than its price of {order.price}."
    if order.state in ENDED and has.net > 0 and not _going_back(session, order, now):
        yield f"Money: order {order.number} is {order.state}, keeps {has.net}, and nobody has been asked to return it."


def _papers(session: Session, now: datetime) -> Iterator[str]:
    """Receipts less credit notes are what the shop has of an order, and no number is left out."""
    del now
    into, back = _captured(), _refunded()
    signed = case((TaxPoint.kind == "payment", TaxPoint.amount), (TaxPoint.kind == "refund", -TaxPoint.amount), else_=0)
    told = select(TaxPoint.order_id, func.sum(signed).label("sum")).group_by(TaxPoint.order_id).subquery()
    has = func.coalesce(into.c.sum, 0) - func.coalesce(back.c.sum, 0)
    say = func.coalesce(told.c.sum, 0)
    query = select(Order.number, has, say).outerjoin(told, told.c.order_id == Order.id)
    query = query.outerjoin(into, into.c.order_id == Order.id).outerjoin(back, back.c.order_id == Order.id)
    for number, net, sums in session.execute(query.where(has != say)):
        yield f"Papers: those of order {number} come to {sums}, and its ledger has {net}."
    yield from _numbers(session)


def _numbers(session: Session) -> Iterator[str]:
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for number in session.scalars(select(TaxPoint.number).where(TaxPoint.number.is_not(None))):
        series, count = papers.counted(str(number)) or (str(number), 0)
        numbers[series].add(count)
    last = {each.series: each.last for each in session.scalars(select(DocumentCount))}
    for series in sorted({*numbers, *last}):
        there, most = numbers[series], last.get(series, 0)
        if there != set(range(1, most + 1)):
            yield f"Papers: {series} has counted to {most}, and {len(there)} of its numbers are there."


def _going_back(session: Session, order: Order, now: datetime) -> bool:
    """A late payment has a few minutes to go back by itself; what could not go back is somebody's task."""
    open_task = (Task.order_id == order.id, Task.closed_at.is_(None), Task.kind.in_(ABOUT_MONEY))
    asked = session.scalar(select(Task.id).where(*open_task).limit(1))
    bank_has_it = Dispute.status.in_((*OPEN_DISPUTE, "lost"))
    taken = select(Dispute.id).where(Dispute.order_id == order.id, bank_has_it).limit(1)
    if asked is not None or session.scalar(taken) is not None:
        return True
    recent = select(Attempt.id).where(Attempt.order_id == order.id, Attempt.opened_at > now - PATIENCE)
    return session.scalar(recent.limit(1)) is not None


def _access(session: Session, now: datetime) -> Iterator[str]:
    live = exists().where(Grant.order_id == Order.id, Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    late = Order.product_id.in_(select(Launch.product_id).where(Launch.launched_at <= now - PATIENCE))
    owed = select(Order).where(Order.state == "paid", launched(now), late, ~live, Order.cancel_wished_at.is_(None))
    for order in session.scalars(owed.where(not_disputed)):
        yield f"Access: order {order.number} is paid and launched, and has no live grant."
    other = select(Order.number).join(Grant, Grant.order_id == Order.id).where(Grant.product_id != Order.product_id)
    for number in session.scalars(other):
        yield f"Access: order {number} has a grant of another product."
    for order in session.scalars(
        select(Order).where(live, or_(Order.state.in_(("past_due", "reserved", "placed", *ENDED)), ~launched(now)))
    ):
        yield f"Access: order {order.number} is {order.state}, and has a live grant."
    for order in session.scalars(select(Order).where(live, ~not_disputed)):
        yield f"Access: order {order.number} is disputed, and has a live grant."


def _held_shut(session: Session, now: datetime) -> Iterator[str]:
    """Access comes first: a live hold whose capture is due has opened it."""
    live = exists().where(Grant.order_id == Order.id, Grant.suspended_at.is_(None), Grant.revoked_at.is_(None))
    late = Order.product_id.in_(select(Launch.product_id).where(Launch.launched_at <= now - PATIENCE))
    due = (Order.state == "held", Order.capture_before > now, launched(now), late, not_disputed, not_leaving)
    for number in session.scalars(select(Order.number).where(*due, ~live)):
        yield f"Access: order {number} is held and launched, and has no live grant."


def _units(session: Session, now: datetime) -> Iterator[str]:
    del now
    for table, column in ((Product, Order.product_id), (Offer, Order.offer_id)):
        live = select(func.count(Order.id)).where(column == table.id, Order.unit).scalar_subquery()
        for row, orders in session.execute(select(table, live).where(table.taken != live)):
            yield f"Units: {table.__tablename__[:-1]} {row.id} counts {row.taken} taken, and its live orders have {orders}."
    lost = exists().where(Letter.order_id == Order.id, Letter.kind == "dispute_lost")
    for order in session.scalars(select(Order).where(Order.unit != Order.state.in_(LIVE), or_(Order.unit, ~lost))):
        yield f"Units: order {order.number} is {order.state}, and {'has' if order.unit else 'lacks'} a unit."
    moves = select(func.coalesce(func.sum(UnitMove.change), 0)).where(UnitMove.order_id == Order.id).scalar_subquery()
    for order in session.scalars(select(Order).where(moves != case((Order.unit, 1), else_=0))):
        yield f"Units: the movements of order {order.number} do not add up to what it has."


def _promises(session: Session, now: datetime) -> Iterator[str]:
    del now
    same = (Promise.price == Order.price, Promise.currency == Order.currency)
    kept = exists().where(Promise.order_id == Order.id, Promise.version == Order.promise_version, *same)
    for order in session.scalars(select(Order).where(~kept)):
        yield f"Promises: order {order.number} has no promise of version {order.promise_version} at its price."


def _history(session: Session, now: datetime) -> Iterator[str]:
    del now
    state: dict[int, str | None] = {}
    for row in session.scalars(select(LogRow).order_by(LogRow.order_id, LogRow.id)):
        if not row.who or not row.why:
            yield f"Log: row {row.id} of order {row.order_id} does not say {'why' if row.who else 'who'}."
        before = state.get(row.order_id)
        if row.before != before or (before and State(row.after) not in TRANSITIONS[State(before)]):
            yield f"Log: row {row.id} moves order {row.order_id} from {row.before} to {row.after}, and it stood at {before}."
        state[row.order_id] = row.after
    for order_id, number, stands in session.execute(select(Order.id, Order.number, Order.state)):
        if state.get(order_id) != stands:
            yield f"Log: order {number} is {stands}, and its log ends at {state.get(order_id)}."
    for number in session.scalars(select(Order.number).where(Order.state.in_(ENDED) != Order.ended_at.is_not(None))):
        yield f"Log: order {number} has ended, and nobody knows when, or the other way round."
    for key in session.scalars(select(Attempt.key).where(Attempt.outcome.is_(None) != Attempt.closed_at.is_(None))):
        yield f"Attempts: {key} is closed and has no outcome, or the other way round."


def _waiting(session: Session, now: datetime) -> Iterator[str]:
    unknown = and_(StripeEvent.done_at.is_(None), StripeEvent.received_at <= now - UNKNOWN_AFTER)
    for event in session.scalars(select(StripeEvent).where(unknown)):
        yield f"Events: {event.id} ({event.type}) speaks of {event.object_id}, which nothing here knows, for over 24 hours."
    unheard = and_(MailEvent.done_at.is_(None), MailEvent.received_at <= now - UNKNOWN_AFTER)
    for report in session.scalars(select(MailEvent).where(unheard)):
        yield f"Events: the mail server's {report.id} ({report.type}) could not be acted on for over 24 hours."
    yield from _held_up(session, now)
    overdue = select(Launch).where(Launch.launched_at.is_(None), Launch.at <= now - PATIENCE, ~given_up, ~held_up)
    for launch in session.scalars(overdue):
        yield f"Launch: {launch.product.slug} was due at {launch.at:%Y-%m-%d %H:%M} UTC and is not out. Does the worker run?"
    stuck = and_(Attempt.outcome.is_(None), Attempt.opened_at <= now - timedelta(hours=1))
    for attempt in session.scalars(select(Attempt).where(stuck)):
        yield f"Attempts: {attempt.key} is open for over an hour: {attempt.detail or 'no answer'}."
    yield from _overdue(session, now)
    yield from _visits(session, now)
    yield from _leaving(session, now)
    due = select(Order).join(Launch, and_(Launch.product_id == Order.product_id, Launch.kind == "product"))
    waiting = due.where(
        or_(Order.allocated_at.is_(None), Order.allocated_at <= now - timedelta(hours=1)),
        Order.state.in_(["held", "reserved"]),
        launched(now),
        Order.cancel_wished_at.is_(None),
        Launch.launched_at <= now - timedelta(hours=1),
    )
    for order in session.scalars(waiting):
        yield f"Money: order {order.number} has been due for over an hour, and is {order.state}."


def _visits(session: Session, now: datetime) -> Iterator[str]:
    """A visit ends when Stripe says so, soon after its time; a placed order has one, or ends."""
    over = (Checkout.closed_at.is_(None), Checkout.expires_at <= now - timedelta(hours=1))
    for number in session.scalars(select(Order.number).join(Checkout, Checkout.order_id == Order.id).where(*over)):
        yield f"Waiting: order {number} has a visit to Stripe that was over an hour ago, and nobody has looked how it ended."
    old = Order.placed_at <= now - charge.SESSION_LIFE - timedelta(hours=1)
    for number in session.scalars(
        select(Order.number).where(Order.state == "placed", old, no_open_visit, no_open_attempt)
    ):
        yield f"Waiting: order {number} is placed, and its visit to Stripe is over."


def _leaving(session: Session, now: datetime) -> Iterator[str]:
    """Whoever was let go has gone, unless a bank or a person has to say what becomes of the money."""
    wished = (Order.state.in_(LIVE), Order.cancel_wished_at <= now - timedelta(hours=1))
    for order in session.scalars(select(Order).where(*wished, no_open_dispute, no_refund_task, no_open_attempt)):
        yield f"Waiting: order {order.number} was cancelled at {order.cancel_wished_at:%Y-%m-%d %H:%M} UTC, and is {order.state} still."


def _held_up(session: Session, now: datetime) -> Iterator[str]:
    late = select(Holdup).where(Holdup.over_at.is_(None), Holdup.at <= now - PATIENCE)
    for each in session.scalars(late):
        if each.launch.launched_at is None:
            yield f"Launch: {each.launch.product.slug} has not opened since {each.at:%Y-%m-%d %H:%M} UTC: {each.why}"


def _given_up(session: Session, now: datetime) -> Iterator[str]:
    """A cancelled product leaves no order behind, and what was opened early was opened with its reader's yes."""
    del now
    gone = select(Cancellation.product_id)
    staying = select(Order).where(
        Order.product_id.in_(gone), Order.state.in_(LIVE), Order.cancel_wished_at.is_(None), not_disputed
    )
    for order in session.scalars(staying):
        yield f"Cancelled: order {order.number} is {order.state}, and its product has been cancelled."
    over = select(CancelledOrder).join(Order, Order.id == CancelledOrder.order_id)
    for row in session.scalars(over.where(CancelledOrder.state.in_(OVER), Order.state.in_(LIVE), not_disputed)):
        yield f"Cancelled: order {row.order.number} counts as {row.state}, and is {row.order.state}."


def _overdue(session: Session, now: datetime) -> Iterator[str]:
    hour_ago, staying = now - timedelta(hours=1), Order.cancel_wished_at.is_(None)
    overdue = [
        (Order.state == "held", Order.capture_before, "its hold has lapsed"),
        (Order.state == "reserved", Order.preflight_at, "its pre-flight is overdue"),
        (Order.state == "past_due", Order.grace_until, "its grace is over"),
        (Order.state == "past_due", Order.next_try_at, "its next try is overdue"),
    ]
    endless = select(Order.number).where(Order.state == "past_due", Order.grace_until.is_(None))
    for number in session.scalars(endless):
        yield f"Waiting: order {number} is past_due, and has no end to its grace."
    for condition, at, sentence in overdue:
        for order in session.scalars(select(Order).where(condition, at <= hour_ago, staying)):
            yield f"Waiting: order {order.number} is {order.state}, and {sentence}."
    long_ago = now - REFUND_TAKES
    for refund in session.scalars(select(Refund).where(Refund.status.in_(UNDER_WAY), Refund.made_at <= long_ago)):
        yield f"Refunds: {refund.stripe_id} of order {refund.order.number} has been {refund.status} since {refund.made_at:%Y-%m-%d}."
