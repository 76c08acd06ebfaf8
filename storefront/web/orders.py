"""An order's page behind its link, and an access link's: GET shows, POST acts."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, session, url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from storefront.actions import asking as ask_verbs
from storefront.actions import cancelling, opening, policing, settling
from storefront.models import grants, money, orders
from storefront.models.grants import Grant
from storefront.models.money import Dispute, Refund, lives_on
from storefront.models.orders import LIVE, Order
from storefront.models.policies import Policy
from storefront.models.queues import is_queued
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules import order_words, refund_words, words
from storefront.rules.access import fingerprint
from storefront.rules.leaving import Leaver, Way, asks_waiver, last_day, way_out
from storefront.rules.money import exact, short
from storefront.rules.order_words import Facts
from storefront.rules.refund_words import Back
from storefront.web import asking, delay, forms, inbox, papers, promised, queue, reach
from storefront.web.checkout import to_stripe
from storefront.web.context import now, shop
from storefront.web.limits import limiter
from storefront.web.shop import card
from storefront.web.signin import sign_in

pages = Blueprint("orders", __name__)
CORRECTABLE = ("reserved", "held", "past_due", "paid")
MOST_BACKS = 2


@pages.get("/orders/<token>")
def order(token: str) -> str:
    """What will happen and when, in one true sentence, and what its buyer can do."""
    with shop().db.read() as db:
        return _page(db, _found(db, token), token)


def _found(db: Session, token: str) -> Order:
    return orders.by_link(db, fingerprint(token)) or abort(404)


def _page(
    db: Session,
    found: Order,
    token: str,
    *,
    typed: str | None = None,
    error: str = "",
    ask: asking.AskForm | None = None,
) -> str:
    grant = db.scalar(select(Grant).where(Grant.order_id == found.id))
    facts = replace(order_facts(db, found, grant), confirming=_confirming(found))
    told = queue.tell(db, found) or order_words.tell(facts, now())
    leave, why_not = order_words.withdraw_words(facts, now())
    waits = is_queued(found)
    product = found.product
    return render_template(
        "orders/order.html",
        sentence=told.sentence,
        second=delay.SECOND if delay.needs_answer(db, found) else told.second,
        tag=told.tag,
        note=_note(db, found, token, told.note),
        line=told.line,
        facts=_rows(found, facts.backs),
        actions=_answer_first(db, found, _actions(found, facts, token), token),
        soon=told.soon,
        product=card(product) | {"by_line": f"{words.KIND[product.kind]} by {product.creator.name}"},
        cancel_url=f"/orders/{token}/cancel" if leave else "",
        cancel_word=queue.LEAVE if leave and waits else leave,
        cancel_at_once=waits,
        why_not=why_not,
        promise_url=f"/orders/{token}/promise",
        papers=papers.link(db, found, token),
        asked=asking.of_order(db, found, ask),
        ask_url=f"/orders/{token}/ask",
        letters=inbox.section(db, found, token),
        reach_url=url_for("reach.show", token=token),
        address_form=_address_form(found, token, typed, error) if _correctable(found) else None,
    )


def _note(db: Session, found: Order, token: str, told: words.Note | None) -> words.Note | None:
    """What stands first: in the queue a move that can be answered goes before the day that is expected."""
    asked = delay.order_note(db, found, token, only_open=True) if is_queued(found) else None
    known = asked or told or delay.order_note(db, found, token)
    return known or reach.order_note(found, token) or _other_note(db, found)


def _address_form(found: Order, token: str, typed: str | None, error: str) -> dict[str, str]:
    return {"value": found.email if typed is None else typed, "error": error, "url": f"/orders/{token}/address"}


def order_facts(db: Session, found: Order, grant: Grant | None) -> Facts:
    """What the words about an order depend on."""
    captured, refunded = money.moved(db, found.id)
    visit = next((each for each in found.checkouts if each.closed_at is None), None)
    facts = Facts(
        state=found.state,
        mode=found.mode,
        kind=found.product.kind,
        purchase=found.kind != "pre_order",
        back_order=found.kind == "back_order",
        price=found.price,
        currency=found.currency,
        email=found.email,
        zone=found.promise.zone,
        placed_at=found.placed_at,
        launch_at=found.promise.by,
        undated=found.promise.undated,
        session_until=visit.expires_at if visit else None,
        launched_at=found.released_at,
        leaving=found.cancel_wished_at is not None,
        captured=captured,
        refunded=refunded,
        preflight_at=found.preflight_at,
        hold_open=bool(found.hold_intent),
        cancel_who=found.cancel_who,
        cancel_why=found.cancel_why,
        backs=_backs(db, found),
        days=found.promise.withdraw_days,
        repaired=found.episode > 0,
    )
    return _with_claim(db, found, _with_access(grant, _with_card(found, facts)))


def _with_card(found: Order, facts: Facts) -> Facts:
    return replace(
        facts,
        card=found.card,
        card_until=found.card_until,
        declined_at=found.declined_at,
        decline=found.decline,
        decline_class=found.decline_class,
        next_try_at=found.next_try_at,
        grace_until=found.grace_until,
    )


def _with_access(grant: Grant | None, facts: Facts) -> Facts:
    if grant is None:
        return facts
    return replace(
        facts,
        granted=grant.live,
        redeemed=grant.account_id is not None,
        suspended=grant.suspended_at is not None,
        opened=grant.first_opened_at is not None,
    )


def _with_claim(db: Session, found: Order, facts: Facts) -> Facts:
    """What the buyer's bank claims; an inquiry takes nothing yet, and one that was won is over."""
    query = select(Dispute).where(Dispute.order_id == found.id).order_by(Dispute.id.desc())
    claims = db.scalars(query).all()
    since = next((each.opened_at for each in claims if each.open), None)
    lost = any(each.status == "lost" and lives_on(found, each) for each in claims)
    before = found.state == "paid" and not found.unit and not lost
    return replace(facts, disputed_at=since, dispute_lost=lost, lost_before=before)


