"""Writing a letter: look at its fact once more, then fill its templates. Reads the database, changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.actions.watching import outdated
from storefront.actions.writing_news import watcher_envelope
from storefront.actions.writing_tickets import message_id, ticket_envelope, ticket_outdated
from storefront.models import money, queues, threads, wordings
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.money import GONE_BACK, Dispute, Refund, Task
from storefront.models.orders import LIVE, Order
from storefront.models.products import File, Lesson
from storefront.models.threads import BUYER, STRANGER, Message
from storefront.outside.postman import Envelope
from storefront.outside.world import Outside
from storefront.rules import letter_rows, letter_words, own_words, queue, thread_words, words
from storefront.rules.letter_rows import OF_PRODUCT
from storefront.rules.letter_words import PAID_TWICE, About, Matter, Told
from storefront.rules.order_words import card_ends_early

OF_GRACE = frozenset({"past_due", "past_due_out", "grace_ending"})
OF_LIVE_ORDERS = OF_GRACE | {
    "confirmed",
    "repaired",
    "moved",
    "still_waiting",
    "bettered",
    "access",
    "card_expiring",
    "launch_late",
}
BEFORE_IT_IS_OUT = frozenset({"moved", "card_expiring", "still_waiting", "launch_late", "launch_stopped", "rehearsed"})
MOST_ANSWERS = 10
TRIED = "own words"
# Letters to the creator: nothing in them opens the buyer's page.
TO_CREATOR = frozenset({"asked", "task", "grace_over", "missed", "dispute_won", "dispute_lost"}) | OF_PRODUCT


@dataclass(frozen=True)
class Outdated:
    """The fact no longer holds: the letter is not sent."""

    why: str


@dataclass(frozen=True)
class Early:
    """The fact is in doubt for a moment: the letter waits."""

    why: str


def write(session: Session, outside: Outside, letter: Letter, now: datetime) -> Envelope | Outdated | Early:
    """The letter, ready to go, or why it does not. Raises LookupError where no key fits a link."""
    if letter.ticket is not None:
        gone = ticket_outdated(letter, letter.ticket, now)
        return Outdated(gone) if gone else ticket_envelope(session, outside, letter, letter.ticket, now)
    if letter.watcher is not None:
        unwanted = outdated(session, letter, letter.watcher)
        return Outdated(unwanted) if unwanted else watcher_envelope(outside, letter, letter.watcher, now)
    grant = session.scalar(select(Grant).where(Grant.order_id == letter.order_id))
    why = _outdated(session, letter, grant, now)
    if why:
        return Outdated(why)
    if letter.kind == "access" and grant is not None and not grant.live:
        return Early("access is paused while the payment is looked at")
    return _envelope(session, outside, letter, grant, now)


def trial(
    session: Session, outside: Outside, order: Order, kind: str, now: datetime, *, own: str | None = None
) -> Envelope:
    """A letter as it would be written now, for a rehearsal or a look: its links open nothing, and nothing is kept.

    `own`: the creator's own words to try; None for those that stand.
    """
    grant = session.scalar(select(Grant).where(Grant.order_id == order.id))
    if grant is None:
        grant = Grant(id=0, order_id=order.id, product_id=order.product_id, granted_at=now, link_generation=1)
        grant.link_sha256 = outside.links.fresh("access", 0, 1)
    facts = {} if own is None else {TRIED: own}
    letter = Letter(id=0, order_id=order.id, kind=kind, version=1, recipient=order.email, facts=facts, owed_at=now)
    with session.no_autoflush:
        letter.order = order
        only_looked_at = replace(outside, links=replace(outside.links, dead=True))
        return _envelope(session, only_looked_at, letter, grant, now)


def _outdated(session: Session, letter: Letter, grant: Grant | None, now: datetime) -> str:
    """Why the fact a letter tells of no longer holds; "" while it does."""
    order, kind = letter.order, letter.kind
    gone = order.state not in LIVE or order.cancel_wished_at is not None
    reasons = {
        "the order has ended": kind in OF_LIVE_ORDERS and gone,
        "the payment has failed again": kind == "repaired"
        and (order.state == "past_due" or letter.version < order.episode),
        "a later move has been told": kind == "moved" and _told_again(order, letter.version),
        "it is out already": kind in BEFORE_IT_IS_OUT and _is_out(order),
        "the address was corrected again": kind == "address_new" and letter.version < order.link_generation,
    }
    told = next((why for why, holds in reasons.items() if holds), "")
    return told or _kind_outdated(session, letter, grant, now)


def _is_out(order: Order) -> bool:
    """For whoever waits in the queue, once there is a unit."""
    return (order.released_at if order.kind == "back_order" else order.product.launch.launched_at) is not None


def _told_again(order: Order, version: int) -> bool:
    """Whether the day has moved again since; a promise that was only bettered has the same day."""
    generations = {each.version: each.launch_generation for each in order.promises}
    return generations.get(version, order.promise.launch_generation) < order.promise.launch_generation


def _kind_outdated(session: Session, letter: Letter, grant: Grant | None, now: datetime) -> str:
    """The same, for kinds that ask more than the order's own row."""
    if letter.kind == "access":
        return _access_outdated(letter, grant)
    if letter.kind in OF_GRACE:
        return _grace_outdated(letter, now)
    if letter.kind == "card_expiring":
        return _card_outdated(letter, now)
    return _money_outdated(session, letter)


