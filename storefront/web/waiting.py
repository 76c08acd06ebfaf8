"""Waiting lists: joining from a product's page, and the place behind the link in the letter. GET shows, POST acts.

Leaving needs no token of a form: mail programs press it for their readers (RFC 8058).
"""

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from storefront.actions import listing
from storefront.actions.ordering import current_offer, standing_of
from storefront.models import tickets
from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.models.tickets import Ticket, place_of
from storefront.rules import list_words, words
from storefront.rules.access import fingerprint
from storefront.rules.money import short
from storefront.rules.stock import Kind
from storefront.web import forms
from storefront.web import shop as shop_pages
from storefront.web.context import now, shop
from storefront.web.limits import MAIL_PROGRAMS, limiter

pages = Blueprint("waiting", __name__)
one_click = Blueprint("waiting_end", __name__)  # without the token of a form
UNREADABLE, CONFLICT, GONE = 422, 409, 410


@pages.post("/p/<slug>/waiting")
@limiter.limit("10/minute")
def join(slug: str) -> Response | str:
    """A place on the list. The answer is the same whether the address was on it already."""
    here = shop()
    with here.db.write() as db:
        product = shop_pages.product_at(db, slug)
        form = _read(product)
        if form.errors:
            return make_response(shop_pages.product_page(product, form), UNREADABLE)
        if not standing_of(product, now()).listed:
            note = words.Note("news", "It can be ordered now", "A unit came back while you were here.")
            return make_response(shop_pages.product_page(product, form.noted(note, 0)), CONFLICT)
        text, news = list_words.consent(product.title, product.kind), bool(request.form.get("news"))
        listing.join(db, product, form.email, text, now(), news=news, links=here.outside.links)
        return render_template("shop/waiting_sent.html", email=words.masked(form.email), product=product)


def _read(product: Product) -> forms.OrderForm:
    form = forms.OrderForm.read(request.form, shop().chance, consent_needed=False)
    if not form.consent:
        form.errors["consent"] = f"Tick this box so that we may write to you about {product.title}."
    return form


@pages.get("/waiting/<token>")
def place(token: str) -> Response:
    """The place, the offer that is open, or that it is over and how to queue again."""
    with shop().db.read() as db:
        return _page(db, _found(db, token), token)


def _found(db: Session, token: str) -> Ticket:
    return tickets.by_link(db, fingerprint(token)) or abort(404)


def state_of(ticket: Ticket) -> str:
    """How it stands: an offer whose time is over is over, also before the worker has passed its unit on."""
    late = ticket.state == "offered" and not listing.is_open(ticket, now())
    return "over" if late else ticket.state


def _shown(ticket: Ticket, order: Order | None) -> str:
    """Which words of `list_words.sentence` are true of it."""
    state, product = state_of(ticket), ticket.product
    if product.retired_at is not None and state in {*listing.OPEN, "over"}:
        return "gone"
    if state == "used" and order is not None:
        return {"placed": "begun", "expired": "unfinished"}.get(order.state, state)
    queues = state == "waiting" and standing_of(product, now()).kind is Kind.BACK_ORDER
    return "queue" if queues else state


def _page(db: Session, ticket: Ticket, token: str) -> Response:
    order = db.get(Order, ticket.order_id) if ticket.order_id else None
    product, shown = ticket.product, _shown(ticket, order)
    sentence, second = list_words.sentence(_told(db, ticket, order), shown)
    html = render_template(
        "shop/waiting.html",
        product=product,
        shown=shown,
        token=token,
        sentence=sentence,
        second=second,
        order_url=_order_url(order) if order is not None and shown == "begun" else "",
    )
    return make_response(html, GONE if shown in {"over", "unfinished", "gone"} else 200)


def _told(db: Session, ticket: Ticket, order: Order | None) -> list_words.Told:
    product = ticket.product
    offer = current_offer(product, now())
    visit = next((each for each in order.checkouts if each.closed_at is None), None) if order else None
    return list_words.Told(
        kind=product.kind,
        title=product.title,
        zone=product.launch.zone,
        place=place_of(db, ticket),
        until=ticket.offer_until,
        price=short(offer.price, product.currency) if offer else "",
        session_until=visit.expires_at if visit else None,
    )


def _order_url(order: Order) -> str:
    """Its page, from which the visit to Stripe goes on."""
    token = shop().outside.links.token("order", order.id, order.link_generation, order.link_sha256)
    return url_for("orders.order", token=token)


@pages.get("/waiting/<token>/order")
def order(token: str) -> Response | str:
    """The product's page, with the unit that is kept for this place: the order goes the way of every order."""
    with shop().db.read() as db:
        ticket = _found(db, token)
        if state_of(ticket) != "offered":
            return _page(db, ticket, token)
        form = forms.OrderForm(email=ticket.email, nonce=forms.fresh_nonce(shop().chance), ticket=token)
        return shop_pages.product_page(ticket.product, form, ticket)


@one_click.get("/waiting/<token>/leave")
def about_leaving(token: str) -> BaseResponse:
    """Whoever follows the address in a letter's head finds the button; nobody leaves by looking."""
    return redirect(url_for("waiting.place", token=token), code=303)


@one_click.post("/waiting/<token>/leave")
@limiter.limit(MAIL_PROGRAMS)
def leave(token: str) -> BaseResponse:
    """Off the list, with one button, the page's or a mail program's; a unit that was kept goes to the next."""
    with shop().db.write() as db:
        left = listing.leave(db, _found(db, token), now())
    if forms.is_one_click(request.form):
        return make_response("Off the list.", 200)
    if not left:
        flash("That had ended already.", "news")
    return redirect(url_for("waiting.place", token=token), code=303)