def _backs(db: Session, found: Order) -> tuple[Back, ...]:
    """Every refund, the oldest first."""
    rows = db.scalars(select(Refund).where(Refund.order_id == found.id).order_by(Refund.made_at, Refund.id))
    return tuple(Back(each.amount, found.currency, each.status, each.made_at, each.settled_at) for each in rows)


def _rows(found: Order, backs: tuple[Back, ...]) -> list[tuple[str, str]]:
    rows = [("Price", f"{exact(found.price, found.currency)}, fixed")]
    if found.promise.bonuses:
        rows.append(("With it", ", ".join(found.promise.bonuses)))
    if found.card:
        rows.append(("Card", found.card))
    rows += _back_rows(found, backs)
    placed = words.day_month_year(found.placed_at, found.promise.zone)
    return [*rows, ("E-mail", found.email), ("Order", f"{found.number}, {placed}")]


def _back_rows(found: Order, backs: tuple[Back, ...]) -> list[tuple[str, str]]:
    """The last refunds with their days, and what they come to where there are more."""
    told = [
        ("Back to you", refund_words.to_buyer(each, found.promise.zone, now()))
        for each in reversed(backs[-MOST_BACKS:])
    ]
    if len(backs) <= MOST_BACKS:
        return told
    total = sum(each.amount for each in backs if not each.failed)
    return [("Back in all", f"{exact(total, found.currency)}; the last of it:"), *told]


def _actions(found: Order, facts: Facts, token: str) -> list[dict[str, Any]]:
    """The next step first; each is a button that posts, or a link."""
    if found.cancel_wished_at or facts.leaver.disputed:
        return []
    if facts.granted:
        fresh = _act("Mail me a fresh link", f"/orders/{token}/fresh-link", primary=not facts.redeemed)
        return [_act("To your library", "/library", method="get", primary=True), fresh] if facts.redeemed else [fresh]
    correct = [_act("Correct e-mail", "#address", method="get")] if _correctable(found) else []
    if is_queued(found):
        return [_act("Use another card", f"/orders/{token}/visit", primary=queue.card_ends(found)), *correct]
    return [*_next_step(found, facts, token), *correct]


def _answer_first(db: Session, found: Order, actions: list[dict[str, Any]], token: str) -> list[dict[str, Any]]:
    """A question whose silence cancels comes before everything else."""
    if found.state == "past_due" or not delay.needs_answer(db, found):
        return actions
    answer = _act("Wait, or cancel", f"/orders/{token}/delay", method="get", primary=True)
    return [answer, *({**each, "primary": False} for each in actions)]


def _next_step(found: Order, facts: Facts, token: str) -> list[dict[str, Any]]:
    visit, another = f"/orders/{token}/visit", "Use another card"
    if found.state == "placed":
        return [_act("Go on at Stripe", visit, primary=not facts.confirming)]
    if found.state == "past_due":
        first = _act(facts.no.button, visit, primary=not facts.confirming)
        return [first, _act(another, visit)] if facts.no.asks else [first]
    if found.state not in LIVE:
        return [_act("To its page", f"/p/{found.product.slug}", method="get")]
    if found.product.launch.launched_at or not found.product.launch.at:
        changeable = found.state == "reserved" and not found.product.launch.launched_at
        return [_act(another, visit)] if changeable else []
    day = words.day_month(found.promise.by, found.promise.zone)
    calendar = (f"Add {day} to my calendar", f"/p/{found.product.slug}/day.ics")
    if found.state != "reserved":
        return [_act(*calendar, method="get", primary=True)]
    urgent = order_words.card_ends_early(found.card_until, found.promise.by)
    steps = [_act(*calendar, method="get", primary=not urgent), _act(another, visit, primary=urgent)]
    return steps[::-1] if urgent else steps