def _grace_outdated(letter: Letter, now: datetime) -> str:
    order = letter.order
    if order.state != "past_due":
        return "the payment has been repaired"
    if letter.version < order.episode:
        return "the payment was repaired, and failed again"
    if order.grace_until is not None and order.grace_until <= now:
        return "the time to repair it is over"
    return ""


def _card_outdated(letter: Letter, now: datetime) -> str:
    order = letter.order
    if _told_again(order, letter.version):
        return "the day has moved since"
    return "" if order.state == "reserved" and _card_ends(order, now) else "another card is saved"


def _card_ends(order: Order, now: datetime) -> bool:
    if queues.is_queued(order):
        return queue.card_ends(order.card_until, None if order.promise.undated else order.promise.by, now)
    return card_ends_early(order.card_until, order.product.launch.at or order.promise.by)


def _money_outdated(session: Session, letter: Letter) -> str:
    """A task that is done, a refund that did not arrive, a decision that was appealed."""
    if letter.kind == "task":
        task = session.get(Task, letter.version)
        return "it is done already" if task is None or task.closed_at else ""
    if letter.kind in {"part_refunded", "paid_back"}:
        back = session.get(Refund, letter.version)
        return "" if back and back.counts else "the refund did not arrive"
    if letter.kind == "refund_failed":
        paid_back = letter.order.state == "refunded" and money.moved(session, letter.order.id).net <= 0
        return "the money went back another way" if paid_back else ""
    if letter.kind in {"dispute_won", "dispute_lost"}:
        row = session.get(Dispute, letter.version)
        return "" if row and f"dispute_{row.status}" == letter.kind else "the bank has decided again"
    return ""


def _access_outdated(letter: Letter, grant: Grant | None) -> str:
    """A paused access whose buyer has to repair the card is dropped: the letter of the repair carries the link."""
    if grant is None or grant.revoked_at is not None:
        return "access has ended"
    if grant.suspended_at is not None and letter.order.state == "past_due":
        return "the payment failed, and access is paused"
    if letter.version < grant.link_generation:
        return "a newer link was asked for"
    return ""


def _envelope(session: Session, outside: Outside, letter: Letter, grant: Grant | None, now: datetime) -> Envelope:
    facts = _facts(session, outside, letter, grant, now)
    creator = letter.order.product.creator
    return Envelope(
        to=_recipient(letter),
        sender_name=outside.shop_name if facts["to_creator"] else f"{creator.name} via {outside.shop_name}",
        reply_to=_reply_to(outside, letter) or creator.email,
        subject=render_template(f"mail/{letter.kind}.subject.txt", **facts),
        text=letter_words.set_columns(render_template(f"mail/{letter.kind}.txt", **facts)),
        html=render_template(f"mail/{letter.kind}.html", **facts),
        message_id=message_id(outside, letter),
        at=now,
        answers=_answers(session, outside, letter),
    )


def _reply_to(outside: Outside, letter: Letter) -> str:
    """Where an answer by mail goes: into the order's thread, where the shop takes mail in; "" where it does not.

    The address that was given up gets none: what comes from there is not the buyer's.
    """
    if letter.kind == "address_old" or (letter.kind in TO_CREATOR and letter.kind != "asked"):
        return ""
    side = "creator" if letter.kind == "asked" else "buyer"
    return outside.links.reply_to(side, letter.order.id, letter.order.link_generation)


def _answers(session: Session, outside: Outside, letter: Letter) -> tuple[str, ...]:
    """The Message-IDs of the thread a letter goes on with, as far as its reader has them: mail programs show one thread."""
    if letter.kind not in {"asked", "answered"}:
        return ()
    earlier = (Letter.order_id == letter.order_id, Letter.kind == letter.kind, Letter.version < letter.version)
    named = {each.version: message_id(outside, each) for each in session.scalars(select(Letter).where(*earlier))}
    if letter.kind == "answered":
        named |= _mails(session, letter)
    return tuple(named[each] for each in sorted(named)[-MOST_ANSWERS:])


