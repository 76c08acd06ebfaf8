"""The orders of a product, fifty a page; and one order with everything that happened to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import cancelling
from storefront.models import money
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.orders import LIVE, Attempt, Checkout, Order, Promise
from storefront.models.products import Product
from storefront.outside.stripe_gateway import StripeSilent
from storefront.rules import standing_words, words
from storefront.rules.launch_words import counted, seconds
from storefront.rules.money import exact, short
from storefront.rules.standing_words import ATTEMPTS, LETTERS, OUTCOMES, STATES, Standing
from storefront.web.context import now, shop
from storefront.web.studio.room import find_order, find_product, pages, signature

PAGE = 50
LONGEST_ID = 12
LONGEST_REASON = 500


@dataclass(frozen=True)
class Row:
    """An order in the list."""

    number: str
    email: str
    state: tuple[str, str]
    placed: str
    amount: str
    next: str


@dataclass(frozen=True)
class Found:
    """An order with what the words about it need."""

    order: Order
    promise: Promise
    grant: Grant | None
    visit_until: datetime | None


@pages.get("/products/<slug>/orders")
def of_product(slug: str) -> str:
    """Newest first; `state` keeps one kind, `before` goes on where the last page ended."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    before = request.args.get("before", "")
    with shop().db.read() as session:
        found = find_product(session, slug)
        counts = _counts(session, found)
        page = _some(session, found, state, int(before) if _id(before) else None)
        return render_template(
            "studio/orders.html",
            product=found,
            state=state,
            filters=_filters(counts, slug),
            rows=[_row(each, launched=found.launch.launched_at is not None) for each in page[:PAGE]],
            total=sum(counts.values()) if not state else counts.get(state, 0),
            older=_url(slug, state, page[PAGE - 1].order.id) if len(page) > PAGE else "",
            newest=_url(slug, state) if before else "",
        )


def _url(slug: str, state: str = "", before: int | None = None) -> str:
    return url_for("studio.of_product", slug=slug, state=state or None, before=before)