def _act(text: str, url: str, *, method: str = "post", primary: bool = False) -> dict[str, Any]:
    return {"words": text, "url": url, "method": method, "primary": primary}


def _confirming(found: Order) -> bool:
    """Back from Stripe, and Stripe has not said yet how it went."""
    visiting = any(each.closed_at is None for each in found.checkouts)
    return visiting and found.state in {"placed", "past_due", "reserved"} and "back" in request.args


def _correctable(found: Order) -> bool:
    """Until it is out; afterwards too, as long as letters come back and nobody has come in by its link."""
    lost = found.bounced_at is not None and found.account_id is None
    return found.state in CORRECTABLE and (lost or not found.released_at) and not found.cancel_wished_at


def _other_note(db: Session, found: Order) -> words.Note | None:
    """Two tabs make two orders: the page says so, in the browser that placed both and nowhere else."""
    mine = session.get("orders", [])
    if found.id not in mine or found.state not in LIVE:
        return None
    same = (Order.id != found.id, Order.product_id == found.product_id, Order.email == found.email)
    query = select(Order).where(Order.id.in_(mine), *same, Order.state.in_(LIVE), Order.state != "placed")
    other = db.scalars(query.order_by(Order.id.desc())).first()
    if other is None:
        return None
    token = shop().outside.links.token("order", other.id, other.link_generation, other.link_sha256)
    text = Markup('<a href="/orders/{}">{}</a> is for {} too. If one is enough, cancel the other on its page.').format(
        token, other.number, other.product.title
    )
    return words.Note("news", "You have another order for this", text)


@pages.get("/orders/<token>/return")
def back(token: str) -> BaseResponse:
    """Back from Stripe: settle, then show the page. Where Stripe takes longer than 3 s, the page waits for its webhook."""
    with suppress(StripeSilent):
        _settle(token)
    return redirect(url_for("orders.order", token=token, back=1), code=303)


@pages.post("/orders/<token>/visit")
@limiter.limit("20/minute")
def visit(token: str) -> BaseResponse:
    """On to Stripe: to finish an order, or to repair a payment."""
    page = url_for("orders.order", token=token)
    try:
        return to_stripe(_settle(token), page)
    except StripeSilent:
        flash("Stripe does not answer just now. Try again in a moment; nothing is lost.", "news")
        return redirect(page, code=303)


def _settle(token: str) -> int:
    """Ask Stripe how the visits of this order stand, for 3 s. Raises StripeSilent."""
    here = shop()
    with here.db.read() as db:
        order_id = _found(db, token).id
    settling.settle(here.outside, here.db, order_id, now(), brisk=True)
    return order_id


@pages.route("/orders/<token>/cancel", methods=["GET", "POST"])
@limiter.limit("20/minute", methods=["POST"])
def cancel(token: str) -> str | BaseResponse:
    """One page that says what cancelling or withdrawing does, one button that does it; no reason is asked for."""
    here = shop()
    with here.db.read() as db:
        found = _found(db, token)
        grant = db.scalar(select(Grant).where(Grant.order_id == found.id))
        facts = order_facts(db, found, grant)
        way = way_out(facts.leaver, now())
        if way in {Way.NONE, Way.ASK}:
            return redirect(url_for("orders.order", token=token), code=303)
        if request.method != "POST":  # HEAD too changes nothing
            return _cancel_page(found, facts, way, token)
    why = "withdrawn by the buyer" if way is Way.WITHDRAW else "cancelled by the buyer"
    try:
        if not cancelling.cancel(here.outside, here.db, found.id, who="buyer", why=why, now=now()):
            flash("It was opened a moment ago, so it cannot be given back by itself any more.", "news")
    except StripeSilent:
        flash("Your cancellation is noted. Stripe does not answer just now; it goes on by itself.")
    return redirect(url_for("orders.order", token=token), code=303)


def _cancel_page(found: Order, facts: Facts, way: Way, token: str) -> str:
    out = facts.launched_at or facts.launch_at
    return render_template(
        "orders/cancel.html",
        order=found,
        token=token,
        way=way.value,
        amount=facts.amount,
        back=short(facts.left, found.currency) if facts.left else "",
        until=last_day(found.placed_at, out, facts.zone, facts.days),
    )


