"""The form's POST: place the order, then off to Stripe."""

import hashlib
import hmac

from flask import Blueprint, Response, flash, make_response, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

from storefront.actions import ordering, visiting
from storefront.actions.ordering import OfferOver, OtherTerms, Placed, Refusal, SoldOut, TooMany, Wish
from storefront.models import tickets
from storefront.models.products import Product
from storefront.models.tickets import Ticket
from storefront.rules.access import fingerprint
from storefront.rules.money import short
from storefront.rules.stock import Kind
from storefront.rules.words import Note
from storefront.web import shop as shop_pages
from storefront.web.context import now, shop
from storefront.web.forms import OrderForm
from storefront.web.limits import limiter

pages = Blueprint("checkout", __name__)
REMEMBERED = 20
OTHER = {
    Kind.PURCHASE: ("It is in stock now", "Go on, and you have it at once; or leave it."),
    Kind.BACK_ORDER: ("The last one went while you were here", "You can still back-order: look at the days below."),
    Kind.PRE_ORDER: ("The day changed while you were here", "Look at it below before you go on."),
}


@pages.post("/p/<slug>/order")
@limiter.limit("30/minute")
def order(slug: str) -> Response | BaseResponse:
    """Place an order and redirect to Stripe. Whatever stands in its way comes back with the form as it was."""
    here = shop()
    with here.db.write() as db:
        product = shop_pages.product_at(db, slug)
        ticket = tickets.by_link(db, fingerprint(request.form["ticket"])) if request.form.get("ticket") else None
        form = _read(product, ticket)
        if form.errors:
            return _again(product, form, 422, ticket)
        wish = Wish(form.email, form.offer_id, form.nonce, placed_from(), form.seen, ticket)
        answer = ordering.place(db, here.outside.links, product, wish, here.chance, now(), here.outside.terms)
        if isinstance(answer, OfferOver) and ticket is not None and ticket.state == "used":
            return redirect(f"/waiting/{request.form['ticket']}", code=303)  # in another window: its page says how far
        if not isinstance(answer, Placed):
            status = 429 if isinstance(answer, TooMany) else 409
            return _again(product, _noted(product, form, answer), status, ticket)
        order_id = answer.order.id
        begun = (
            visiting.begin_visit(db, here.outside, answer.order, now())
            if answer.told is None
            else visiting.begin_first_visit(db, here.outside, answer.order, answer.told, now())
        )
        page = f"/orders/{here.outside.links.token('order', order_id, answer.order.link_generation, answer.order.link_sha256)}"
    _remember(order_id)
    return _sent(visiting.go(here.outside, here.db, begun, now()), page)


def to_stripe(order_id: int, page: str) -> BaseResponse:
    """Redirect to the visit; where Stripe does not answer, to the order's page, which offers to try again."""
    here = shop()
    return _sent(visiting.visit(here.outside, here.db, order_id, now()), page)


def _sent(went: visiting.Opened | visiting.NotNow, page: str) -> BaseResponse:
    if isinstance(went, visiting.Opened):
        return redirect(went.url, code=303)
    flash(went.sentence, "news")
    return redirect(page, code=303)


def _read(product: Product, ticket: Ticket | None) -> OrderForm:
    offer = ordering.current_offer(product, now())
    seen = request.form.get("seen", "")  # other terms than they saw are told first, and agreed to after that
    same = not seen or seen == ordering.seen_now(ordering.standing_of(product, now(), ticket))
    ticked = bool(request.form.get("consent"))
    needed = bool(not ticked and offer and same and ordering.consent_now(product, offer, now(), ticket))
    return OrderForm.read(request.form, shop().chance, consent_needed=needed)


def _noted(product: Product, form: OrderForm, answer: Refusal | SoldOut | TooMany) -> OrderForm:
    if isinstance(answer, TooMany):
        text = f"{answer.most} visits to Stripe are open already. Finish or leave one; each ends by itself after 45 minutes."
        return form.noted(Note("needs", "One at a time, please", text), form.offer_id)
    if isinstance(answer, SoldOut):
        return form.noted(Note("news", "The last one went while you were here", "Nothing was charged."), 0)
    if isinstance(answer, OfferOver):
        text = "The unit was kept for a limited time, and that is over. Nothing was charged."
        return form.noted(Note("news", "Your offer has ended", text), 0)
    if isinstance(answer, OtherTerms):
        title, text = OTHER[answer.kind]
        return form.noted(Note("news", title, f"{text} Nothing was charged."), form.offer_id)
    amount = short(answer.now.price, product.currency)
    title = "The price changed while you were here"
    if answer.before is None:
        return form.noted(Note("news", title, f"It is {amount} now. Nothing was charged."), answer.now.id)
    before = short(answer.before.price, product.currency)
    text = (
        f"The offer at {before} has ended. It is {amount} now. Go on with {amount}, or leave it; nothing was charged."
    )
    return form.noted(Note("news", title, text), answer.now.id)


def _again(product: Product, form: OrderForm, status: int, ticket: Ticket | None) -> Response:
    return make_response(shop_pages.product_page(product, form, ticket), status)


def placed_from() -> str:
    """A keyed hash of the network address: enough to count, too little to know."""
    key = shop().settings.secret_key.encode()
    return hmac.new(key, f"place·{request.remote_addr}".encode(), hashlib.sha256).hexdigest()[:32]


def _remember(order_id: int) -> None:
    """Remember that this browser placed it: its other orders may be named on the order's page, to nobody else."""
    mine = [each for each in session.get("orders", []) if each != order_id]
    session["orders"] = [*mine[-REMEMBERED:], order_id]
