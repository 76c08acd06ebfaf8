"""Writing a letter: look at its fact once more, then fill its templates. Reads the database, changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.models import money
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.orders import LIVE, Order
from storefront.models.products import File, Lesson
from storefront.outside.postman import Envelope
from storefront.outside.world import Outside
from storefront.rules import letter_words
from storefront.rules.letter_words import About, Told

OF_LIVE_ORDERS = frozenset({"confirmed", "repaired", "moved", "past_due", "access"})


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
    grant = session.scalar(select(Grant).where(Grant.order_id == letter.order_id))
    why = _outdated(letter, grant)
    if why:
        return Outdated(why)
    if letter.kind == "access" and grant is not None and not grant.live:
        return Early("access is paused while the payment is looked at")
    return _envelope(session, outside, letter, grant, now)


def _outdated(letter: Letter, grant: Grant | None) -> str:
    """Why the fact a letter tells of no longer holds; "" while it does."""
    order, kind = letter.order, letter.kind
    gone = order.state not in LIVE or order.cancel_wished_at is not None
    out = order.product.launch.launched_at is not None
    reasons = {
        "the order has ended": kind in OF_LIVE_ORDERS and gone,
        "the payment has been repaired": kind == "past_due" and order.state != "past_due",
        "the payment has failed again": kind == "repaired" and order.state == "past_due",
        "a later move has been told": kind == "moved" and letter.version < order.promise_version,
        "it is out already": kind == "moved" and out,
        "the address was corrected again": kind == "address_new" and letter.version < order.link_generation,
    }
    told = next((why for why, holds in reasons.items() if holds), "")
    return told or (_access_outdated(letter, grant) if kind == "access" else "")


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
        sender_name=f"{creator.name} via {outside.shop_name}",
        reply_to=creator.email,
        subject=render_template(f"mail/{letter.kind}.subject.txt", **facts),
        text=letter_words.set_columns(render_template(f"mail/{letter.kind}.txt", **facts)),
        html=render_template(f"mail/{letter.kind}.html", **facts),
        message_id=f"<letter-{letter.id}.{letter.version}@{urlsplit(outside.links.base_url).hostname}>",
        at=now,
    )


def _recipient(letter: Letter) -> str:
    """A letter follows its order: what still waits when a mistyped address is corrected must not go to a stranger."""
    return letter.recipient if letter.kind == "address_old" else letter.order.email


def _facts(session: Session, outside: Outside, letter: Letter, grant: Grant | None, now: datetime) -> dict[str, Any]:
    order = letter.order
    told = Told(_about(session, letter, grant), now)
    rows = told.rows(letter.kind)
    return {
        "told": told,
        "rows": rows,
        "rows_text": letter_words.rows_as_text(rows),
        "facts_told": letter.facts,
        "title": order.product.title,
        "creator": order.product.creator.name,
        "order_url": _order_url(outside, letter),
        "access_url": _access_url(outside, letter, grant),
    }


def _order_url(outside: Outside, letter: Letter) -> str:
    """The order's page; the address that was given up learns nothing of it."""
    order = letter.order
    if letter.kind == "address_old":
        return ""
    return outside.links.order(order.id, order.link_generation, order.link_sha256)


def _access_url(outside: Outside, letter: Letter, grant: Grant | None) -> str:
    """The link that opens it: in its own letter, and in the letter of a repair that brings paused access back."""
    if grant is None or not grant.live or grant.link_sha256 is None:
        return ""
    back = letter.kind == "repaired" and grant.granted_at < letter.owed_at and grant.link_redeemed_at is None
    if letter.kind != "access" and not back:
        return ""
    return outside.links.access(grant.id, grant.link_generation, grant.link_sha256)


def _about(session: Session, letter: Letter, grant: Grant | None) -> About:
    order, before = letter.order, letter.facts.get("before")
    product = order.product
    captured, refunded = money.moved(session, order.id)
    lessons, files = _inside(session, order) if letter.kind == "access" else (0, ())
    return About(
        kind=product.kind,
        title=product.title,
        creator=product.creator.name,
        number=order.number,
        purchase=order.kind == "purchase",
        state=order.state,
        mode=order.mode,
        price=order.price,
        currency=order.currency,
        zone=order.promise.zone,
        day=order.promise.by,
        placed_at=order.placed_at,
        launched_at=product.launch.launched_at,
        card=order.card,
        bonuses=tuple(order.promise.bonuses),
        lessons=lessons,
        files=files,
        licence_key=(grant.licence_key or "") if grant else "",
        granted_at=grant.granted_at if grant else None,
        opened=grant is not None and grant.first_opened_at is not None,
        fresh_link=letter.kind == "access" and letter.version > 1,
        decline=order.decline,
        grace_until=order.grace_until,
        released=any(each.kind == "void" and each.outcome == "done" for each in order.attempts),
        captured=captured,
        refunded=refunded,
        cancel_who=order.cancel_who,
        cancel_why=order.cancel_why,
        before=datetime.fromisoformat(before) if before else None,
        before_zone=letter.facts.get("before_zone", ""),
    )


def _inside(session: Session, order: Order) -> tuple[int, tuple[str, ...]]:
    """How many lessons, and which files, everybody gets; a bonus is named apart."""
    lessons = select(func.count(Lesson.id)).where(Lesson.product_id == order.product_id, Lesson.bonus_id.is_(None))
    mine = (File.product_id == order.product_id, File.role == "download", File.bonus_id.is_(None))
    named = select(func.coalesce(func.nullif(File.label, ""), File.name)).where(*mine).order_by(File.id)
    return session.scalar(lessons) or 0, tuple(session.scalars(named))
