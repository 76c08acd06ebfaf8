"""Tell me when it is out: asked on a product's page, confirmed behind the link in the letter, ended with one click.

GET shows and changes nothing, whoever opens the link. The end needs no sign-in, no token of a form and no cookie: mail
programs press it for their readers (RFC 8058).
"""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from storefront.actions import watching
from storefront.models import watchers
from storefront.models.products import Product
from storefront.models.watchers import Watcher
from storefront.rules import news_words, words
from storefront.rules.access import fingerprint
from storefront.web import forms
from storefront.web import shop as shop_pages
from storefront.web.context import now, shop
from storefront.web.limits import MAIL_PROGRAMS, limiter

pages = Blueprint("news", __name__)
one_click = Blueprint("news_end", __name__)  # without the token of a form
UNREADABLE = 422


@dataclass(frozen=True)
class NewsForm:
    """What was typed, and what is wrong with it."""

    email: str = ""
    email_error: str = ""
    agreed: bool = False
    consent_error: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it cannot be taken."""
        return bool(self.email_error or self.consent_error)


@pages.get("/p/<slug>/news")
def show(slug: str) -> str | BaseResponse:
    """The form; what is out already is on its page."""
    with shop().db.read() as db:
        product = _ahead(db, slug)
        return _form(product, NewsForm()) if product else redirect(url_for("shop.product", slug=slug), code=303)


def _ahead(db: Session, slug: str) -> Product | None:
    product = shop_pages.product_at(db, slug)
    return product if product.launch.launched_at is None and product.retired_at is None else None


def _form(product: Product, form: NewsForm) -> str:
    text = news_words.consent(product.title, product.kind)
    return render_template("shop/news.html", product=product, form=form, consent_text=text)


@pages.post("/p/<slug>/news")
@limiter.limit("10/minute")
def ask(slug: str) -> Response | str | BaseResponse:
    """Ask for the news. The answer is the same whether the address had asked before."""
    here = shop()
    email, error = forms.address(request.form.get("email", ""))
    agreed = bool(request.form.get("consent"))
    with here.db.write() as db:
        product = _ahead(db, slug)
        if product is None:
            return redirect(url_for("shop.product", slug=slug), code=303)
        missing = "" if agreed else "Tick this box so that we may write to you."
        form = NewsForm(request.form.get("email", "")[:254], error, agreed, missing)
        if form.wrong:
            return make_response(_form(product, form), UNREADABLE)
        watching.ask(db, product, email, news_words.consent(product.title, product.kind), now(), here.outside.links)
        return render_template("shop/news_sent.html", email=words.masked(email), product=product)


@pages.get("/news/<token>")
def watcher(token: str) -> str:
    """What was asked for, and the buttons that confirm it or end it."""
    with shop().db.read() as db:
        return _page(_found(db, token), token)


def _found(db: Session, token: str) -> Watcher:
    return watchers.by_link(db, fingerprint(token)) or abort(404)


def _page(found: Watcher, token: str) -> str:
    state = "ended" if found.ended_at else "told" if found.told_at else "confirmed" if found.confirmed_at else "asked"
    sentence, second = news_words.sentence(found.product.title, found.product.kind, state)
    return render_template(
        "shop/watcher.html", product=found.product, state=state, token=token, sentence=sentence, second=second
    )


@pages.post("/news/<token>/confirm")
@limiter.limit("20/minute")
def confirm(token: str) -> BaseResponse:
    """Yes, write to me."""
    with shop().db.write() as db:
        watching.confirm(db, _found(db, token), now())
    return redirect(url_for("news.watcher", token=token), code=303)


@one_click.get("/news/<token>/end")
def about_end(token: str) -> BaseResponse:
    """Whoever follows the address in the letter's head finds the button; nothing ends by looking."""
    return redirect(url_for("news.watcher", token=token), code=303)


@one_click.post("/news/<token>/end")
@limiter.limit(MAIL_PROGRAMS)
def end(token: str) -> BaseResponse:
    """No more, at once."""
    with shop().db.write() as db:
        watching.end(db, _found(db, token), now())
    if forms.is_one_click(request.form):
        return make_response("Ended.", 200)
    flash("Ended.")
    return redirect(url_for("news.watcher", token=token), code=303)
