"""What moved for one order, and what was asked of Stripe: when, who, outcome in words, amount."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models.accounts import Account
from storefront.models.money import Dispute, Refund
from storefront.models.orders import Attempt, Order
from storefront.rules import refund_words, standing_words, words
from storefront.rules.launch_words import counted, seconds
from storefront.rules.money import exact
from storefront.rules.standing_words import ATTEMPTS, OUTCOMES

BY_ITSELF = "worker"
AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Entry:
    """A line of the ledger; `who` is "" for what goes by itself."""

    at: datetime
    when: str
    what: str
    id: str
    who: str
    why: str
    outcome: str
    detail: str
    money: str = ""


def exactly(at: datetime, zone: str) -> str:
    """12 May, 10:00:09."""
    return f"{words.day_month(at, zone)}, {seconds(at, zone)}"


def names(session: Session, kept: Iterable[str]) -> Mapping[int, str]:
    """Who the creators are that a log names by their number."""
    ids = {int(number) for who in kept if (number := who.partition(":")[2]).isascii() and number.isdigit()}
    found = session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(ids)))
    return {number: name or email for number, name, email in found}


def ledger(session: Session, order: Order) -> list[Entry]:
    """The newest first: attempts, refunds wherever they were made, and what the buyer's bank withdrew."""
    refunds = session.scalars(select(Refund).where(Refund.order_id == order.id)).all()
    disputes = session.scalars(select(Dispute).where(Dispute.order_id == order.id)).all()
    known = names(session, [*(each.who for each in order.attempts), *(each.who for each in refunds)])
    told = {each.attempt_id for each in refunds}
    entries = [_attempt(each, order, known) for each in order.attempts if each.id not in told]
    entries += [_refund(each, order, known) for each in refunds]
    entries += [_dispute(each, order) for each in disputes]
    return sorted(entries, key=lambda each: each.at, reverse=True)


def _attempt(each: Attempt, order: Order, known: Mapping[int, str]) -> Entry:
    tries = f" · {counted(each.tries, 'try', 'tries')}" if each.tries > 1 else ""
    return Entry(
        at=each.opened_at,
        when=exactly(each.opened_at, order.promise.zone),
        what=ATTEMPTS.get(each.kind, each.kind),
        id=each.stripe_id or "",
        who="" if each.who == BY_ITSELF else standing_words.who(each.who, known),
        why=each.why,
        outcome=OUTCOMES[each.outcome] + tries,
        detail=each.detail,
        money=exact(each.moved, order.currency) if each.moved else "",
    )


def _refund(each: Refund, order: Order, known: Mapping[int, str]) -> Entry:
    zone = order.promise.zone
    later = each.settled_at is not None and each.settled_at - each.made_at >= AT_ONCE
    settled = exactly(each.settled_at or each.made_at, zone) if later else ""
    return Entry(
        at=each.made_at,
        when=exactly(each.made_at, zone),
        what="Refund",
        id=each.stripe_id or "",
        who="" if each.who == BY_ITSELF else standing_words.who(each.who, known),
        why=each.why,
        outcome=refund_words.OUTCOMES[each.status][1],
        detail=" · ".join(filter(None, [refund_words.failure(each.failure), settled])),
        money=f"−{exact(each.amount, order.currency)}" if each.counts else f"({exact(each.amount, order.currency)})",
    )


def _dispute(each: Dispute, order: Order) -> Entry:
    claim = claim_of(each, order.promise.zone)
    taken = each.open or each.status == "lost"
    return Entry(
        at=each.opened_at,
        when=exactly(each.opened_at, order.promise.zone),
        what="Question of the bank" if each.inquiry else "Dispute",
        id=each.stripe_id,
        who="the buyer’s bank",
        why=standing_words.reason(each.reason),
        outcome=standing_words.claim_tag(claim)[1],
        detail="",
        money=f"−{claim.amount}" if taken else f"({claim.amount})",
    )


def claim_of(each: Dispute, zone: str) -> standing_words.Claim:
    """A dispute as the words about it need it."""
    return standing_words.Claim(
        status=each.status,
        amount=exact(each.amount, each.currency),
        reason=each.reason,
        zone=zone,
        due_by=each.due_by,
        submitted_at=each.submitted_at,
        closed_at=each.closed_at,
    )
