"""Attempts: commit the intention, call Stripe with no transaction open, record the outcome (design.md 3).

An order has one open attempt at most: the unique index is its lock. A crash leaves the attempt open; once its lease
has lapsed any worker takes it over with the same key, so that Stripe answers with what it did the first time.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Select, Update, bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from storefront.models.db import MOST, NOW, Database, changed, hits, insert_new, put_known
from storefront.models.orders import Attempt, Order
from storefront.outside.stripe_answers import (
    Card,
    Declined,
    Dispute,
    Done,
    Intent,
    Outcome,
    Refused,
    StripeSilent,
    Thing,
    Unknown,
)
from storefront.outside.world import Outside

LEASE = timedelta(seconds=120)
KEY_LIFE = timedelta(hours=23)
PAUSE = timedelta(minutes=1)
TOGETHER = 24
ON_OBJECTS = frozenset({"capture", "void", "detach", "evidence"})
UNMARKED = ON_OBJECTS | {"tax"}  # a calculation has no metadata; a lost one moves nothing, and is made again
ON_CARDS = frozenset({"hold", "charge"})
NOTHING_HAPPENED = frozenset({"not_found", "requires_capture"})
PATIENCE = {"tax": 2}  # nothing is lost with a calculation: rather than wait for a stored error to pass, ask anew
WAITS = [timedelta(seconds=s) for s in (5, 15, 60, 300, 1800)]

Record = Callable[[Session, Outside, Order, Attempt, Outcome, datetime], None]


@dataclass(frozen=True)
class Wanted:
    """A call that an order needs."""

    order: Order
    kind: str
    target: str
    body: dict[str, Any]
    who: str = "worker"
    why: str = ""


@dataclass(frozen=True)
class Answered:
    """What came of an attempt's call, and who records it."""

    attempt: Attempt
    outcome: Outcome
    record: Record


RecordAll = Callable[[Session, Outside, Sequence[Answered], datetime], Sequence[Answered]]


def begin_all(session: Session, wanted: Sequence[Wanted], now: datetime) -> list[Attempt]:
    """Open an attempt for each of many orders, in two statements; one that has an open attempt gets none."""
    if not wanted:
        return []
    ids = [each.order.id for each in wanted]
    last = select(Attempt.order_id, Attempt.kind, func.max(Attempt.generation)).where(Attempt.order_id.in_(ids))
    before = {
        (order_id, kind): n for order_id, kind, n in session.execute(last.group_by(Attempt.order_id, Attempt.kind))
    }
    rows = [_facts(each, before.get((each.order.id, each.kind), 0) + 1, now) for each in wanted]
    return list(session.scalars(insert_new(session, Attempt).returning(Attempt), rows))


def begin_first(session: Session, wanted: Wanted, now: datetime) -> Attempt:
    """Open the first attempt of an order that was made in this transaction: nobody else knows of it."""
    made = Attempt(**_facts(wanted, 1, now), tries=1)
    made.id = put_known(session, made)
    return made


def _facts(wanted: Wanted, generation: int, now: datetime) -> dict[str, Any]:
    order, kind = wanted.order, wanted.kind
    return {
        "order_id": order.id,
        "kind": kind,
        "generation": generation,
        "key": f"{kind}:{order.id}:{generation}:{order.mark.partition(':')[2]}",
        "target": wanted.target,
        "body": wanted.body,
        "opened_at": now,
        "leased_until": now + LEASE,
        "card_print": order.card_print if kind in ON_CARDS else "",
        "who": wanted.who,
        "why": wanted.why[:500],
    }


def begin(
    session: Session,
    order: Order,
    kind: str,
    now: datetime,
    *,
    target: str = "",
    body: dict[str, Any] | None = None,
    who: str = "worker",
    why: str = "",
) -> Attempt | None:
    """Open an attempt. None where the order has one open already: somebody else is at it."""
    begun = begin_all(session, [Wanted(order, kind, target, body or {}, who, why)], now)
    return begun[0] if begun else None


def leases() -> Callable[[], bool]:
    """Whether the leases that were taken just now hold still: a call that would begin later is for whoever takes over."""
    ends = monotonic() + LEASE.total_seconds()
    return lambda: monotonic() < ends