def _mails(session: Session, letter: Letter) -> dict[int, str]:
    """What the buyer asked by mail, by the Message-IDs of their own program."""
    thread = threads.of_order(session, letter.order.id)
    head = f"mail:{letter.order.id}:"
    mails = (
        [each for each in thread.messages if each.who == BUYER and each.name.startswith(f"{head}<")] if thread else []
    )
    return {each.id: each.name.removeprefix(head) for each in mails if each.id < letter.version}


def _recipient(letter: Letter) -> str:
    """A letter follows its order: what still waits when a mistyped address is corrected must not go to a stranger."""
    return letter.recipient if letter.kind in TO_CREATOR | {"address_old"} else letter.order.email


def _facts(session: Session, outside: Outside, letter: Letter, grant: Grant | None, now: datetime) -> dict[str, Any]:
    order = letter.order
    told = Told(_about(session, letter, grant), now)
    rows = letter_rows.rows(told, letter.kind)
    order_url = _order_url(outside, letter)
    return {
        "told": told,
        "rows": rows,
        "rows_text": letter_rows.rows_as_text(rows),
        "facts_told": letter.facts,
        "own_words": _own_words(session, letter, told),
        "withdraw_url": f"{order_url}/cancel" if order_url and _may_withdraw(letter, grant) else "",
        "title": order.product.title,
        "creator": order.product.creator.name,
        "number": order.number,
        "to_creator": letter.kind in TO_CREATOR,
        "order_url": order_url,
        "answer_url": f"{order_url}/delay" if letter.kind == "moved" else "",
        "act_url": _act_url(session, outside, letter) or order_url,
        "access_url": _access_url(outside, letter, grant),
    }


def _own_words(session: Session, letter: Letter, told: Told) -> list[str]:
    """Its creator's words as they stood when the letter was owed, so that it says the same when it goes out again."""
    if letter.kind not in own_words.KINDS:
        return []
    product = letter.order.product
    text = letter.facts.get(TRIED)
    if text is None:
        text = wordings.at(session, product.id, letter.kind, letter.owed_at)
    facts = {
        "title": product.title,
        "creator": product.creator.name,
        "price": told.amount,
        "day": "" if told.about.undated else told.full,
        "number": letter.order.number,
    }
    return own_words.fill(text, facts)


def way_on(session: Session, outside: Outside, letter: Letter) -> str:
    """The one address a letter leads to: what it opens, where it is answered, else its order's page."""
    grant = session.scalar(select(Grant).where(Grant.order_id == letter.order_id))
    url = _order_url(outside, letter)
    return _access_url(outside, letter, grant) or (f"{url}/delay" if letter.kind == "moved" else url)


def _may_withdraw(letter: Letter, grant: Grant | None) -> bool:
    """Whether a letter carries the way to withdraw: its order is out, and nobody has opened it (policies.md 2)."""
    unopened = grant is None or grant.first_opened_at is None
    return letter.kind in {"access", "confirmed"} and unopened and letter.order.released_at is not None


def _order_url(outside: Outside, letter: Letter) -> str:
    """The order's page, in the studio for its creator; the address that was given up learns nothing of it."""
    order = letter.order
    if letter.kind == "address_old":
        return ""
    if letter.kind in OF_PRODUCT:
        return f"{outside.links.base_url}/studio/products/{order.product.slug}"
    if letter.kind in TO_CREATOR:
        return f"{outside.links.base_url}/studio/orders/{order.number}"
    return outside.links.order(order.id, order.link_generation, order.link_sha256)


def _act_url(session: Session, outside: Outside, letter: Letter) -> str:
    """Where a creator does what is asked: a dispute has a page of its own, and so has what is done to a product."""
    home = f"{outside.links.base_url}/studio/products/{letter.order.product.slug}"
    if letter.kind in OF_PRODUCT:
        return f"{home}/{'cancel' if letter.kind == 'given_up' else 'rehearsal'}"
    if letter.kind == "task":
        task = session.get_one(Task, letter.version)
        subject = task.subject if task.kind == "dispute" else ""
        found = session.scalar(select(Dispute.id).where(Dispute.stripe_id == subject))
    else:
        found = letter.version if letter.kind in {"dispute_won", "dispute_lost"} else None
    return f"{outside.links.base_url}/studio/disputes/{found}" if found else ""


def _access_url(outside: Outside, letter: Letter, grant: Grant | None) -> str:
    """The link that opens it: in its own letter, and in the letter of a repair that brings paused access back."""
    if grant is None or not grant.live or grant.link_sha256 is None:
        return ""
    back = letter.kind == "repaired" and grant.granted_at < letter.owed_at and grant.link_redeemed_at is None
    if letter.kind != "access" and not back:
        return ""
    return outside.links.access(grant.id, grant.link_generation, grant.link_sha256)


