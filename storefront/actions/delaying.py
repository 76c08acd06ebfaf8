"""Delays: what a moved or missed day means for each order, its buyer's answer, and what silence does (policies.md 1)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from storefront.actions.compensating import give, offered
from storefront.actions.leaving import wish
from storefront.actions.owing import owe
from storefront.models import money
from storefront.models.db import MOST, NOW, Database
from storefront.models.delays import Reply, replies
from storefront.models.letters import Letter
from storefront.models.orders import Order, Promise, no_open_visit, not_leaving
from storefront.models.products import Launch
from storefront.models.queues import in_queue
from storefront.rules import delay
from storefront.rules.delay import Answer, Case, Move, Silence, State, Verdict, Why
from storefront.rules.gift import words as gift_words

DECIDED = ("reserved", "held", "past_due", "paid")
LOOK_AGAIN = timedelta(hours=1)
MONTH, TICK = timedelta(days=30), timedelta(microseconds=1)
REASONS = {
    Why.SILENCE: "the new day needed a yes, and none came in time",
    Why.MISSED: "the day passed without a launch or a word",
}


def last_move(order: Order) -> Promise | None:
    """The version of the promise that its last move made; one that was bettered since stays that question's."""
    generation = order.promise.launch_generation
    found = next(each for each in order.promises if each.launch_generation == generation)
    return found if found.version > 1 else None


def case_of(order: Order, answered: Sequence[Reply]) -> Case:
    """An order's history as the rules read it: its promises, and what its buyer clicked.

    A click answers the notice that it names: it came after that one and before the next, whatever the clocks of the
    processes that wrote them down say.
    """
    said = [each for each in answered if each.how == "click"]
    moves: list[Move] = []
    answers: list[Answer] = []
    for before, each in pairwise(order.promises):
        if each.launch_generation != before.launch_generation:
            at = max([each.made_at, *(earlier + TICK for earlier in _instants(moves, answers))])
            moves.append(Move(at, None if each.undated else each.by))
            mine = [reply for reply in said if reply.version == each.version]
            answers += [Answer(max(reply.at, at), wait=reply.answer == "wait") for reply in mine]
    return Case(order.promises[0].by, moves, answers, launched_at=order.released_at)


def _latest(known: Case, now: datetime) -> datetime:
    """Now, with everything that is known to have happened before it."""
    return max([now, *_instants(known.moves, known.answers)])


def _instants(moves: Sequence[Move], answers: Sequence[Answer]) -> list[datetime]:
    return [*(each.at for each in moves), *(each.at for each in answers)]


def verdict(session: Session, order: Order, now: datetime) -> Verdict:
    """How an order stands with its promise; a notice of this very instant is among what has happened."""
    known = case_of(order, replies(session, order.id))
    return delay.decide(known, _latest(known, now))


def plan(session: Session, order: Order, now: datetime) -> Verdict:
    """Note when the delay rules change this order by themselves."""
    found = verdict(session, order, now)
    order.delay_due_at = found.changes_at or (now if found.state is State.CANCELLED else None)
    return found


def told(session: Session, order: Order, now: datetime) -> dict[str, str]:
    """What a notice has to say beside the day: what silence means and by when, and what is offered for waiting."""
    found, last = plan(session, order, now), order.promises[-2]
    gift = offered(session, order)
    question = found.question
    return {
        "silence": question.silence.value if question else "",
        "deadline": question.deadline.isoformat() if question else "",
        "rule": question.rule.value if question else "",
        "gift": gift_words(gift, order.currency) if gift else "",
        "undated": "yes" if order.promise.undated else "",
        "before_undated": "yes" if last.undated else "",
    }


def apply_due(db: Database, now: datetime, limit: int = 50) -> int:
    """Do what silence and missed dates do, an order a transaction. Returns how many changed."""
    with db.read() as session:
        ids = session.scalars(_all_due(), {"now": now, "most": limit}).all()
    return sum(_apply(db, order_id, now) for order_id in ids)


@cache
def _all_due() -> Select[int]:
    ahead = select(Launch.id).where(Launch.product_id == Order.product_id, Launch.launched_at.is_(None))
    waits = or_(in_queue, ahead.where(Launch.kind == "product").exists())
    return _due().where(waits).order_by(Order.delay_due_at, Order.id).limit(MOST)


def _due() -> Select[int]:
    here = (Order.kind.in_(("pre_order", "back_order")), Order.state.in_(DECIDED), not_leaving)
    return select(Order.id).where(Order.delay_due_at <= NOW, *here)


def _apply(db: Database, order_id: int, now: datetime) -> bool:
    with db.write() as session:
        this = _due().where(Order.id == order_id).with_only_columns(Order).with_for_update()
        order = session.scalar(this, {"now": now})
        if order is None or order.released_at is not None:
            return False
        return act(session, order, now)


def end_overdue(session: Session, launch: Launch, now: datetime) -> int:
    """Before a launch is released late: whoever's order has ended by the rules is not charged any more."""
    session.flush()
    mine = _due().where(Order.product_id == launch.product_id).with_only_columns(Order).order_by(Order.id)
    return sum(act(session, order, now) for order in session.scalars(mine.with_for_update(), {"now": now}).all())


