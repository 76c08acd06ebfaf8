"""Posting letters: claim, look at the facts once more, write, hand over, note. No transaction is open meanwhile."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import render_template
from sqlalchemy import or_, select, update

from storefront.models.db import Database, claim
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.orders import LIVE, Order
from storefront.outside.postman import Envelope, NotAccepted, Postman
from storefront.outside.world import Outside
from storefront.rules import letter_words, words

LEASE = timedelta(seconds=120)
WAITS = [timedelta(minutes=m) for m in (1, 5, 30, 120, 360)]
DAILY = timedelta(hours=24)
BATCH = 20
OF_LIVE_ORDERS = frozenset({"confirmed", "repaired", "moved", "past_due"})


@dataclass(frozen=True)
class Written:
    """A letter as it goes out."""

    letter_id: int
    envelope: Envelope


@dataclass(frozen=True)
class Dropped:
    """A letter whose fact no longer holds, and why it is not sent."""

    letter_id: int
    why: str


def post_due(outside: Outside, db: Database, now: datetime, limit: int = BATCH) -> int:
    """Post what is owed, over one connection. Returns how many letters were sent or dropped."""
    ids = _claim(db, now, limit)
    if not ids:
        return 0
    written = [_write(outside, db, letter_id, now) for letter_id in ids]
    for each in written:
        if isinstance(each, Dropped):
            _drop(db, each, now)
    ready = [each for each in written if isinstance(each, Written)]
    dropped = len(ids) - len(ready)
    return dropped + (_send_all(outside, db, ready, now) if ready else 0)


def _claim(db: Database, now: datetime, limit: int) -> list[int]:
    with db.write() as session:
        unsent = (Letter.sent_at.is_(None), Letter.dropped_at.is_(None), Letter.due_at <= now)
        free = or_(Letter.leased_until.is_(None), Letter.leased_until <= now)
        due = claim(select(Letter.id).where(*unsent, free).order_by(Letter.due_at, Letter.id).limit(limit), session)
        lease = update(Letter).where(Letter.id.in_(due.scalar_subquery())).values(leased_until=now + LEASE)
        return sorted(session.scalars(lease.returning(Letter.id), execution_options={"synchronize_session": False}))


def _write(outside: Outside, db: Database, letter_id: int, now: datetime) -> Written | Dropped:
    with db.read() as session:
        letter = session.get_one(Letter, letter_id)
        grant = session.scalar(select(Grant).where(Grant.order_id == letter.order_id))
        why = _outdated(letter, grant)
        if why:
            return Dropped(letter.id, why)
        return Written(letter.id, _envelope(outside, letter, grant, now))


def _outdated(letter: Letter, grant: Grant | None) -> str:
    """Why the fact a letter tells of no longer holds; "" while it does."""
    order = letter.order
    gone = order.state not in LIVE or order.cancel_wished_at is not None
    reasons = {
        "the order has ended": letter.kind in OF_LIVE_ORDERS and gone,
        "the payment has been repaired": letter.kind == "past_due" and order.state != "past_due",
        "a later move has been told": letter.kind == "moved" and letter.version < order.promise_version,
        "the address has been corrected again": letter.kind == "address_new" and letter.version < order.link_generation,
        "access has ended": letter.kind == "access" and (grant is None or not grant.live),
        "a newer link has been asked for": letter.kind == "access"
        and grant is not None
        and letter.version < grant.link_generation,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _envelope(outside: Outside, letter: Letter, grant: Grant | None, now: datetime) -> Envelope:
    facts = _facts(outside, letter, grant, now)
    product = letter.order.product
    subject = render_template(f"mail/{letter.kind}.subject.txt", **facts)
    return Envelope(
        to=letter.recipient,
        sender_name=f"{product.creator.name} via {outside.shop_name}",
        reply_to=product.creator.email,
        subject=" ".join(subject.split()),
        text=render_template(f"mail/{letter.kind}.txt", **facts).strip() + "\n",
        html=render_template(f"mail/{letter.kind}.html", **facts),
        message_id=f"<{letter.id}.{letter.version}@{urlsplit(outside.links.base_url).hostname}>",
    )


def _facts(outside: Outside, letter: Letter, grant: Grant | None, now: datetime) -> dict[str, Any]:
    order = letter.order
    links = outside.links
    access = ""
    if letter.kind == "access" and grant is not None and grant.link_sha256:
        access = links.access(grant.id, grant.link_generation, grant.link_sha256)
    private = letter.kind != "address_old"
    return {
        "order": order,
        "product": order.product,
        "creator": order.product.creator,
        "launch": order.product.launch,
        "promise": order.promise,
        "grant": grant,
        "letter": letter,
        "facts": letter.facts,
        "facts_before": _before(letter),
        "order_url": links.order(order.id, order.link_generation, order.link_sha256) if private else "",
        "access_url": access,
        "product_url": f"{links.base_url}/p/{order.product.slug}",
        "told": letter_words.tell(_about(order), now),
        "now": now,
        "shop_name": outside.shop_name,
    }


def _before(letter: Letter) -> str:
    """The day a move leaves, as its letter tells it."""
    if "before" not in letter.facts:
        return ""
    return words.full(datetime.fromisoformat(letter.facts["before"]), letter.facts["before_zone"])


def _about(order: Order) -> letter_words.About:
    launch = order.product.launch
    return letter_words.About(
        kind=order.product.kind,
        purchase=order.kind == "purchase",
        price=order.price,
        currency=order.currency,
        state=order.state,
        mode=order.mode,
        card=order.card,
        zone=order.promise.zone,
        day=order.promise.by,
        placed_at=order.placed_at,
        launched_at=launch.launched_at,
        launch_at=launch.at,
        grace_until=order.grace_until,
        decline=order.decline,
    )


def _send_all(outside: Outside, db: Database, ready: list[Written], now: datetime) -> int:
    """Hand over each letter; one that is refused never stops the rest, a broken connection puts all off."""
    sent = 0
    try:
        with outside.postman as postman:
            while ready:
                sent += _send(postman, db, ready[0], now)
                ready.pop(0)
    except NotAccepted as refusal:
        for each in ready:
            _later(db, each, refusal, now)
    return sent


def _send(postman: Postman, db: Database, written: Written, now: datetime) -> int:
    try:
        postman.post(written.envelope)
    except NotAccepted as refusal:
        if refusal.broken:
            raise
        _later(db, written, refusal, now)
        return 0
    _note_sent(db, written, now)
    return 1


def _note_sent(db: Database, written: Written, now: datetime) -> None:
    with db.write() as session:
        change = update(Letter).where(Letter.id == written.letter_id, Letter.sent_at.is_(None))
        session.execute(change.values(sent_at=now, trouble="", leased_until=None))


def _later(db: Database, written: Written, refusal: NotAccepted, now: datetime) -> None:
    """Try again later: soon for a server in trouble, once a day for an address that was refused."""
    with db.write() as session:
        letter = session.get_one(Letter, written.letter_id)
        wait = DAILY if refusal.final else WAITS[min(letter.tries, len(WAITS) - 1)]
        letter.tries += 1
        letter.trouble, letter.due_at, letter.leased_until = str(refusal)[:300], now + wait, None


def _drop(db: Database, dropped: Dropped, now: datetime) -> None:
    with db.write() as session:
        change = update(Letter).where(Letter.id == dropped.letter_id, Letter.sent_at.is_(None))
        session.execute(change.values(dropped_at=now, trouble=dropped.why, leased_until=None))
