"""An order's page behind its link, and an access link's: GET shows, POST acts."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, session, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from storefront.actions import cancelling, opening, settling
from storefront.models import grants, money, orders
from storefront.models.grants import Grant
from storefront.models.orders import LIVE, Order
from storefront.outside.stripe_gateway import StripeSilent
from storefront.rules import order_words, words
from storefront.rules.access import fingerprint
from storefront.rules.money import exact, short
from storefront.web import forms
from storefront.web.checkout import to_stripe
from storefront.web.context import now, shop
from storefront.web.limits import limiter
from storefront.web.shop import card
from storefront.web.signin import sign_in

pages = Blueprint("orders", __name__)
CORRECTABLE = ("reserved", "held", "past_due", "paid")


@pages.get("/orders/<token>")
def order(token: str) -> str:
    """What will happen and when, in one true sentence, and what its buyer can do."""
    with shop().db.read() as db:
        return _page(db, _found(db, token), token)


def _found(db: Session, token: str) -> Order:
    return orders.by_link(db, fingerprint(token)) or abort(404)


def _page(db: Session, found: Order, token: str, *, typed: str | None = None, error: str = "") -> str:
    grant = db.scalar(select(Grant).where(Grant.order_id == found.id))
    facts = order_facts(db, found, grant)
    told = order_words.tell(replace(facts, confirming=_confirming(found)), now())
    product = found.product
    return render_template(
        "orders/order.html",
        sentence=told.sentence,
        second=told.second,
        tag=told.tag,
        note=told.note or _other_note(db, found),
        line=told.line,
        facts=_rows(found),
        actions=_actions(found, grant, token),
        confirming=_confirming(found),
        product=card(product) | {"by_line": f"{words.KIND[product.kind]} by {product.creator.name}"},
        cancel_url=f"/orders/{token}/cancel" if _cancel_word(found, grant) else "",
        cancel_word=_cancel_word(found, grant),
        promise_url=f"/orders/{token}/promise",
        address_form={
            "value": found.email if typed is None else typed,
            "error": error,
            "url": f"/orders/{token}/address",
        }
        if _correctable(found)
        else None,
    )


def order_facts(db: Session, found: Order, grant: Grant | None) -> order_words.Facts:
    """What the words about an order depend on."""
    captured, refunded = money.moved(db, found.id)
    visit = next((each for each in found.checkouts if each.closed_at is None), None)
    launch = found.product.launch
    return order_words.Facts(
        state=found.state,
        mode=found.mode,
        kind=found.product.kind,
        purchase=found.kind == "purchase",
        price=found.price,
        currency=found.currency,
        email=found.email,
        zone=found.promise.zone,
        placed_at=found.placed_at,
        launch_at=found.promise.by,
        session_until=visit.expires_at if visit else None,
        launched_at=launch.launched_at,
        granted=grant is not None and grant.live,
        redeemed=grant is not None and grant.account_id is not None,
        suspended=grant is not None and grant.suspended_at is not None,
        leaving=found.cancel_wished_at is not None,
        captured=captured,
        refunded=refunded,
        preflight_at=found.preflight_at,
        declined_at=found.declined_at,
        decline=found.decline,
        grace_until=found.grace_until,
        hold_open=bool(found.hold_intent),
        cancel_who=found.cancel_who,
        cancel_why=found.cancel_why,
    )


def _rows(found: Order) -> list[tuple[str, str]]:
    rows = [("Price", f"{exact(found.price, found.currency)}, fixed")]
    if found.promise.bonuses:
        rows.append(("With it", ", ".join(found.promise.bonuses)))
    if found.card:
        rows.append(("Card", found.card))
    placed = words.day_month_year(found.placed_at, found.promise.zone)
    return [*rows, ("E-mail", found.email), ("Order", f"{found.number}, {placed}")]


def _actions(found: Order, grant: Grant | None, token: str) -> list[dict[str, Any]]:
    """The next step first; each is a button that posts, or a link."""
    if found.cancel_wished_at:
        return []
    if grant is not None and grant.live:
        return [_act("Mail me a fresh link", f"/orders/{token}/fresh-link", primary=True)]
    correct = [_act("Correct e-mail", "#address", method="get")] if _correctable(found) else []
    return [*_next_step(found, token), *correct]


def _next_step(found: Order, token: str) -> list[dict[str, Any]]:
    if found.state in {"placed", "past_due"}:
        asks = found.decline == "authentication_required"
        again = "Confirm with my bank" if asks else "Use another card"
        return [_act("Go on at Stripe" if found.state == "placed" else again, f"/orders/{token}/visit", primary=True)]
    if found.state not in LIVE:
        return [_act("To its page", f"/p/{found.product.slug}", method="get")]
    if found.product.launch.launched_at or not found.product.launch.at:
        return []
    day = words.day_month(found.promise.by, found.promise.zone)
    return [_act(f"Add {day} to my calendar", f"/p/{found.product.slug}/day.ics", method="get", primary=True)]


def _act(text: str, url: str, *, method: str = "post", primary: bool = False) -> dict[str, Any]:
    return {"words": text, "url": url, "method": method, "primary": primary}


def _confirming(found: Order) -> bool:
    """Back from Stripe, and Stripe has not said yet how it went."""
    visiting = any(each.closed_at is None for each in found.checkouts)
    return visiting and found.state in {"placed", "past_due"} and "back" in request.args


def _cancel_word(found: Order, grant: Grant | None) -> str:
    """Who may cancel when: policies.md 2. Once it is open the buyer writes to the creator."""
    if found.cancel_wished_at or found.state not in LIVE or grant is not None:
        return ""
    if found.state == "placed":
        return "Leave it, nothing is charged"
    return "Cancel this pre-order" if found.kind == "pre_order" else "Cancel this order"


def _correctable(found: Order) -> bool:
    return found.state in CORRECTABLE and not found.product.launch.launched_at and not found.cancel_wished_at


def _other_note(db: Session, found: Order) -> words.Note | None:
    """Two tabs make two orders: the page says so, in the browser that placed both and nowhere else."""
    mine = session.get("orders", [])
    if found.id not in mine or found.state not in LIVE:
        return None
    query = select(Order).where(Order.id.in_(mine), Order.id != found.id, Order.product_id == found.product_id)
    other = db.scalars(query.where(Order.state.in_(LIVE)).order_by(Order.id)).first()
    if other is None:
        return None
    text = f"{other.number} is for {other.product.title} too. If one is enough, cancel the other on its page."
    return words.Note("news", "You have another order for this", text)


@pages.get("/orders/<token>/return")
def back(token: str) -> BaseResponse:
    """Back from Stripe: settle, then show the page. A silent Stripe is asked again by the worker."""
    _settle(token)
    return redirect(url_for("orders.order", token=token, back=1), code=303)


@pages.post("/orders/<token>/visit")
@limiter.limit("20/minute")
def visit(token: str) -> BaseResponse:
    """On to Stripe: to finish an order, or to repair a payment."""
    order_id = _settle(token)
    page = url_for("orders.order", token=token)
    return redirect(page, code=303) if order_id is None else to_stripe(order_id, page)


def _settle(token: str) -> int | None:
    """Ask Stripe how the visits of this order stand. None: it does not answer, and the visitor is told."""
    here = shop()
    with here.db.read() as db:
        order_id = _found(db, token).id
    try:
        settling.settle(here.outside, here.db, order_id, now())
    except StripeSilent:
        flash("Stripe does not answer just now. This page follows as soon as it does; nothing is lost.", "news")
        return None
    return order_id


@pages.route("/orders/<token>/cancel", methods=["GET", "POST"])
@limiter.limit("20/minute", methods=["POST"])
def cancel(token: str) -> str | BaseResponse:
    """One page that says what cancelling does, one button that does it; no reason is asked for."""
    here = shop()
    with here.db.read() as db:
        found = _found(db, token)
        grant = db.scalar(select(Grant).where(Grant.order_id == found.id))
        if not _cancel_word(found, grant):
            return redirect(url_for("orders.order", token=token), code=303)
        if request.method != "POST":  # HEAD too changes nothing
            paid = money.moved(db, found.id)[0]
            return render_template(
                "orders/cancel.html", order=found, token=token, amount=short(found.price, found.currency), paid=paid
            )
    try:
        cancelling.cancel(here.outside, here.db, found.id, who="buyer", why="cancelled by the buyer", now=now())
    except StripeSilent:
        flash("Your cancellation is noted. Stripe does not answer just now; it goes on by itself.")
    return redirect(url_for("orders.order", token=token), code=303)


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


@pages.get("/orders/<token>/promise")
def promise(token: str) -> str:
    """Every version of what the buyer was told."""
    with shop().db.read() as db:
        found = _found(db, token)
        return render_template("orders/promise.html", order=found, token=token, promises=found.promises)


@pages.post("/orders/<token>/fresh-link")
@limiter.limit("20/minute")
def fresh_link_of_order(token: str) -> BaseResponse:
    """Mail a fresh access link to the order's address, and to no other."""
    with shop().db.write() as db:
        found = orders.by_link(db, fingerprint(token)) or abort(404)
        grant = db.scalar(select(Grant).where(Grant.order_id == found.id).with_for_update())
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
            "access/open.html", grant=grant, product=grant.product, token=token, used=grant.link_redeemed_at is not None
        )


def _grant(db: Session, token: str) -> Grant:
    grant = grants.by_link(db, fingerprint(token)) or abort(404)
    return grant if grant.revoked_at is None else abort(404)


@pages.post("/access/<token>")
@limiter.limit("20/minute")
def redeem(token: str) -> BaseResponse:
    """Use the link up, sign its reader in, open the library."""
    with shop().db.write() as db:
        opened = opening.redeem(db, _grant(db, token), now())
        if opened is None:
            return redirect(url_for("orders.access", token=token), code=303)
        sign_in(opened.account, by_password=False)
        slug = opened.grant.product.slug
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