def end_if_overdue(session: Session, order: Order, now: datetime) -> None:
    """Before a back-order, which is locked, gets its unit: one whose date was missed has ended, and is charged no more."""
    if order.delay_due_at is not None and order.delay_due_at <= now and order.cancel_wished_at is None:
        act(session, order, now)


def act(session: Session, order: Order, now: datetime) -> bool:
    """Do to one order, which is locked, what the rules say of it now. False: nothing changed."""
    found = verdict(session, order, now)
    if found.state is State.CANCELLED:
        return _end(session, order, found, now)
    agreed = _note_silence(session, order, found)
    order.delay_due_at = found.changes_at
    return agreed


def _end(session: Session, order: Order, found: Verdict, now: datetime) -> bool:
    """Silence or a missed date cancels; an order that waits for its own buyer is not missed, and looked at again."""
    if found.why is Why.MISSED and _waits_for_its_buyer(session, order):
        order.delay_due_at = now + LOOK_AGAIN
        return False
    order.delay_due_at = None
    if not wish(session, order, who=found.why.value, why=REASONS.get(found.why, "cancelled"), now=now):
        return False
    rule = found.rule.value if found.rule else found.why.value
    _keep(session, order, order.promise_version, "cancel", "silence", rule, found.since or now)
    if found.why is Why.MISSED:
        _tell_creator(session, order, now)
    return True


def _waits_for_its_buyer(session: Session, order: Order) -> bool:
    """Whose card needs them, or who is at Stripe with another one."""
    alone = select(Order.id).where(Order.id == order.id, no_open_visit)
    return order.state == "past_due" or session.scalar(alone) is None


def _tell_creator(session: Session, order: Order, now: datetime) -> None:
    """One letter for all orders that missed the same day; the first of them carries it."""
    back_order = order.kind == "back_order"  # each has a date of its own
    generation = order.promise.by.toordinal() if back_order else order.product.launch.generation
    told = select(func.count(Letter.id)).join(Order, Order.id == Letter.order_id)
    same = (Order.product_id == order.product_id, Letter.kind == "missed", Letter.version == generation)
    if not session.scalar(told.where(*same)):
        owe(session, order, "missed", now, version=generation, to=order.product.creator.email)


def _note_silence(session: Session, order: Order, found: Verdict) -> bool:
    """Silence has agreed, where a later date binds than the promise's and nobody has clicked for it."""
    if not order.promises[0].by < (found.bound or order.promises[0].by):
        return False
    agreed = next((each for each in order.promises[1:] if each.by == found.bound and not each.undated), None)
    if agreed is None or any(
        each.answer == "wait" and each.version >= agreed.version for each in replies(session, order.id)
    ):
        return False
    _keep(session, order, agreed.version, "wait", "silence", "short", order.promises[0].by)
    return True


def _keep(session: Session, order: Order, version: int, answer: str, how: str, rule: str, at: datetime) -> Reply:
    made = Reply(order_id=order.id, version=version, at=at, answer=answer, how=how, rule=rule)
    session.add(made)
    session.flush()
    return made


@dataclass(frozen=True)
class Closed:
    """An answer that comes too late or answers nothing, and the sentence that says so."""

    sentence: str


def agree(session: Session, order: Order, version: int, now: datetime, *, gift: bool = False) -> Closed | None:
    """The buyer waits for the day of a version of their promise, and takes what the creator offers for it.

    The order is locked. Returns why it cannot be; a second click on the same answer changes nothing.
    """
    if clicked(session, order, version):
        return None
    asked = last_move(order)
    if order.cancel_wished_at or order.state not in DECIDED or order.released_at is not None:
        return Closed("This order is not waiting any more, so there is nothing to answer.")
    if asked is None or version != asked.version:
        return Closed("The day has moved again since. This is the newest question.")
    return _agree(session, order, version, now, gift=gift)


def _agree(session: Session, order: Order, version: int, now: datetime, *, gift: bool) -> Closed | None:
    found = verdict(session, order, now)
    if not _counts(session, order, now):
        return Closed("The time to answer is over, and your order is being cancelled.")
    asks = found.question.rule if found.question else found.rule
    if asks is None and not gift:
        return Closed("Nothing is asked just now: your order waits for the day it has.")
    rule = asks.value if asks else ""
    kept = _waited(session, order, version) or _keep(session, order, version, "wait", "click", rule, now)
    if gift and not kept.gift:
        give(session, order, kept, now)
    plan(session, order, now)
    return None


def _counts(session: Session, order: Order, now: datetime) -> bool:
    """Whether the order goes on with a yes said now: at the very instant of a deadline answers come before silence."""
    known = case_of(order, replies(session, order.id))
    at = _latest(known, now)
    said = replace(known, answers=[*known.answers, Answer(at, wait=True)])
    return delay.decide(said, at).state is State.WAITING