def carry_out_all(
    outside: Outside, db: Database, begun: Sequence[tuple[Attempt, Record]], record_all: RecordAll, now: datetime
) -> None:
    """Make many calls at once and record what came of them, some in one transaction: see `Tally`.

    What `record_all` returns is recorded by itself. No call begins after its lease: what there was no time for stays open,
    and is taken over.
    """
    tally, leased = Tally(len(begun)), leases()

    def one(each: tuple[Attempt, Record]) -> None:
        attempt, record = each
        with tally.calling():
            if leased():
                tally.come.append(Answered(attempt, call(outside, attempt, now), record))
        while some := tally.take():
            _record_some(outside, db, some, record_all, now)

    outside.together(one, begun)


class Tally:
    """Answers that wait to be recorded: until there are TOGETHER, or nobody is calling, or no call is left to begin."""

    def __init__(self, calls: int) -> None:
        self.come: deque[Answered] = deque()
        self._left, self._calling, self._lock = calls, 0, Lock()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """A call is under way."""
        with self._lock:
            self._left, self._calling = self._left - 1, self._calling + 1
        try:
            yield
        finally:
            with self._lock:
                self._calling -= 1

    def take(self) -> list[Answered]:
        """What is to be recorded now, for one taker only; often nothing."""
        with self._lock:
            if len(self.come) < TOGETHER and self._calling and self._left:
                return []
            return [self.come.popleft() for _ in range(min(len(self.come), TOGETHER))]


def _record_some(outside: Outside, db: Database, come: list[Answered], record_all: RecordAll, now: datetime) -> None:
    """Record some in one transaction; if that fails, each in one of its own, so that a bad order stops no other."""
    good = [each for each in come if isinstance(each.outcome, Done)]
    rest = [each for each in come if not isinstance(each.outcome, Done)]
    try:
        with db.write() as session:
            rest += record_all(session, outside, good, now)
    except Exception:
        if len(good) < 2:  # noqa: PLR2004 (alone already)
            raise
        rest += good
    for each in rest:
        record_one(outside, db, each, now)


def carry_out(outside: Outside, db: Database, attempt: Attempt, record: Record, now: datetime) -> Outcome:
    """Make an attempt's call and record what came of it. An unknown outcome leaves it open, to be asked again."""
    outcome = call(outside, attempt, now)
    record_one(outside, db, Answered(attempt, outcome, record), now)
    return outcome


def record_one(outside: Outside, db: Database, answered: Answered, now: datetime) -> None:
    """Record what came of one call, with its order locked; nothing, where whoever took it over has done so already."""
    attempt, outcome = answered.attempt, answered.outcome
    if isinstance(outcome, Unknown):
        _wait(db, attempt, outcome, now)
        return
    with db.write() as session:
        order = session.scalars(_locked(), {"its_id": attempt.order_id}).one()
        closed = _close(session, attempt, outcome, now)
        if closed is not None:
            answered.record(session, outside, order, closed, outcome, now)


@cache
def _locked() -> Select[Order]:
    return select(Order).where(Order.id == bindparam("its_id")).with_for_update()


def call(outside: Outside, attempt: Attempt, now: datetime) -> Outcome:
    """Make an attempt's call, or ask what became of it where it is too late to repeat. No transaction is open."""
    if now - attempt.opened_at < KEY_LIFE and attempt.tries <= PATIENCE.get(attempt.kind, len(WAITS)):
        outcome = outside.stripe.perform(attempt.kind, attempt.target, _body(attempt), attempt.key)
        if isinstance(outcome, Done | Declined):
            return outcome
        if isinstance(outcome, Refused) and attempt.kind not in ON_OBJECTS:
            return outcome
        if isinstance(outcome, Unknown):  # Stripe may still be at it: nothing is looked up before the next wait is over
            return outcome
        if attempt.kind == "evidence":  # it may have been given in the dashboard; if not, Stripe has said why
            told = _look(outside, attempt)
            return outcome if isinstance(told, Refused) else told
    return _look(outside, attempt)


def _body(attempt: Attempt) -> dict[str, Any]:
    """The body as it is sent, the same each time; what the attempt makes carries its key, so that it can be found."""
    if attempt.kind in UNMARKED:
        return attempt.body
    mark = f"{attempt.order_id}:{attempt.key.rsplit(':', 1)[1]}"
    return {**attempt.body, "metadata": {"order": mark, "attempt": attempt.key}}