@pages.post("/orders/<token>/address")
@limiter.limit("20/minute")
def address(token: str) -> Response | BaseResponse:
    """Correct a mistyped address before the launch: both addresses are told, and this link is replaced."""
    here = shop()
    email, error = forms.address(request.form.get("email", ""))
    with here.db.write() as db:
        found = orders.by_link(db, fingerprint(token)) or abort(404)
        db.refresh(found, with_for_update=True)
        if not _correctable(found):
            return redirect(url_for("orders.order", token=token), code=303)
        if not error and email == found.email:
            error = "That is the address it has."
        if not error and not opening.correct_address(db, here.outside.links, found, email, now()):
            error = "It was corrected three times in this hour. Try again later."
        if error:
            return make_response(_page(db, found, token, typed=request.form.get("email", ""), error=error), 422)
        fresh = here.outside.links.token("order", found.id, found.link_generation, found.link_sha256)
    flash("Corrected. Both addresses get a letter; the old link to this page is dead.")
    return redirect(url_for("orders.order", token=fresh), code=303)


@pages.post("/orders/<token>/ask")
@limiter.limit("20/minute")
def ask(token: str) -> Response | BaseResponse:
    """A question about the order: it stands in its thread, and the creator gets it by mail."""
    with shop().db.write() as db:
        found = _found(db, token)
        why = ask_verbs.ask(db, found, asking.read(found), now())
        if why:
            form = asking.AskForm(request.form.get("text", ""), why)
            return make_response(_page(db, found, token, ask=form), 422)
    flash("Sent. The answer comes by mail, and stands here too.")
    return redirect(url_for("orders.order", token=token, _anchor="ask"), code=303)


@pages.get("/orders/<token>/promise")
def promise(token: str) -> str:
    """Every version of what the buyer was told."""
    with shop().db.read() as db:
        found = _found(db, token)
        return render_template("orders/promise.html", order=found, token=token, versions=promised.history(db, found))


@pages.post("/orders/<token>/fresh-link")
@limiter.limit("20/minute")
def fresh_link_of_order(token: str) -> BaseResponse:
    """Mail a fresh access link to the order's address, and to no other."""
    with shop().db.write() as db:
        found = orders.by_link(db, fingerprint(token)) or abort(404)
        grant = db.scalar(select(Grant).where(Grant.order_id == found.id))
        if grant is None:
            abort(404)
        _mail_fresh_link(db, grant)
    return redirect(url_for("orders.order", token=token), code=303)


def _mail_fresh_link(db: Session, grant: Grant) -> None:
    if opening.fresh_link(db, shop().outside.links, grant, now()):
        flash(f"On its way to {words.masked(grant.order.email)}. It is there within a minute; older links are dead.")
    else:
        flash(
            "Three links were sent in this hour. Look for the newest letter, also among junk mail, or try again later."
        )


@pages.get("/access/<token>")
def access(token: str) -> str:
    """Mail scanners open links: this shows a button and changes nothing."""
    with shop().db.read() as db:
        grant = _grant(db, token)
        return render_template(
            "access/open.html",
            grant=grant,
            product=grant.product,
            token=token,
            used=grant.link_redeemed_at is not None,
            waiver=waiver_of(grant),
        )


def waiver_of(grant: Grant) -> Policy | None:
    """The text to be agreed to before this is opened for the first time; None where none is asked."""
    order = grant.order
    opened, days = grant.first_opened_at is not None, order.promise.withdraw_days
    told = Leaver(order.state, order.placed_at, order.promise.zone, order.released_at, opened=opened, days=days)
    return policing.waiver(now()) if grant.waived_at is None and asks_waiver(told, now()) else None


def _grant(db: Session, token: str) -> Grant:
    grant = grants.by_link(db, fingerprint(token)) or abort(404)
    return grant if grant.revoked_at is None else abort(404)


@pages.post("/access/<token>")
@limiter.limit("20/minute")
def redeem(token: str) -> BaseResponse:
    """Use the link up, sign its reader in, open the library; with the waiver that stood above the button, if one did."""
    with shop().db.write() as db:
        opened = opening.redeem(db, _grant(db, token), now())
        if opened is None:
            return redirect(url_for("orders.access", token=token), code=303)
        sign_in(opened.account, by_password=False)
        slug, later = opened.grant.product.slug, request.form.get("later")
        if not later:
            opening.waive(db, opened.grant, request.form.get("waiver", ""), now())
    if later:
        return redirect(url_for("library.library"), code=303)
    return redirect(url_for("library.product", slug=slug), code=303)


@pages.post("/access/<token>/fresh-link")
@limiter.limit("20/minute")
def fresh_link(token: str) -> BaseResponse:
    """From a link that was used: a new one by mail, to the order's address only."""
    with shop().db.write() as db:
        _mail_fresh_link(db, _grant(db, token))
    return redirect(url_for("orders.sent"), code=303)


@pages.get("/access/sent")
def sent() -> str:
    """Where the page of a dead link leads: the new one is in the mail."""
    return render_template("access/sent.html")