def _about(session: Session, letter: Letter, grant: Grant | None) -> About:
    order = letter.order
    product = order.product
    lessons, files = _inside(session, order) if letter.kind == "access" else (0, ())
    return About(
        kind=product.kind,
        title=product.title,
        creator=product.creator.name,
        number=order.number,
        purchase=order.kind != "pre_order",
        place=queues.place_of(session, order) if queues.is_queued(order) else 0,
        state=order.state,
        mode=order.mode,
        price=order.price,
        currency=order.currency,
        zone=order.promise.zone,
        day=order.promise.by,
        placed_at=order.placed_at,
        launched_at=order.released_at,
        card=order.card,
        lessons=lessons,
        files=files,
        licence_key=(grant.licence_key or "") if grant else "",
        granted_at=grant.granted_at if grant else None,
        opened=grant is not None and grant.first_opened_at is not None,
        fresh_link=letter.kind == "access" and letter.version > 1,
        released=any(each.before == "held" and each.after == "cancelled" for each in order.history),
        **_moved(session, order),
        **_card(order),
        cancel_who=order.cancel_who,
        cancel_why=order.cancel_why,
        cancelled_at=order.cancel_wished_at,
        **_delay(letter),
        buyer=words.masked(order.email),
        matter=_matter(session, letter),
        **_promised(letter),
    )


def _moved(session: Session, order: Order) -> dict[str, Any]:
    """What came and went; and of what went back, what was no part that a letter of its own has told."""
    captured, refunded = money.moved(session, order.id)
    told = select(Letter.version).where(Letter.order_id == order.id, Letter.kind == "part_refunded")
    mine = (Refund.order_id == order.id, Refund.status.in_(GONE_BACK), Refund.id.not_in(told))
    rest = session.scalars(select(Refund).where(*mine)).all()
    by_hand = "" if any(each.status != "by_hand" for each in rest) else next((each.why for each in rest), "")
    return {
        "captured": captured,
        "refunded": refunded,
        "last_back": sum(each.amount for each in rest),
        "by_hand": by_hand,
    }


def _delay(letter: Letter) -> dict[str, Any]:
    """What a notice of a moved day has to say."""
    facts = letter.facts
    before, until = facts.get("before"), facts.get("deadline")
    return {
        "before": datetime.fromisoformat(before) if before else None,
        "before_zone": facts.get("before_zone", ""),
        "undated": letter.order.promise.undated,
        "before_undated": bool(facts.get("before_undated")),
        "silence": facts.get("silence", ""),
        "deadline": datetime.fromisoformat(until) if until else None,
        "gift": facts.get("gift", ""),
    }


def _promised(letter: Letter) -> dict[str, Any]:
    """What stands in the promise and in the letter's own row."""
    promise = letter.order.promise
    return {"bonuses": tuple(promise.bonuses), "days": promise.withdraw_days, "told": letter.facts}


def _card(order: Order) -> dict[str, Any]:
    """How the card stands, as words about it need it."""
    return {
        "decline": order.decline,
        "decline_class": order.decline_class,
        "next_try_at": order.next_try_at,
        "card_until": order.card_until,
        "grace_until": order.grace_until,
    }


def _matter(session: Session, letter: Letter) -> Matter | None:
    """The row a letter is about, where its version is that row's id."""
    if letter.kind == "task":
        task = session.get_one(Task, letter.version)
        return Matter(sentence=task.sentence, due_by=task.due_by, kind=task.kind)
    if letter.kind in {"asked", "answered"}:
        return _message(session, letter)
    if letter.kind in {"part_refunded", "refund_failed", "paid_back"}:
        back = session.get_one(Refund, letter.version)
        return Matter(back.amount, back.who, back.why, kind=back.status if letter.kind == "paid_back" else back.failure)
    if letter.kind in {"dispute_won", "dispute_lost"}:
        row = session.get_one(Dispute, letter.version)
        return Matter(row.amount, sentence="" if money.lives_on(row.order, row) else PAID_TWICE, kind=row.reason)
    return None


def _message(session: Session, letter: Letter) -> Matter:
    """What was asked or answered."""
    found = session.get_one(Message, letter.version)
    odd = thread_words.stranger(found.sender) if found.who == STRANGER else ""
    return Matter(sentence=found.text, why=" ".join(filter(None, [odd, thread_words.dropped(found.dropped)])))


def _inside(session: Session, order: Order) -> tuple[int, tuple[str, ...]]:
    """How many lessons, and which files, everybody gets; a bonus is named apart."""
    lessons = select(func.count(Lesson.id)).where(Lesson.product_id == order.product_id, Lesson.bonus_id.is_(None))
    mine = (File.product_id == order.product_id, File.role == "download", File.bonus_id.is_(None))
    named = select(func.coalesce(func.nullif(File.label, ""), File.name)).where(*mine).order_by(File.id)
    return session.scalar(lessons) or 0, tuple(session.scalars(named))