def _look(outside: Outside, attempt: Attempt) -> Outcome:
    """Ask what became of a call, without repeating it."""
    try:
        if attempt.kind in {"capture", "void"}:
            return _intent_says(attempt.kind, outside.stripe.intent(attempt.target))
        if attempt.kind == "detach":
            return _card_says(outside.stripe.card(attempt.target))
        if attempt.kind == "evidence":
            return _dispute_says(outside.stripe.dispute(attempt.target))
        found = outside.stripe.find(attempt.kind, attempt.key, attempt.body)
    except StripeSilent as error:
        return Unknown(str(error))
    if isinstance(found, Intent) and found.status not in {"succeeded", "requires_capture"}:
        return found.declined or Declined("processing_error", found.id)
    return Done(found) if found else Refused("not_found", "Stripe knows nothing of this call.")


def _intent_says(kind: str, intent: Intent) -> Outcome:
    if intent.status == ("succeeded" if kind == "capture" else "canceled"):
        return Done(intent)
    if kind == "capture" and intent.status == "canceled":
        return Declined("hold_lapsed" if intent.lapsed else "hold_voided")
    return Refused(intent.status, f"The payment is {intent.status} at Stripe.", intent)


def _dispute_says(dispute: Dispute) -> Outcome:
    """An answer counts until the bank asks anew: what was told it before an appeal is counted at Stripe still."""
    if dispute.submitted and not dispute.status.endswith("needs_response"):
        return Done(dispute)
    return Refused(dispute.status, f"The dispute is {dispute.status}; no evidence has been submitted.")


def _card_says(card: Card) -> Outcome:
    """A card that is saved still is detached by the next attempt: a new key, since nothing can be done twice here."""
    if card.customer is None:
        return Done(Thing(card.id, ""))
    return Refused("still_saved", "The card is saved at Stripe still.")


def _wait(db: Database, attempt: Attempt, outcome: Unknown, now: datetime) -> None:
    pause = WAITS[min(attempt.tries, len(WAITS)) - 1]
    with db.write() as session:
        change = update(Attempt).where(Attempt.id == attempt.id, Attempt.outcome.is_(None))
        session.execute(change.values(leased_until=now + pause, detail=outcome.sentence[:200]))


def _close(session: Session, attempt: Attempt, outcome: Outcome, now: datetime) -> Attempt | None:
    """Close it, unless whoever took it over has done so already: None."""
    bound = _closed(attempt, outcome, now)
    return session.scalar(_closing_whole(), bound, execution_options={"synchronize_session": False})


def close(session: Session, attempt: Attempt, outcome: Outcome, now: datetime) -> bool:
    """The same for whoever needs nothing more of it."""
    return hits(session, _closing(), **_closed(attempt, outcome, now))


def _closed(attempt: Attempt, outcome: Outcome, now: datetime) -> dict[str, Any]:
    words = {Done: "done", Declined: "declined", Refused: "failed"}
    stripe_id = outcome.value.id if isinstance(outcome, Done) else None
    stripe_id = outcome.intent if isinstance(outcome, Declined) else stripe_id
    detail = getattr(outcome, "reason", "") or getattr(outcome, "sentence", "")
    values = {"outcome": words[type(outcome)], "closed_at": now, "stripe_id": stripe_id, "detail": detail[:200]}
    return {f"its_{name}": value for name, value in values.items()} | {"its_id": attempt.id}


@cache
def _closing() -> Update:
    still = (Attempt.id == bindparam("its_id"), Attempt.outcome.is_(None))
    names = ("outcome", "closed_at", "stripe_id", "detail")
    return update(Attempt).where(*still).values({n: bindparam(f"its_{n}") for n in names})


@cache
def _closing_whole() -> ReturningUpdate[Attempt]:
    return _closing().returning(Attempt)


def lapsed(session: Session, now: datetime, limit: int) -> list[Attempt]:
    """Take over attempts whose lease has lapsed: a conditional UPDATE each, so that one worker gets each."""
    found = session.scalars(_lapsed(), {"now": now, "most": limit})
    return [each for each in found if _lease(session, each, now)]


@cache
def _lapsed() -> Select[Attempt]:
    open_for_long = (Attempt.outcome.is_(None), Attempt.leased_until <= NOW)
    return select(Attempt).where(*open_for_long).order_by(Attempt.id).limit(MOST)


def _lease(session: Session, attempt: Attempt, now: datetime) -> bool:
    change = update(Attempt).where(
        Attempt.id == attempt.id, Attempt.outcome.is_(None), Attempt.leased_until == attempt.leased_until
    )
    return changed(session, change.values(leased_until=now + LEASE, tries=Attempt.tries + 1))