def _waited(session: Session, order: Order, version: int) -> Reply | None:
    """That silence has agreed to this version before: what is taken for waiting then hangs on that row."""
    same = (Reply.order_id == order.id, Reply.version == version, Reply.answer == "wait")
    return session.scalar(select(Reply).where(*same))


def clicked(session: Session, order: Order, version: int) -> bool:
    """Whether the buyer has said already that they wait for the day of this version."""
    same = (Reply.order_id == order.id, Reply.version == version, Reply.how == "click", Reply.answer == "wait")
    return session.scalar(select(Reply.id).where(*same)) is not None


def note_cancel(session: Session, order: Order, now: datetime) -> None:
    """Keep in the ledger that the buyer said no to a move; the cancellation itself is another verb's."""
    asked = last_move(order)
    said = asked and any(
        each.version == asked.version and each.answer == "cancel" for each in replies(session, order.id)
    )
    if asked and not said:
        _keep(session, order, asked.version, "cancel", "click", "", now)


@dataclass(frozen=True)
class Foreseen:
    """What a move would do: orders told, of which silence agrees, is asked until `until`, or nothing is asked of.

    `last`: the end of the latest question, where not all have the same.

    `refunds` and `releases`: minor units that go back, or are set free, if everybody asked stays silent.
    """

    told: int = 0
    agrees: int = 0
    asked: int = 0
    until: datetime | None = None
    last: datetime | None = None
    refunds: int = 0
    releases: int = 0

    @property
    def unasked(self) -> int:
        """Those who are told, and owe no answer."""
        return self.told - self.agrees - self.asked


def foresee(session: Session, launch: Launch, to: datetime | None, now: datetime) -> Foreseen:
    """Ask the rules about every order of a launch what a notice would mean, sent now."""
    return foresee_all(session, promised(launch), to, now)


def foresee_all(session: Session, mine: Select[Order], to: datetime | None, now: datetime) -> Foreseen:
    """The same of any orders."""
    told = agrees = asked = refunds = releases = 0
    until: list[datetime] = []
    answered: defaultdict[int, list[Reply]] = defaultdict(list)
    ids = mine.with_only_columns(Order.id).order_by(None)
    paid = money.kept(session, ids)
    theirs = select(Reply).where(Reply.order_id.in_(ids))
    for each in session.scalars(theirs.order_by(Reply.at, Reply.id)):
        answered[each.order_id].append(each)
    for order in session.scalars(mine.options(selectinload(Order.promises))):
        case = case_of(order, answered[order.id])
        at = _latest(case, now) + TICK
        question = delay.decide(replace(case, moves=[*case.moves, Move(at, to)]), at).question
        told += 1
        agrees += question is not None and question.silence is Silence.AGREES
        if question is not None and question.silence is Silence.CANCELS:
            asked += 1
            until.append(question.deadline)
            refunds += paid.get(order.id, 0)
            releases += order.price if order.state == "held" else 0
    first, last = min(until, default=None), max(until, default=None)
    return Foreseen(told, agrees, asked, first, last, refunds, releases)


def promised(launch: Launch) -> Select[Order]:
    """The orders that were promised this launch, and stay; those still at Stripe are not among them."""
    query = select(Order).where(Order.product_id == launch.product_id, Order.kind == "pre_order")
    return query.where(Order.state.in_(DECIDED), not_leaving).order_by(Order.id)


def keep_in_touch(db: Database, now: datetime, limit: int = 50) -> int:
    """A word a month to whoever agreed to wait without a date; none is owed. Returns how many letters are owed now."""
    with db.read() as session:
        ids = session.scalars(_unheard(), {"now": now - MONTH, "most": limit}).all()
    return sum(_write_once(db, order_id, now) for order_id in ids)


@cache
def _unheard() -> Select[int]:
    """Who agreed to wait without a date before `now`, and has had no word since."""
    query = select(Order.id).join(Launch, and_(Launch.product_id == Order.product_id, Launch.kind == "product"))
    query = query.where(Order.state.in_(DECIDED), not_leaving, or_(_launch_without_day, _queue_without_day))
    waits = select(Reply.id).where(Reply.order_id == Order.id, Reply.answer == "wait", Reply.at <= NOW)
    word = (Letter.order_id == Order.id, Letter.kind == "still_waiting", Letter.owed_at > NOW)
    lately = select(Letter.id).where(*word)
    return query.where(waits.exists(), ~lately.exists()).order_by(Order.id).limit(MOST)


_launch_without_day = and_(Order.kind == "pre_order", Launch.launched_at.is_(None), Launch.at.is_(None))
_undated = (Promise.order_id == Order.id, Promise.version == Order.promise_version, Promise.undated.is_(True))
_queue_without_day = and_(in_queue, select(Promise.id).where(*_undated).exists())


def _write_once(db: Database, order_id: int, now: datetime) -> bool:
    with db.write() as session:
        order = session.get_one(Order, order_id, with_for_update=True)
        found = verdict(session, order, now)
        if found.why is not Why.OPEN_ENDED or order.cancel_wished_at or not order.promise.undated:
            return False
        month = (now - order.promise.made_at) // MONTH
        owe(session, order, "still_waiting", now, version=order.promise_version * 1000 + month)
        return True