def _id(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_ID


def _counts(session: Session, found: Product) -> dict[str, int]:
    query = select(Order.state, func.count(Order.id)).where(Order.product_id == found.id).group_by(Order.state)
    return dict(session.execute(query).all())


def _filters(counts: dict[str, int], slug: str) -> list[dict[str, Any]]:
    """All, and each state that some order is in."""
    base = {"state": "", "words": "All", "count": sum(counts.values()), "url": _url(slug)}
    some = [
        {"state": state, "words": told, "count": counts[state], "url": _url(slug, state)}
        for state, (_, told) in STATES.items()
        if counts.get(state)
    ]
    return [base, *some]


def _some(session: Session, found: Product, state: str, before: int | None) -> list[Found]:
    """One more than a page, so that it is known whether there are older ones."""
    until = select(func.max(Checkout.expires_at)).where(Checkout.order_id == Order.id, Checkout.closed_at.is_(None))
    told = (Promise.order_id == Order.id) & (Promise.version == Order.promise_version)
    query = select(Order, Promise, Grant, until.scalar_subquery()).join(Promise, told)
    query = query.outerjoin(Grant, Grant.order_id == Order.id).where(Order.product_id == found.id)
    if state:
        query = query.where(Order.state == state)
    if before is not None:
        query = query.where(Order.id < before)
    rows = session.execute(query.order_by(Order.id.desc()).limit(PAGE + 1))
    return [Found(order, promise, grant, visit) for order, promise, grant, visit in rows]


def _row(found: Found, *, launched: bool) -> Row:
    order = found.order
    return Row(
        number=order.number,
        email=words.masked(order.email),
        state=_state(order),
        placed=words.day_clock(order.placed_at, found.promise.zone),
        amount=short(order.price, order.currency),
        next=standing_words.next_words(_standing(found, launched=launched), now()),
    )


def _state(order: Order) -> tuple[str, str]:
    """The tag: an order that is leaving says so before it has left."""
    leaving = order.cancel_wished_at is not None and order.state in LIVE
    return ("needs", "Being cancelled") if leaving else STATES[order.state]


def _standing(found: Found, *, launched: bool, refunded: bool = False) -> Standing:
    order, grant = found.order, found.grant
    return Standing(
        state=order.state,
        amount=short(order.price, order.currency),
        zone=found.promise.zone,
        launch_at=found.promise.by,
        launched=launched,
        granted=grant is not None and grant.live,
        opened=grant is not None and grant.live and grant.first_opened_at is not None,
        leaving=order.cancel_wished_at is not None,
        decline=order.decline,
        preflight_at=order.preflight_at,
        grace_until=order.grace_until,
        session_until=found.visit_until,
        refunded=refunded or order.state == "refunded",
    )


@pages.get("/orders/<number>")
def order(number: str) -> Response:
    """One order: what happens next, what was promised, and everything that happened."""
    with shop().db.read() as session:
        return _page(session, find_order(session, number))


def _page(session: Session, found: Order, reason: str = "", error: str = "", status: int = 200) -> Response:
    product, zone = found.product, found.promise.zone
    captured, refunded = money.moved(session, found.id)
    grant = session.scalar(select(Grant).where(Grant.order_id == found.id))
    visit = next((each.expires_at for each in found.checkouts if each.closed_at is None), None)
    standing = _standing(
        Found(found, found.promise, grant, visit),
        launched=product.launch.launched_at is not None,
        refunded=refunded > 0,
    )
    html = render_template(
        "studio/order.html",
        order=found,
        product=product,
        state=_state(found),
        sentence=standing_words.next_words(standing, now()),
        facts=_facts(found, captured, refunded),
        promises=[_promise(each) for each in reversed(found.promises)],
        history=[_event(each, zone) for each in reversed(found.history)],
        ledger=[_entry(each, zone, found.currency) for each in reversed(found.attempts)],
        letters=[_letter(each, zone) for each in _letters(session, found)],
        grant=_grant(grant, zone),
        cancel=_cancel_words(found, captured),
        reason=reason,
        error=error,
    )
    return make_response(html, status)


def _facts(found: Order, captured: int, refunded: int) -> list[tuple[str, str]]:
    money = [("Captured", exact(captured, found.currency))] if captured else []
    money += [("Refunded", exact(refunded, found.currency))] if refunded else []
    until = found.capture_before
    hold = [("Hold lives until", words.day_clock(until, found.promise.zone))] if until else []
    return [
        ("Price", f"{exact(found.price, found.currency)}, {found.offer.name}"),
        *money,
        ("Card", found.card or "none yet"),
        *hold,
        ("E-mail", found.email),
        ("Ordered", words.day_clock(found.placed_at, found.promise.zone)),
    ]


def _promise(each: Promise) -> dict[str, str]:
    return {
        "version": f"Version {each.version}",
        "made": words.day_clock(each.made_at, each.zone),
        "day": words.full(each.by, each.zone),
        "price": exact(each.price, each.currency),
        "bonuses": ", ".join(each.bonuses),
        "cause": each.cause,
        "not_before": "" if each.not_before else "paid when ordered",
    }


def _event(each: LogRow, zone: str) -> dict[str, str]:
    before = f"{STATES[each.before][1]} → " if each.before else ""
    return {
        "at": _exactly(each.at, zone),
        "change": f"{before}{STATES[each.after][1]}",
        "who": standing_words.who(each.who),
        "why": each.why,
    }


def _entry(each: Attempt, zone: str, currency: str) -> dict[str, str]:
    sign = "−" if each.kind == "refund" else ""
    return {
        "at": _exactly(each.opened_at, zone),
        "kind": ATTEMPTS.get(each.kind, each.kind),
        "outcome": OUTCOMES[each.outcome],
        "detail": each.detail,
        "moved": f"{sign}{exact(each.moved, currency)}" if each.moved else "",
        "id": each.stripe_id or "",
        "tries": counted(each.tries, "try", "tries") if each.tries > 1 else "",
    }


def _letters(session: Session, found: Order) -> list[Letter]:
    return list(session.scalars(select(Letter).where(Letter.order_id == found.id).order_by(Letter.id.desc())))


def _letter(each: Letter, zone: str) -> dict[str, Any]:
    if each.sent_at:
        state, at = ("done", "Accepted"), each.sent_at
    elif each.dropped_at:
        state, at = ("ended", "Not needed"), each.dropped_at
    else:
        state, at = (("needs", "Tried again") if each.trouble else ("", "On its way")), each.owed_at
    return {
        "kind": LETTERS.get(each.kind, each.kind),
        "to": each.recipient,
        "state": state,
        "at": _exactly(at, zone),
        "trouble": "" if each.sent_at else each.trouble,
    }


def _exactly(at: datetime, zone: str) -> str:
    return f"{words.day_month(at, zone)}, {seconds(at, zone)}"


def _grant(grant: Grant | None, zone: str) -> str:
    if grant is None:
        return "not yet"
    since = f"since {words.day_clock(grant.granted_at, zone)}"
    if grant.revoked_at:
        return f"ended {words.day_clock(grant.revoked_at, zone)}"
    if grant.suspended_at:
        return f"paused {words.day_clock(grant.suspended_at, zone)}"
    opened = grant.first_opened_at
    return f"{since}, {'opened ' + words.day_clock(opened, zone) if opened else 'not opened yet'}"


def _cancel_words(found: Order, captured: int) -> str:
    """What a cancellation would do; "" where there is nothing to cancel."""
    if found.cancel_wished_at or found.state not in LIVE:
        return ""
    amount = short(found.price, found.currency)
    if captured or found.state == "paid":
        money = f"{amount} go back in full, started at once, and access ends."
    elif found.state == "held":
        money = f"The {amount} set aside are freed. Nothing is charged."
    else:
        money = "Nothing is charged."
    return f"{money} The place goes back to the others. The buyer is told, with your reason."


@pages.post("/orders/<number>/cancel")
def cancel(number: str) -> Response:
    """Cancel an order with a reason; the buyer is told."""
    here, reason = shop(), request.form.get("reason", "").strip()[:LONGEST_REASON]
    with here.db.read() as session:
        found = find_order(session, number)
        if not _cancel_words(found, 0):
            return _page(session, found, status=409)
        if not reason:
            error = "Give the buyer the reason, in your own words. It stands in the letter."
            return _page(session, found, error=error, status=422)
    try:
        cancelling.cancel(here.outside, here.db, found.id, who=signature(), why=reason, now=now())
        flash("Noted. The buyer is told as soon as nothing is held any more.", "done")
    except StripeSilent:
        flash("Noted. Stripe does not answer just now; it goes on by itself, and nothing new is charged.", "done")
    return redirect(url_for("studio.order", number=number), code=303)
