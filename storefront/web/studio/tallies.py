"""The studio's numbers: each a question to the database for all products at once, never one per row."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront.actions import delaying
from storefront.models.grants import Grant
from storefront.models.letters import Letter, in_trouble, unsent
from storefront.models.money import GONE_BACK, OPEN_DISPUTE, Dispute, Refund, not_disputed
from storefront.models.orders import LIVE, Attempt, Checkout, Order, Promise, not_leaving, product_is_out
from storefront.models.products import File, Launch, Lesson
from storefront.models.rehearsals import Holdup, Rehearsal
from storefront.rules import charge
from storefront.rules.charge import Plan
from storefront.rules.launch_words import Effects, Progress, Times
from storefront.rules.money import short
from storefront.rules.rehearsal import STOPS

PATIENCE = timedelta(hours=1)
SECURED = ("held", "paid")
ORDERED = ("reserved", "held", "past_due", "paid")
_outlived = exists().where(
    Launch.product_id == Order.product_id, Launch.launched_at.is_(None), Launch.at >= Order.card_until
)
# A saved card that is no longer valid on the day it is to be charged.
card_ends_early = and_(Order.state == "reserved", not_leaving, _outlived)


@dataclass
class Tally:
    """One product: orders and money by state (minor units), what moved at Stripe, letters that found no way yet.

    `overdue`: saved cards that should have been asked an hour ago; `silent`: calls to Stripe open for over an hour.
    `stops`: what the last rehearsal found to stop the launch; `held_up`: why it has not opened though its moment came.
    `captured` is all that came in; what was `refunded`, is `disputed` or was `lost` to a bank never counts as sold.
    """

    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    captured: int = 0
    refunded: int = 0
    disputed: int = 0
    lost: int = 0
    expiring: int = 0
    overdue: int = 0
    silent: int = 0
    stuck_letters: int = 0
    lessons: int = 0
    files: int = 0
    stops: int = 0
    held_up: str = ""

    @property
    def orders(self) -> int:
        """Live orders; those still at Stripe are not counted."""
        return sum(self.counts.get(state, 0) for state in ORDERED)

    @property
    def ordered(self) -> int:
        """What they come to."""
        return sum(self.sums.get(state, 0) for state in ORDERED)

    @property
    def secured(self) -> int:
        """The part that is held or paid."""
        return sum(self.sums.get(state, 0) for state in SECURED)

    @property
    def kept(self) -> int:
        """What stays of the money that came in."""
        return self.captured - self.refunded - self.disputed - self.lost

    @property
    def waiting(self) -> int:
        """Orders that wait for their buyers."""
        return self.counts.get("past_due", 0)


def tallies(session: Session, products: Collection[int], now: datetime) -> Mapping[int, Tally]:
    """The numbers of products, by their ids."""
    found: defaultdict[int, Tally] = defaultdict(Tally)
    _orders(session, products, found, now - PATIENCE)
    _money(session, products, found, now - PATIENCE)
    _letters(session, products, found)
    _rehearsed(session, products, found)
    _inside(session, products, found)
    return found


def _orders(session: Session, products: Collection[int], found: defaultdict[int, Tally], late: datetime) -> None:
    old = func.sum(case((card_ends_early, 1), else_=0))
    waiting = and_(Order.state == "reserved", Order.preflight_at <= late, not_leaving, ~product_is_out)
    overdue = func.sum(case((waiting, 1), else_=0))
    query = select(Order.product_id, Order.state, func.count(Order.id), func.sum(Order.price), old, overdue)
    for product, state, count, total, expiring, asked_late in session.execute(
        query.where(Order.product_id.in_(products)).group_by(Order.product_id, Order.state)
    ):
        found[product].counts[state], found[product].sums[state] = count, int(total)
        found[product].expiring += int(expiring)
        found[product].overdue += int(asked_late)


def _money(session: Session, products: Collection[int], found: defaultdict[int, Tally], late: datetime) -> None:
    """What came in, what went back, what banks ask for, and which calls have no answer: all in one question."""
    of_these = Order.product_id.in_(products)
    silent = select(Order.product_id, literal("silent"), func.count(Attempt.id)).join(
        Attempt, Attempt.order_id == Order.id
    )
    unanswered = (of_these, Attempt.outcome.is_(None), Attempt.opened_at <= late)
    moved = union_all(
        _sum("captured", Attempt, Attempt.moved, Attempt.moved > 0, of_these),
        _sum("refunded", Refund, Refund.amount, Refund.status.in_(GONE_BACK), of_these),
        _sum("disputed", Dispute, Dispute.amount, Dispute.status.in_(OPEN_DISPUTE), of_these),
        _sum("lost", Dispute, Dispute.amount, Dispute.status == "lost", of_these),
        silent.where(*unanswered).group_by(Order.product_id),
    )
    for product, name, total in session.execute(moved):
        setattr(found[product], name, int(total))


def _sum(
    name: str,
    table: type[Attempt | Refund | Dispute],
    amount: InstrumentedAttribute[int],
    *conditions: ColumnElement[bool],
) -> Select[int, str, int]:
    """The amounts of one kind by product."""
    query = select(Order.product_id, literal(name), func.sum(amount)).join(table, table.order_id == Order.id)
    return query.where(*conditions).group_by(Order.product_id)


def _letters(session: Session, products: Collection[int], found: defaultdict[int, Tally]) -> None:
    stuck = select(Order.product_id, func.count(Letter.id)).join(Order, Order.id == Letter.order_id)
    for product, count in session.execute(
        stuck.where(Order.product_id.in_(products), in_trouble).group_by(Order.product_id)
    ):
        found[product].stuck_letters = count


def _rehearsed(session: Session, products: Collection[int], found: defaultdict[int, Tally]) -> None:
    """What the last rehearsal of each launch ahead found, and what holds one up whose moment has come."""
    ahead = (Launch.product_id.in_(products), Launch.launched_at.is_(None))
    newest = select(func.max(Rehearsal.id)).group_by(Rehearsal.launch_id)
    last = select(Launch.product_id, Rehearsal.findings).join(Launch, Launch.id == Rehearsal.launch_id)
    for product, findings in session.execute(
        last.where(*ahead, Rehearsal.id.in_(newest), Rehearsal.generation == Launch.generation)
    ):
        found[product].stops = sum(each["severity"] == STOPS for each in findings)
    waits = select(Launch.product_id, Holdup.why).join(Launch, Launch.id == Holdup.launch_id)
    for product, why in session.execute(waits.where(*ahead, Holdup.over_at.is_(None))):
        found[product].held_up = why


def _inside(session: Session, products: Collection[int], found: defaultdict[int, Tally]) -> None:
    lessons = select(Lesson.product_id, func.count(Lesson.id)).where(Lesson.product_id.in_(products))
    for product, count in session.execute(lessons.group_by(Lesson.product_id)):
        found[product].lessons = count
    files = select(File.product_id, func.count(File.id)).where(File.product_id.in_(products), File.role == "download")
    for product, count in session.execute(files.group_by(File.product_id)):
        found[product].files = count


def effects(session: Session, launch: Launch, at: datetime | None, zone: str, now: datetime) -> Effects:
    """What setting this launch to a moment, or taking its day away, would do to the orders there are."""
    promised = (Order.product_id == launch.product_id, Order.kind == "pre_order", Order.cancel_wished_at.is_(None))
    buyers = session.scalar(select(func.count(Order.id)).where(*promised, Order.state.in_(ORDERED)))
    held = select(Order.capture_before, Order.payment_method.is_not(None)).where(*promised, Order.state == "held")
    plans = [_plan(at, before, bool(kept), now) for before, kept in session.execute(held) if before]
    ahead = delaying.foresee(session, launch, at, now)
    currency = launch.product.currency
    leaves = [f"{short(ahead.refunds, currency)} go back"] if ahead.refunds else []
    leaves += [f"{short(ahead.releases, currency)} set aside are freed"] if ahead.releases else []
    return Effects(
        at=at,
        zone=zone,
        before=launch.at,
        buyers=buyers or 0,
        visits=_visits(session, launch),
        kept=plans.count(Plan.KEEP),
        waiting=plans.count(Plan.WAIT),
        renewed=plans.count(Plan.RENEW),
        asked=plans.count(Plan.ASK),
        agrees=ahead.agrees,
        asks=ahead.asked,
        until=ahead.until,
        last=ahead.last,
        leaves=" and ".join(leaves),
    )


def _plan(at: datetime | None, before: datetime, kept: bool, now: datetime) -> Plan:  # noqa: FBT001 (a column)
    if at is None:
        return Plan.WAIT if kept else Plan.ASK
    return charge.plan(at, before, card_kept=kept, now=now)


def _visits(session: Session, launch: Launch) -> int:
    query = select(func.count(Checkout.id)).join(Order, Order.id == Checkout.order_id)
    ours = query.where(Order.product_id == launch.product_id, Order.state == "placed", Checkout.closed_at.is_(None))
    return session.scalar(ours) or 0


def promised_until(session: Session, product_id: int) -> datetime | None:
    """The latest moment before which some buyer was promised not to be charged."""
    latest = select(func.max(Promise.not_before)).join(Order, Order.id == Promise.order_id)
    told = (Order.state.in_(LIVE), Promise.version == Order.promise_version)
    return session.scalar(latest.where(Order.product_id == product_id, *told))


def progress(session: Session, launch: Launch, rate: float) -> Progress:
    """The launch under way, in numbers of its pre-orders."""
    groups = _groups(session, launch)

    def count(state: str, *, before: bool | None = None) -> int:
        return sum(n for s, known, _, _, n in groups if s == state and (before is None or bool(known) is before))

    sent, owed = _access_letters(session, launch)
    return Progress(
        title=launch.product.title,
        launched_at=_launched_at(launch),
        zone=launch.zone,
        paid=count("paid"),
        ready=count("held"),
        charging=count("reserved"),
        known=count("past_due", before=True),
        new=count("past_due", before=False),
        granted=sum(n for _, _, live, _, n in groups if live),
        paused=sum(n for s, _, live, shut, n in groups if s in SECURED and shut and not live),
        letters_sent=sent,
        letters_owed=owed,
        rate=rate,
    )


def _launched_at(launch: Launch) -> datetime:
    return launch.launched_at or launch.at or launch.product.created_at


def _groups(session: Session, launch: Launch) -> list[tuple[str, bool, bool, bool, int]]:
    """Orders by state, whether declined before the launch, with live access, and kept from access by a person."""
    known = func.coalesce(Order.declined_at < _launched_at(launch), false())
    live = (Grant.id.is_not(None)) & Grant.suspended_at.is_(None) & Grant.revoked_at.is_(None)
    shut = or_(Order.cancel_wished_at.is_not(None), ~not_disputed)
    query = select(Order.state, known, live, shut, func.count(Order.id)).outerjoin(Grant, Grant.order_id == Order.id)
    ours = query.where(*_pre_orders(launch), Order.state.in_(ORDERED))
    return [(s, k, li, sh, n) for s, k, li, sh, n in session.execute(ours.group_by(Order.state, known, live, shut))]


def _access_letters(session: Session, launch: Launch) -> tuple[int, int]:
    sent = func.sum(case((Letter.sent_at.is_not(None) & Letter.failed_at.is_(None), 1), else_=0))
    owed = func.sum(case((unsent, 1), else_=0))
    query = select(sent, owed).join(Order, Order.id == Letter.order_id)
    row = session.execute(query.where(*_first_letters(launch))).one()
    return int(row[0] or 0), int(row[1] or 0)


def _pre_orders(launch: Launch) -> tuple[ColumnElement[bool], ...]:
    return Order.product_id == launch.product_id, Order.kind == "pre_order"


def _first_letters(launch: Launch) -> tuple[ColumnElement[bool], ...]:
    return (*_pre_orders(launch), Letter.kind == "access", Letter.version == 1)


def times(session: Session, launch: Launch) -> Times:
    """When things happened in a launch."""
    granted = select(func.max(Grant.granted_at), func.count(Grant.id))
    query = granted.join(Order, Order.id == Grant.order_id).where(*_pre_orders(launch))
    last, count = session.execute(query).one()
    letter = select(func.max(Letter.sent_at)).join(Order, Order.id == Letter.order_id)
    paid = select(func.max(Attempt.closed_at)).join(Order, Order.id == Attempt.order_id)
    moved = (Attempt.kind.in_(["capture", "charge"]), Attempt.outcome == "done")
    return Times(
        granted_last=last,
        granted=count,
        letter_last=session.scalar(letter.where(*_first_letters(launch))),
        paid_last=session.scalar(paid.where(*_pre_orders(launch), *moved)),
    )


@dataclass(frozen=True)
class Taken:
    """The money of a launch's pre-orders in minor units: came in, went back, claimed by banks, and secured for it."""

    captured: int
    refunded: int
    disputed: int
    secured: int


def money(session: Session, launch: Launch) -> Taken:
    """What a launch's pre-orders have brought, what went back of it, and what was secured for it."""
    ours = _pre_orders(launch)
    came = select(func.sum(Attempt.moved)).join(Order, Order.id == Attempt.order_id)
    back = select(func.sum(Refund.amount)).join(Order, Order.id == Refund.order_id)
    asked = select(func.sum(Dispute.amount)).join(Order, Order.id == Dispute.order_id)
    held = select(func.sum(Order.price)).where(*ours, Order.state == "held")
    questions = (
        came.where(*ours),
        back.where(*ours, Refund.status.in_(GONE_BACK)),
        asked.where(*ours, Dispute.status.in_((*OPEN_DISPUTE, "lost"))),
        held,
    )
    captured, refunded, disputed, ahead = (int(session.scalar(each) or 0) for each in questions)
    return Taken(captured, refunded, disputed, captured + ahead)


def purchases(session: Session, launch: Launch) -> int:
    """How many bought it since it is out."""
    bought = (Order.product_id == launch.product_id, Order.kind != "pre_order", Order.state == "paid")
    return session.scalar(select(func.count(Order.id)).where(*bought)) or 0
